"""P33: a thousand people press in a few seconds while one channel is down. Somebody is told of each
within a minute, the ladders go on at their minute, nobody is dropped and nobody is told twice unmarked.

Seen to fail: when a way that failed waits for its next try instead of handing on to the next way; when
a press that comes again makes another alarm; when the ladder's next move is not written down.
"""

import http.server
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connections

from amparo.alerts.models import Alarm
from amparo.alerts.rules import Rung
from amparo.alerts.services import plans, pressing
from amparo.foundation import clock, ids, journal
from amparo.foundation.config import config
from amparo.messages import channels, ringing
from amparo.proofs.bench.inside import _unhashed
from amparo.proofs.bench.visitor import at
from amparo.proofs.prove.found import Found, many, proves
from amparo.proofs.prove.world import engine, found

PATIENCE = 300.0  # seconds until the last message must have come
MINUTES = 5  # until the second rung


class Gateway(http.server.ThreadingHTTPServer):
    """The one channel that works: notes when which texts came for a number."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taken)
        self.came: dict[str, list[tuple[float, str]]] = defaultdict(list)


class _Taken(http.server.BaseHTTPRequestHandler):
    server: Gateway
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.came[said["to"]].append((time.monotonic(), said["text"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _gateway() -> Iterator[Gateway]:
    server = Gateway()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/send"
    table = f"[[gateway]]\nname = 'proof'\nurl = '{url}'\nprivate = true\n"
    table += 'body = \'{"to": "{to}", "text": "{text}"}\'\n'
    (config().data / "gateways.toml").write_text(table)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _down(channel: str, address: str, idem: str, **more: str) -> None:
    """Mail is down, as a server is that takes no connection; everything else is as shipped."""
    if channel == "mail":
        raise ConnectionRefusedError
    _shipped(channel, address, idem, **more)


_shipped = channels.send


def _armed(count: int) -> list[tuple[str, str, str]]:
    """(card, number of the first contact, of the second) of so many people."""
    world, made = found(), []
    with _unhashed():
        for number in range(count):
            first, second = f"+1202555{number:06}", f"+1303555{number:06}"
            people = {
                "p1": plans.Person("One", (("mail", f"{number}@example.org"), ("sms", first))),
                "p2": plans.Person("Two", (("sms", second),)),
            }
            defender = world.ask()
            with defender.request() as actor:
                ladder = (Rung(0, ("p1",)), Rung(MINUTES, ("p2",)))
                draft = plans.Draft("card", ladder, people, "The parcel is here.")
                made.append((plans.arm(actor, defender.case, draft).token, first, second))
    return made


@proves("P33")
def panic_latency() -> Found:
    """Press, wait, press again, let the minutes pass."""
    result, count = Found(), many(1_000, 12)
    cards = _armed(count)
    once = {token: ids.new() for token, _, _ in cards}
    pressed: dict[str, float] = {}
    channels.send = _down
    with _gateway() as gateway, engine():

        def press(token: str) -> ids.Id:
            with journal.unit():
                return pressing.press_card(token, once=once[token]).alarm

        alarm: dict[str, ids.Id] = {}
        for token, _, _ in cards:
            pressed[token] = time.monotonic()
            alarm[token] = press(token)
        _until(gateway, [first for _, first, _ in cards])
        again = sum(press(token) != alarm[token] for token, _, _ in cards)
        result.expect(not again, f"{again} presses that came again are other alarms")
        early = sum(second in gateway.came for _, _, second in cards)
        result.expect(not early, f"{early} ladders went on before their minute")
        clock.forward(timedelta(minutes=MINUTES))
        ringing.wake()
        _until(gateway, [second for _, _, second in cards])
    connections.close_all()
    result.expect(Alarm.objects.count() == count, f"{Alarm.objects.count()} alarms of {count}")
    for name, place in (("first", 1), ("second", 2)):
        never = sum(one[place] not in gateway.came for one in cards)
        result.expect(not never, f"{never} of the {name} rung were told nothing")
    twice = sum(
        sum(not text.endswith(" (2)") for _, text in texts) > 1 for texts in gateway.came.values()
    )
    result.expect(not twice, f"{twice} people were told twice as if it were the first time")
    taken = [
        gateway.came[first][0][0] - pressed[token]
        for token, first, _ in cards
        if first in gateway.came
    ]
    worst = at(0.99, taken)
    result.expect(worst < 60, f"99 of 100 were told after {worst:.0f} s")
    result.value = f"{worst:.1f}"
    result.detail = (
        f"{count} presses in {max(pressed.values()) - min(pressed.values()):.0f} s, mail down: first "
        f"person told after {at(0.5, taken):.2f} s (median), {max(taken):.2f} s at most; "
        f"{sum(map(len, gateway.came.values()))} messages to {2 * count} people"
    )
    return result


def _until(gateway: Gateway, numbers: list[str]) -> None:
    """Until everybody was told, or for too long."""
    until = time.monotonic() + PATIENCE
    while not set(numbers) <= set(gateway.came) and time.monotonic() < until:
        time.sleep(0.05)
