"""What the tests of the doors share: a busy house, an officer's browser, a phone, a real server."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from tests.doors.alarm_house import Phone
    from tests.doors.desk_house import Busy
    from tests.doors.notes_house import Visit
    from tests.make import House

# Settings do not stand yet when this file is read, so the house is imported where it is used.


@pytest.fixture
def made() -> "Busy":
    """A house in which people work."""
    from tests.doors.desk_house import busy

    return busy()


@pytest.fixture
def ines(made: "Busy") -> "Client":
    """A browser in which Inés is signed in."""
    from tests.doors.desk_house import client

    return client(made.house.ines)


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> "Phone":
    """What was handed to the channels."""
    from tests.doors.alarm_house import Phone

    return Phone(monkeypatch)


@pytest.fixture
def site(made: "Busy") -> Iterator[str]:
    """The address of a real server, for a real browser."""
    from tests.doors.desk_house import served

    with served() as address:
        yield address


@pytest.fixture
def house() -> "House":
    """A house with three officers."""
    from tests import make

    return make.house()


@pytest.fixture
def visit(house: "House", browser: Any) -> "Iterator[Visit]":
    """A browser window of somebody without an account."""
    from tests.doors.notes_house import visiting

    with visiting(house, browser) as window:
        yield window
