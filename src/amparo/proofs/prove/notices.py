"""P18 and P20: the program's output says nothing of anybody; a notice says that there is something, and
nothing else.

Seen to fail: P20 when `channels._mail` adds the organisation to the text (which the mail's own encoding
breaks over two lines); P18 when a view prints its request.
"""

import re
import socketserver
import threading
from email import message_from_bytes

from amparo.foundation import ids, journal
from amparo.foundation.config import config
from amparo.messages import services as messages
from amparo.proofs.prove.found import Found, many, proves
from amparo.proofs.prove.served import File, serving
from amparo.proofs.prove.world import World, beat, found


class Sink(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[bytes] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


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
                self.server.mails.append(data)
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


@proves("P20")
def silent_notices() -> Found:
    """500 calls and answers; every mail is the same, whatever happened."""
    result, sink = Found(), Sink()
    object.__setattr__(config(), "smtp_host", "127.0.0.1")
    object.__setattr__(config(), "smtp_port", sink.server_address[1])
    object.__setattr__(config(), "smtp_tls", False)
    object.__setattr__(config(), "organisation", "Sample House of the Lake")
    world = found()
    addresses = {}
    for officer in world.officers:
        addresses[officer.name] = f"{officer.name}@example.org"
        with officer.request() as actor:
            messages.set_route(actor, channel="mail", address=addresses[officer.name])
    cases = _events(world, many(500, 9))
    sink.shutdown()
    mails = [message_from_bytes(one) for one in sink.mails]
    wanted = len(world.officers)
    result.expect(len(mails) >= wanted, f"only {len(mails)} notices were sent: nothing is shown")
    shapes = {(one["Subject"], one["From"], one.get_payload()) for one in mails}
    result.expect(len(shapes) <= 1, f"notices differ: {list(shapes)[:2]}")
    sizes = {
        len(raw) - raw.count(one["To"].encode()) * len(one["To"])
        for raw, one in zip(sink.mails, mails, strict=True)
    }
    result.expect(len(sizes) == 1, f"notices have {len(sizes)} sizes")
    headers = {name.lower() for one in mails for name in one}
    known = {"from", "to", "subject", "message-id", "content-type", "content-transfer-encoding"}
    known |= {"mime-version", "date"}
    result.expect(headers <= known, f"headers that are not known: {headers - known}")
    telling = [*map(str, cases), "Lake", "http", "desk", "amparo", "case", "request", "help"]
    for one in mails:
        text = str(one.items()) + bytes(one.get_payload(decode=True)).decode()
        found_ = [
            word for word in telling if re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE)
        ]
        result.expect(not found_, f"a notice says {found_}")
    result.expect(
        {one["To"] for one in mails} <= set(addresses.values()), "a stranger was written to"
    )
    result.pending.append("no digest on empty days yet")
    result.value = str(len(result.breaches))
    result.detail = (
        f"{len(mails)} mails to {wanted} people over {len(cases)} calls, one text and size"
    )
    return result


def _events(world: World, count: int) -> list[ids.Id]:
    cases = []
    for number in range(count):
        cases.append(world.ask(what=f"call {number}" * (number % 50 + 1)).case)
        with journal.unit():
            beat()
    return cases


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
