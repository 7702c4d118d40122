"""What the tests of the channels stand on: the stand-ins, a file that names them, their addresses."""

from collections.abc import Iterator
from typing import Any

import pytest

from amparo.messages import channels
from amparo.messages.channels import settings
from amparo.messages.channels.fakes import Carriers, carriers

NUMBER, ROOM, TOPIC = "+525512345678", "!opaque:matrix.example", "orchard-kettle-violin-9"


def address_of(here: Carriers, channel: str) -> str:
    """An address that the stand-in of a channel knows."""
    known = {
        "signal": NUMBER,
        "matrix": ROOM,
        "ntfy": TOPIC,
        "push": f"{here.url}/app/4711",
        "webpush": here.subscription(),
        "webhook": "stand-in",
    }
    return known[channel]


@pytest.fixture
def here(house: Any) -> Iterator[Carriers]:
    """All carriers on loopback, named in channels.toml; gone afterwards."""
    channels.forget()
    with carriers() as found:
        settings.file().write_text(found.toml())
        settings._read.cache_clear()
        yield found
    settings.file().unlink(missing_ok=True)
    settings._read.cache_clear()
    channels.forget()
