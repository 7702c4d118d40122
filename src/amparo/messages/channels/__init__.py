"""The channels: every way out of the house, one file for each, and the one place that hands over."""

from datetime import timedelta

from amparo.foundation import clock
from amparo.messages import rules
from amparo.messages.budgets import Held
from amparo.messages.channels import (
    console,
    mail,
    matrix,
    ntfy,
    push,
    signal,
    sms,
    webhook,
)
from amparo.messages.channels.kinds import Channel
from amparo.messages.circuits import Circuit
from amparo.messages.wire import NotTaken

ALL: dict[str, Channel] = {
    one.name: one
    for one in (
        mail.CHANNEL,
        sms.CHANNEL,
        signal.CHANNEL,
        matrix.CHANNEL,
        ntfy.CHANNEL,
        push.APP,
        push.BROWSER,
        webhook.CHANNEL,
        console.CHANNEL,
    )
}
_circuits: dict[str, Circuit] = {}  # of this process


def reaches(channel: str) -> bool:
    """Whether anything can leave by a channel as this house is set up."""
    return channel in ALL and ALL[channel].reaches()


def send(channel: str, address: str, idem: str, *, text: str = rules.TEXT) -> str | None:
    """Hand one message over; any exception means that it was not taken. Returns the carrier's own id
    of it when the carrier will report later what became of it, else None.

    A carrier that has said "not so fast" is left alone for as long as it asked, a minute at most, and
    the person's next way is tried at once meanwhile.
    """
    if channel not in ALL:
        raise NotTaken("unknown")
    circuit = _circuits.setdefault(channel, Circuit(ALL[channel].connections))
    until = circuit.enter()
    if until is not None:
        raise Held(until)
    try:
        return ALL[channel].send(address, text, idem)
    except NotTaken as error:
        if error.rest:
            circuit.rests(clock.now() + timedelta(seconds=error.rest))
        raise
    finally:
        circuit.leave()


def forget() -> None:
    """What a new process would not know."""
    _circuits.clear()
