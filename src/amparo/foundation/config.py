"""The administrator's options: one typed, documented object from a TOML file and the environment.

The file is `$AMPARO_CONFIG`, or `amparo.toml` in the data folder; each option can also be set as
`AMPARO_<NAME>`, which wins. A wrong value is named together with what would be right.
"""

import dataclasses
import os
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from amparo.foundation.errors import Invalid

MIB = 1024 * 1024


def option(default: Any, text: str) -> Any:
    """A field of the configuration with its sentence of documentation."""
    return field(default=default, metadata={"text": text})


@dataclass(frozen=True)
class Config:
    """Every option, its default and its meaning."""

    data: Path = option(Path("var"), "Folder of databases, sealed files and server keys.")
    database_url: str = option("", "postgresql://… of the data; empty: SQLite in the data folder.")
    keystore_url: str = option("", "postgresql://… of the keys; empty: SQLite in the data folder.")
    organisation: str = option("", "Name of the organisation, shown at the desk only.")
    host: str = option("127.0.0.1", "Address that the web server listens on.")
    port: int = option(8000, "Port that the web server listens on.")
    sites: tuple[str, ...] = option(
        ("localhost", "127.0.0.1"), "Host names under which the pages are reached."
    )
    address: str = option(
        "",
        "Address of the pages in messages, as https://notes.example.org; empty: of the first site.",
    )
    secure: bool = option(False, "Pages are reached by https or onion only (cookies say so).")
    languages: tuple[str, ...] = option(
        ("en", "es", "fr", "ar"), "Languages of the pages; the first is the default."
    )
    reviewed: tuple[str, ...] = option(
        (), "Languages whose safety texts a person has read (`amparo locale review`)."
    )
    page_upload_limit: int = option(200 * MIB, "Bytes of all files sent with one page.")
    api_upload_limit: int = option(2048 * MIB, "Bytes of one upload through the API.")
    free_disk: int = option(
        1024 * MIB, "Bytes kept free: nothing is taken in below, and no files below twice as much."
    )
    first_answer_minutes: int = option(15, "Minutes until somebody reads a new request.")
    time_zone: str = option(
        "UTC", "Whose clock the desk's pages and duty_hours go by, as Europe/Madrid."
    )
    duty_hours: str = option("", "Hours with somebody on duty, as 08:00-18:00; empty: all.")
    leave_to: str = option("", "Address that Leave goes to; empty: our own neutral page.")
    smtp_host: str = option("", "Mail server for notices; empty: notices go to the console.")
    smtp_port: int = option(587, "Port of the mail server.")
    smtp_user: str = option("", "Name at the mail server.")
    smtp_password: str = option("", "Password at the mail server.")
    smtp_tls: bool = option(True, "Use STARTTLS with the mail server.")
    mail_from: str = option("notes@localhost", "Sender of notices; choose a neutral one.")
    notice_hour: str = option(
        "07:00", "Hour of the notice that staff get every day, also when nothing came."
    )
    notice_at_once: bool = option(
        True, "Staff are told at once when something came; if not, only by the daily notice."
    )
    health_token: str = option(
        "",
        "Who asks /healthz with the header `Authorization: Bearer …` is told ok, late or locked; "
        "others learn only that pages are answered.",
    )
    metrics_port: int = option(
        0, "Port of this machine on which the engine says its metrics and how it stands; 0: none."
    )
    watch_url: str = option(
        "",
        "https:// address that the engine calls every minute while nothing is late, so that a watch "
        "elsewhere notices when it does not; empty: none.",
    )
    watch_private: bool = option(
        False, "The watch may stand in your own network, and be called without https."
    )
    hash_level: str = option("a1", "Cost of passphrase hashing: a1 (256 MiB). a0 is for tests.")
    session_minutes: int = option(15, "Minutes after which an untouched session ends.")
    sample: bool = option(False, "The data folder holds the fictional sample organisation.")


SECRET = {"smtp_password", "database_url", "keystore_url", "health_token", "watch_url"}


