"""Decides of an act whether it is a decree on VSA, of which kind, and with which facts. Pure: reads its own packaged cues only, once."""
