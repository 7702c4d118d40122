"""Signal, through the JSON-RPC daemon of signal-cli (`signal-cli -a NUMBER daemon --http`).

Written from signal-cli-jsonrpc(5) and the codes in SignalJsonRpcCommandHandler; not tried against
Signal itself. Signal answers a new account with a captcha after a few people whom it never wrote to,
so it is never somebody's only way. It knows no key that makes a message sent twice arrive once.
"""

import json
import re
from typing import Any

from amparo.messages import wire
from amparo.messages.channels import settings
from amparo.messages.channels.kinds import Channel
from amparo.messages.channels.settings import Carrier
from amparo.messages.wire import NotTaken

IO_ERROR, UNTRUSTED, LIMIT, CAPTCHA = -3, -4, -5, -6
CODES = {IO_ERROR: "line", UNTRUSTED: "identity", LIMIT: "limit", CAPTCHA: "captcha"}
TYPES = {
    "UNREGISTERED_FAILURE": "unknown",
    "IDENTITY_FAILURE": "identity",
    "RATE_LIMIT_FAILURE": "limit",
    "NETWORK_FAILURE": "line",
}
REST = 60  # seconds in which nobody else runs into a limit either


def reaches() -> bool:
    """Whether a daemon is named."""
    return settings.found().signal is not None


def send(address: str, text: str, idem: str) -> None:
    """Have the daemon send it, to a number or to a username (name.42)."""
    here = settings.found().signal
    if here is None:
        raise NotTaken("off")
    to = {"recipient": [address]} if address.startswith("+") else {"username": [address]}
    params = to | {"message": text} | ({"account": here.account} if here.account else {})
    call = {"jsonrpc": "2.0", "method": "send", "id": idem, "params": params}
    answer = wire.call(
        here.url.rstrip("/") + "/api/v1/rpc",
        json.dumps(call).encode(),
        _headers(here) | {"Content-Type": "application/json"},
        private=here.private,
    )
    if answer.status != 200:
        raise NotTaken(_by_status(answer.status), answer.rest(0))
    said = answer.json()
    error = said.get("error")
    if isinstance(error, dict):
        data = error.get("data")
        _results(data.get("response") if isinstance(data, dict) else None)
        _error(error)
    if said.get("id") != idem or not isinstance(said.get("result"), dict):
        raise NotTaken("answer")
    _results(said["result"])


def _by_status(status: int) -> str:
    return {401: "token", 403: "token", 413: "limit", 429: "limit"}.get(status, "status")


def _error(error: dict[str, Any]) -> None:
    code, text = error.get("code"), str(error.get("message", ""))
    why = CODES.get(code, "answer") if isinstance(code, int) else "answer"
    if "captcha" in text.lower() or "proof" in text.lower():
        why = "captcha"
    elif re.search(r"\b(429|413)\b", text):  # older daemons hand Signal's own answer on
        why = "limit"
    raise NotTaken(why, REST if why in {"limit", "captcha"} else 0)


def _results(result: Any) -> None:
    """One line for each recipient, in newer daemons."""
    found = result.get("results") if isinstance(result, dict) else None
    for one in found if isinstance(found, list) else []:
        kind = str(one.get("type", "")) if isinstance(one, dict) else ""
        if kind == "SUCCESS":
            continue
        why = TYPES.get(kind, "answer")
        if why == "limit" and one.get("token"):
            why = "captcha"  # it hands out a riddle to be solved
        raise NotTaken(why, REST if why in {"limit", "captcha"} else 0)


def look() -> None:
    """Whether the daemon answers."""
    here = settings.found().signal
    if here is None:
        raise NotTaken("off")
    url = here.url.rstrip("/") + "/api/v1/check"
    answer = wire.call(url, headers=_headers(here), private=here.private, method="GET")
    if answer.status != 200:
        raise NotTaken(_by_status(answer.status))


def _headers(here: Carrier) -> dict[str, str]:
    """The daemon has no door of its own; the token is for whoever puts one before it."""
    return {"Authorization": f"Bearer {here.token}"} if here.token else {}


CHANNEL = Channel("signal", reaches, send, once=False, look=look)
