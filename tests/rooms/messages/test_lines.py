"""Kept connections: used again, never when the other side has closed; no answer is waited for long."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.messages import lines, wire

OK = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"
CUT = b"HTTP/1.1 202 OK\r\nContent-Length: 9\r\n\r\nhalf"
CHUNKS = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n"
)


class Peer:
    """The other side, which answers what it is told to."""

    def __init__(self) -> None:
        self.listening = socket.socket()
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen()
        self.answers, self.connections, self.requests = [OK], 0, 0
        self.closes, self.drips = False, False
        threading.Thread(target=self.serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}/send"

    def serve(self) -> None:
        while True:
            try:
                one, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.answer, args=(one,), daemon=True).start()

    def answer(self, one: socket.socket) -> None:
        with one, contextlib.suppress(OSError):
            while one.recv(65536):
                self.requests += 1
                said = self.answers[(self.requests - 1) % len(self.answers)]
                for at in range(len(said)) if self.drips else ():
                    one.sendall(said[at : at + 1])
                    threading.Event().wait(0.05)
                if not self.drips:
                    one.sendall(said)
                if self.closes:
                    return


@pytest.fixture
def peer() -> Iterator[Peer]:
    lines.forget()
    made = Peer()
    yield made
    made.listening.close()
    lines.forget()


def post(peer: Peer) -> int:
    return wire.call(peer.url, b"{}", private=True).status


def test_a_connection_is_used_again(peer: Peer) -> None:
    assert [post(peer) for _ in range(5)] == [202] * 5
    assert (peer.connections, peer.requests) == (1, 5)


def test_an_answer_in_pieces_is_put_together(peer: Peer) -> None:
    peer.answers = [CHUNKS]
    for _ in range(2):
        answer = wire.call(peer.url, b"x", private=True)
        assert (answer.status, answer.body) == (200, b"abcde")
    assert peer.connections == 1


def test_one_that_the_other_side_has_closed_is_made_anew_and_nothing_is_sent_twice(
    peer: Peer,
) -> None:
    peer.closes = True
    for _ in range(3):
        assert post(peer) == 202
        threading.Event().wait(0.2)
    assert (peer.connections, peer.requests) == (3, 3)


def test_one_that_lay_still_for_long_is_made_anew(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "STILL", 0.0)
    assert [post(peer) for _ in range(2)] == [202] * 2
    assert peer.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 202 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 202 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nmore: than that\r\n\r\n",
        b"HTTP/1.1 202 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 999_999,
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\nmore than was said",
    ],
    ids=range(6),
)
def test_whoever_answers_at_length_or_oddly_is_not_kept(peer: Peer, answer: bytes) -> None:
    peer.answers = [answer]
    assert [post(peer) for _ in range(2)] == [202] * 2
    assert peer.connections == 2


@pytest.mark.parametrize(
    "answer", [b"", b"hello\r\n\r\n", b"HTTP/1.1 2x2 OK\r\n\r\n", CUT], ids=repr
)
def test_no_answer_is_no_yes(peer: Peer, answer: bytes) -> None:
    peer.answers, peer.closes = [answer], True
    with pytest.raises(wire.NotTaken):
        post(peer)


def test_an_answer_that_drips_is_left_after_a_while(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "TIMEOUT", 0.3)
    peer.drips = True
    with pytest.raises(wire.NotTaken):
        post(peer)


def test_no_value_breaks_out_of_its_line() -> None:
    with pytest.raises(ValueError):
        lines.request("POST", "/", "host", {"X": "a\r\nY: b"}, b"")


@given(st.binary(max_size=200))
def test_whatever_comes_is_an_answer_or_none(head: bytes) -> None:
    for one in (head, b"HTTP/1.1 200 OK\r\n" + head):
        try:
            _, status, headers = lines.parse(one)
        except OSError:
            continue
        assert 0 <= status <= 999 and all(name == name.lower() for name in headers)
