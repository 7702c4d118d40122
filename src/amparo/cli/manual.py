"""Commands whose help reads like a page of a manual, and the one place where errors become words."""

import importlib
import importlib.metadata
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from amparo.cli import house, process, voice
from amparo.foundation.errors import AmparoError, Conflict, Invalid, NotFound, Refused, Unavailable

GOOD, NO, BAD_INPUT = 0, 1, 2
WORDS: dict[type[AmparoError], str] = {
    Refused: "refused",
    NotFound: "there is no such thing here",
    Conflict: "that was done before, or somebody else was quicker",
    Unavailable: "not possible now",
    Invalid: "what was given cannot be used",
}
USUAL_EXITS = (
    ("0", "It worked."),
    ("1", "The answer is no, or it cannot be done now; one line says why."),
    ("2", "Something that was given cannot be used; one line names it."),
)


class Page(click.Command):
    """A command with examples, exit codes and what to read next in its help."""

    def __init__(
        self,
        *args: Any,
        examples: Sequence[tuple[str, str]] = (),
        exits: Sequence[tuple[str, str]] = USUAL_EXITS,
        see: Sequence[str] = (),
        urgent: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.examples, self.exits, self.see, self.urgent = examples, exits, see, urgent

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Name, synopsis, description, options, examples, exit codes, see also."""
        formatter.width = 88
        with _part(formatter, "NAME"):
            formatter.write_text(f"{ctx.command_path} - {self.get_short_help_str(200)}")
        with _part(formatter, "SYNOPSIS"):
            pieces = " ".join(self.collect_usage_pieces(ctx))
            formatter.write_usage(ctx.command_path, pieces, prefix=" " * formatter.current_indent)
        _description(self, formatter)
        self._options(ctx, formatter)
        _rows(formatter, "EXAMPLES", [(f"$ {command}", text) for command, text in self.examples])
        _rows(formatter, "EXIT CODES", list(self.exits))
        if self.see:
            with _part(formatter, "SEE ALSO"):
                formatter.write_text(", ".join(self.see))

    def invoke(self, ctx: click.Context) -> Any:
        """Run it as the user to whom the installation belongs. Demonstrations and proofs make
        installations of their own and stay who they are; what is urgent is done by anybody."""
        if getattr(self.callback, "__module__", "").startswith("amparo.cli."):
            try:
                process.become_owner(house.data_folder())
            except Unavailable:
                if not self.urgent:
                    raise
        return super().invoke(ctx)

    def _options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # An argument stands in the synopsis, and has no sentence of its own.
        found = (one.get_help_record(ctx) for one in self.get_params(ctx))
        rows = [row for row in found if row and row[1]]
        _rows(formatter, "OPTIONS", rows)


def _description(command: click.Command, formatter: click.HelpFormatter) -> None:
    rest = inspect.cleandoc(command.help or "").partition("\n\n")[2].strip()
    if rest:
        with _part(formatter, "DESCRIPTION"):
            formatter.write_text(rest)


def _part(formatter: click.HelpFormatter, title: str) -> Any:
    formatter.write("\n" if formatter.buffer else "")
    formatter.write(click.style(title, bold=True) + "\n")
    return formatter.indentation()


def _rows(formatter: click.HelpFormatter, title: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        with _part(formatter, title):
            formatter.write_dl(rows, col_max=34)


def command(name: str, **more: Any) -> Callable[[Callable[..., Any]], Page]:
    """A command; its docstring is the manual page, the first line the name's."""
    return click.command(name, cls=Page, **more)


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on standard output."
)


class Group(click.Group):
    """Several commands under one word."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Name, synopsis, description, commands."""
        formatter.width = 88
        with _part(formatter, "NAME"):
            formatter.write_text(f"{ctx.command_path} - {self.get_short_help_str(200)}")
        with _part(formatter, "SYNOPSIS"):
            pieces = " ".join(self.collect_usage_pieces(ctx))
            formatter.write_usage(ctx.command_path, pieces, prefix=" " * formatter.current_indent)
        _description(self, formatter)
        self._commands(ctx, formatter)

    def _commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = []
        for name in self.list_commands(ctx):
            found = self.get_command(ctx, name)
            if found is not None and not found.hidden:
                rows.append((name, found.get_short_help_str(70)))
        _rows(formatter, "COMMANDS", rows)


