"""Cases, from the first call on. What stands in clear is on the shadow's list, and no more."""

from django.db import models

from amparo.foundation import clock, ids
from amparo.vault import sealed

# Where tasks lie sealed: whoever answers the person sees what is done for them.
TASKS = "correspondence"


class Case(models.Model):
    """A call for help: a request until an officer opens it as a case."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    stage = models.CharField(max_length=10, default="request")
    state = models.CharField(max_length=10, default="new")
    level = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)  # emptied when nothing is due
    owner = models.UUIDField(null=True)
    second = models.UUIDField(null=True)
    unread = models.PositiveSmallIntegerField(default=0)  # messages that the desk has not opened
    merged_into = models.UUIDField(null=True)
    version = models.PositiveIntegerField(default=0)  # moves at every change of state
    day = models.DateField(default=clock.today)

    class Meta:
        indexes = [
            # Each is walked in order until a page is full. SQLite takes a partial index only for a
            # question that says its condition word by word, which a list of states is not.
            models.Index(
                fields=["due_at", "id"],
                name="by_deadline",
                condition=models.Q(due_at__isnull=False),
            ),
            models.Index(
                fields=["state", "id"],
                name="undated_by_state",
                condition=models.Q(due_at__isnull=True),
            ),
            # Somebody's own, the free ones, and all that is counted without a look at the rows.
            models.Index(fields=["owner", "due_at", "id", "state", "unread"], name="by_owner"),
        ]


class Cover(models.Model):
    """What a list may show of a case: its handle, language, ways to reach safely."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(unique=True)
    compartment = models.CharField(max_length=20, default="cover")
    sealed = models.BinaryField()


class Entry(models.Model):
    """A message, a logged call, a decision or a note, in one compartment."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)
    compartment = models.CharField(max_length=20)
    unread = models.BooleanField(default=False)  # by the defender
    sealed = models.BinaryField()


class File(models.Model):
    """The manifest of a sealed file, or of its cleaned copy."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)
    compartment = models.CharField(max_length=20)
    entry = models.UUIDField(db_index=True)
    upload = models.UUIDField()  # so that its parts can be destroyed when every key is gone
    sealed = models.BinaryField()


class OutsideAnswer(models.Model):
    """What somebody outside wrote back through a one-time link, sealed to the intake team."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)
    sealed = models.BinaryField()


class Erasure(models.Model):
    """A defender's spoken wish that everything be erased, until a second person carries it out."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(unique=True)
    compartment = models.CharField(max_length=20, default="cover")
    by = models.UUIDField()
    until = models.DateField()
    sealed = models.BinaryField()  # how they asked for it


class Task(models.Model):
    """A playbook that was started, one of its tasks, or a response that was asked for. Whose it is and
    by when stands in clear while it is open, for the engine; nothing of it does afterwards.

    What a press has begun is sealed to the intake team (`compartment` is empty), until somebody of it
    opens the case.
    """

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)
    compartment = models.CharField(max_length=20, blank=True)
    owner = models.UUIDField(null=True, db_index=True)
    second = models.UUIDField(null=True, db_index=True)
    due_at = models.DateTimeField(null=True)
    told = models.PositiveSmallIntegerField(default=0)  # how often its lateness was told
    until = models.DateField(null=True)  # of an exercise: its last day
    sealed = models.BinaryField()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="task_due",
                condition=models.Q(due_at__isnull=False),
            )
        ]


class Response(models.Model):
    """Something that the organisation can set in motion: what, how fast, how much of it is free. All of
    it is sealed to the house; its column is compared and set, so that a last place goes out once."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)  # the house's own papers
    compartment = models.CharField(max_length=20, default="house")
    sealed = models.BinaryField()


class TakenOver(models.Model):
    """What an officer is told at their desk: what was theirs has become a colleague's."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)
    person = models.UUIDField(db_index=True)
    day = models.DateField(default=clock.today)


class Draft(models.Model):
    """Text that somebody has not sent yet, sealed to their own key."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    person = models.UUIDField(db_index=True)
    sealed = models.BinaryField()
    day = models.DateField(default=clock.today)


class Sent(models.Model):
    """A form that has been taken in, so that it is not taken in twice. Kept for a day or two."""

    id = models.UUIDField(primary_key=True)
    day = models.DateField(default=clock.today)


class Relayed(models.Model):
    """What an intermediary has passed on: their note, and which request it became; to them alone."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    person = models.UUIDField(db_index=True)
    sealed = models.BinaryField()
    day = models.DateField(default=clock.today)


class Call(models.Model):
    """A call that somebody at the desk made or took, in the desk's own papers."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField()  # the house
    compartment = models.CharField(max_length=20, default="desk")
    sealed = models.BinaryField()


class RelayNote(models.Model):
    """What the desk has written to an intermediary about one of these, or they to the desk: their own
    copy, sealed to them."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    item = models.ForeignKey(Relayed, on_delete=models.CASCADE)
    person = models.UUIDField()  # to whom it is sealed
    unread = models.BooleanField(default=False)
    sealed = models.BinaryField()


CALL = sealed.register(sealed.Kind("casework.call", Call))
COVER = sealed.register(sealed.Kind("casework.cover", Cover))
ENTRY = sealed.register(sealed.Kind("casework.entry", Entry))
ERASURE = sealed.register(sealed.Kind("casework.erasure", Erasure))
FILE = sealed.register(sealed.Kind("casework.file", File, files=True))
TASK = sealed.register(sealed.Kind("casework.task", Task))
RESPONSE = sealed.register(sealed.Kind("casework.response", Response))
