"""Matrix, through the client-server API v3: a message into a room that our account and a person share.

Written from spec.matrix.org (Client-Server API, sending events, rate limiting); not tried against a
live homeserver. The room is not encrypted end to end, so its homeservers read the text. The
transaction id makes a message that is sent twice arrive once.
"""

import json
from urllib.parse import quote

from amparo.messages import wire
from amparo.messages.channels import settings
from amparo.messages.channels.kinds import Channel
from amparo.messages.wire import Answer, NotTaken

CODES = {
    "M_LIMIT_EXCEEDED": "limit",
    "M_UNKNOWN_TOKEN": "token",
    "M_MISSING_TOKEN": "token",
    "M_USER_LOCKED": "token",
    "M_USER_SUSPENDED": "token",
    "M_FORBIDDEN": "unknown",  # we are not in that room, or there is none
    "M_NOT_FOUND": "unknown",
    "M_TOO_LARGE": "size",
}


def reaches() -> bool:
    """Whether a homeserver is named."""
    return settings.found().matrix is not None


def send(address: str, text: str, idem: str) -> None:
    """Put it into the room."""
    here = settings.found().matrix
    if here is None:
        raise NotTaken("off")
    path = f"/_matrix/client/v3/rooms/{quote(address, safe='')}/send/m.room.message/{idem}"
    answer = wire.call(
        here.url.rstrip("/") + path,
        json.dumps({"msgtype": "m.text", "body": text}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {here.token}"},
        private=here.private,
        method="PUT",
    )
    said = answer.json()
    if answer.status == 200 and isinstance(said.get("event_id"), str):
        return
    why = CODES.get(str(said.get("errcode")), "limit" if answer.status == 429 else "answer")
    raise NotTaken(why, _rest(answer) if why == "limit" else 0)


def _rest(answer: Answer) -> int:
    wait = answer.json().get("retry_after_ms")  # the header has taken its place since 1.10
    older = wait // 1000 + 1 if isinstance(wait, int) and not isinstance(wait, bool) else 0
    return answer.rest(older or 1)


def look() -> None:
    """Whether the homeserver knows our account."""
    here = settings.found().matrix
    if here is None:
        raise NotTaken("off")
    url = here.url.rstrip("/") + "/_matrix/client/v3/account/whoami"
    headers = {"Authorization": f"Bearer {here.token}"}
    answer = wire.call(url, headers=headers, private=here.private, method="GET")
    if answer.status != 200 or not answer.json().get("user_id"):
        raise NotTaken(CODES.get(str(answer.json().get("errcode")), "answer"))


CHANNEL = Channel("matrix", reaches, send, once=True, look=look)
