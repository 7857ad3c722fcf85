"""Fetches from the web, politely: the only way to it."""
