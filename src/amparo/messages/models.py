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
    """A message of an alarm to one person, in a lane of its own. It goes when it has arrived (or was
    taken by a channel that never says so), or with the alarm's end; until then there is no second one
    to the same person."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    origin = models.UUIDField(db_index=True)  # the alarm
    idem = models.UUIDField()  # tried twice it is the same message; of another move it is another
    route = models.ForeignKey(Route, null=True, on_delete=models.CASCADE)  # of staff
    sealed = models.BinaryField(default=b"")  # whom, by which ways, what: to the duty key
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.now, db_index=True)
    lane = models.PositiveSmallIntegerField(
        default=0
    )  # whose turn it is: rules.CALM and above last
    # waiting; handed, and a receipt is waited for until due_at; held until due_at by a budget
    state = models.CharField(max_length=10, default="waiting")
    handed = models.PositiveSmallIntegerField(default=0)  # how often a channel has taken it
    reference = models.BinaryField(max_length=32, null=True, db_index=True)  # of the last receipt

    ways = 1  # of its person, once it was opened; in no column
    channel = ""  # the one that is tried; in no column


class Trial(models.Model):
    """A step on the way out of trial mode: `answered`, a press was; `over`, people outside are told."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    what = models.CharField(max_length=10, unique=True)
    day = models.DateField(default=clock.today)


class Number(models.Model):
    """A number that was sent a message of an alarm, so that an answer from it finds the alarm."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    origin = models.UUIDField(db_index=True)  # the alarm
    number = models.BinaryField(max_length=32, db_index=True)  # a mark under the duty key
    sealed = models.BinaryField()  # who it is in the alarm, what they were sent: to the duty key
    until = models.DateTimeField(null=True)  # once the alarm is over


class Stranger(models.Model):
    """How many messages came on a day from numbers that nobody knows."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    day = models.DateField(unique=True, default=clock.today)
    count = models.PositiveIntegerField(default=0)
