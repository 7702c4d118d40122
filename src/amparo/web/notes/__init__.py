"""Pages for people without an account: ask, come back with a code, see who reads, leave."""
