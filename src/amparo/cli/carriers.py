"""What the doctor says of the ways out of the house: gateways, carriers, and whether they are open."""

from collections.abc import Iterator, Sequence
from typing import Any

from amparo.cli.channels import SAYS
from amparo.cli.findings import FAIL, OK, WARN, Finding, counted
from amparo.foundation.config import Config

UNTRIED = "the makers of Amparo have not tried it against a live server"
TRY = "amparo channels test {} ADDRESS"
MENDS = {
    "token": "Give it a new token or account.",
    "private": "If it is in your own network, write private = true.",
    "time": "Look whether it runs, and whether this machine may reach it.",
    "line": "Look whether it runs, and whether this machine may reach it.",
}


def gateways(_: Config) -> Iterator[Finding]:
    """Whether short messages of alarms can leave."""
    from amparo.foundation.errors import Invalid
    from amparo.messages import gateways as messages

    file = messages.file()
    try:
        found = messages.load()
    except Invalid as error:
        yield Finding("text messages", FAIL, str(error), f"Mend {file}.")
        return
    if file.exists() and file.stat().st_mode & 0o077:
        yield Finding("text messages", WARN, f"others may read {file.name}", f"chmod go= {file}")
    elif found:
        names = ", ".join(one.name for one in found)
        told = f"{names}; no provider has been tried with this program, so make a try of a plan"
        yield Finding("text messages", OK, told)
        yield from _two_ways(found)
    else:
        told = "no gateway: contacts of a plan who have a phone number alone are told nothing"
        yield Finding("text messages", WARN, told, f"Write {file} (see docs/install.md).")


def _two_ways(found: Sequence[Any]) -> Iterator[Finding]:
    """Whether providers say what became of a message, and bring what people write."""
    from amparo.messages import inbound

    silent = [one.name for one in found if one.receipt is None]
    if silent:
        told = f"{', '.join(silent)}: nobody learns whether a message has arrived"
        mend = "Write [gateway.receipt] under it (see docs/install.md)."
        yield Finding("receipts", WARN, f"{told}, so no other way is tried when it has not", mend)
    else:
        yield Finding("receipts", OK, "a message that does not arrive goes another way")
    numbers = list(dict.fromkeys(one.inbound.number for one in found if one.inbound))
    strangers = counted(inbound.strangers(), "message", "messages")
    if numbers:
        told = f"to {', '.join(numbers)}; {strangers} of unknown senders today, met with silence"
        yield Finding("answers", OK, told)
    else:
        told = "none can come in: contacts answer on their page only, no message sends for help"
        yield Finding("answers", OK, told)


def carriers(_: Config) -> Iterator[Finding]:
    """Each channel of channels.toml: whether its carrier answers, and how far it was ever tried."""
    from amparo.foundation.errors import Invalid
    from amparo.messages import channels
    from amparo.messages.channels import settings
    from amparo.messages.wire import NotTaken

    file = settings.file()
    try:
        settings.load()
    except Invalid as error:
        yield Finding("channels", FAIL, str(error), f"Mend {file}.")
        return
    if not file.exists():
        yield Finding("channels", OK, f"mail and text messages only; there is no {file}")
        return
    if file.stat().st_mode & 0o077:
        yield Finding("channels", WARN, f"others may read {file.name}", f"chmod go= {file}")
    for one in channels.ALL.values():
        if one.name in {"mail", "sms", "console"} or not one.reaches():
            continue
        told = "" if one.tried else f"; {UNTRIED}, so try it: {TRY.format(one.name)}"
        try:
            if one.look is not None:
                one.look()
        except NotTaken as error:
            mend = MENDS.get(error.why, f"Look at its table in {file}.")
            told = f"its carrier is not well: {SAYS.get(error.why, error.why)}"
            yield Finding(one.name, FAIL, told, mend)
        else:
            yield Finding(one.name, OK, f"{'it answers' if one.look else 'switched on'}{told}")


def trial(_: Config) -> Iterator[Finding]:
    """Whether people outside are told at all."""
    from amparo.messages import trial as messages

    if not messages.is_on():
        yield Finding("trial", OK, "over: a press tells people outside")
        return
    told = "on: a press tells those on duty, and nobody outside"
    if messages.was_answered():
        yield Finding(
            "trial", WARN, told, "Somebody of coordination ends it at the page /desk/trial."
        )
    else:
        mend = (
            "Press once and answer at the desk; then coordination ends it at the page /desk/trial."
        )
        yield Finding("trial", WARN, told, mend)
