"""What is due by time in casework; the engine calls it every minute."""

from datetime import timedelta

from amparo.casework.models import Draft, Sent, TakenOver
from amparo.casework.services import erasing, tasks
from amparo.foundation import clock

KEEP_SENT = timedelta(days=2)
KEEP_DRAFTS = timedelta(days=7)
KEEP_TOLD = timedelta(days=7)


def sweep() -> None:
    """Tell of tasks that are late; forget which forms were sent, drafts that nobody came back to, and
    what was told long ago; an erasure that found no second person falls away."""
    tasks.tell_late()
    tasks.forget_exercises()
    erasing.fall_away()
    TakenOver.objects.filter(day__lt=clock.today() - KEEP_TOLD).delete()
    Sent.objects.filter(day__lt=clock.today() - KEEP_SENT).delete()
    Draft.objects.filter(day__lt=clock.today() - KEEP_DRAFTS).delete()
