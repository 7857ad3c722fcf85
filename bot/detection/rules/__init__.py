"""Decides whether an act is a decree on a topic, and of which kind."""
