"""Streams a file to disk: size caps, least speed, resuming."""
