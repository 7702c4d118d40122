"""The call that is missed when it does not come: a watch elsewhere is called every minute while all is
well, because a dead machine cannot say that it is dead."""

import http.client
import threading
from urllib.parse import urlsplit

import structlog

from amparo.engine import watching
from amparo.foundation.config import config
from amparo.foundation.errors import Unavailable
from amparo.messages import gateways

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
    """One GET; whether the other side took it. No redirect is followed, and nothing is sent but the
    address that the administrator wrote down."""
    parts = urlsplit(config().watch_url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = gateways.connect(
            parts.scheme, parts.hostname or "", parts.port, config().watch_private
        )
        try:
            connection.request("GET", target, headers={"User-Agent": AGENT, "Accept": "*/*"})
            answer = connection.getresponse()
            answer.read(1024)
            return 200 <= answer.status < 300
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException, Unavailable):
        return False
