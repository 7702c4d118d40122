"""Every worked example of docs/FORMATS.md opens with the thief's own functions."""

import base64
import hmac
import re
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hmac import HMAC, hashes

from amparo.proofs import thief

PAGE = Path(__file__).parents[2] / "docs" / "FORMATS.md"
INSTALLATION = bytes(range(16))
NAMES = ("pepper", "duty", "totp", "log", "rotation", "form")
SERVER = {name: bytes([0xA0 + number]) * 32 for number, name in enumerate(NAMES)}


def example(name: str) -> dict[str, str]:
    """The lines of a block; long hex may go over several lines."""
    block = re.search(rf"```example {name}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert block, name
    found: dict[str, str] = {}
    key = ""
    for line in block[1].splitlines():
        if " =" in line and not line.startswith("—"):
            key, _, value = line.partition(" =")
            found[key] = value.strip()
        elif key:
            found[key] += ("\n" if name == "note" else "") + line
    return found


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def test_contexts():
    said = example("ctx")
    assert thief.ctx(said["kind"], *said["parts"].split(", ")) == raw(said["context"])


def test_keys():
    said = example("keys")
    key = thief.Key(raw(said["root"]))
    seed = thief.hkdf(raw(said["root"]), thief.ctx("root", "kem"))
    assert seed == raw(said["kem seed"])
    assert thief.hkdf(raw(said["root"]), thief.ctx("root", "sig")) == raw(said["signing seed"])
    assert thief.sha256(key.public) == raw(said["sha-256 of the public key"])
    assert thief.fingerprint(key.public) == said["fingerprint"]
    for kind, name in (
        ("principal", "id of a defender with this key"),
        ("case", "id of their case"),
    ):
        made = bytearray(thief.sha256(thief.ctx(f"id-{kind}", key.public))[:16])
        made[6], made[8] = made[6] & 0x0F | 0x40, made[8] & 0x3F | 0x80
        assert bytes(made).hex() == said[name].replace("-", "")


def test_a_passphrase():
    said = example("passphrase")
    pepper, blob = SERVER["pepper"], raw(said["blob"])
    mac = HMAC(pepper, hashes.SHA256())
    mac.update(thief.ctx("sign-in name", said["name"]))
    assert mac.finalize() == raw(said["find"])
    key = thief.stretch(said["passphrase"].encode(), blob[2:18], pepper, *thief.LEVELS[blob[:2]])
    opened = thief.open_secret(key, blob[18:], thief.ctx("lock", said["principal"]))
    assert opened == raw(said["root"])


def test_a_code():
    said = example("code")
    digits = said["digits"].replace(" ", "")
    assert int(digits) % 97 == 1
    assert thief.ctx("return code", "digits", digits[:28]) == raw(said["secret"])
    root = thief.stretch(raw(said["secret"]), INSTALLATION, SERVER["pepper"], *thief.LEVELS[b"a0"])
    assert thief.hkdf(root, thief.ctx("return code", "look-up id")) == raw(said["look-up id"])
    lock = thief.hkdf(root, thief.ctx("return code", "lock key"))
    assert lock == raw(said["lock key"])
    principal = example("passphrase")["principal"]
    place = thief.ctx("code-lock", principal)
    assert thief.open_secret(lock, raw(said["blob"]), place) == raw(said["root"])


def test_a_code_that_was_seen_says_so_by_its_context_only():
    said = example("seen")
    place = "code-lock", said["principal"]
    lock, blob = raw(said["lock key"]), raw(said["blob"])
    assert thief.open_marked(lock, blob, place) == raw(said["root"])
    assert len(blob) == len(raw(example("code")["blob"]))
    with pytest.raises(InvalidTag):
        thief.open_secret(lock, blob, thief.ctx(*place))


def test_a_hidden_id():
    said = example("hidden")
    mac = hmac.digest(SERVER["duty"], thief.ctx("hidden id", *said["parts"].split(", ")), "sha256")
    made = bytearray(mac[:16])
    made[6], made[8] = made[6] & 0x0F | 0x40, made[8] & 0x3F | 0x80
    assert bytes(made).hex() == said["id"].replace("-", "")


def test_a_second_word():
    said = example("second")
    signer, person = (thief.Key(raw(said[f"root of the {one}"])) for one in ("signer", "person"))
    text = thief.ctx("second", said["person"], person.public, said["code"])
    verify(signer, said["signature"], text)


def test_a_code_in_words():
    mnemonic = pytest.importorskip("mnemonic")
    said = example("words")
    known = (Path(mnemonic.__file__).parent / "wordlist" / "english.txt").read_text().split()
    number = 0
    for word in said["words"].split():
        number = number << 11 | [one[:4] for one in known].index(word[:4])
    secret = thief.ctx("return code", "words", said["language"], (number >> 6).to_bytes(12, "big"))
    assert secret == raw(said["secret"])
    assert thief.sha256(secret)[0] >> 2 == number & 63


def test_a_session():
    said = example("session")
    handle = raw(said["handle"])
    assert thief.sha256(thief.ctx("session", handle[:16])) == raw(said["find"])
    place = thief.ctx("session", said["principal"])
    key = thief.hkdf(handle[16:], place, raw(said["half"]))
    minute = int(datetime.fromisoformat(said["last minute"]).timestamp()) // 60
    content = thief.open_secret(key, raw(said["sealed"]), place)
    assert content == raw(said["root"]) + minute.to_bytes(4, "big")


def test_a_second_factor():
    said = example("factor")
    place = thief.ctx("factor", INSTALLATION, said["row"])
    assert (
        thief.open_field(SERVER["totp"], raw(said["sealed"]), place).decode() == said["plaintext"]
    )


def test_a_grant():
    said = example("grant")
    key = thief.Key(raw(said["root"]))
    place = [said[one] for one in ("case", "compartment", "epoch")]
    place += [thief.fingerprint(key.public), said["purpose"], said["until"]]
    context = thief.ctx("grant", *place)
    assert key.unwrap(raw(said["wrap"]), context) == raw(said["key"])
    signed = thief.ctx("grant-signature", context, thief.sha256(raw(said["wrap"])))
    verify(key, said["signature"], signed)
    with pytest.raises(InvalidTag):
        key.unwrap(raw(said["wrap"]), thief.ctx("grant", *place[:-1], "2026-01-01"))


def verify(key: thief.Key, signature: str, text: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(key.public[1216:]).verify(raw(signature), text)


def test_a_list_of_recipients():
    said = example("list")
    place = said["case"], said["compartment"], said["number"], said["recipients"]
    verify(thief.Key(raw(said["root"])), said["signature"], thief.ctx("recipients", *place))


def test_a_field():
    said = example("field")
    sealed = raw(said["sealed"])
    place = said["kind"], said["row"], said["case"], said["compartment"]
    context = thief.ctx("field", INSTALLATION, *place, int.from_bytes(sealed[:4], "big"))
    assert thief.open_field(raw(said["key"]), sealed[4:], context).decode() == said["document"]


def test_a_part_of_a_file():
    said = example("part")
    key = thief.hkdf(raw(said["key"]), thief.ctx("part-key", said["number"]))
    place = thief.ctx("part", INSTALLATION, said["upload"], said["number"])
    content = thief.open_secret(key, b"\x01" + raw(said["bytes"]), place)
    assert content == raw(said["content"].split(",")[0]) + bytes(59)


def test_a_link():
    said = example("link")
    token = raw(said["token"])
    assert thief.sha256(thief.ctx("capsule-find", INSTALLATION, token)) == raw(said["find"])
    place = thief.ctx("capsule", INSTALLATION, f"link.{said['kind']}", said["row"])
    key = thief.hkdf(raw(said["inside the box"]), place, token)
    assert key == raw(said["key"])
    opened = thief.unpad(thief.open_secret(key, raw(said["after the box"]), place))
    assert opened.decode() == said["document"]


def test_a_card():
    said = example("card")
    token = raw(said["token"])
    assert thief.sha256(thief.ctx("capsule-find", INSTALLATION, token)) == raw(said["find"])
    place = thief.ctx("capsule", INSTALLATION, "alerts.card", said["row"])
    key = thief.hkdf(raw(said["inside the box"]), place, token)
    assert key == raw(said["key"])
    opened = thief.unpad(thief.open_secret(key, raw(said["after the box"]), place))
    assert opened.decode() == said["document"]


def test_what_the_duty_key_opens():
    said = example("duty")
    place = thief.ctx("duty", INSTALLATION, said["kind"], said["row"])
    opened = thief.Key(SERVER["duty"]).unwrap(raw(said["sealed"]), place)
    assert thief.unpad(opened).decode() == said["document"]


def test_a_mark():
    said = example("mark")
    key = thief.hkdf(SERVER["duty"], thief.ctx("duty-mark", INSTALLATION, said["kind"]))
    assert key == raw(said["key"])
    assert hmac.digest(key, said["text"].encode(), "sha256") == raw(said["mark"])


def test_what_lies_for_a_team():
    said, sealed = example("team"), raw(example("team")["sealed"])
    assert sealed[:16].hex() == said["team"].replace("-", "")
    place = thief.ctx("team", INSTALLATION, said["kind"], said["row"], said["team"])
    opened = thief.Key(raw(said["root"])).unwrap(sealed[16:], place)
    assert thief.unpad(opened).decode() == said["document"]


def test_a_form_token():
    said = example("form")
    sealed = base64.urlsafe_b64decode(said["token"] + "==")
    opened = thief.open_field(SERVER["form"], sealed, thief.ctx("form", INSTALLATION))
    assert opened.decode() == said["document"]


def test_a_leaf_and_a_note():
    said = example("leaf")
    parts = raw(said["digest"]), raw(said["sha-256 of sealed"])
    leaf = thief.sha256(b"\0", thief.ctx("journal-leaf", said["day"], *parts))
    assert leaf == raw(said["leaf"])
    block = re.search(r"```example note\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert block
    head, text = block[1].split("\n", 2)[:2], block[1].split("\n", 2)[2]
    root, public = (bytes.fromhex(line.split(" = ")[1]) for line in head)
    body, _, signature = text.partition("\n\n")
    name, size, encoded, _day = body.split("\n")
    assert base64.b64decode(encoded) == root
    assert size == "3"
    origin = thief.sha256(thief.ctx("log-origin", INSTALLATION)).hex()[:16]
    assert name == f"log-{origin}"
    signed = base64.b64decode(signature.split()[2])
    assert signed[:4] == thief.sha256(name.encode(), b"\n\x01", public)[:4]
    Ed25519PublicKey.from_public_bytes(public).verify(signed[4:], f"{body}\n".encode())
    ours = Ed25519PrivateKey.from_private_bytes(SERVER["log"]).public_key().public_bytes_raw()
    assert ours == public
