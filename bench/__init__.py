"""Benchmarks: each prints JSON and compares against a named peer or limit in the same run."""
