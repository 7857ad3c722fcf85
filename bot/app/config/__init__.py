"""Read `config.toml` and the environment into Settings."""
