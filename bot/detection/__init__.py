"""Decides whether an act is a decree on a topic, of which kind, and with which facts. Pure: reads its own packaged cues only, once."""
