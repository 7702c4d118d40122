"""Many who knock at the desk at once keep each other out, and nobody else."""

import threading
import time

import pytest

from amparo.foundation.errors import Unavailable
from amparo.vault import keys
from amparo.vault.primitives import CannotOpen
from tests.make import House


def test_a_flood_of_passphrases_leaves_the_other_threads_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen threads serve everybody: three requests a second once kept all of them waiting."""

    class Slow:
        def __init__(self, **_: object) -> None: ...

        def derive(self, _: bytes) -> bytes:
            time.sleep(0.5)
            return bytes(32)

    monkeypatch.setattr(keys, "Argon2id", Slow)
    said: list[str] = []

    def knock() -> None:
        try:
            keys.waste_a_hash("a b c d")
            said.append("hashed")
        except Unavailable:
            said.append("busy")

    many = [threading.Thread(target=knock) for _ in range(16)]
    for one in many:
        one.start()
    time.sleep(0.3)
    assert said == ["busy"] * 12
    for one in many:
        one.join(10)
    assert sorted(said) == ["busy"] * 12 + ["hashed"] * 4
    with pytest.raises(CannotOpen):  # and afterwards there is room again
        keys.unlock(b"a0" + bytes(60), "a b c d", house.ines.id)


def test_a_flood_of_strangers_leaves_a_place_to_those_who_were_here_before(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    class Slow:
        def __init__(self, **_: object) -> None: ...

        def derive(self, words: bytes) -> bytes:
            if words == b"stranger":
                go_on.wait(30)
            return bytes(32)

    monkeypatch.setattr(keys, "Argon2id", Slow)
    said: list[str] = []

    def knock(words: str, known: bool) -> None:
        try:
            keys.waste_a_hash(words, known=known)
            said.append(f"{words} hashed")
        except Unavailable:
            said.append("busy")

    flood = [threading.Thread(target=knock, args=("stranger", False)) for _ in range(10)]
    for one in flood:
        one.start()
    while said.count("busy") < 6:
        time.sleep(0.01)
    owner = threading.Thread(target=knock, args=("owner", True))
    owner.start()
    owner.join(10)
    assert "owner hashed" in said and said.count("stranger hashed") == 0
    go_on.set()
    for one in flood:
        one.join(10)
    assert said.count("stranger hashed") == 4
