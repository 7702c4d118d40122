"""Routes of staff, and the one outbox. Addresses are sealed; the duty key opens them when due."""

from django.db import models

from amparo.foundation import clock, ids

KIND = "messages.route"  # of what is sealed in a route


class Route(models.Model):
    """A way to reach somebody, one for each channel. The owner is an opaque id."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    owner = models.UUIDField(db_index=True)
    channel = models.CharField(max_length=10)
    sealed = models.BinaryField()  # address and good hours, to the duty key
    own = models.BinaryField(default=b"")  # the same to its owner, so that it survives a lockdown
    day = models.DateField(default=clock.today)  # of the last daily notice


class Outgoing(models.Model):
    """The notice of a route: waiting until its channel has taken it, then resting for some minutes in
    which another would be too soon."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    route = models.OneToOneField(Route, on_delete=models.CASCADE)
    event = models.UUIDField()  # the announcement that was the last to want it
    waiting = models.BooleanField(default=True)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.now, db_index=True)  # or until when it rests


class Ringing(models.Model):
    """A message of an alarm to one person, in a lane of its own. It goes when a channel has taken it,
    or with the alarm's end; until then there is no second one to the same person."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    origin = models.UUIDField(db_index=True)  # the alarm
    idem = models.UUIDField()  # tried twice it is the same message; of another move it is another
    route = models.ForeignKey(Route, null=True, on_delete=models.CASCADE)  # of staff
    sealed = models.BinaryField(default=b"")  # whom, by which ways, what: to the duty key
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.now, db_index=True)

    ways = 1  # of its person, once it was opened; in no column
    channel = ""  # the one that is tried; in no column


class Trial(models.Model):
    """A step on the way out of trial mode: `answered`, a press was; `over`, people outside are told."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    what = models.CharField(max_length=10, unique=True)
    day = models.DateField(default=clock.today)
