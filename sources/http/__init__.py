"""The polite client: the only way to the web."""
