"""Short messages through any HTTP gateway: what a provider's page asks for stands in a file of the
administrator, so that no provider is part of the program.

`gateways.toml` in the data folder, one table for each, in the order in which they are tried:

    [[gateway]]
    name = "one"                       # for the doctor; never sent
    url = "https://sms.example/send"
    body = '{"to": "{to}", "text": "{text}", "id": "{id}"}'
    kind = "application/json"          # or application/x-www-form-urlencoded
    headers = { Authorization = "Bearer …" }
    prefixes = ["+52", "+34"]          # numbers that it serves; none: all
    accepted = [200, 201, 202]
    private = false                    # true for a modem in one's own network
"""

import json
import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from amparo.foundation.config import config
from amparo.foundation.errors import Invalid, Unavailable
from amparo.messages import wire

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
KINDS = (JSON, FORM)


@dataclass(frozen=True)
class Gateway:
    """One provider, or a modem of one's own."""

    name: str
    url: str
    body: str = ""
    kind: str = JSON
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()
    prefixes: tuple[str, ...] = ()
    accepted: tuple[int, ...] = (200, 201, 202)
    private: bool = False

    def serves(self, number: str) -> bool:
        """Whether it may be asked for this number."""
        return not self.prefixes or any(number.startswith(one) for one in self.prefixes)

    def __repr__(self) -> str:
        return f"<Gateway {self.name}>"


def file() -> Path:
    """Where the administrator writes them down."""
    return config().data / "gateways.toml"


def load() -> tuple[Gateway, ...]:
    """All of them, in order; Invalid names what cannot be used. None when there is no file."""
    path = file()
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return ()


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int) -> tuple[Gateway, ...]:
    try:
        tables = tomllib.loads(path.read_text()).get("gateway", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path.name}: {error}") from None
    if not isinstance(tables, list):
        raise Invalid(f"{path.name}: write [[gateway]], with two brackets")
    return tuple(_gateway(path, number, table) for number, table in enumerate(tables, 1))


def _gateway(path: Path, number: int, table: dict[str, object]) -> Gateway:
    where = f"{path.name}, gateway {number}"
    known = {one.name: one.type for one in fields(Gateway)}
    for name in table:
        if name not in known:
            raise Invalid(f"{where}: there is no option {name}")
    given = dict(table)
    for name in ("prefixes", "accepted"):
        if name in given:
            if not isinstance(given[name], list):
                raise Invalid(f"{where}: {name} should be a list")
            given[name] = tuple(given[name])  # type: ignore[arg-type]
    headers = given.pop("headers", {})
    if not isinstance(headers, dict):
        raise Invalid(f"{where}: headers should be a table")
    try:
        made = Gateway(**given, headers=tuple(headers.items()))  # type: ignore[arg-type]
    except TypeError:
        raise Invalid(f"{where}: name and url are needed") from None
    parts = wire.split(made.url) if isinstance(made.url, str) else None
    if parts is None:
        raise Invalid(f"{where}: url should begin with https://")
    if parts.scheme == "http" and not made.private:
        raise Invalid(f"{where}: without https only a gateway of your own network (private = true)")
    if made.kind not in KINDS:
        raise Invalid(f"{where}: kind should be one of {', '.join(KINDS)}")
    if "{to}" not in made.url + made.body or "{text}" not in made.url + made.body:
        raise Invalid(f"{where}: url or body should hold {{to}} and {{text}}")
    return made


def send(number: str, text: str, idem: str) -> str | None:
    """Hand a message to the first gateway that serves the number and takes it; Unavailable when none
    does. What went wrong is told by its kind only: an answer could repeat the number."""
    serving = [one for one in load() if one.serves(number)]
    for one in serving:
        try:
            status = _post(one, {"to": number, "text": text, "id": idem})
        except wire.NotTaken:
            continue
        if status in one.accepted:
            return None
    raise Unavailable("no gateway took it" if serving else "no gateway serves this number")


def _post(gateway: Gateway, values: dict[str, str]) -> int:
    body = _filled(gateway.body, values, gateway.kind).encode()
    headers = {"Content-Type": gateway.kind, "Idempotency-Key": values["id"]}
    return wire.call(
        _filled(gateway.url, values, FORM),
        body,
        headers | dict(gateway.headers),
        private=gateway.private,
        method=gateway.method,
    ).status


def _filled(template: str, values: dict[str, str], kind: str) -> str:
    """A template with its three places filled, each escaped for where it stands."""
    for name, value in values.items():
        inside = json.dumps(value)[1:-1] if kind == JSON else quote(value, safe="")
        template = template.replace("{" + name + "}", inside)
    return template
