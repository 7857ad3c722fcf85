"""Figures, each beside a named baseline measured in the same run. `python -m benchmarks.sweep`"""
