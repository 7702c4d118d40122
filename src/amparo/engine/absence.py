"""The call that is missed when it does not come: a watch elsewhere is called every minute while all is
well, because a dead machine cannot say that it is dead."""

import threading

import structlog

from amparo.engine import watching
from amparo.foundation.config import config
from amparo.messages import wire

EVERY = 60.0  # seconds
# What the most common of such callers says of itself.
AGENT = "curl/7.88.1"
_say = structlog.get_logger("amparo.engine")


def run(stop: threading.Event) -> None:
    """Call until told to stop, in a thread of its own: nothing waits for it. Without an address it
    ends at once."""
    said = True
    while config().watch_url and not stop.is_set():
        if watching.content():
            well = call()
            if not well and said:
                _say.warning("the watch elsewhere was not reached")
            said = well
        stop.wait(EVERY)


def call() -> bool:
    """One GET; whether the other side took it. Nothing is sent but the address that the administrator
    wrote down."""
    try:
        said = wire.call(
            config().watch_url,
            headers={"User-Agent": AGENT, "Accept": "*/*"},
            private=config().watch_private,
            method="GET",
        )
    except wire.NotTaken:
        return False
    return 200 <= said.status < 300