class House(Group):
    """The whole command line: loads a command when it is called, and turns every error into words.

    `table`: heading -> {command: (module, attribute, short help)}. Commands of rooms above this one
    come by entry point and are named there with an empty module.
    """

    def __init__(self, *args: Any, table: dict[str, dict[str, tuple[str, str, str]]], **more: Any):
        super().__init__(*args, **more)
        self.table = table
        self._found: dict[str, click.Command] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """In the order of the table."""
        return [name for rows in self.table.values() for name in rows]

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        cmd_name: str,
    ) -> click.Command | None:
        """Load it now."""
        if cmd_name in self._found:
            return self._found[cmd_name]
        for rows in self.table.values():
            if cmd_name in rows:
                module, attribute, _ = rows[cmd_name]
                self._found[cmd_name] = (
                    getattr(importlib.import_module(module), attribute)
                    if module
                    else self._above(cmd_name)
                )
                return self._found[cmd_name]
        return None

    def _above(self, name: str) -> click.Command:
        for found in importlib.metadata.entry_points(group="amparo.commands", name=name):
            try:
                loaded: click.Command = found.load()
            except ModuleNotFoundError as error:
                raise click.ClickException(
                    f"{name} is not part of this installation ({error.name})"
                ) from None
            return loaded
        raise click.ClickException(f"{name} is not part of this installation")

    def _commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        formatter: click.HelpFormatter,
    ) -> None:
        width = max(len(name) for rows in self.table.values() for name in rows) + 2
        for title, rows in self.table.items():
            with _part(formatter, title):
                for name, (_, _, text) in rows.items():
                    formatter.write(f"  {name:<{width}}{text}\n")
        with _part(formatter, "ENVIRONMENT"):
            formatter.write_dl(
                [
                    ("AMPARO_DATA", "Folder of databases, sealed files and keys (./var)."),
                    (
                        "AMPARO_CONFIG",
                        "The configuration, a TOML file (amparo.toml in that folder).",
                    ),
                    ("AMPARO_<OPTION>", "Any option of the configuration; wins over the file."),
                    ("NO_COLOR", "Set to anything: no colours."),
                ]
            )

    def main(self, *args: Any, **more: Any) -> Any:
        """Run, and end the process with 0, 1 or 2."""
        # Nothing that any command makes is for other users of this machine.
        os.umask(0o077)
        sys.exit(self._run(args[:1], more | {"prog_name": self.name, "standalone_mode": False}))

    def _run(self, args: tuple[Any, ...], more: dict[str, Any]) -> int:
        try:
            result = super().main(*args, **more)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message())
            return GOOD
        except click.exceptions.Abort:
            click.echo(err=True)  # the question that was not answered has a line of its own
            voice.complain("stopped.")
            return NO
        except click.UsageError as error:
            where = error.ctx.command_path if error.ctx else "amparo"
            voice.complain(f"{error.format_message()} See `{where} --help`.")
            return BAD_INPUT
        except click.ClickException as error:
            voice.complain(error.format_message())
            return BAD_INPUT if isinstance(error, click.FileError) else NO
        except BrokenPipeError:
            sys.stderr.close()
            return NO
        except Exception as error:
            said = said_of(error)
            if said is None:
                raise
            voice.complain(said)
            return BAD_INPUT if isinstance(error, Invalid) else NO
        return result if isinstance(result, int) and not isinstance(result, bool) else GOOD


def said_of(error: Exception) -> str | None:
    """One line for an error of the house or of the machine; None for faults of our own, which keep
    their trace."""
    if isinstance(error, AmparoError):
        return _of_the_house(error)
    return _of_the_machine(error)


def _of_the_house(error: AmparoError) -> str:
    usual = next(text for kind, text in WORDS.items() if isinstance(error, kind))
    text = str(error) or usual
    fields = getattr(error, "fields", {})
    if fields and not any(name in text for name in fields):
        text += f" ({', '.join(f'{name}: {code}' for name, code in fields.items())})"
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _of_the_machine(error: Exception) -> str | None:
    kind = f"{type(error).__module__}.{type(error).__name__}"
    if kind.startswith("django.db.utils.") and "Integrity" not in kind:
        text = str(error).strip().splitlines() or [""]
        return f"a database does not answer as it should: {text[0]}. `amparo doctor` looks closer."
    if kind == "django.core.exceptions.ImproperlyConfigured":
        return str(error)
    if isinstance(error, PermissionError):
        return _not_allowed(error)
    if isinstance(error, OSError):
        return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}."
    return None


def _not_allowed(error: PermissionError) -> str:
    me = process.name_of(os.geteuid())
    told = f"{error.filename or 'something'} cannot be read or written by {me}"
    data = house.data_folder()
    if data.is_dir() and os.geteuid() not in {0, data.stat().st_uid}:
        owner = process.name_of(data.stat().st_uid)
        return f"{told}: {data} belongs to {owner}; run this as root or as {owner}."
    return f"{told}."
