"""Contexts, wraps, fields, secrets and streams: everything that was altered stays shut."""

import pickle
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amparo.vault import primitives
from amparo.vault.primitives import (
    CannotOpen,
    PrivateKey,
    PublicKey,
    StreamOpener,
    StreamSealer,
    ctx,
    open_,
    open_secret,
    pad,
    padded_size,
    seal,
    seal_secret,
    token,
    unpad,
    unwrap,
    wrap,
)

pytestmark = pytest.mark.django_db(databases=[])

KEY, OTHER = token(), token()
HOLDER, STRANGER = PrivateKey.generate(), PrivateKey.generate()
PLACE = ctx("field", "here", 1)
PARTS = st.lists(st.binary(max_size=6), max_size=4)


# --- contexts ------------------------------------------------------------------------------------
@settings(max_examples=500)
@given(st.text(max_size=4), PARTS, st.text(max_size=4), PARTS)
def test_two_places_never_have_the_same_context(
    kind: str, parts: list[bytes], other_kind: str, others: list[bytes]
) -> None:
    same = (kind, parts) == (other_kind, others)
    assert (ctx(kind, *parts) == ctx(other_kind, *others)) == same


@given(PARTS, st.integers(0, 20))
def test_moving_the_border_between_parts_moves_the_context(parts: list[bytes], cut: int) -> None:
    whole = b"".join(parts)
    assert ctx("k", whole[:cut], whole[cut:]) != ctx("k", whole)


def test_every_context_says_whose_format_it_is() -> None:
    assert ctx("k").startswith(b"amparo/v1\0\0\0\1k")


# --- wraps ---------------------------------------------------------------------------------------
def test_a_wrap_opens_for_its_holder_in_its_place_only() -> None:
    blob = wrap(KEY, HOLDER.public, PLACE)
    assert len(blob) == len(KEY) + 1137
    assert unwrap(blob, HOLDER, PLACE) == KEY
    for key, place in ((STRANGER, PLACE), (HOLDER, ctx("field", "here", 2))):
        with pytest.raises(CannotOpen):
            unwrap(blob, key, place)


def test_a_wrap_of_the_same_secret_is_never_the_same() -> None:
    assert wrap(KEY, HOLDER.public, PLACE) != wrap(KEY, HOLDER.public, PLACE)


def every_spoiling(blob: bytes, step: int = 1) -> list[bytes]:
    """Each truncation, each byte flipped, something appended."""
    cut = [blob[:size] for size in range(0, len(blob), step)]
    flipped = [
        blob[:at] + bytes([blob[at] ^ bit]) + blob[at + 1 :]
        for at in range(0, len(blob), step)
        for bit in (1, 128)
    ]
    return [*cut, *flipped, blob + b"\0", b"\0" + blob]


WRAP, FIELD = wrap(KEY, HOLDER.public, PLACE), seal(KEY, b"a name", PLACE)
SECRET, CAPSULE = seal_secret(KEY, b"a root of a person", PLACE), seal_secret(KEY, b"", PLACE)


@pytest.mark.parametrize(
    ("blob", "opened"),
    [
        (WRAP, lambda blob: unwrap(blob, HOLDER, PLACE)),
        (FIELD, lambda blob: open_(KEY, blob, PLACE)),
        (SECRET, lambda blob: open_secret(KEY, blob, PLACE)),
        (CAPSULE, lambda blob: open_secret(KEY, blob, PLACE)),
    ],
    ids=["wrap", "field", "secret", "empty secret"],
)
def test_nothing_that_was_cut_or_altered_opens(
    blob: bytes, opened: Callable[[bytes], bytes]
) -> None:
    opened(blob)
    for spoilt in every_spoiling(blob):
        with pytest.raises(CannotOpen):
            opened(spoilt)


def test_what_cannot_be_opened_never_says_why() -> None:
    with pytest.raises(CannotOpen) as refused:
        open_(OTHER, FIELD, PLACE)
    assert str(refused.value) == "" and refused.value.__cause__ is None


@pytest.mark.parametrize("key", [HOLDER, STRANGER])
def test_a_private_key_is_never_shown_nor_pickled(key: PrivateKey) -> None:
    assert key.root.hex() not in repr(key) and repr(key) == "<PrivateKey>"
    with pytest.raises(TypeError):
        pickle.dumps(key)


