"""Seals and opens, keeps principals, locks, memberships and sessions, signs the log.

Nobody else touches cryptography.
"""
