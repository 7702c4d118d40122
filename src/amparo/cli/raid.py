"""The raid button, and the way back."""

import click

from amparo.cli import house, process, samples, voice
from amparo.cli.manual import command, json_option
from amparo.foundation.actor import SYSTEM
from amparo.foundation.config import config
from amparo.foundation.errors import Conflict


@command(
    "lockdown",
    examples=[
        ("amparo lockdown", "Now, without a question."),
        ("amparo lockdown --lift", "When the danger is over."),
    ],
    see=["amparo staff lock-out", "amparo doctor", "SECURITY.md"],
    urgent=True,
)
@click.option("--lift", is_flag=True, help="Come back: make new opening keys for the server.")
@json_option
def lockdown(lift: bool, as_json: bool) -> None:
    """The raid button, and the way back.

    Destroyed, at once and without a question: the server's duty key and form key, every session,
    every one-time link, every queued notice. Whoever takes the machine from now on finds sealed
    data and nothing that opens it. Kept: sealed data, people's locks, return codes, the journal.
    While it lasts, pages answer that it is not possible now. Then switch the machine off, or at
    least stop the service, so that its memory forgets too.

    --lift makes new keys. Officers sign in as before; notices reach them again after their next
    sign-in; one-time links are given out anew; defenders come back with their codes.
    """
    process.harden()
    house.need_founded()
    house.set_up()
    from amparo.foundation import journal
    from amparo.people import services as people
    from amparo.vault import server

    with journal.unit(SYSTEM):
        if lift:
            if not server.locked_down():
                raise Conflict("it is not locked down")
            people.lift_lockdown()
        else:
            people.lockdown(SYSTEM)
    if as_json:
        voice.as_json({"ok": True, "locked_down": not lift})
        return
    if lift:
        voice.step("New keys are made: calls are taken in again, officers can sign in")
        voice.say("  Invitations and other one-time links are void: give them out anew.")
    else:
        voice.step("Locked down: sessions, links, notices and the server's opening keys are gone")
        voice.say(
            "  Sealed data are kept. Stop the service or switch off, so that memory forgets too:",
            f"      systemctl stop {samples.services(config())}",
            "  The way back, when the danger is over:",
            "      amparo lockdown --lift",
        )
