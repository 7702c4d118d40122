"""The story's text messages: a gateway of its own on this machine, as `gateways.toml` names one, that
keeps what it is given; and one look of the engine at an hour that has not come yet."""

import http.server
import json
import sys
import threading
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path


class Carrier(http.server.ThreadingHTTPServer):
    """Takes every message, and shows nobody's phone but to the story."""

    daemon_threads = True

    def __init__(self, data: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Taken)
        self.came: dict[str, list[str]] = defaultdict(list)
        self.order: list[str] = []  # whose phones, as the messages came
        self.file = data / "gateways.toml"
        table = f"[[gateway]]\nname = 'story'\nurl = 'http://127.0.0.1:{self.server_port}/send'\n"
        table += 'private = true\nbody = \'{"to": "{to}", "text": "{text}"}\'\n'
        self.file.touch(mode=0o600)
        self.file.write_text(table)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def text(self, number: str, *, nth: int = 1, patience: float = 60) -> str:
        """The nth message to somebody's phone; LookupError when it does not come."""
        until = time.monotonic() + patience
        while len(self.came[number]) < nth:
            if time.monotonic() > until:
                raise LookupError(f"message {nth} did not come to a phone within {patience:.0f} s")
            time.sleep(0.01)
        return self.came[number][nth - 1]

    def away(self) -> None:
        """The house has no gateway any more: whoever looks around tells nobody."""
        self.file.unlink(missing_ok=True)
        self.shutdown()
        self.server_close()


class _Taken(http.server.BaseHTTPRequestHandler):
    server: Carrier
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.order.append(said["to"])
        self.server.came[said["to"]].append(said["text"])
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def look_ahead(minutes: list[int]) -> None:
    """In a process of its own, for its clock is moved: what the engine does at each of these minutes
    from now, as it would if they had passed."""
    from amparo.cli import house

    house.open_house()
    from amparo.engine import alarms
    from amparo.foundation import clock, journal
    from amparo.foundation.actor import SYSTEM

    passed = 0
    for minute in minutes:
        clock.forward(timedelta(minutes=minute - passed))
        passed = minute
        with journal.unit(SYSTEM):
            alarms.once()


if __name__ == "__main__":
    look_ahead([int(one) for one in sys.argv[1:]])
