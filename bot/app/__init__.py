"""Construct the program, run its loop, read its configuration, set up its logs, and play the demo."""