# --- fields --------------------------------------------------------------------------------------
def test_length_classes_are_the_declared_ones() -> None:
    small = {padded_size(size) for size in range(512)}
    assert small == set(range(64, 513, 64))
    large = {padded_size(size) for size in range(512, 200_000)}
    assert large == {1024, 4096, 16384, 65536, 131072, 196608, 262144}


@given(st.integers(0, 70_000))
def test_a_stored_length_tells_only_its_class(size: int) -> None:
    assert len(seal(KEY, bytes(size), PLACE)) == 1 + 12 + padded_size(size) + 16
    assert size < padded_size(size)


@given(st.binary(max_size=700))
def test_padding_comes_off_as_it_went_on(data: bytes) -> None:
    assert unpad(pad(data)) == data
    assert open_(KEY, seal(KEY, data, PLACE), PLACE) == data


@pytest.mark.parametrize("data", [b"", bytes(64), b"abc", b"abc\x80\0\1"])
def test_padding_that_pad_never_makes_is_refused(data: bytes) -> None:
    with pytest.raises(CannotOpen):
        unpad(data)


# --- streams -------------------------------------------------------------------------------------
def sealed_stream(data: bytes, key: bytes = KEY, place: bytes = PLACE) -> bytes:
    sealer = StreamSealer(key, place)
    return sealer.update(data[:1000]) + sealer.update(data[1000:]) + sealer.finish()


def opened_stream(blob: bytes, key: bytes = KEY, place: bytes = PLACE) -> bytes:
    opener = StreamOpener(key, place)
    return b"".join(opener.update(blob[at : at + 777]) for at in range(0, len(blob), 777)) + (
        opener.finish()
    )


@settings(max_examples=30)
@given(st.integers(0, 200_000))
def test_a_stream_of_any_length_comes_back(size: int) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    assert opened_stream(sealed_stream(data)) == data


def test_a_stream_that_was_cut_altered_or_moved_does_not_end_well() -> None:
    blob = sealed_stream(bytes(40_000))
    for spoilt in every_spoiling(blob, step=1999):
        with pytest.raises(CannotOpen):
            opened_stream(spoilt)
    for key, place in ((OTHER, PLACE), (KEY, ctx("field", "here", 2))):
        with pytest.raises(CannotOpen):
            opened_stream(blob, key, place)


# --- people's keys -------------------------------------------------------------------------------
def test_a_signature_is_its_signers_over_its_message() -> None:
    signature = HOLDER.sign(b"a list")
    HOLDER.public.verify(signature, b"a list")
    for public, message, given_ in (
        (STRANGER.public, b"a list", signature),
        (HOLDER.public, b"another list", signature),
        (HOLDER.public, b"a list", signature[:-1]),
        (HOLDER.public, b"a list", b""),
    ):
        with pytest.raises(CannotOpen):
            public.verify(given_, message)


def test_one_root_is_one_key_and_its_parts_tell_nothing_of_each_other() -> None:
    again = PrivateKey(HOLDER.root)
    assert again.public.raw == HOLDER.public.raw
    assert len({HOLDER.root, HOLDER.age_seed, HOLDER.public.sig}) == 3
    assert PublicKey.of(HOLDER.public.raw).fingerprint == HOLDER.public.fingerprint
    assert HOLDER.public.fingerprint != STRANGER.public.fingerprint


@pytest.mark.parametrize("size", [0, 1247, 1249])
def test_a_public_key_of_another_size_is_none(size: int) -> None:
    with pytest.raises(CannotOpen):
        PublicKey.of(bytes(size))


def test_a_build_that_ignores_the_context_refuses_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    primitives.self_test()
    monkeypatch.setattr(primitives, "unwrap", lambda blob, key, context: KEY)
    monkeypatch.setattr(primitives, "token", lambda size=32: KEY)
    with pytest.raises(RuntimeError, match="context"):
        primitives.self_test()
    monkeypatch.setattr(primitives, "unwrap", lambda blob, key, context: b"")
    with pytest.raises(RuntimeError, match="wrapped"):
        primitives.self_test()
