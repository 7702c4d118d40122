"""`channels.toml` in the data folder: the carriers beside mail and text messages, one table for each.

[signal]                          # signal-cli -a +34600000000 daemon --http
url = "http://127.0.0.1:8080"
private = true                    # it runs in your own network

[matrix]
url = "https://matrix.example.org"
token = "…"                       # of an account that is in everybody's room

[ntfy]
url = "https://ntfy.example.org"

[push]                            # UnifiedPush: the server is each person's own

[webpush]                         # browsers of staff
contact = "mailto:notes@example.org"

[[webhook]]
name = "rota"
url = "https://rota.example.org/in"
secret = "whsec_…"
"""

import base64
import binascii
import tomllib
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from amparo.foundation.config import config
from amparo.foundation.errors import Invalid
from amparo.messages import rules, wire

MARK = "whsec_"


@dataclass(frozen=True)
class Carrier:
    """A server that the administrator has named. `private` allows one in the own network."""

    url: str = ""
    token: str = field(default="", repr=False)
    account: str = field(default="", repr=False)
    private: bool = False


@dataclass(frozen=True)
class Push:
    """Each person names a push service of their own; `contact` is who answers for what is sent."""

    contact: str = ""
    private: bool = False


@dataclass(frozen=True)
class Webhook:
    """Another program of the organisation's own."""

    name: str = ""
    url: str = ""
    secret: str = field(default="", repr=False)
    private: bool = False

    @property
    def key(self) -> bytes:
        """The bytes that its secret stands for."""
        return base64.b64decode(self.secret.removeprefix(MARK), validate=True)


@dataclass(frozen=True)
class Settings:
    """What stands in the file; None for a channel that is not there."""

    signal: Carrier | None = None
    matrix: Carrier | None = None
    ntfy: Carrier | None = None
    push: Push | None = None
    webpush: Push | None = None
    webhook: tuple[Webhook, ...] = ()


TABLES: dict[str, type[Any]] = {
    "signal": Carrier, "matrix": Carrier, "ntfy": Carrier, "push": Push, "webpush": Push,
}  # fmt: skip


def file() -> Path:
    """Where the administrator writes them down."""
    return config().data / "channels.toml"


def load() -> Settings:
    """All of them; Invalid names what cannot be used. An empty one when there is no file."""
    path = file()
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return Settings()


def found() -> Settings:
    """The same for whoever only sends: what cannot be used is as good as not there."""
    try:
        return load()
    except Invalid:
        return Settings()


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int) -> Settings:
    try:
        tables = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path.name}: {error}") from None
    made: dict[str, Any] = {}
    for name, table in tables.items():
        if name == "webhook":
            if not isinstance(table, list):
                raise Invalid(f"{path.name}: write [[webhook]], with two brackets")
            made[name] = tuple(
                _hook(_table(Webhook, f"{path.name}, webhook {at}", one), f"webhook {at}")
                for at, one in enumerate(table, 1)
            )
        elif name in TABLES:
            made[name] = _checked(_table(TABLES[name], f"{path.name}, {name}", table), name)
        else:
            raise Invalid(f"{path.name}: there is no channel {name}")
    names = [one.name for one in made.get("webhook", ())]
    if len(names) != len(set(names)):
        raise Invalid(f"{path.name}: two webhooks have the same name")
    return Settings(**made)


def _table(shape: type[Any], where: str, table: Any) -> Any:
    if not isinstance(table, dict):
        raise Invalid(f"{where}: write it as a table, [name] on a line of its own")
    known = {one.name: one.type for one in fields(shape)}
    for name, value in table.items():
        if name not in known:
            raise Invalid(f"{where}: there is no option {name}")
        if not isinstance(value, bool if known[name] in (bool, "bool") else str):
            raise Invalid(f"{where}: {name} is of the wrong kind")
        if isinstance(value, str) and not (value.isascii() and value.isprintable()):
            raise Invalid(f"{where}: {name} holds a sign that cannot be sent")
    return shape(**table)


def _checked(made: Any, name: str) -> Any:
    where = f"channels.toml, {name}"
    if isinstance(made, Carrier):
        _address(made.url, made.private, where)
        if name == "matrix" and not made.token:
            raise Invalid(f"{where}: token is needed")
    elif made.contact and not made.contact.startswith(("mailto:", "https://")):
        raise Invalid(f"{where}: contact should begin with mailto: or https://")
    return made


def _hook(made: Webhook, name: str) -> Webhook:
    where = f"channels.toml, {name}"
    _address(made.url, made.private, where)
    if not rules.is_address("webhook", made.name):
        raise Invalid(f"{where}: name should be small letters, digits and hyphens")
    try:
        if not 24 <= len(made.key) <= 64:
            raise ValueError
    except (ValueError, binascii.Error):
        raise Invalid(
            f"{where}: secret should be whsec_ and 24 to 64 bytes in base64 "
            "(head -c 32 /dev/urandom | base64)"
        ) from None
    return made


def _address(url: str, private: bool, where: str) -> None:
    parts = wire.split(url)
    if parts is None or parts.query or parts.fragment:
        raise Invalid(f"{where}: url should begin with https://")
    if parts.scheme == "http" and not private:
        raise Invalid(f"{where}: without https only a server of your own network (private = true)")
