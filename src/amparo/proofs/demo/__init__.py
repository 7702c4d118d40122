"""The demonstration: one story through the real commands, services and pages, ending with a thief."""

from pathlib import Path
from typing import Any

import click
from rich.text import Text

from amparo.cli import voice
from amparo.cli.manual import command, json_option
from amparo.foundation.config import config
from amparo.foundation.errors import NotFound, Refused
from amparo.vault import sample


@command(
    "demo",
    examples=[
        ("amparo demo", "Play the story in a folder that is thrown away."),
        ("amparo demo --json", "The same for machines."),
        ("amparo demo --keep var --serve", "What `make run` does: play, then stay."),
    ],
    exits=[
        ("0", "Every step went as the story tells it."),
        ("1", "A step did not; it says what was seen instead."),
        ("2", "An option cannot be used."),
    ],
    see=["amparo demo-code", "amparo prove", "README.md"],
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Play in this folder and keep it; the sample that is there already is kept as it is.",
)
@click.option("--serve", is_flag=True, help="Stay, with Amparo running on http://localhost:8000.")
@click.option("--port", type=click.IntRange(1, 65535), help="Another port than 8000 to stay on.")
@json_option
def demo(keep: Path | None, serve: bool, port: int | None, as_json: bool) -> int:
    """Play the whole story against a real server.

    Founds a fictional organisation with `amparo init`, starts `amparo up`, and goes through the
    pages as people do: somebody asks for help without cookies and scripts, officers answer, consent
    is given and taken back, colleagues come and go, a raid, a journal that is checked, and at the
    end a separate program that takes every file and every server key and opens nothing.

    With --keep and --serve it leaves Amparo running on the sample organisation, prints "ready", the
    addresses and the sample sign-ins, and ends with Ctrl-C. A second run reuses what is there.
    """
    # Not at the top: the story draws pictures and would load all of it for `--help`.
    from amparo.proofs.demo import show

    if serve and as_json:
        raise click.UsageError("--serve stays in the foreground; --json ends. Choose one.")
    if serve and keep is None:
        raise click.UsageError("--serve goes with --keep.")
    return show.run(keep=keep, serve=serve, port=port, as_json=as_json)


@command("demo-code", examples=[("amparo demo-code ines", "Six digits to sign in as Ines.")])
@click.argument("name")
@json_option
def demo_code(name: str, as_json: bool) -> None:
    """Print six digits for a sample sign-in.

    Works only for a data folder that holds the sample organisation. Each set of digits is taken
    once; they change every 30 seconds.
    """
    if not config().sample:
        raise Refused(
            f"{config().data} is not marked as a sample: its people have their own devices"
        )
    known = sample.person(name)
    if known is None:
        names = ", ".join(one.sign_in for one in sample.PEOPLE)
        raise NotFound(f"the sample has nobody called {name} (but {names})")
    found: dict[str, Any] = {"digits": known.digits(), "seconds": sample.seconds_left()}
    if as_json:
        voice.as_json({"ok": True} | found)
        return
    click.echo(found["digits"])
    voice.say(Text(f"good for {found['seconds']} s, and once", "soft"))


command = demo  # the name of the entry point
