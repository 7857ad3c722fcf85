"""Decides which decree is which: keys, references between decrees, merged facts. Pure."""
