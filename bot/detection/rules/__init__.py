"""Decides whether an act is a decree on VSA, and of which kind."""
