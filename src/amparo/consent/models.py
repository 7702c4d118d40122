"""Records of consent, disclosures, overrides, releases by two persons, and one-time links.

What was said is sealed in the case's cover; whether it is in force is read from the key store.
"""

from django.db import models

from amparo.foundation import clock, ids
from amparo.vault import sealed


class Record(models.Model):
    """One answer of a defender: to whom, for what, which compartment."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)
    compartment = models.CharField(max_length=20, default="cover")
    sealed = models.BinaryField()


class Disclosure(models.Model):
    """One time that something of a case was shown or given to somebody outside its team."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)
    compartment = models.CharField(max_length=20, default="cover")
    sealed = models.BinaryField()


class Override(models.Model):
    """Access taken because a life is in danger, until a second person has looked at it."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)
    compartment = models.CharField(max_length=20, default="cover")
    sealed = models.BinaryField()  # the reason
    subject = models.CharField(max_length=20)  # the compartment that was opened
    grantee = models.UUIDField()
    by = models.UUIDField()
    confirmed = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True)  # emptied when it was confirmed, or is over


class Release(models.Model):
    """A compartment that two persons of the release group open together for a third, or for one of
    them. `peeled` holds inner wraps that only the second can open; it is emptied when it is done."""

    keystore = True

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField()
    subject = models.CharField(max_length=20)
    asker = models.UUIDField()
    first = models.UUIDField(null=True)
    peeled = models.JSONField(default=dict)
    done = models.BooleanField(default=False)
    day = models.DateField(default=clock.today)


class Link(models.Model):
    """A one-time link: its body opens with the token and the duty key together."""

    keystore = True

    id = models.UUIDField(primary_key=True, default=ids.new)
    find = models.BinaryField(max_length=32, unique=True)
    kind = models.CharField(max_length=20)
    body = models.BinaryField()
    until = models.DateTimeField(db_index=True)


RECORD = sealed.register(sealed.Kind("consent.record", Record))
DISCLOSURE = sealed.register(sealed.Kind("consent.disclosure", Disclosure))
REASON = sealed.register(sealed.Kind("consent.override", Override))
