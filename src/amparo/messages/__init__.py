"""Reaches people: routes, one outbox, channels and their receipts."""
