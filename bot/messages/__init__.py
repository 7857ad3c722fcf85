"""A decree in words: values in, texts out, in French (default) and English. Nothing here knows a clock, a network or a store."""
