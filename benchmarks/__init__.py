"""Figures of the program, each printed by a command of its own: docs/benchmarks.md lists them."""
