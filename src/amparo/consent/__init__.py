"""Who may see or do what, for what purpose, until when: the one gate, its passes and its links.

Knows opaque ids, not persons, so it can stand below people and guard them.
"""
