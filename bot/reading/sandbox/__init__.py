"""Runs the reading of hostile files in confined processes: Landlock and seccomp, limits, and the messages between the two sides."""
