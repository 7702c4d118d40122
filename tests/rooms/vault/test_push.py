"""Web Push by the example of RFC 8291, the name of the server by RFC 8292, webhooks by their scheme."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from amparo.foundation.errors import CannotOpen
from amparo.vault import push, server
from amparo.vault.push import decoded, encoded
from tests.make import House

# RFC 8291, section 5 and appendix A.
BROWSER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
BROWSER_KEY = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SERVER_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
TEXT = b"When I grow up, I want to be a watermelon"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def _key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decoded(text), "big"), push.CURVE)


def test_the_example_of_the_rfc() -> None:
    sealed = push.seal_push(
        BROWSER, AUTH, TEXT, salt=decoded(SALT), key=_key(SERVER_KEY), room=len(TEXT) + 1
    )
    assert encoded(sealed) == SEALED
    assert push.open_push(_key(BROWSER_KEY), decoded(AUTH), sealed) == TEXT


def test_no_two_messages_look_alike_and_all_have_one_size() -> None:
    key, auth, keys = push.new_browser()
    sealed = [push.seal_push(**keys, text=text) for text in (b"a", b"a", b"b" * 400)]
    assert len(set(sealed)) == 3 and len({len(one) for one in sealed}) == 1
    assert [push.open_push(key, auth, one) for one in sealed] == [b"a", b"a", b"b" * 400]


@pytest.mark.parametrize(
    ("p256dh", "auth"), [("", AUTH), (BROWSER, ""), (BROWSER[:-4], AUTH), (BROWSER, "****"),
    (encoded(b"\x04" + b"\x01" * 64), AUTH)]
)  # fmt: skip
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(ValueError):
        push.seal_push(p256dh, auth, b"x")


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError):
        push.seal_push(BROWSER, AUTH, b"x" * 4096)


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_nonsense_opens_nothing(body: bytes) -> None:
    key, auth, _ = push.new_browser()
    with pytest.raises(CannotOpen):
        push.open_push(key, auth, body)


def test_the_server_vouches_for_itself_to_one_service(house: House) -> None:
    now = datetime(2026, 3, 7, tzinfo=UTC)
    header = push.vouch("https://push.example", "mailto:notes@example.org", now)
    found = dict(part.split("=", 1) for part in header.removeprefix("vapid ").split(", "))
    head, claims, mark = found["t"].split(".")
    assert json.loads(decoded(head)) == {"typ": "JWT", "alg": "ES256"}
    assert json.loads(decoded(claims)) == {
        "aud": "https://push.example",
        "exp": int(now.timestamp()) + 12 * 3600,
        "sub": "mailto:notes@example.org",
    }
    raw, public = decoded(mark), decoded(found["k"])
    signature = encode_dss_signature(
        int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    )
    verifier = ec.EllipticCurvePublicKey.from_encoded_point(push.CURVE, public)
    said = f"{head}.{claims}".encode()
    verifier.verify(signature, said, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        verifier.verify(signature, said + b"x", ec.ECDSA(hashes.SHA256()))
    assert found["k"] == push.name()


def test_its_name_outlives_a_lockdown(house: House) -> None:
    before = push.name()
    server.destroy()
    assert push.name() == before
    server.renew()
    assert push.name() == before


def test_a_webhook_is_signed_as_its_scheme_says() -> None:
    body, key = b'{"test": 2432232314}', b"k" * 32
    made = push.sign_webhook(key, "msg_1", "1674087231", body)
    by_hand = hmac.new(key, b"msg_1.1674087231." + body, hashlib.sha256).digest()
    assert made == "v1," + base64.b64encode(by_hand).decode()
