"""Demonstration, proofs and benchmarks: looks at the house from outside."""
