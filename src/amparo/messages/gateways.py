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
    needs = "queued"                   # a word that the answer must hold; none: the status is enough
    answer_id = "messages.0.id"        # where its own id stands in the answer; none: it reports ours
    per_minute = 60                    # what the account allows; none: no limit
    connections = 3                    # calls at once
    private = false                    # true for a modem in one's own network

    # What it tells us, at https://…/h/<secret>:
    secret = "at least twenty letters or digits"
    signature = { header = "X-Signature", key = "…", digest = "sha256" }   # if it signs
    each = "results"                   # if one call brings a list; none: it brings one
    [gateway.receipt]                  # places in the call: a field of a form, or a.b.0 in JSON
    id = "id"
    status = "status"
    delivered = ["delivered"]
    failed = ["failed", "undelivered", "rejected", "expired"]
    [gateway.inbound]
    sender = "from"
    text = "text"
    id = "id"
    number = "+525500000000"           # the number that people write to
"""

import json
import re
import tomllib
from dataclasses import MISSING, dataclass, fields
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from amparo.foundation import clock
from amparo.foundation.config import config
from amparo.foundation.errors import Invalid, Unavailable
from amparo.messages import bodies, circuits, rules, wire
from amparo.messages.budgets import Held
from amparo.vault import callers

PATIENCE = 5.0  # seconds for one message, all gateways together
SHARE = 0.6  # of what is left of them, for one that has another behind it
SHORTEST_SECRET = 20
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
KINDS = (JSON, FORM)
REFUSED = {400, 404, 410, 422}  # of this number, as far as anybody can tell


@dataclass(frozen=True)
class Reports:
    """How a provider says what became of a message."""

    id: str
    status: str
    delivered: tuple[str, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hears:
    """How a provider brings a message that came in; `number` is where people send it."""

    sender: str
    text: str
    number: str
    id: str = ""


@dataclass(frozen=True)
class Signature:
    """How a provider signs what it brings."""

    header: str
    key: str
    digest: str = "sha256"


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
    needs: str = ""
    answer_id: str = ""
    per_minute: int = 0
    connections: int = 3
    private: bool = False
    secret: str = ""
    signature: Signature | None = None
    each: str = ""
    receipt: Reports | None = None
    inbound: Hears | None = None

    def serves(self, number: str) -> bool:
        """Whether it may be asked for this number."""
        return not self.prefixes or any(number.startswith(one) for one in self.prefixes)

    def __repr__(self) -> str:
        return f"<Gateway {self.name}>"


# --- the file ------------------------------------------------------------------------------------
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
    found = tuple(_gateway(path, number, table) for number, table in enumerate(tables, 1))
    secrets = [one.secret for one in found if one.secret]
    for many, what in (([one.name for one in found], "name"), (secrets, "secret")):
        if len(set(many)) < len(many):
            raise Invalid(f"{path.name}: two gateways have the same {what}")
    return found


def _gateway(path: Path, number: int, table: dict[str, Any]) -> Gateway:
    where = f"{path.name}, gateway {number}"
    given = dict(table)
    headers = given.pop("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(one, str) for one in headers.values()):
        raise Invalid(f"{where}: headers should be a table of words")
    parts = {"signature": Signature, "receipt": Reports, "inbound": Hears}
    for name, kind in parts.items():
        if name in given:
            given[name] = _made(f"{where}, {name}", kind, given[name])
    made: Gateway = _made(where, Gateway, given | {"headers": tuple(headers.items())})
    _sends(where, made)
    _hears(where, made)
    return made


def _made(where: str, kind: Any, given: Any) -> Any:
    """One of the tables, with every option of the type that its default has."""
    if not isinstance(given, dict):
        raise Invalid(f"{where} should be a table")
    known = {one.name: one.type for one in fields(kind)}
    ready = {}
    for name, value in given.items():
        if name not in known:
            raise Invalid(f"{where}: there is no option {name}")
        if str(known[name]).startswith("tuple") and name != "headers":
            if not isinstance(value, list):
                raise Invalid(f"{where}: {name} should be a list")
            value = tuple(value)
        if known[name] in (str, int, bool) and type(value) is not known[name]:
            raise Invalid(f"{where}: {name} should be of another kind")
        ready[name] = value
    try:
        return kind(**ready)
    except TypeError:
        needed = [one.name for one in fields(kind) if one.default is MISSING]
        raise Invalid(f"{where}: {' and '.join(needed)} are needed") from None


def _sends(where: str, made: Gateway) -> None:
    parts = wire.split(made.url)
    if parts is None:
        raise Invalid(f"{where}: url should begin with https://")
    if parts.scheme == "http" and not made.private:
        raise Invalid(f"{where}: without https only a gateway of your own network (private = true)")
    if made.kind not in KINDS:
        raise Invalid(f"{where}: kind should be one of {', '.join(KINDS)}")
    if "{to}" not in made.url + made.body or "{text}" not in made.url + made.body:
        raise Invalid(f"{where}: url or body should hold {{to}} and {{text}}")
    if made.connections < 1 or made.per_minute < 0:
        raise Invalid(f"{where}: connections should be 1 or more, per_minute 0 or more")


def _hears(where: str, made: Gateway) -> None:
    if (made.receipt or made.inbound) and len(made.secret) < SHORTEST_SECRET:
        raise Invalid(f"{where}: receipt and inbound want a secret of {SHORTEST_SECRET} letters")
    if made.secret and not re.fullmatch(r"[\w-]+", made.secret, re.ASCII):
        raise Invalid(f"{where}: secret should be of letters and digits only")
    if made.signature is not None and made.signature.digest not in callers.DIGESTS:
        raise Invalid(f"{where}: digest should be one of {', '.join(callers.DIGESTS)}")
    if made.inbound is not None and not rules.is_address("sms", made.inbound.number):
        raise Invalid(f"{where}: number should be like +525500000000")


# --- what is known of them -----------------------------------------------------------------------
def takes_replies(number: str) -> bool:
    """Whether an answer to whatever would be sent to this number can come in."""
    serving = [one for one in _usable() if one.serves(number)]
    return bool(serving) and all(one.inbound for one in serving)


def numbers() -> list[str]:
    """Where messages to us may be sent."""
    return list(dict.fromkeys(one.inbound.number for one in _usable() if one.inbound))


def _usable() -> tuple[Gateway, ...]:
    try:
        return load()
    except Invalid:
        return ()


# --- handing over --------------------------------------------------------------------------------
def send(number: str, text: str, idem: str) -> str | None:
    """Hand a message to the first gateway that serves the number and takes it, within PATIENCE.

    Returns what its receipt will name, or None when none will come. Held when none may be asked just
    now, Unavailable when none takes it. What went wrong is told by its kind only: an answer could
    repeat the number.
    """
    serving = [one for one in load() if one.serves(number)]
    if not serving:
        raise Unavailable("no gateway serves this number")
    waiting = circuits.Patience(PATIENCE)
    held, order = [], circuits.in_order(serving, idem)
    for at, one in enumerate(order):
        left = waiting.left()
        if left <= 0:
            break
        circuit = circuits.of(one)
        until = circuit.enter()
        if until is not None:
            held.append(until)
            continue
        try:
            values = {"to": number, "text": text, "id": idem}
            found = _hand_over(one, values, left if at + 1 == len(order) else left * SHARE)
            circuit.works()
        except Held as error:
            held.append(error.until)
            circuit.rests(error.until)
        except Unavailable as error:
            # Anybody can write down numbers that are none: they must not make it last for everybody.
            if wire.why(error) != "number":
                circuit.failed()
        else:
            circuits.took(one, idem)
            return found
        finally:
            circuit.leave()
    if len(held) == len(order):
        raise Held(min(held))
    raise Unavailable("no gateway took it")


def _hand_over(gateway: Gateway, values: dict[str, str], seconds: float) -> str | None:
    answer = wire.call(
        _filled(gateway.url, values, FORM),
        _filled(gateway.body, values, gateway.kind).encode(),
        {"Content-Type": gateway.kind, "Idempotency-Key": values["id"]} | dict(gateway.headers),
        private=gateway.private,
        method=gateway.method,
        timeout=seconds,
    )
    if answer.status == 429:
        rest = timedelta(seconds=answer.rest(circuits.FIRST_REST.seconds))
        raise Held(clock.now() + min(rest, circuits.LONGEST_REST))
    if answer.status not in gateway.accepted:
        raise wire.NotTaken("number" if answer.status in REFUSED else "status")
    if gateway.needs and gateway.needs.encode() not in answer.body:
        raise Unavailable("taken by something else")
    given = bodies.found(bodies.parsed(answer.body), gateway.answer_id)
    if gateway.answer_id and not given:
        raise Unavailable("taken by something else")
    return reference(gateway, given or values["id"]) if gateway.receipt else None


def reference(gateway: Gateway, given: str) -> str:
    """What a message is called between us and one provider."""
    return f"{gateway.name} {given}"


def _filled(template: str, values: dict[str, str], kind: str) -> str:
    """A template with its three places filled, each escaped for where it stands."""
    places = {
        name: json.dumps(value)[1:-1] if kind == JSON else quote(value, safe="")
        for name, value in values.items()
    }
    # In one go: what fills one place is never looked through for another.
    return re.sub(r"\{(to|text|id)\}", lambda place: places[place[1]], template)
