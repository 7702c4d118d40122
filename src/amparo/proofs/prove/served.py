"""A real server over the installation of a proof, and visitors who know no more than a browser does."""

import contextlib
import html
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connections

PATIENCE = 60  # seconds until a server that does not answer is given up on


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The page."""
        return self.body.decode()

    @property
    def token(self) -> str:
        """The hidden token of the page's first form."""
        return self.hidden("token")

    def hidden(self, name: str) -> str:
        """A hidden field's value, or nothing."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        return html.unescape(found[1]) if found else ""

    @property
    def code(self) -> str:
        """The return code on the page, as it is typed."""
        return self.hidden("code")


@dataclass
class File:
    """A file in a form."""

    name: str
    data: bytes
    kind: str = "application/octet-stream"


@dataclass
class Visitor:
    """A browser without scripts; keeps cookies only if it is told to."""

    port: int
    keeps_cookies: bool = False
    cookies: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """Look at a page."""
        return self._ask("GET", path, None, headers or {})

    def post(
        self,
        path: str,
        fields: dict[str, str],
        files: list[File] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a form: as a browser does, files as multipart after the fields."""
        headers = headers or {}
        if files is None:
            body = urllib.parse.urlencode(fields).encode()
            return self._ask(
                "POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"} | headers
            )
        mark = uuid.uuid4().hex
        return self._ask(
            "POST",
            path,
            multipart(mark, fields, files),
            {"Content-Type": f"multipart/form-data; boundary={mark}"} | headers,
        )

    def put(self, path: str) -> Answer:
        """What no form does."""
        return self._ask("PUT", path, b"", {})

    def send(self, path: str, body: Iterator[bytes], headers: dict[str, str]) -> Answer:
        """Post a body that comes piece by piece."""
        return self._ask("POST", path, body, headers)

    def _ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None, headers: dict[str, str]
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        sent = {"Host": "localhost", "User-Agent": "visitor"} | headers
        if self.keeps_cookies and self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                # A server that has heard enough answers before the whole body was sent.
                connection.request(method, path, body, sent)
            reply = connection.getresponse()
            answer = Answer(
                reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
            )
            for name, value in reply.getheaders():
                if name.lower() == "set-cookie":
                    self.seen.append(value)
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.split(";")[0]
            return answer
        except (ConnectionError, http.client.HTTPException):
            return Answer(0, {}, b"")  # hung up without an answer
        finally:
            connection.close()


def multipart(mark: str, fields: dict[str, str], files: list[File]) -> bytes:
    """A form's body as browsers write it."""
    pieces = []
    for name, value in fields.items():
        pieces.append(
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        )
    for file in files:
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
            f"Content-Type: {file.kind}\r\n\r\n"
        )
        pieces += [head.encode(), file.data, b"\r\n"]
    return b"".join([*pieces, f"--{mark}--\r\n".encode()])


@dataclass
class Server:
    """`amparo up` in a process of its own."""

    port: int
    process: "subprocess.Popen[bytes]"
    said: Path  # everything that it and its children wrote to their outputs
    traced: Path | None  # what was opened for writing, if strace looked on

    @property
    def processes(self) -> list[int]:
        """Everything that runs for it: the web server's workers have process groups of their own, but
        all are in the session that was begun for it."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.getsid(int(path.name)) == self.process.pid:
                    found.append(int(path.name))
        return found

    def visitor(self, *, keeps_cookies: bool = False) -> Visitor:
        """Somebody who knocks."""
        return Visitor(self.port, keeps_cookies)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(folder: Path, *, traced: bool = False, **options: str) -> Iterator[Server]:
    """Run it over this process's installation; what it says goes to a file in `folder`."""
    connections.close_all()
    port, said = free_port(), folder / "server.said"
    trace = folder / "server.trace" if traced else None
    command = [
        sys.executable,
        "-c",
        "from amparo.cli import main; main()",
        "up",
        "--port",
        str(port),
    ]
    if trace is not None:
        command = [
            *("strace", "-f", "--seccomp-bpf", "-qq", "-e", "signal=none", "-o", str(trace)),
            *("-e", "trace=open,openat,creat,memfd_create,mknod,mknodat", *command),
        ]
    settings = os.environ | {f"AMPARO_{name.upper()}": value for name, value in options.items()}
    with said.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=settings,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(port, process, said, trace)
    try:
        _wait(process, port, said)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(40)
        for one in server.processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, said: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {said.read_text()[-500:]}")
        with contextlib.suppress(OSError):
            if Visitor(port).get("/healthz").status == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"the server does not answer: {said.read_text()[-500:]}")
