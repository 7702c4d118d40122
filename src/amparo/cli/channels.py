"""The ways out of the house from the shell: which there are, a try of one, and stand-ins to look at."""

import sys
import time

import click
from rich.table import Table
from rich.text import Text

from amparo.cli import house, voice
from amparo.cli.manual import Group, command, json_option
from amparo.foundation import ids
from amparo.foundation.errors import AmparoError, Invalid, Unavailable

SAYS = {
    "limit": "it wants fewer messages; try again in a few minutes",
    "captcha": "it wants a person to solve a captcha for the account",
    "token": "it does not know our token or account",
    "unknown": "it does not know this address",
    "identity": "the other side has a new key, which must be trusted by hand first",
    "private": "the address lies in a private network; if it is yours, write private = true",
    "address": "the url cannot be called",
    "time": "it did not answer in time",
    "line": "it could not be reached, or hung up",
    "size": "it finds the message too long",
    "status": "it answered with an error",
    "answer": "it answered something that is not in its protocol",
}
# What the stand-ins can be like; each carrier does the nearest that its protocol knows.
DAYS = (
    "good", "hang", "drip", "close", "500", "redirect", "huge", "nonsense",
    "413", "429", "captcha", "token", "unknown", "identity",
)  # fmt: skip


@click.group("channels", cls=Group)
def channels() -> None:
    """See and try the ways out of the house.

    Mail is set in amparo.toml, text messages in gateways.toml, everything else in channels.toml; they
    all lie in the data folder. docs/install.md has a sample of each.
    """


@command(
    "list",
    examples=[("amparo channels list", "Which there are, and which can be used now.")],
    see=["amparo doctor", "docs/install.md"],
)
@json_option
def list_(as_json: bool) -> int:
    """List all channels and say which can be used.

    "Once" means that a message which has to be sent twice arrives once. What was never tried against a
    live server by the makers of Amparo is marked so: try it before anybody's night depends on it.
    """
    house.set_up()
    from amparo.messages import channels as messages
    from amparo.messages.channels import settings

    settings.load()  # says what cannot be used, before anything else is said
    found = [
        {"channel": one.name, "ready": one.reaches(), "once": one.once, "tried": one.tried}
        for one in messages.ALL.values()
    ]
    if as_json:
        voice.as_json({"ok": True, "channels": found})
        return 0
    table = Table.grid(padding=(0, 3))
    for one in found:
        sign, colour = voice.SIGNS["OK" if one["ready"] else "WARN"]
        table.add_row(
            Text(f"  {sign}", colour),
            Text(str(one["channel"]), "name"),
            Text("ready" if one["ready"] else "not set up"),
            Text("once" if one["once"] else "may come twice", "soft"),
            Text("" if one["tried"] else "never tried live", "soft"),
        )
    voice.out().print(table)
    return 0


@command(
    "test",
    examples=[
        (
            "amparo channels test signal +34600000000",
            "Send the neutral text to your own telephone.",
        ),
        ("amparo channels test mail - --yes < address.txt", "The address from a file, unasked."),
        ("amparo channels test webhook rota --yes --json", "The same for machines."),
    ],
    exits=[
        ("0", "The carrier took it. Look whether it arrives."),
        ("1", "It was not taken, or you said no; one line says why."),
        ("2", "The channel or the address cannot be used; one line names it."),
    ],
    see=["amparo channels list", "amparo doctor"],
)
@click.argument("name")
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def test(name: str, address: str, yes: bool, as_json: bool) -> int:
    """Send the neutral text to one address.

    It says "Your notes are here. Open them when it suits you." and nothing else. The carrier sees the
    address, and your shell may keep it in its history: take one of your own, or - to have it read from
    standard input. Nothing of it is kept or logged here.
    """
    house.set_up()
    from amparo.messages import channels as messages
    from amparo.messages import gateways, rules
    from amparo.messages.channels import settings
    from amparo.messages.wire import why

    hooks = [one.name for one in settings.load().webhook]
    if name == "sms":
        gateways.load()  # names what is wrong in its file
    if name not in messages.ALL:
        raise Invalid(f"there is no channel {name}: {', '.join(messages.ALL)}")
    if address == "-":
        address = sys.stdin.readline().strip()
    if not rules.is_address(name, address):
        raise Invalid(f"this is no address for {name}")
    if name == "webhook" and hooks and address not in hooks:
        raise Invalid(f"there is no webhook {address}: {', '.join(hooks)}")
    if not messages.reaches(name):
        raise Unavailable(f"{name} is not set up: see docs/install.md")
    if not yes:
        click.confirm(f"Send one neutral note by {name} now?", abort=True, err=True)
    try:
        messages.send(name, address, ids.new().hex)
    except Exception as error:  # noqa: BLE001 - each carrier has its own
        word = why(error)
        if as_json:
            voice.as_json({"ok": False, "channel": name, "why": word})
        else:
            told = str(error) if isinstance(error, AmparoError) else word  # of no address
            voice.complain(f"not taken: {SAYS.get(word, told or word)}")
        return 1
    if as_json:
        voice.as_json({"ok": True, "channel": name})
    else:
        voice.step("Taken. Look whether it arrives.")
    return 0


@command(
    "pretend",
    examples=[
        ("amparo channels pretend > channels.toml", "Begin, with a file that names the stand-ins."),
        ("amparo channels pretend --day 429", "The same on a day on which all of them are busy."),
    ],
    exits=[("0", "You have ended it with Ctrl-C.")],
    see=["amparo channels test"],
)
@click.option("--port", default=0, help="Port on this machine; 0 takes a free one.")
@click.option(
    "--day", type=click.Choice(DAYS), default="good", metavar="DAY",
    help=f"How they are today [good]: {', '.join(DAYS)}.",
)  # fmt: skip
def pretend(port: int, day: str) -> int:
    """Stand in for all carriers on this machine.

    For a look at what each carrier would see, with nothing sent to anybody: prints a channels.toml
    that names the stand-ins, then each message as it comes, until Ctrl-C. Not for real people.
    """
    house.set_up()
    from amparo.messages.channels.fakes import Taken, carriers

    def tell(one: Taken) -> None:
        voice.say(f"{one.channel}  to {one.to}: {one.text}")

    with carriers(port) as here:
        here.day, here.told = day, tell
        sys.stdout.write(here.toml())
        sys.stdout.flush()
        voice.say(Text(f"listening on {here.url}; Ctrl-C ends it", "soft"))
        try:
            while True:
                time.sleep(1)
        except KeyboardInterrupt:
            return 0


for one in (list_, test, pretend):
    channels.add_command(one)
