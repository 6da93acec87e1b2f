"""What `benchmarks/bench.py` measures, a file a kind of work."""
