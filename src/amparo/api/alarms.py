"""Sending for help by a program that holds a person's card: press, how it stands, take back, where."""

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from amparo.alerts.services import pressing
from amparo.api import shapes
from amparo.api.calls import Once

router = Router(tags=["alarms"])


@router.post("/press", response={202: shapes.Pressed})
def press(
    request: HttpRequest,  # noqa: ARG001 - django-ninja wants it
    given: shapes.Press,
    once: Once,
) -> Status[shapes.Pressed]:
    """Send for help. The same Idempotency-Key again is the same press, so a program that heard nothing
    sends it again until it is answered.

    Every card that opens nothing is the same 404: nothing was sent.
    """
    found = pressing.press_card(given.card, once=once, practice=given.practice)
    return Status(202, shapes.Pressed.model_validate(found))


@router.post("/press/state", response=shapes.Pressed)
def state(request: HttpRequest, given: shapes.PressAgain) -> shapes.Pressed:  # noqa: ARG001 - django-ninja wants it
    """How it stands."""
    return shapes.Pressed.model_validate(pressing.look(given.card, press=given.alarm, only=True))


@router.post("/press/back", response=shapes.Pressed)
def back(request: HttpRequest, given: shapes.PressAgain) -> shapes.Pressed:  # noqa: ARG001 - django-ninja wants it
    """Take it back, within half a minute; afterwards it is a conflict, and a person must hear that all
    is well."""
    return shapes.Pressed.model_validate(
        pressing.take_back(given.card, press=given.alarm, only=True)
    )


@router.post("/press/where", response={204: None})
def where(request: HttpRequest, given: shapes.Place) -> Status[None]:  # noqa: ARG001 - django-ninja wants it
    """Say where they are. Those on duty alone read it; it is kept sealed."""
    pressing.say_where(given.card, press=given.alarm, text=given.where)
    return Status(204, None)
