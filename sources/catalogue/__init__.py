"""Loads and checks the catalogue: one TOML file per authority."""
