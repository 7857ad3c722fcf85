"""A decree in words: values in, texts out, in French (default) and English. Uses no clock, network or store."""
