"""Watching through a month in which sites break as sites do: `python -m benchmarks.month`."""
