"""Passkeys as second factors: a device signs a challenge. They gate the sign-in and open nothing.

The challenge travels in a sealed form token, so that nothing is stored between two pages. It begins
with its time, and a passkey takes no challenge that is not newer than its last: no answer works twice.
"""

import base64
import json
from typing import Any

from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from amparo.foundation import clock, ids
from amparo.vault import factors, forms
from amparo.vault.models import Factor
from amparo.vault.primitives import CannotOpen, token

MARK = b"passkey:"
TIME = 8  # bytes of milliseconds at the head of a challenge
MOST = 20_000  # characters of an answer


def _server(site: str) -> Fido2Server:
    # The name shows on the other device, so it is as neutral as the pages' titles.
    return Fido2Server(PublicKeyCredentialRpEntity(id=site, name="Notes"))


def _challenge() -> bytes:
    now = int(clock.now().timestamp() * 1000)
    return now.to_bytes(TIME, "big") + token(24)


def _state(challenge: bytes) -> dict[str, str | None]:
    """What the library wants back of its first step; all of it follows from the challenge."""
    text = base64.urlsafe_b64encode(challenge).decode().rstrip("=")
    return {"challenge": text, "user_verification": UserVerificationRequirement.PREFERRED}


def _credential(document: dict[str, Any]) -> AttestedCredentialData:
    return AttestedCredentialData(bytes.fromhex(document["credential"]))


def offer(principal: ids.Id, site: str) -> tuple[str, str]:
    """(options as JSON for the browser, token of the form) to add a passkey."""
    challenge = _challenge()
    known = [_credential(document) for _, document in factors.passkeys(principal)]
    # The user's id on the device is random: it ties nothing to the account's id.
    options, _ = _server(site).register_begin(
        PublicKeyCredentialUserEntity(id=token(32), name="Notes", display_name="Notes"),
        credentials=known,
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.PREFERRED,
        challenge=challenge,
    )
    return json.dumps(dict(options.public_key)), forms.token(MARK + challenge)


def add(principal: ids.Id, site: str, form: str, answer: str) -> None:
    """Keep the passkey that a browser has made; CannotOpen when the answer is not to our question."""
    challenge, given = _challenge_of(form), _parse(answer)
    try:
        made = _server(site).register_complete(_state(challenge), given)
    except Exception:  # noqa: BLE001 - as in `check`
        raise CannotOpen from None
    if made.credential_data is None:
        raise CannotOpen
    factors.add_passkey(principal, {"credential": bytes(made.credential_data).hex()})


def ask(site: str) -> tuple[str, str]:
    """(options as JSON for the browser, token of the form) to sign in: the same for everybody."""
    challenge = _challenge()
    options, _ = _server(site).authenticate_begin(
        user_verification=UserVerificationRequirement.PREFERRED, challenge=challenge
    )
    return json.dumps(dict(options.public_key)), forms.token(MARK + challenge)


def check(principal: ids.Id, site: str, form: str, answer: str) -> None:
    """CannotOpen unless one of the principal's passkeys has signed this very challenge, once."""
    challenge, given = _challenge_of(form), _parse(answer)
    known = factors.passkeys(principal)
    credentials = [_credential(document) for _, document in known]
    try:
        used = _server(site).authenticate_complete(_state(challenge), credentials, given)
    except Exception:  # noqa: BLE001 - the library fails in many ways over a crooked answer
        # A fault of its own would tell that the passphrase before it was right.
        raise CannotOpen from None
    at = int.from_bytes(challenge[:TIME], "big")
    for (row, _), credential in zip(known, credentials, strict=True):
        newer = Factor.objects.filter(id=row.id, last_step__lt=at)
        if credential.credential_id == used.credential_id and newer.update(last_step=at):
            return
    raise CannotOpen


def _challenge_of(form: str) -> bytes:
    window = forms.read(form).window
    if not window.startswith(MARK):
        raise CannotOpen
    return window[len(MARK) :]


def _parse(answer: str) -> dict[str, Any]:
    if len(answer) > MOST:
        raise CannotOpen
    try:
        given = json.loads(answer)
    except (ValueError, RecursionError):
        raise CannotOpen from None
    if not isinstance(given, dict):
        raise CannotOpen
    return given
