"""What reading a recueil costs, beside the usual way: `python -m benchmarks.reading`."""
