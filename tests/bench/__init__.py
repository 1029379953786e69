"""Benchmarks: each figure beside its floor, the plain SQL that does the same work, from the same run."""
