"""The world of the stories."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.stories.world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> "Iterator[World]":
    from tests import make
    from tests.stories.world import build

    yield build(monkeypatch)
    make.forget_process()
