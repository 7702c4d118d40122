"""Django's own commands, for whoever knows them."""

import sys

import click

from amparo.cli import house
from amparo.cli.manual import command
from amparo.foundation.errors import Refused

# They serve pages or keep data in ways that the house does not.
NOT_HERE = ("runserver", "testserver", "startapp", "startproject", "dumpdata", "flush")


@command(
    "manage",
    # What stands behind Django's own command is Django's, --help too.
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    examples=[
        ("amparo manage migrate", "Bring the tables of both databases to this version."),
        ("amparo manage help", "List Django's commands; `help NAME` explains one."),
    ],
    see=["amparo doctor", "docs/install.md"],
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND [ARGS]...")
def manage(arguments: tuple[str, ...]) -> int:
    """Django's own commands.

    An administrator needs one of them, `migrate`, after a new version was installed: stop Amparo
    and take a copy first. The others are for programmers. Those that would serve pages in another
    way, or write out what is sealed, are not here.
    """
    if arguments and arguments[0] in NOT_HERE:
        raise Refused(f"`{arguments[0]}` would write or show what nobody here may; see `amparo up`")
    house.set_up()
    if arguments[:1] == ("migrate",) and len(arguments) == 1:
        from amparo.foundation import tables

        count = tables.migrate()
        click.echo(
            f"{count} migration{'' if count == 1 else 's'} carried out, in both databases together."
        )
        return 0
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(["amparo manage", *arguments])
    except SystemExit as error:
        sys.stdout.flush()
        return int(error.code) if isinstance(error.code, int) else 1
    return 0
