"""Notifies operators, each of what begins and of its end once, and takes their answers."""