def options() -> tuple[dataclasses.Field[Any], ...]:
    """All options with default and text, for `amparo doctor` and the documentation."""
    return dataclasses.fields(Config)


def _typed(name: str, default: Any, given: Any, source: str) -> Any:
    wrong = Invalid(f"{source}: {name} should be like {default!r}, not {given!r}", {name: "type"})
    if isinstance(default, bool):
        if isinstance(given, str) and given.lower() in {"1", "true", "yes", "0", "false", "no"}:
            return given.lower() in {"1", "true", "yes"}
        if not isinstance(given, bool):
            raise wrong
        return given
    if isinstance(default, int):
        try:
            number = int(given)
        except (TypeError, ValueError):
            raise wrong from None
        if number < 0:
            raise wrong
        return number
    if isinstance(default, tuple):
        parts = given.split(",") if isinstance(given, str) else given
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise wrong
        return tuple(part.strip() for part in parts if part.strip())
    if not isinstance(given, str):
        raise wrong
    return Path(given) if isinstance(default, Path) else given


def _checked(values: dict[str, Any], sources: dict[str, str]) -> None:
    """What is of the right kind and still cannot be used."""
    hours = str(values.get("duty_hours", "")).replace(" ", "")
    if hours and not _HOURS.fullmatch(hours):
        raise Invalid(
            f"{sources['duty_hours']}: duty_hours should be like 08:00-18:00",
            {"duty_hours": "form"},
        )
    if not _HOUR.fullmatch(str(values.get("notice_hour", "07:00"))):
        raise Invalid(
            f"{sources['notice_hour']}: notice_hour should be like 07:00", {"notice_hour": "form"}
        )
    try:
        ZoneInfo(str(values.get("time_zone", "UTC")))
    except (ValueError, OSError, KeyError):  # OSError: the name of a folder
        raise Invalid(
            f"{sources['time_zone']}: time_zone should be like Europe/Madrid", {"time_zone": "form"}
        ) from None
    watch = str(values.get("watch_url", ""))
    allowed = ("https://", "http://") if values.get("watch_private") else ("https://",)
    if watch and not watch.startswith(allowed):
        raise Invalid(
            f"{sources['watch_url']}: watch_url should begin with https://", {"watch_url": "form"}
        )
    if values.get("hash_level", "a1") not in {"a0", "a1"}:
        raise Invalid(f"{sources['hash_level']}: hash_level should be a1", {"hash_level": "choose"})


_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_HOURS = re.compile(rf"{_HOUR.pattern}-{_HOUR.pattern}")


def read(environment: dict[str, str]) -> Config:
    """The configuration of an environment; Invalid names the option that cannot be used."""
    data = Path(environment.get("AMPARO_DATA", "var"))
    file = Path(environment.get("AMPARO_CONFIG", data / "amparo.toml"))
    try:
        written = tomllib.loads(file.read_text()) if file.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{file}: {error}") from None
    known = {one.name: one.default for one in options()}
    for name in written:
        if name not in known:
            raise Invalid(f"{file}: there is no option {name}", {name: "unknown"})
    values = {name: _typed(name, known[name], value, str(file)) for name, value in written.items()}
    sources = dict.fromkeys(values, str(file))
    for name, default in known.items():
        variable = f"AMPARO_{name.upper()}"
        if variable in environment:
            values[name] = _typed(name, default, environment[variable], variable)
            sources[name] = variable
    _checked(values, sources)
    values["data"] = data.absolute()
    return Config(**values)


def base() -> str:
    """What stands before a path that is sent to somebody: scheme and host, no slash at the end."""
    now = config()
    if now.address:
        return now.address.rstrip("/")
    return f"https://{now.sites[0]}" if now.secure else f"http://{now.sites[0]}:{now.port}"


@cache
def zone() -> ZoneInfo:
    """Whose clock the desk goes by. Defenders' pages say UTC: nobody knows where they are read."""
    return ZoneInfo(config().time_zone)


@cache
def config() -> Config:
    """The configuration of this process."""
    return read(dict(os.environ))
