"""The answers that found an installation: read from a file, checked by name, written as amparo.toml."""

import json
import os
import re
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amparo.foundation import config
from amparo.foundation.errors import Invalid

LANGUAGES = ("en", "es", "fr", "ar")
LEAST_OFFICERS = 2
SECRETS = ("passphrase", "totp")


@dataclass(frozen=True)
class Officer:
    """One of the first officers. Passphrase and second device are made, never chosen; only the
    sample organisation's are known beforehand."""

    name: str
    sign_in: str
    passphrase: str = ""
    totp: str = ""


@dataclass(frozen=True)
class Answers:
    """Options of the configuration, and who begins."""

    options: dict[str, Any]
    officers: tuple[Officer, ...]


def read(file: Path) -> Answers:
    """The answers of a TOML file; Invalid names the file and the field."""
    try:
        written = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{file}: {error}") from None
    rows = written.pop("officers", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Invalid(f"{file}: officers should be [[officers]] tables with name and sign_in")
    officers = []
    for number, row in enumerate(rows, 1):
        for field in ("name", "sign_in"):
            if not isinstance(row.get(field), str) or not row[field].strip():
                raise Invalid(f"{file}: officer {number} needs {field}")
        known = ("name", "sign_in", *(SECRETS if written.get("sample") is True else ()))
        for field in row:
            if field not in known:
                raise Invalid(f"{file}: officer {number}: there is no field {field}")
        officers.append(Officer(**{field: str(row[field]).strip() for field in row}))
    answers = Answers(written, tuple(officers))
    check(answers, str(file))
    return answers


def check(answers: Answers, source: str) -> None:
    """Invalid names what cannot be used."""
    if len(answers.officers) < LEAST_OFFICERS:
        raise Invalid(
            f"{source}: at least two officers begin together: what needs two persons, one cannot do"
        )
    for what in ("name", "sign_in"):
        seen = [" ".join(getattr(one, what).casefold().split()) for one in answers.officers]
        if len(set(seen)) < len(seen):
            raise Invalid(f"{source}: two officers have the same {what}")
    if "data" in answers.options:
        raise Invalid(f"{source}: the data folder is set by AMPARO_DATA, not here")
    wrong = wrong_options(answers.options)
    if wrong:
        raise Invalid(f"{source}: {wrong}")


def wrong_options(options: dict[str, Any]) -> str:
    """What is wrong with the options, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "amparo.toml")
        file.write_text(as_toml(options), "utf-8")
        try:
            settings = config.read({"AMPARO_DATA": folder, "AMPARO_CONFIG": str(file)})
        except Invalid as error:
            return str(error).removeprefix(f"{file}: ")
    unknown = [one for one in settings.languages if one not in LANGUAGES]
    if unknown or not settings.languages:
        return f"languages should be some of {', '.join(LANGUAGES)}"
    if settings.duty_hours and not re.fullmatch(
        r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", settings.duty_hours.replace(" ", "")
    ):
        return "duty_hours should be like 08:00-18:00, or empty"
    if bool(settings.database_url) != bool(settings.keystore_url):
        return "database_url and keystore_url go together: two databases, or none for SQLite"
    for name in ("database_url", "keystore_url"):
        if getattr(settings, name) and not getattr(settings, name).startswith("postgresql://"):
            return f"{name} should begin with postgresql://"
    if settings.database_url and settings.database_url == settings.keystore_url:
        return "keystore_url should be another database than database_url"
    if not settings.sites:
        return "sites should name at least one host, as localhost or notes.example.org"
    if any("/" in site or ":" in site for site in settings.sites):
        return "sites should be bare host names, without https:// and port"
    return ""


# --- writing -------------------------------------------------------------------------------------
def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return json.dumps(str(value), ensure_ascii=False)


def as_toml(options: dict[str, Any]) -> str:
    """Every option with its sentence; what was not answered stands there as a comment."""
    lines = [
        "# Amparo's configuration. Each option can also be set as AMPARO_<NAME>, which wins.",
        "# `amparo doctor` shows what is in force. Restart Amparo after a change.",
        "",
    ]
    known = {one.name: one for one in config.options() if one.name != "data"}
    for name, one in known.items():
        lines.append(f"# {one.metadata['text']}")
        if name in options:
            lines.append(f"{name} = {_value(options[name])}")
        else:
            lines.append(f"# {name} = {_value(one.default)}")
        lines.append("")
    lines += [f"{name} = {_value(value)}" for name, value in options.items() if name not in known]
    return "\n".join(lines)


def write(file: Path, text: str) -> None:
    """Write a file for this user only, whole or not at all."""
    fresh = file.with_name(file.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(file)


def change(file: Path, name: str, value: Any) -> None:
    """Set one option in a configuration that a person may have edited, and leave the rest alone."""
    text = file.read_text("utf-8") if file.exists() else ""
    line = f"{name} = {_value(value)}"
    pattern = re.compile(rf"^{name}\s*=\s*(\[[^\]]*\]|[^\n]*)$", re.MULTILINE)
    commented = re.compile(rf"^#\s*{name}\s*=[^\n]*$", re.MULTILINE)
    for found in (pattern, commented):
        fresh, count = found.subn(lambda _: line, text, count=1)
        if count:
            break
    else:
        fresh = line + "\n" + text
    if tomllib.loads(fresh).get(name) != (list(value) if isinstance(value, tuple) else value):
        raise Invalid(
            f"{file}: {name} could not be changed there: set it by hand to {_value(value)}"
        )
    write(file, fresh)
