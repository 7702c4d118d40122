"""What the registry knows of a channel."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Channel:
    """One way out of the house.

    `send(address, text, idem)` hands one message over and returns the carrier's own id of it when the
    carrier will report later what became of it, else None; any exception means that it was not taken.
    `once`: sent twice under the same `idem` it arrives once. `tried`: the makers of this program have
    tried it against a live server. `connections`: calls at once; 0 for as many as there are senders.
    `look` asks the carrier whether it is there and knows us, and sends nothing; NotTaken when not.
    """

    name: str
    reaches: Callable[[], bool]
    send: Callable[[str, str, str], str | None]
    once: bool
    tried: bool = False
    connections: int = 0
    look: Callable[[], None] | None = None
