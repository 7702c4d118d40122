"""Two providers of short messages on loopback, and their file."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture
def one() -> Iterator[Any]:
    from tests.rooms.messages.provider import provider

    with provider() as server:
        yield server


@pytest.fixture
def two() -> Iterator[Any]:
    from tests.rooms.messages.provider import provider

    with provider() as server:
        yield server


@pytest.fixture
def write() -> Iterator[Callable[[str], None]]:
    """Write the file of gateways; gone afterwards."""
    from tests.rooms.messages import provider

    yield provider.write
    provider.unwrite()
