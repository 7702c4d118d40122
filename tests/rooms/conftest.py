"""What every room's tests may ask for: a founded house, and a place to break off a deed."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.make import House

# Settings do not stand yet when this file is read, so the house is imported where it is used.


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    yield
    from tests import make

    make.forget_process()


@pytest.fixture
def house() -> "House":
    from tests import make

    return make.house()


@pytest.fixture
def crash_at() -> Iterator[Callable[[str], None]]:
    """Have the process die at a named point of a deed, once."""
    from amparo.foundation import operations
    from tests.make import Crash

    def arm(point: str) -> None:
        def check(name: str) -> None:
            if name == point:
                operations._checkpoint.remove(check)
                raise Crash(point)

        operations._checkpoint.append(check)

    yield arm
    operations._checkpoint.clear()
