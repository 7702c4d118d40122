"""Tables that any room may lean on: the journal, what is announced, and deeds that are half done."""

from django.db import models

from amparo.foundation import clock, ids


class JournalEntry(models.Model):
    """One request or background deed. Who did what to whom is sealed to the auditors."""

    seq = models.BigAutoField(primary_key=True)
    day = models.DateField(default=clock.today)
    digest = models.BinaryField(max_length=32)  # of the salted detail
    sealed = models.BinaryField()  # salt and detail, to the auditors' key
    place = models.BigIntegerField(null=True, unique=True)  # in the tree, once it is sealed there


class Announcement(models.Model):
    """An event on its way to its listeners: ids, never content."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    event = models.CharField(max_length=60)
    ids = models.JSONField()
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.now)


class Operation(models.Model):
    """A deed across both databases: the half in this one. Swept when it is over."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    kind = models.CharField(max_length=60)
    ids = models.JSONField(default=dict)
    done = models.BooleanField(default=False)
    due_at = models.DateTimeField(default=clock.now)


class KeyIntent(models.Model):
    """The same deed's half in the key store, written with the keys themselves."""

    keystore = True

    id = models.UUIDField(primary_key=True)
    due_at = models.DateTimeField(default=clock.now)
