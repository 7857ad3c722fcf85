"""Finds the recueils of a source: trail, walk from the root, history, national index, recordings."""
