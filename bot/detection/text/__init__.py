"""Prepares the text of an act for detection: folded views, segments, cues, mentions."""
