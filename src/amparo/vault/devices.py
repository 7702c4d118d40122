"""Devices that have signed in before: a sealed word that a browser keeps and that names nobody.

It opens nothing. Whoever has one does not stand in one line with everybody who knocks at the desk.
"""

import base64
import json
from datetime import date, timedelta

from amparo.foundation import clock
from amparo.vault import server
from amparo.vault.primitives import CannotOpen, ctx, open_, seal, token

NAME = 16  # random bytes by which one device's tries are counted, in memory only
LIFE = timedelta(days=400)  # as long as a browser keeps a cookie


def _place() -> bytes:
    return ctx("device", server.load().installation)


def word(name: bytes = b"") -> str:
    """The word for a device: for one that has a name already, or for a new one."""
    doc = {"d": (name or token(NAME)).hex(), "u": (clock.today() + LIFE).isoformat()}
    sealed = seal(server.load().key("form"), json.dumps(doc).encode(), _place())
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def name_of(text: str) -> bytes:
    """The name in a device's word; empty for none, a wrong one, and one from before a lockdown."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        doc = json.loads(open_(server.load().key("form"), raw, _place()))
    except (ValueError, CannotOpen):
        return b""
    if date.fromisoformat(doc["u"]) < clock.today():
        return b""
    return bytes.fromhex(doc["d"])
