"""Form tokens: what lets a form be sent without a cookie. Sealed, short-lived, and the only place
where a defender's half of a session lives between two pages."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from amparo.foundation import clock, ids
from amparo.vault import server
from amparo.vault.models import Left
from amparo.vault.primitives import CannotOpen, ctx, digest, open_, seal

LIFE = timedelta(hours=2)  # to write a first call on a slow network, with scripts off


@dataclass(frozen=True)
class Form:
    """An opened token: `once` names this very form, `window` is the handle of a code's session."""

    once: ids.Id
    window: bytes = b""

    def __repr__(self) -> str:
        return "<Form>"


def _place() -> bytes:
    return ctx("form", server.load().installation)


def token(window: bytes = b"") -> str:
    """A fresh token for one form."""
    until = (clock.now() + LIFE).isoformat(timespec="minutes")
    doc = {"o": ids.new().hex, "u": until, "w": base64.b64encode(window).decode()}
    sealed = seal(server.load().key("form"), json.dumps(doc).encode(), _place())
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read(text: str) -> Form:
    """The form of a token, or CannotOpen (wrong, altered, too old)."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise CannotOpen from None
    doc = json.loads(open_(server.load().key("form"), raw, _place()))
    if datetime.fromisoformat(doc["u"]) < clock.now():
        raise CannotOpen
    return Form(ids.Id(doc["o"]), base64.b64decode(doc["w"]))


# --- visits that were left -----------------------------------------------------------------------
def leave(visit: bytes) -> None:
    """No token of this visit counts any more, in any process. `visit` is what its tokens have in
    common; of it only a digest is kept, for as long as a token lives."""
    values = {"until": clock.now() + LIFE}
    Left.objects.update_or_create(find=digest(ctx("visit", visit)), defaults=values)


def once_of(visit: bytes) -> ids.Id:
    """Under what the questions of a visit are taken in. What stands in the store of a visit that sent
    something must not lead to the row that says when it was left."""
    return ids.Id(bytes=digest(ctx("once", visit))[:16])


def is_left(visit: bytes) -> bool:
    """Whether this visit was left."""
    return Left.objects.filter(find=digest(ctx("visit", visit)), until__gt=clock.now()).exists()


def sweep() -> int:
    """Forget visits of which no token lives any longer."""
    return Left.objects.filter(until__lte=clock.now()).delete()[0]
