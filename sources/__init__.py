"""Holds the catalogue of authorities, and the crawler that lists what their sites publish."""
