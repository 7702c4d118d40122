"""Trial mode: a new installation tells staff only, until somebody of its own has answered a press and
coordination has ended the trial. It begins by itself and never comes back."""

from amparo.messages.models import Trial

ANSWERED, OVER = "answered", "over"


def is_on() -> bool:
    """Whether nobody outside may be told anything yet. Without the row of its end, it is."""
    return not Trial.objects.filter(what=OVER).exists()


def note_answer() -> None:
    """Somebody at the desk has answered a press; inside the transaction of the answer."""
    if is_on():
        Trial.objects.bulk_create([Trial(what=ANSWERED)], ignore_conflicts=True)


def was_answered() -> bool:
    """Whether a press has been answered in the trial."""
    return Trial.objects.filter(what=ANSWERED).exists()


def end() -> None:
    """People outside are told from now on. Who may end it is decided above."""
    Trial.objects.bulk_create([Trial(what=OVER)], ignore_conflicts=True)
