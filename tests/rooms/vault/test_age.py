"""The age format against its official vectors, npm age-encryption, and damage."""

import base64
import hashlib
import io
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.vault import age
from amparo.vault.primitives import CannotOpen

# These tests touch no table; without this mark each would empty them all.
pytestmark = pytest.mark.django_db(databases=[])

NODE = Path(__file__).resolve().parents[2] / "node"
needs_vectors = pytest.mark.needs("cctv-age")
needs_typage = pytest.mark.needs("age-encryption")

SEED, OTHER_SEED = bytes(range(32)), bytes(range(32, 64))
TO, WITH = age.parse_recipient(age.recipient_of(SEED)), age.parse_identity(age.identity_of(SEED))
SIZES = (0, 1, age.CHUNK - 1, age.CHUNK, age.CHUNK + 1, 2 * age.CHUNK, 200_000)


def node(script: str, jobs: object = None) -> list:
    done = subprocess.run(
        ["node", script],
        cwd=NODE,
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def seal(plain: bytes, *recipients: age.Recipient) -> bytes:
    out = io.BytesIO()
    age.encrypt_io(io.BytesIO(plain), out, recipients or [TO])
    return out.getvalue()


def open_(file: bytes, *identities: age.Identity) -> bytes:
    out = io.BytesIO()
    age.decrypt_io(io.BytesIO(file), out, identities or [WITH])
    return out.getvalue()


def text64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


# --- official vectors ----------------------------------------------------------------------------
def is_applicable(vector: dict) -> bool:
    """We read neither armour nor passphrases, and own no X25519 identity that could be failed."""
    if vector["armored"] or vector["passphrase"]:
        return False
    stanza_only = vector["name"].startswith("x25519") and vector["expect"] != "success"
    return not stanza_only or vector["name"] == "x25519_not_canonical_body"


def try_vector(vector: dict, monkeypatch: pytest.MonkeyPatch) -> tuple[str, bytes]:
    """What our reader made of it, and everything it gave out before it stopped."""
    hybrid = [text for text in vector["identities"] if text.startswith(age.IDENTITY_PREFIX)]
    if not hybrid:  # made for an identity that we do not have: give the file key by hand
        file_key = bytes.fromhex(vector["fileKey"])
        monkeypatch.setattr(age, "_unwrap_file_key", lambda stanzas, keys: file_key)
    file = base64.b64decode(vector["file"])
    source = io.BytesIO(zlib.decompress(file) if vector["zlib"] else file)
    out = io.BytesIO()
    try:
        age.decrypt_io(source, out, hybrid)
        return "success", out.getvalue()
    except CannotOpen:
        return "cannot open", out.getvalue()


@needs_vectors
def test_every_applicable_official_vector_is_read_as_its_authors_say(monkeypatch, capsys):
    vectors = node("cctv.mjs")
    wrong, ran, hybrid = [], 0, 0
    for vector in filter(is_applicable, vectors):
        with monkeypatch.context() as patch:
            got, released = try_vector(vector, patch)
        ran, hybrid = ran + 1, hybrid + vector["name"].startswith("hybrid")
        # Where it fails late, the authors also say how much may have been given out by then.
        expected_hash = vector["payload"] or hashlib.sha256(b"").hexdigest()
        if (got == "success") != (vector["expect"] == "success"):
            wrong.append((vector["name"], vector["expect"], got))
        elif hashlib.sha256(released).hexdigest() != expected_hash:
            wrong.append((vector["name"], "another payload was given out"))
    with capsys.disabled():
        sys.stdout.write(f" [{ran} of {len(vectors)} age vectors, {len(wrong)} wrong] ")
    assert wrong == []
    assert (len(vectors), ran, hybrid) == (143, 75, 18)


def test_the_key_pair_printed_in_the_specification():
    identity = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR"
    seed = age._unbech32(identity)[1]
    recipient = age.recipient_of(seed)
    assert age.identity_of(seed) == identity
    assert recipient.startswith("age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxsh")
    assert recipient.endswith("yyzk3tlhl53k2ykx3qheyty7saeq0d3fzv49zc0k")
    digest = "a091dd7e0ee9d62b75173dcc98441a0424baa941e66a8776e570a4ae60ff61ea"
    assert hashlib.sha256(recipient.encode()).hexdigest() == digest


# --- both ways with an implementation by others --------------------------------------------------
@needs_typage
def test_typage_opens_what_we_seal_for_each_recipient():
    theirs = node("typage.mjs", [{"do": "identity"}])[0]
    their_recipient = node("typage.mjs", [{"do": "recipient", "identity": theirs}])[0]
    plains = [hashlib.shake_256(bytes([size % 251])).digest(size) for size in SIZES]
    files = [seal(plain, age.recipient_of(SEED), their_recipient) for plain in plains]
    ours = age.identity_of(SEED)
    jobs = [
        {"do": "open", "identity": identity, "file": text64(file)}
        for file in files
        for identity in (ours, theirs)
    ]
    expected = [text64(plain) for plain in plains for _ in (ours, theirs)]
    assert node("typage.mjs", jobs) == expected


@needs_typage
def test_typage_refuses_our_file_with_another_key_or_cut_short():
    file = seal(b"x" * 70_000)
    jobs = [
        {"do": "open", "identity": age.identity_of(OTHER_SEED), "file": text64(file)},
        {"do": "open", "identity": age.identity_of(SEED), "file": text64(file[:-1])},
    ]
    assert node("typage.mjs", jobs) == [None, None]


@needs_typage
def test_we_open_what_typage_seals():
    plains = [hashlib.shake_256(bytes([size % 251])).digest(size) for size in SIZES]
    recipients = [age.recipient_of(OTHER_SEED), age.recipient_of(SEED)]
    jobs = [{"do": "seal", "recipients": recipients, "plain": text64(plain)} for plain in plains]
    for plain, file in zip(plains, node("typage.mjs", jobs), strict=True):
        for seed in (SEED, OTHER_SEED):
            assert open_(base64.b64decode(file), age.identity_of(seed)) == plain


@needs_typage
def test_one_seed_is_the_same_recipient_to_both():
    jobs = [{"do": "recipient", "identity": age.identity_of(seed)} for seed in (SEED, OTHER_SEED)]
    assert node("typage.mjs", jobs) == [age.recipient_of(SEED), age.recipient_of(OTHER_SEED)]


# --- round trips ---------------------------------------------------------------------------------
@pytest.mark.parametrize("size", SIZES)
def test_each_recipient_opens_and_nobody_else(size):
    plain = b"\xa5" * size
    file = seal(plain, age.recipient_of(SEED), age.recipient_of(OTHER_SEED))
    assert open_(file, age.identity_of(SEED)) == plain
    assert open_(file, age.identity_of(OTHER_SEED)) == plain
    assert open_(file, age.identity_of(bytes(32)), age.identity_of(OTHER_SEED)) == plain
    with pytest.raises(CannotOpen):
        open_(file, age.identity_of(bytes(32)))


def test_no_identity_opens_nothing():
    out = io.BytesIO()
    with pytest.raises(CannotOpen):
        age.decrypt_io(io.BytesIO(seal(b"x")), out, [])
    assert out.getvalue() == b""


def test_two_files_of_one_text_share_nothing_but_their_form():
    first, second = seal(b"same"), seal(b"same")
    assert len(first) == len(second)
    assert first[40:80] != second[40:80]  # the share in the header
    assert first[-20:] != second[-20:]  # the payload


@given(st.lists(st.integers(0, 3 * age.CHUNK), max_size=6))
def test_pieces_of_any_size_give_one_file(sizes):
    sealer = age.Sealer([TO])
    plain = hashlib.shake_256(repr(sizes).encode()).digest(sum(sizes))
    out, start = [], 0
    for size in sizes:
        out.append(sealer.write(plain[start : start + size]))
        start += size
        # A download moves on: never more than one chunk is held back.
        given_out = sum(map(len, out))
        assert given_out >= start - age.CHUNK
    out.append(sealer.close())
    assert open_(b"".join(out)) == plain


def test_a_download_that_was_not_closed_cannot_be_opened():
    for size in (0, 5, age.CHUNK, age.CHUNK + 1, 2 * age.CHUNK):
        with pytest.raises(CannotOpen):
            open_(age.Sealer([TO]).write(bytes(size)))


def test_a_closed_sealer_takes_nothing_more():
    sealer = age.Sealer([TO])
    sealer.close()
    with pytest.raises(ValueError, match="closed"):
        sealer.write(b"x")
    with pytest.raises(ValueError, match="closed"):
        sealer.close()


class Trickle(io.RawIOBase):
    """A pipe in a bad mood: gives at most `most` bytes at a time."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data, self._most = io.BytesIO(data), most

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, self._most))


@pytest.mark.parametrize("most", [1, 7, 1000, 65_535])
def test_a_source_that_trickles_is_read_whole(most):
    plain = bytes(age.CHUNK + 100)
    sealed = io.BytesIO()
    age.encrypt_io(Trickle(plain, most), sealed, [TO])
    opened = io.BytesIO()
    age.decrypt_io(Trickle(sealed.getvalue(), most), opened, [WITH])
    assert opened.getvalue() == plain


# --- damage --------------------------------------------------------------------------------------
def refuses(file: bytes) -> bool:
    """True when the file is refused without a word of why; False when it opens."""
    try:
        open_(file)
    except CannotOpen as error:
        return not str(error) and error.__suppress_context__
    return False


def test_a_file_cut_at_any_byte_is_refused():
    file = seal(b"short")
    assert [cut for cut in range(len(file)) if not refuses(file[:cut])] == []


def test_a_file_with_any_one_byte_changed_is_refused():
    file = seal(b"short", TO)
    changed = (file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :] for at in range(len(file)))
    assert [at for at, each in enumerate(changed) if not refuses(each)] == []


def test_chunks_cannot_be_dropped_doubled_swapped_cut_or_added_to():
    file = seal(hashlib.shake_256(b"chunks").digest(3 * age.CHUNK + 10))
    size = age.CHUNK + age.TAG
    start = len(file) - 3 * size - 10 - age.TAG
    head, tail = file[:start], file[start + 3 * size :]
    one, two, three = (file[start + at * size : start + (at + 1) * size] for at in range(3))
    assert open_(head + one + two + three + tail)
    damaged = (
        head + two + three + tail,
        head + one + three + tail,
        head + one + one + two + three + tail,
        head + two + one + three + tail,
        head + one + two + three,
        head + one + two,
        head + one,
        head,
        head + one + two + three + tail + b"\0",
        head + one + two + three + tail + tail,
        head + tail,
    )
    assert [number for number, each in enumerate(damaged) if not refuses(each)] == []


def test_a_stanza_added_by_another_hand_is_noticed():
    file, other = seal(b"x"), seal(b"y", age.recipient_of(OTHER_SEED))
    line = len(age.VERSION_LINE)
    stanza = other[line : other.index(b"---")]
    assert refuses(file[:line] + stanza + file[line:])


def file_with(stanza: bytes) -> bytes:
    """An age file to us, rightly made but for one more stanza that we wrote as given."""
    file_key, nonce = bytes(age.FILE_KEY), bytes(age.NONCE)
    header = age._header(file_key, [TO])
    header = header[: header.index(b"---")] + stanza + b"---"
    mac = age._base64(age._header_mac(file_key, header).finalize())
    cipher = age._payload_cipher(file_key, nonce)
    payload = cipher.encrypt(age._chunk_nonce(0, last=True), b"plain", None)
    return header + b" " + mac + b"\n" + nonce + payload


SHARE, BODY = age._base64(bytes(age.ENCAPSULATED)), age._base64(bytes(32))


@pytest.mark.parametrize(
    "stanza",
    [
        b"",
        b"-> grease\n\n",
        b"-> X25519 more arguments\nAAAA\n",
        b"-> mlkem768X25519\n\n",
        b"-> mlkem768x25519 %s\n%s\n" % (SHARE, BODY),  # to somebody else, as far as we can tell
        b"-> many-lines\n" + (b"A" * 64 + b"\n") * 3 + b"\n",
    ],
)
def test_a_stanza_for_others_is_passed_over(stanza):
    assert open_(file_with(stanza)) == b"plain"


@pytest.mark.parametrize(
    "stanza",
    [
        b"-> mlkem768x25519\n%s\n" % BODY,
        b"-> mlkem768x25519 %s more\n%s\n" % (SHARE, BODY),
        b"-> mlkem768x25519 %s\n%s\n" % (age._base64(bytes(1119)), BODY),
        b"-> mlkem768x25519 %s\n%s\n" % (age._base64(bytes(1121)), BODY),
        b"-> mlkem768x25519 %s=\n%s\n" % (SHARE, BODY),
        b"-> mlkem768x25519 %s\n%s\n" % (SHARE[:-1] + b"B", BODY),
        b"-> mlkem768x25519 %s\n%s\n" % (SHARE, age._base64(bytes(31))),
        b"-> mlkem768x25519 %s\n%s\n" % (SHARE, BODY[:-1] + b"B"),
        b"-> grease\nA\n",
        b"-> grease\nAA AA\n",
        b"-> grease \n\n",
        b"->  grease\n\n",
        b"->\n\n",
        b"-> grea\x7fse\n\n",
        b"-> grease\r\n\n",
        b"-> grease\n\r\n",
        b"grease\n\n",
        b"\n",
    ],
)
def test_a_stanza_against_the_grammar_spoils_the_file(stanza):
    """Though the rest of the header opens with our key, and its authentication code is right."""
    assert refuses(file_with(stanza))


@pytest.mark.parametrize("endless", [b"a", b"a" * 64 + b"\n", b"-> x\n\n"])
def test_a_header_without_end_is_refused_before_it_fills_the_memory(endless):
    class Endless:
        given = age.VERSION_LINE + b"-> x" + b"\n" * (len(endless) > 1)
        at = 0

        def read(self, size: int) -> bytes:
            while len(self.given) < self.at + size:
                self.given += endless * 1000
            piece = self.given[self.at : self.at + size]
            self.at += len(piece)
            return piece

    source = Endless()
    with pytest.raises(CannotOpen):
        age.decrypt_io(source, io.BytesIO(), [])
    assert source.at < age.HEADER_LIMIT + 10_000


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_one_way(junk):
    assert refuses(junk)
    assert refuses(age.VERSION_LINE + junk)
    assert refuses(age.VERSION_LINE + b"-> mlkem768x25519 " + junk)


@given(st.data())
def test_a_header_changed_anywhere_is_refused(data):
    file = bytearray(FILE)
    end = FILE.index(b"\n--- ") + 50
    at = data.draw(st.integers(0, end))
    file[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    assert bytes(file) == FILE or refuses(bytes(file))


FILE = seal(b"fuzz")


# --- keys as text --------------------------------------------------------------------------------
def bech32_of_words(prefix: str, words: list[int]) -> str:
    """A Bech32 text with a right checksum over whatever words it is given."""
    rest = age._polymod(age._expand(prefix) + words + [0] * 6) ^ 1
    words = [*words, *(rest >> 5 * place & 31 for place in reversed(range(6)))]
    return prefix + "1" + "".join(age._ALPHABET[word] for word in words)


def words_of_recipient() -> list[int]:
    return [age._ALPHABET.index(letter) for letter in age.recipient_of(SEED)[7:-6]]


def test_key_texts_come_back():
    assert age.parse_recipient(age.recipient_of(SEED))
    assert age.parse_identity(age.identity_of(SEED))
    assert age._unbech32(age.identity_of(SEED)) == (age.IDENTITY_PREFIX, SEED)


def test_every_single_mistake_in_a_key_text_is_noticed():
    for text, parse in (
        (age.identity_of(SEED), age.parse_identity),
        (age.recipient_of(SEED), age.parse_recipient),
    ):
        for at in range(0, len(text), 1 if len(text) < 100 else 97):
            other = "P" if text[at] != "P" else "Q"
            other = other if text.isupper() else other.lower()
            wrong = text[:at] + other + text[at + 1 :]
            with pytest.raises(ValueError) as caught:
                parse(wrong)
            assert wrong[20:40] not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "age1pq1",
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",  # X25519: classical
        age.recipient_of(SEED).upper(),
        age.recipient_of(SEED)[:-1] + age.recipient_of(SEED)[-1].upper(),
        age.recipient_of(SEED) + " ",
        bech32_of_words("age1pq", [*words_of_recipient(), 0]),  # the same bytes, spelt longer
        age.identity_of(SEED),
        "é" * 70,
        "q" * 5000,
    ],
)
def test_what_is_not_a_hybrid_recipient_is_refused(text):
    with pytest.raises(ValueError):
        age.parse_recipient(text)
    with pytest.raises(ValueError):
        seal(b"x", text)


@pytest.mark.parametrize(
    "text",
    [
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",  # X25519
        age.identity_of(SEED).lower(),
        age.identity_of(SEED)[:-1] + age.identity_of(SEED)[-1].lower(),
        age.recipient_of(SEED),
        bech32_of_words("age-secret-key-pq-", [0] * 51 + [1]).upper(),  # bits left over are set
    ],
)
def test_what_is_not_a_hybrid_identity_is_refused(text):
    with pytest.raises(ValueError):
        age.parse_identity(text)


@given(st.text(max_size=80))
def test_any_text_as_a_key_is_refused_in_one_way(text):
    for parse in (age.parse_recipient, age.parse_identity):
        with pytest.raises(ValueError):
            parse(text)


def test_a_file_has_from_one_to_256_recipients():
    for count in (0, age.RECIPIENT_LIMIT + 1):
        with pytest.raises(ValueError, match="recipients"):
            age.Sealer([TO] * count)
    assert open_(seal(b"many", *[TO] * age.RECIPIENT_LIMIT)) == b"many"
