"""Plans for the worst hour, and the alarms that run. The engine reads when something is due and which
step an alarm stands on; whom it tells lies sealed to the duty key while it runs, and no longer."""

from django.db import models

from amparo.alerts import rules
from amparo.foundation import clock, ids
from amparo.vault import sealed

# What lies sealed where, by stable names.
HOME = "correspondence"  # the compartment of a plan's own copy: the person reads it, and the desk
CARD = "alerts.card"
ARMED = "alerts.armed"
LADDER = "alerts.ladder"
MOMENT = "alerts.moment"
CHECKIN = "alerts.checkin"
ONCALL = "alerts.on-call"
HANDOVER = "alerts.hand-over"
FEED = "alerts.feed"
CALLOUT = "alerts.callout"
HELPER = "alerts.helper"
REACHED = "alerts.reached"


class Plan(models.Model):
    """What shall happen when somebody presses: an own copy for the person and the desk, and one that
    the server can open (for a card only together with the card)."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)
    compartment = models.CharField(max_length=20, default="correspondence")
    sealed = models.BinaryField()
    kind = models.CharField(max_length=10)
    tried = models.BooleanField(default=False)  # a press before that is a try, and counts as one
    armed = models.BinaryField(default=b"")  # empty: off, or for the desk's keys only
    find = models.BinaryField(max_length=32, null=True, unique=True)  # of a card's token
    keyword = models.BinaryField(max_length=32, null=True, db_index=True)  # a mark of its phrase
    reached = models.BinaryField(default=b"")  # who has answered a try, to the duty key
    day = models.DateField(default=clock.today)


class Alarm(models.Model):
    """One press. `press` is the key that the presser's form made: pressing twice is pressing once."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    press = models.UUIDField(unique=True)
    plan = models.UUIDField(db_index=True)
    case = models.UUIDField(db_index=True)
    mode = models.CharField(max_length=10, default="actual")  # or exercise
    state = models.CharField(max_length=10, default="open")
    step = models.SmallIntegerField(default=-1)
    due_at = models.DateTimeField(null=True)  # the next move; emptied when nothing rings
    ladder = models.BinaryField(default=b"")  # to the duty key; emptied with the alarm's end
    desk = models.BinaryField(default=b"")  # the same to the intake team
    version = models.PositiveIntegerField(default=0)
    day = models.DateField(default=clock.today)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="alarm_due",
                condition=models.Q(due_at__isnull=False),
            ),
            # Rows that must not be: the auditor finds them without walking past all that are over.
            models.Index(
                fields=["state"],
                name="alarm_stuck",
                condition=models.Q(due_at__isnull=True),
            ),
        ]
        constraints = [
            # Of two presses at once, in two processes even, one rings and the other finds it ringing.
            models.UniqueConstraint(
                fields=["plan"],
                condition=models.Q(state__in=rules.RUNNING, mode="actual"),
                name="one_running_alarm",
            )
        ]


class Silence(models.Model):
    """A number that has asked to be told nothing more by the plans of a case."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)
    number = models.BinaryField(max_length=32, db_index=True)  # a mark under the duty key

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="one_silence")]


class Moment(models.Model):
    """One thing that happened in an alarm, sealed to the intake team; its time is inside."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE)
    sealed = models.BinaryField()


class CheckIn(models.Model):
    """Somebody is to be heard of by a time. The row goes when they are, or when it was pressed."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(unique=True)
    due_at = models.DateTimeField(db_index=True)
    late = models.PositiveSmallIntegerField(default=0)  # how often they were reminded
    sealed = models.BinaryField()  # to the duty key: it acts while nobody looks


class Roster(models.Model):
    """Who is on duty when: one row, whose id is the house's. An own copy for colleagues, with names of
    rotations and what was asked; one without them that the server opens at three in the morning."""

    id = models.UUIDField(primary_key=True)
    case = models.UUIDField()  # the house
    compartment = models.CharField(max_length=20, default="house")
    sealed = models.BinaryField()
    armed = models.BinaryField(default=b"")  # to the duty key; empty after a lockdown
    version = models.PositiveIntegerField(default=0)


class HandOver(models.Model):
    """What somebody leaves for whoever is on duty next. Of which change it is stands inside."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    sealed = models.BinaryField()  # to the intake team
    day = models.DateField(default=clock.today)


class Feed(models.Model):
    """The secret address at which somebody on staff reads their own turns. `id` is theirs."""

    id = models.UUIDField(primary_key=True)
    find = models.BinaryField(max_length=32, unique=True)
    sealed = models.BinaryField()  # opens with the address and the duty key


class CallOut(models.Model):
    """Helpers are asked whether they can come. Whom, by which ways and in which words lies sealed to
    the duty key while it runs, and is destroyed when enough have said yes."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField(db_index=True)
    mode = models.CharField(max_length=10, default="actual")  # or exercise
    state = models.CharField(max_length=10, default="open")  # covered, over
    needed = models.PositiveSmallIntegerField(default=1)
    taken = models.PositiveSmallIntegerField(default=0)  # how many have said yes in time
    due_at = models.DateTimeField(null=True, db_index=True)  # the next are asked; then emptied
    run = models.BinaryField(default=b"")  # to the duty key; emptied with its end
    version = models.PositiveIntegerField(default=0)
    day = models.DateField(default=clock.today)


class HelperSaid(models.Model):
    """One thing that happened in a call for helpers, sealed to the intake team; its time is inside."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    callout = models.ForeignKey(CallOut, on_delete=models.CASCADE)
    sealed = models.BinaryField()


PLAN = sealed.register(sealed.Kind("alerts.plan", Plan))
ROSTER = sealed.register(sealed.Kind("alerts.roster", Roster))
