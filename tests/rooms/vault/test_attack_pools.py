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
