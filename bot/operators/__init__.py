"""Notifies operators once of each beginning and end, and takes their answers."""
