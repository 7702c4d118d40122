"""P41: no input makes it fall over: every parser, every sealed form, every body and every page.

What is sent looks like something good that was bent: cut, doubled, with letters of any script, zeros
and quotes put in. Whoever is asked by it may say one of the five kinds of error and nothing else, and
no page may answer 500; pages are asked as every role of P07, so that what lies behind a session is
met too. The whole proof goes on for ten minutes.

Seen to fail: when `forms.read` does not catch what is no base64, when `sealed.epoch_of` does not look
at the length, and when `middleware.handle_of` does not catch what is no base64.
"""

import base64
import json
import random
import re
import string
import time
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.test import Client

from amparo.casework.models import ENTRY
from amparo.casework.services import intake
from amparo.consent import links
from amparo.foundation import clean, errors, ids, journal
from amparo.foundation import config as configuration
from amparo.foundation.router import KEYSTORE
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.matrix import Asker, Stage, routes, stage_of
from amparo.proofs.prove.routes import FIELDS
from amparo.proofs.prove.served import File, multipart
from amparo.proofs.prove.world import World, found
from amparo.vault import (
    age,
    codes,
    duty,
    factors,
    files,
    forms,
    keys,
    log,
    primitives,
    sealed,
    sessions,
    uploads,
)  # fmt: skip
from amparo.web import middleware

Parsers = dict[str, tuple[Callable[[str], object], list[str]]]
Openers = dict[str, tuple[Callable[[bytes], object], list[bytes]]]


def _nonsense(chance: random.Random, good: list[str]) -> str:
    """Something like a good text, or nothing like one."""
    text = chance.choice([*good, ""])
    for _ in range(chance.randint(0, 4)):
        at = chance.randint(0, len(text))
        match chance.randrange(6):
            case 0:
                text = (
                    text[:at]
                    + chr(chance.choice([0, 10, 34, 0x0660, 0x202E, 0xD7FF, 0x1F600]))
                    + text[at:]
                )
            case 1:
                text = text[:at]
            case 2:
                text += text[:200]
            case 3:
                text = text[:at] + "".join(chance.choices(string.printable, k=20)) + text[at:]
            case 4:
                text = text[:at] + text[at + 1 :]
            case _:
                text = text.swapcase()
    return text


def _bent(chance: random.Random, good: list[bytes]) -> bytes:
    """Something like a good blob, or nothing like one."""
    data = bytearray(chance.choice([*good, b""]))
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(data))
        match chance.randrange(5):
            case 0:
                del data[at:]
            case 1:
                data[at:at] = chance.randbytes(chance.choice([1, 4, 40]))
            case 2:
                data[at : at + 8] = bytes(8)
            case 3 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case _:
                data += data[:100]
    return bytes(data)


# --- parsers --------------------------------------------------------------------------------------
def _parsers(world: World) -> Parsers:
    """Whatever makes something of a text: its name, the parser, good texts."""
    defender = world.ask(what="x")
    with defender.request():
        pass
    log.seal_waiting()
    with journal.unit():
        upload = uploads.begin(size=10, sha256="0" * 64, name="a")[1]
    secret, note, token = factors.new_secret(), log.newest_note(), forms.token(b"w" * 48)
    lines = list(log.export())
    recipient = age.recipient_of(primitives.PrivateKey.generate().age_seed)

    def manifest(text: str) -> object:
        found_ = {"upload": text, "key": "00", "parts": 1, "size": 1, "sha256": text}
        return list(files.read(found_))

    return {
        "codes": (codes.parse, [defender.text, " ".join(codes.new_words("es").shown)]),
        "forms": (forms.read, [token]),
        "uploads": (uploads.read, [token, upload]),
        "names": (uploads.plain_name, ["a/b.txt", "..", "x" * 300]),
        "links": (_in_unit(lambda text: links.use(text, "invite")), ["A" * 22]),
        "notes": (lambda text: log.read_note(text, log.public_key()), [note]),
        "sessions": (lambda text: sessions.resume(text.encode(), "staff"), ["x" * 48]),
        "ids": (ids.parse, [str(ids.new())]),
        "totp": (lambda text: factors.step_of(secret, text), ["123456"]),
        "recipients": (_age(lambda text: age.parse_recipient(text)), [recipient]),
        "options": (
            lambda text: configuration.read({"AMPARO_PORT": text, "AMPARO_DATA": "/x"}),
            ["80"],
        ),
        "journal": (lambda text: log.verify([*lines[:1], {"leaves": text, "note": note}]), ["00"]),
        "kinds": (lambda text: clean.kind_of(text.encode("utf-8", "replace"), text), ["%PDF-1.4"]),
        "manifests": (manifest, [str(ids.new())]),
        "enter": (_in_unit(intake.enter), [defender.text[:-1]]),
    }


def _in_unit(parse: Callable[[str], object]) -> Callable[[str], object]:
    def inside(text: str) -> object:
        with journal.unit():
            return parse(text)

    return inside


def _age(parse: Callable[[str], object]) -> Callable[[str], object]:
    """The age format has an error of its own, which its callers know."""

    def inside(text: str) -> object:
        try:
            return parse(text)
        except ValueError:
            raise errors.CannotOpen from None

    return inside


