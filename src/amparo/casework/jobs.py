"""What is due by time in casework; the engine calls it every minute."""

from datetime import timedelta

from amparo.casework.models import Draft, Sent
from amparo.foundation import clock

KEEP_SENT = timedelta(days=2)
KEEP_DRAFTS = timedelta(days=7)


def sweep() -> None:
    """Forget which forms were sent, and drafts that nobody came back to."""
    Sent.objects.filter(day__lt=clock.today() - KEEP_SENT).delete()
    Draft.objects.filter(day__lt=clock.today() - KEEP_DRAFTS).delete()
