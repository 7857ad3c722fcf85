"""Alembic scripts, oldest first by name."""
