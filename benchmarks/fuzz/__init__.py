"""Mutated bytes for what reads foreign text, guided by the branches they reach (`make fuzz`)."""
