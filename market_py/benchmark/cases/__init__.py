"""Benchmark cases: which candidates are timed on which inputs."""
