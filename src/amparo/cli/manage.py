"""Django's own commands, for whoever knows them."""

import sys

import click

from amparo.cli import house
from amparo.foundation.errors import Refused

# They serve pages or keep data in ways that the house does not.
NOT_HERE = ("runserver", "testserver", "startapp", "startproject", "dumpdata", "flush")


@click.command(
    "manage",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> int:
    """Django's own commands.

    `amparo manage help` lists them; `amparo manage migrate` migrates both databases.
    """
    if arguments and arguments[0] in NOT_HERE:
        raise Refused(f"`{arguments[0]}` would write or show what nobody here may; see `amparo up`")
    house.set_up()
    if arguments[:1] == ("migrate",) and len(arguments) == 1:
        from amparo.foundation import tables

        click.echo(f"{tables.migrate()} migrations were carried out in both databases.")
        return 0
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(["amparo manage", *arguments])
    except SystemExit as error:
        sys.stdout.flush()
        return int(error.code) if isinstance(error.code, int) else 1
    return 0
