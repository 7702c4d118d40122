"""Amparo protects human rights defenders: a call for help becomes protection, sealed under keys."""
