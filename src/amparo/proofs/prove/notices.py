"""P18 and P20: the program's output says nothing of anybody; a notice says that there is something, and
nothing else.

Seen to fail: P20 when `channels.mail` adds the organisation to the text (which the mail's own encoding
breaks over two lines), when `messages.QUIET` is a minute for one who sends and five for the proof, when
`services.queue_daily` leaves out those to whom nothing was sent; P18 when a view prints its request.
"""

import random
import re
import socketserver
import threading
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from itertools import pairwise

from amparo.casework.services import thread
from amparo.engine import heartbeat
from amparo.foundation import clock, events, ids
from amparo.foundation.config import config
from amparo.messages import jobs, rules
from amparo.messages import services as messages
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.served import File, serving
from amparo.proofs.prove.world import World, found


class Sink(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[tuple[datetime, bytes]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def times(self) -> dict[str, list[datetime]]:
        """Who got a mail, and when each came."""
        found_: dict[str, list[datetime]] = {}
        for at, raw in self.mails:
            found_.setdefault(message_from_bytes(raw)["To"], []).append(at)
        return found_


class _Session(socketserver.StreamRequestHandler):
    server: Sink

    def handle(self) -> None:
        """As much of SMTP as a client needs."""
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                data = b""
                while (piece := self.rfile.readline()) != b".\r\n":
                    data += piece
                self.server.mails.append((clock.now(), data))
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


LATE = rules.QUIET + timedelta(minutes=1)
LENA = "lena@example.org"  # is told of nothing but that it is morning


@proves("P20")
def silent_notices() -> Found:
    """500 calls and words over days with floods and days without anything; every mail is the same."""
    result, sink = Found(), Sink()
    object.__setattr__(config(), "smtp_host", "127.0.0.1")
    object.__setattr__(config(), "smtp_port", sink.server_address[1])
    object.__setattr__(config(), "smtp_tls", False)
    object.__setattr__(config(), "organisation", "Sample House of the Lake")
    object.__setattr__(config(), "time_zone", "UTC")
    world = found()
    told = {f"{one.name}@example.org" for one in world.officers}
    world.hire("lena", "house")
    for officer in world.officers:
        with officer.request() as actor:
            messages.set_route(actor, channel="mail", address=f"{officer.name}@example.org")
    tomorrow = (clock.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    with clock.frozen(tomorrow):
        cases, moments = _events(world, many(500, 9))
        empty = _empty_days()
    sink.shutdown()
    _alike(result, sink, cases)
    _in_time(result, sink, told, moments)
    _every_day(result, sink, tomorrow.date(), empty)
    result.value = str(len(result.breaches))
    result.detail = (
        f"{len(sink.mails)} mails to {len(told) + 1} people over {len(moments)} events and "
        f"{len(empty)} empty days, one text and size, none closer than "
        f"{rules.QUIET.seconds // 60} minutes"
    )
    return result


def _events(world: World, count: int) -> tuple[list[ids.Id], list[datetime]]:
    """Calls, words and gaps between them, as a seed has it: (cases, when something came)."""
    chance = random.Random(seed())
    cases, moments, last = [], [], None
    for number in range(count):
        if last is not None and number % 3 == 1:
            with last.request() as actor:
                thread.write(actor, once=ids.new(), text="again " * (number % 40 + 1))
        else:
            last = world.ask(what=f"call {number}" * (number % 50 + 1))
            cases.append(last.case)
        moments.append(clock.now())
        _pulse()
        _pass(chance.choice((0, 0, 0, 1, 2, 12)))
    _pass(10)
    return cases, moments


def _empty_days() -> list[date]:
    """Three whole days on which nobody calls."""
    tomorrow = (clock.now() + timedelta(days=1)).replace(hour=0, minute=0)
    _pass(int((tomorrow - clock.now()).total_seconds() // 60))
    days = []
    for _ in range(3):
        days.append(clock.today())
        _pass(24 * 60)
    return days


def _pass(minutes: int) -> None:
    for _ in range(minutes):
        clock.forward(timedelta(minutes=1))
        _pulse()


def _pulse() -> None:
    """What the engine does for notices."""
    heartbeat.beat((events.deliver_due, messages.queue_daily, jobs.send_due))


def _alike(result: Found, sink: Sink, cases: list[ids.Id]) -> None:
    """Whoever looks at all mails learns what one says."""
    mails = [message_from_bytes(raw) for _, raw in sink.mails]
    shapes = {(one["Subject"], one["From"], one.get_payload()) for one in mails}
    result.expect(len(shapes) == 1, f"notices differ: {list(shapes)[:2]}")
    sizes = {
        len(raw) - raw.count(one["To"].encode()) * len(one["To"])
        for (_, raw), one in zip(sink.mails, mails, strict=True)
    }
    result.expect(len(sizes) == 1, f"notices have {len(sizes)} sizes")
    headers = {name.lower() for one in mails for name in one}
    known = {"from", "to", "subject", "message-id", "content-type", "content-transfer-encoding"}
    known |= {"mime-version", "date"}
    result.expect(headers <= known, f"headers that are not known: {headers - known}")
    telling = ["Lake", "http", "desk", "amparo", "case", "request", "help"]
    telling += [text for case in cases for text in (str(case), case.hex)]
    pattern = re.compile("|".join(rf"\b{re.escape(word)}" for word in telling), re.IGNORECASE)
    for one in mails:
        text = str(one.items()) + bytes(one.get_payload(decode=True)).decode()
        result.expect(not pattern.search(text), f"a notice says {pattern.findall(text)}")
    marks = [one["Message-ID"] for one in mails]
    result.expect(len(set(marks)) == len(marks), "two notices carry one mark")


def _in_time(result: Found, sink: Sink, told: set[str], moments: list[datetime]) -> None:
    """Everybody on duty hears within the quiet minutes, and nobody oftener than they say."""
    result.expect(set(sink.times()) == told | {LENA}, "a stranger was written to")
    for whose, times in sink.times().items():
        close = [one for one, other in pairwise(times) if other - one < rules.QUIET]
        result.expect(not close, f"{len(close)} notices came too soon after another")
        late = [one for one in moments if not any(one <= at <= one + LATE for at in times)]
        result.expect(whose not in told or not late, f"{len(late)} events were told late or never")


def _every_day(result: Found, sink: Sink, first: date, empty: list[date]) -> None:
    """Each morning has its notice; an empty day has that one and no other."""
    days = [first + timedelta(days=n) for n in range((empty[-1] - first).days + 1)]
    hour = time.fromisoformat(config().notice_hour)
    for whose, times in sink.times().items():
        for day in days:
            morning = datetime.combine(day, hour, UTC)
            here = [one for one in times if one.date() == day]
            result.expect(
                any(morning <= one <= morning + LATE for one in here), "a morning without a notice"
            )
            if day in empty or whose == LENA:
                result.expect(len(here) == 1, f"{len(here)} notices on a day without anything")


# --- the program's own output ---------------------------------------------------------------------
@proves("P18")
def silent_logs() -> Found:
    """A defender's whole journey against a real server; then every line that the server said."""
    result = Found()
    found()
    work = config().data.parent
    marks = {"User-Agent": "Kennzeichen/9.9", "X-Forwarded-For": "203.0.113.77"}
    codes = []
    with serving(work) as server:
        quiet = server.said.read_text()
        for number in range(many(30, 3)):
            visitor = server.visitor()
            page = visitor.get("/new", marks)
            said = {"token": page.token, "what": f"call {number}", "how": "here", "where": "x"}
            code = visitor.post("/new", said, [File("a.txt", b"x" * 999)], headers=marks).code
            codes.append(code)
            page = visitor.post(
                "/back", {"token": visitor.get("/back").token, "code": code}, headers=marks
            )
            visitor.post(
                "/n", {"token": page.token, "do": "write", "text": "again"}, [], headers=marks
            )
            visitor.post("/back", {"token": page.token, "code": "1 2 3"}, headers=marks)
            visitor.get(f"/nothing-{number}?code={code.replace(' ', '')}", marks)
            visitor.post("/leave", {"token": page.token}, headers=marks)
        lines = server.said.read_text()[len(quiet) :].splitlines()
    result.expect(all(codes), "no call came through: nothing is shown")
    telling = ["Kennzeichen", "203.0.113", "127.0.0.1", *codes, "/new", "/back", "/nothing"]
    pattern = re.compile(r"\d\d:\d\d:\d\d|[0-9a-f]{8}-[0-9a-f]{4}-4|GET |POST |\d{5} \d{5}")
    bad = [
        line for line in lines if pattern.search(line) or any(one in line for one in telling if one)
    ]
    result.expect(not bad, f"the output says: {bad[:2]}")
    result.expect(not _in_tables(telling[:3]), "an address or agent is in the tables")
    result.value = str(len(bad))
    result.detail = f"{len(codes)} journeys, {len(lines)} lines of output afterwards"
    return result


def _in_tables(words: list[str]) -> bool:
    from amparo.proofs.prove.world import bytes_at_rest

    for name, data in bytes_at_rest():
        if not name.endswith(".toml") and any(one.encode() in data for one in words):
            return True
    return False