def _openers() -> Openers:
    """Whatever opens something sealed: its name, the opener, good blobs."""
    key, place, who = primitives.token(), primitives.ctx("proof"), ids.new()
    pair = primitives.PrivateKey.generate()
    doc = sealed.close(key, 1, ENTRY, who, who, "narrative", {"text": "x"})
    secret, body = duty.make_capsule("link.reader", who, {"a": 1})
    return {
        "fields": (
            lambda blob: primitives.open_(key, blob, place),
            [primitives.seal(key, b"x", place)],
        ),
        "secrets": (
            lambda blob: primitives.open_secret(key, blob, place),
            [primitives.seal_secret(key, b"x" * 32, place)],
        ),
        "wraps": (
            lambda blob: primitives.unwrap(blob, pair, place),
            [primitives.wrap(key, pair.public, place)],
        ),
        "documents": (lambda blob: sealed.read(key, ENTRY, who, who, "narrative", blob), [doc]),
        "links' bodies": (lambda blob: duty.open_capsule("link.reader", who, secret, blob), [body]),
        "public keys": (keys.public_of, [pair.public.raw]),
    }


def _try(result: Found, name: str, parse: Callable[[Any], object], given: Any) -> None:
    try:
        parse(given)
    except errors.AmparoError:
        pass
    except Exception as error:
        said = f"{name}: {type(error).__name__} for {given[:60]!r}"
        if not any(one.startswith(f"{name}: {type(error).__name__}") for one in result.breaches):
            result.breaches.append(said)


# --- pages ----------------------------------------------------------------------------------------
class _TakenBack(Exception):
    """Ends a request's transaction."""


def _page(result: Found, chance: random.Random, stage: Stage, places: list[str]) -> None:
    """Nonsense in the address, fields, files, bodies and headers of a route, as any of the roles."""
    route, asker = chance.choice(places), chance.choice(stage.askers)
    good = ["1", "here", "", str(ids.new()), forms.token(), "0" * 30, "granted", "'\"<>"]

    def value(match: re.Match[str]) -> str:
        real = stage.given.get(match[1], "")
        return real if real and chance.random() < 0.7 else _nonsense(chance, good)[:60]

    path = "/" + re.sub(r"<(\w+)>", value, route)
    path = "".join(one for one in path if one.isprintable() and one not in "?#%\\ ")
    body = {chance.choice(NAMES): _nonsense(chance, [*good, *FIELDS.values()]) for _ in range(6)}
    try:
        with transaction.atomic(using=KEYSTORE), transaction.atomic():
            status = _send(chance, asker, path, body)
            raise _TakenBack
    except _TakenBack:
        pass
    except (UnicodeError, ValueError):
        return  # not even a client would send it
    finally:
        stage.put_back()
    if status == 500:
        result.breaches.append(f"500 for {asker.name} at {path!r} with {str(body)[:120]}")


# Every name that a form asks for, but for the one that says "I am sure": some deeds reach the disk.
NAMES = [*FIELDS, "token", "version", "code", "where", "reach", "do", "second", "passphrase", "until",
         "compartments", "recipient", "hours", "teams", "into", "old", "theme", "once"]  # fmt: skip


def _send(chance: random.Random, asker: Asker, path: str, body: dict[str, str]) -> int:
    client = Client(raise_request_exception=False)
    handle = base64.urlsafe_b64encode(asker.handle).decode().rstrip("=")
    if chance.random() < 0.2:
        handle = _nonsense(chance, [handle, "x" * 64]).encode("ascii", "ignore").decode()
    client.cookies[middleware.SESSION_COOKIE] = handle
    headers = {"host": "localhost"}
    if chance.random() < 0.3:
        headers["if-match"] = _nonsense(chance, ['"1"', "*"]).encode("ascii", "ignore").decode()
    if path.startswith("/api"):
        bearer = f"Bearer {asker.bearer or handle}"
        headers |= {"authorization": bearer, "idempotency-key": str(ids.new())}
        sent = json.dumps(body) if chance.random() < 0.7 else _nonsense(chance, ["{}", "[1]"])
        method = chance.choice(["POST", "GET", "PUT", "DELETE"])
        answer = client.generic(method, path, sent, "application/json", headers=headers)
    elif chance.random() < 0.2:
        own = {"token": forms.token(asker.handle)} | body
        whole = multipart("m", own, [File("a.txt", b"x" * 99)])
        kind = chance.choice(["multipart/form-data; boundary=m", "multipart/form-data", "m/m"])
        answer = client.generic("POST", path, _bent(chance, [whole]), kind, headers=headers)
    elif chance.random() < 0.2:
        answer = client.get(path, body, headers=headers)
    else:
        answer = client.post(path, {"token": forms.token(asker.handle)} | body, headers=headers)
    got: Any = answer
    if got.streaming:
        b"".join(got.streaming_content)
    return int(answer.status_code)


# --- the proof ------------------------------------------------------------------------------------
@proves("P41")
def nonsense() -> Found:
    """Parsers, openers and pages, in turns."""
    result, chance = Found(), random.Random(seed())
    world = found()
    stage, parsers, openers = stage_of(world), _parsers(world), _openers()
    places, texts, blobs, pages = sorted(set(routes())), 0, 0, 0
    end = time.monotonic() + many(600, 0)
    while True:
        for name, (parse, good) in parsers.items():
            for _ in range(5 if name == "enter" else many(300, 60)):
                texts += 1
                _try(result, name, parse, _nonsense(chance, good))
        for name, (opens, blobs_) in openers.items():
            for _ in range(many(300, 60)):
                blobs += 1
                _try(result, name, opens, _bent(chance, blobs_))
        for _ in range(many(300, 150)):
            pages += 1
            _page(result, chance, stage, places)
        if time.monotonic() > end or len(result.breaches) > 20:
            break
    result.value = str(len(result.breaches))
    result.detail = (
        f"{texts} texts in {len(parsers)} parsers, {blobs} blobs in {len(openers)} openers, "
        f"{pages} requests as {len(stage.askers)} roles, seed {seed()}"
    )
    return result
