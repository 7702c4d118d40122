"""Founds an installation: configuration, keys, tables, the first officers."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from amparo.cli import answers, house, samples, voice
from amparo.cli.answers import Answers, Officer
from amparo.cli.manual import command, json_option
from amparo.foundation.config import config
from amparo.foundation.errors import Conflict, Invalid

SECRETS = "first-officers.txt"
EVERY = "every"
MOST_OFFICERS = 20  # at one screen, one after the other


@command(
    "init",
    examples=[
        ("amparo init", "Found an installation in ./var, asking what is needed."),
        ("AMPARO_DATA=/srv/amparo amparo init", "The same in another folder."),
        ("amparo init --answers answers.toml --json", "Without a person, for machines."),
        ("amparo init --print", "Print units, proxy and onion samples once more."),
        ("amparo init --print amparo.service > amparo.service", "One of them, into a file."),
    ],
    see=["amparo doctor", "amparo up", "amparo staff invite", "docs/install.md"],
)
@click.option(
    "--answers",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the answers from this TOML file and ask nothing.",
)
@click.option(
    "--print",
    "wanted",
    is_flag=False,
    flag_value=EVERY,
    metavar="[NAME]",
    help="Only print the units and samples, or the one of that name.",
)
@json_option
def init(file: Path | None, wanted: str | None, as_json: bool) -> None:
    """Found an installation with its first officers.

    Asks a handful of questions, writes amparo.toml, makes the server's keys and the tables of both
    databases, and creates at least two officers. Each of them, alone at the screen, writes down a
    passphrase and reads a code into a second device; then all compare the fingerprints of their
    keys. Prints systemd units and samples for nginx and an onion service on standard output.

    With --answers nothing is asked. The file holds options of the configuration and a list of
    officers; what each officer must be given is written to a file in the data folder that only
    this user can read (or, with --json, to standard output and nowhere else). Hand it out, then
    destroy it: `amparo doctor` complains as long as it is there.

    \b
        organisation = "Our House"
        sites = ["notes.example.org"]
        secure = true
        [[officers]]
        name = "Ines"
        sign_in = "ines"
        [[officers]]
        name = "Ruth"
        sign_in = "ruth"

    An installation that exists is never touched: the answer is then 1.
    """
    if wanted is not None:
        house.need_founded()
        show_samples(wanted)
        return
    if as_json and file is None:
        raise click.UsageError("--json goes with --answers.")
    _need_a_free_place()
    given = answers.read(file) if file else ask()
    if not as_json:
        voice.heading("Founding")
    with _taken_back_on_failure():
        found(given, file, as_json)
    # Out here: a pipe that closes early takes no founding back.
    if not as_json:
        _farewell(config().data, written=file is not None)
        show_samples()


def _need_a_free_place() -> None:
    if house.keys_file().exists() or (config().data / "amparo.toml").exists():
        raise Conflict(
            f"{config().data} holds an installation already and stays as it is: "
            "choose another folder with AMPARO_DATA"
        )


# --- asking --------------------------------------------------------------------------------------
def _ask(text: str, default: str = "", **more: Any) -> str:
    shown = bool(default)
    return str(
        click.prompt(f"  {text}", default=default, show_default=shown, err=True, **more)
    ).strip()


def ask() -> Answers:
    """A handful of questions; each may be asked again until its answer can be used."""
    voice.heading("A new installation")
    voice.say(
        f"  It will live in {config().data}. Nothing is written before the last question.",
        "  At least two officers should be here, each with paper and a second device.",
        "",
    )
    options: dict[str, Any] = {}
    _until_good(
        options, "organisation", "Name of the organisation (only the desk shows it; may stay empty)"
    )
    _until_good(options, "sites", "Host names of the pages, with commas", "localhost")
    if options["sites"] != ["localhost"]:
        options["secure"] = click.confirm(
            "  Are they reached by https or onion only?", default=True, err=True
        )
    _until_good(options, "languages", "Languages of the pages", "en, es, fr, ar")
    _until_good(options, "time_zone", "Clock of your desk, as Europe/Madrid", "UTC")
    _until_good(options, "duty_hours", "Duty hours by that clock, as 08:00-18:00 (empty: always)")
    _ask_databases(options)
    _ask_mail(options)
    return Answers(options, _ask_officers())


LISTS = {"sites", "languages"}


def _until_good(options: dict[str, Any], name: str, text: str, default: str = "") -> None:
    while True:
        given = _ask(text, default)
        value = [one.strip() for one in given.split(",")] if name in LISTS else given
        wrong = answers.wrong_options(options | {name: value})
        if not wrong:
            options[name] = value
            return
        voice.caution(wrong)


def _ask_databases(options: dict[str, Any]) -> None:
    while True:
        url = _ask("PostgreSQL address of the data (empty: SQLite in the folder)")
        if not url:
            return
        keys = _ask("PostgreSQL address of the keys (another database)")
        wrong = answers.wrong_options({"database_url": url, "keystore_url": keys})
        if not wrong:
            options |= {"database_url": url, "keystore_url": keys}
            return
        voice.caution(wrong)


def _ask_mail(options: dict[str, Any]) -> None:
    host = _ask("Mail server for notices to staff (empty: none)")
    if not host:
        return
    options["smtp_host"] = host
    options["smtp_port"] = click.prompt("  Its port", default=587, type=int, err=True)
    options["smtp_user"] = _ask("Sign-in name there (empty: none)")
    if options["smtp_user"]:
        options["smtp_password"] = click.prompt("  Password there", hide_input=True, err=True)
    options["mail_from"] = _ask("Sender (choose one that says nothing)", f"notes@{host}")


def _ask_officers() -> tuple[Officer, ...]:
    number = _ask_how_many()
    found: list[Officer] = []
    while len(found) < number:
        name = _ask(f"Name of officer {len(found) + 1}, as colleagues see it")
        sign_in = _ask("Their sign-in name", "-".join(name.casefold().split()))
        taken = {" ".join(one.sign_in.casefold().split()) for one in found}
        if not name or not sign_in or " ".join(sign_in.casefold().split()) in taken:
            voice.caution("Each needs a name and a sign-in name of their own.")
            continue
        found.append(Officer(name, sign_in))
    return tuple(found)


def _ask_how_many() -> int:
    while True:
        given = _ask("How many first officers are here", str(answers.LEAST_OFFICERS))
        if given.isdecimal() and answers.LEAST_OFFICERS <= int(given) <= MOST_OFFICERS:
            return int(given)
        voice.caution(
            f"From {answers.LEAST_OFFICERS} to {MOST_OFFICERS}: what needs two persons, one cannot "
            "do. Others are invited later."
        )


# --- founding ------------------------------------------------------------------------------------
@contextmanager
def _taken_back_on_failure() -> Iterator[None]:
    """What a founding that fails or is broken off has made goes away again."""
    data = config().data
    before = set(data.iterdir()) if data.is_dir() else None
    _on_signals(_break_off)
    try:
        yield
    except BaseException:  # a closed pipe ends a process by SystemExit
        _on_signals(signal.SIG_IGN)
        made = set(data.iterdir()) - (before or set()) if data.is_dir() else set()
        for path in made:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if before is None and data.is_dir():
            data.rmdir()
        raise
    finally:
        _on_signals(signal.SIG_DFL)


def _on_signals(handler: Any) -> None:
    for one in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(one, handler)


def _break_off(*_: object) -> None:
    """A closed terminal is a Ctrl-C too."""
    raise KeyboardInterrupt


def found(given: Answers, file: Path | None, as_json: bool) -> None:
    """Write, make, migrate, create, and hand over what each officer keeps."""
    data = config().data
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.chmod(data, 0o700)
    answers.write(data / "amparo.toml", answers.as_toml(given.options))
    config.cache_clear()
    house.set_up()
    from amparo.cli import ceremony
    from amparo.foundation import tables
    from amparo.vault import server

    server.create()
    (data / "files").mkdir(exist_ok=True, mode=0o700)
    tables.migrate()
    _close_files(data)
    if not as_json:
        voice.step("Configuration, keys of the server and the tables of both databases are made")
    secrets = [ceremony.make(officer) for officer in given.officers]
    if file is None:
        for secret in secrets:
            ceremony.hand_over(secret)
    fingerprints = _create(secrets)
    if as_json:
        voice.as_json(_document(secrets, fingerprints))
        return
    if file is None:
        ceremony.compare_fingerprints(list(zip(given.officers, fingerprints, strict=True)))
    else:
        _write_secrets(data / SECRETS, secrets, fingerprints)


def _close_files(data: Path) -> None:
    for path in data.iterdir():
        if path.is_file():
            path.chmod(0o600)


def _create(secrets: list[Any]) -> list[str]:
    """The officers in one commit; returns their fingerprints, in the same order."""
    from amparo.foundation import tables
    from amparo.messages import trial
    from amparo.people import services as people
    from amparo.vault import server

    voice.say(Text("  … making keys", "soft"))
    people.found_house(
        [
            people.Newcomer(one.officer.name, one.officer.sign_in, one.passphrase, one.totp)
            for one in secrets
        ],
        team_names={},
    )
    if config().sample:
        trial.end()  # nothing leaves a sample anyway, and its story has people outside
    tables.close()
    return list(server.load().founders)


def _document(secrets: list[Any], fingerprints: list[str]) -> dict[str, Any]:
    from amparo.vault import factors

    return {
        "ok": True,
        "data": str(config().data),
        "officers": [
            {
                "name": one.officer.name,
                "sign_in": one.officer.sign_in,
                "passphrase": one.passphrase,
                "totp": one.totp,
                "otpauth": factors.address(one.totp, one.officer.sign_in),
                "fingerprint": fingerprint,
            }
            for one, fingerprint in zip(secrets, fingerprints, strict=True)
        ],
        "samples": samples.filled(config()),
    }


def _write_secrets(path: Path, secrets: list[Any], fingerprints: list[str]) -> None:
    from amparo.cli.ceremony import grouped
    from amparo.vault import factors

    parts = [
        "Give each part to its person, by hand, and nobody another's. Then destroy this file:\n"
        f"    shred -u {path}\n"
        "Nobody can give a passphrase again: with it goes whatever only its person could open.\n"
    ]
    for one, fingerprint in zip(secrets, fingerprints, strict=True):
        parts.append(
            f"{'-' * 60}\n{one.officer.name}\n"
            f"  sign-in name   {one.officer.sign_in}\n"
            f"  passphrase     {one.passphrase}\n"
            f"  second device  {one.totp}\n"
            f"                 {factors.address(one.totp, one.officer.sign_in)}\n"
            f"  fingerprint    {grouped(fingerprint)}\n"
        )
    answers.write(path, "\n".join(parts))


def _farewell(data: Path, *, written: bool) -> None:
    voice.step("The officers have their keys, and their fingerprints are pinned")
    voice.heading("Next")
    rows: list[tuple[str, object]] = [("start", f"AMPARO_DATA={data} {samples.program()} up")]
    rows.append(("look", f"AMPARO_DATA={data} {samples.program()} doctor"))
    if written:
        rows.append(("hand out", f"{data / SECRETS}, each part to its person; then destroy it"))
    rows.append(
        ("keep apart", f"a copy of {data / 'server.keys'} outside this machine, locked away")
    )
    rows.append(("units", "systemd, proxy and onion samples follow on standard output"))
    voice.say(voice.pairs(rows), "")


def show_samples(wanted: str = EVERY) -> None:
    """Units and samples, filled in, on standard output; one alone stands there as it is used."""
    found = samples.filled(config())
    if wanted in found:
        click.echo(found[wanted], nl=False)
        return
    if wanted != EVERY:
        raise Invalid(f"--print: there is no {wanted}, but {', '.join(found)}")
    for name, text in found.items():
        click.echo(f"{'#' * 4} {name} {'#' * (74 - len(name))}")
        click.echo(text)
