"""Second factors: six digits from another device, or a passkey. They gate the sign-in; the key
itself is the passphrase's."""

import json
import re
from datetime import timedelta
from typing import Any

import pyotp

from amparo.foundation import clock, ids
from amparo.vault import server
from amparo.vault.models import Factor
from amparo.vault.primitives import CannotOpen, ctx, open_, same, seal

PERIOD = 30  # seconds of one code; the one before is accepted too


def _context(row: ids.Id) -> bytes:
    return ctx("factor", server.load().installation, row)


# After this long neither a code nor a challenge is taken any more, so its exact time may go.
KEEP_EXACT = timedelta(hours=3)
DAY = 24 * 3600


def sweep() -> int:
    """Round what was last used to the day it was used on: an exact time would tell when somebody
    signed in. Returns how many rows were rounded."""
    limit = clock.now() - KEEP_EXACT
    count = 0
    for kind, ticks in (("totp", DAY // PERIOD), ("passkey", DAY * 1000)):
        used = int(limit.timestamp()) * ticks // DAY
        for row in Factor.objects.filter(kind=kind, last_step__gt=0, last_step__lt=used):
            # Up to the end of its day: rounding down would let an old code in again.
            rounded = -(-row.last_step // ticks) * ticks
            if rounded != row.last_step and rounded <= used:
                same_still = Factor.objects.filter(id=row.id, last_step=row.last_step)
                count += same_still.update(last_step=rounded)
    return count


def new_secret() -> str:
    """A fresh secret for an authenticator, in base 32."""
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    """Whether a text has the form of a secret of ours."""
    return re.fullmatch("[A-Z2-7]{32}", text) is not None


def address(secret: str, label: str) -> str:
    """The otpauth:// text for a QR; the label is neutral, for it shows on the other device."""
    return pyotp.TOTP(secret).provisioning_uri(name=label, issuer_name="Notes")


def shown(secret: str) -> str:
    """What an authenticator with this secret shows now; for the sample, demonstrations and proofs."""
    return pyotp.TOTP(secret).at(clock.now())


def add_totp(principal: ids.Id, secret: str) -> Factor:
    """Keep a secret, sealed under the server's key for factors."""
    row = Factor(principal_id=principal, kind="totp")
    row.sealed = seal(server.load().key("totp"), secret.encode(), _context(row.id))
    row.save(force_insert=True)
    return row


def add_passkey(principal: ids.Id, credential: dict[str, Any]) -> Factor:
    """Keep a registered passkey (public data of the credential)."""
    row = Factor(principal_id=principal, kind="passkey")
    text = json.dumps(credential).encode()
    row.sealed = seal(server.load().key("totp"), text, _context(row.id))
    row.save(force_insert=True)
    return row


def passkeys(principal: ids.Id) -> list[tuple[Factor, dict[str, Any]]]:
    """The person's passkeys with their credentials."""
    rows = Factor.objects.filter(principal_id=principal, kind="passkey")
    key = server.load().key("totp")
    return [(row, json.loads(open_(key, bytes(row.sealed), _context(row.id)))) for row in rows]


def code_now(secret: str) -> str:
    """The six digits that the second device shows now; for samples and demonstrations."""
    return pyotp.TOTP(secret).at(int(clock.now().timestamp()))


def step_of(secret: str, code: str) -> int | None:
    """The time step that a code belongs to: the present one or the one before; else None."""
    digits = "".join(code.split())
    now = int(clock.now().timestamp()) // PERIOD
    totp, found = pyotp.TOTP(secret), None
    for step in (now, now - 1):
        if same(totp.at(step * PERIOD).encode(), digits.encode()):
            found = step
    return found


def check_totp(principal: ids.Id, code: str) -> None:
    """CannotOpen unless the code is right and was not taken before."""
    for row in Factor.objects.filter(principal_id=principal, kind="totp"):
        secret = open_(server.load().key("totp"), bytes(row.sealed), _context(row.id)).decode()
        step = step_of(secret, code)
        # Compare-and-set: of two sign-ins with the same code one wins.
        if step is not None and Factor.objects.filter(id=row.id, last_step__lt=step).update(
            last_step=step
        ):
            return
    raise CannotOpen
