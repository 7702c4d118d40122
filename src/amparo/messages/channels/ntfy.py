"""ntfy: a topic on one server, which whoever knows its name can read.

Written from docs.ntfy.sh (publish as JSON); not tried against a live server. The topic travels in the
body, so that it stands in no server's list of addresses; there is no title. The sequence id lets a
message that is sent twice take its own place.
"""

import json

from amparo.messages import rules, wire
from amparo.messages.channels import settings
from amparo.messages.channels.kinds import Channel
from amparo.messages.wire import NotTaken

USUAL, LOUD = 3, 5  # of five steps


def reaches() -> bool:
    """Whether a server is named."""
    return settings.found().ntfy is not None


def send(address: str, text: str, idem: str) -> None:
    """Publish it. All but the note of the day is loud: an alarm's end as much as its beginning."""
    here = settings.found().ntfy
    if here is None:
        raise NotTaken("off")
    loud = USUAL if text == rules.TEXT else LOUD
    said = {"topic": address, "message": text, "priority": loud, "sequence_id": idem}
    headers = {"Content-Type": "application/json"}
    if here.token:
        headers["Authorization"] = f"Bearer {here.token}"
    answer = wire.call(
        here.url.rstrip("/") + "/", json.dumps(said).encode(), headers, private=here.private
    )
    if answer.status == 200 and answer.json().get("id"):
        return
    why = {401: "token", 403: "token", 413: "size", 429: "limit"}.get(answer.status, "answer")
    raise NotTaken(why, answer.rest(5) if why == "limit" else 0)


def look() -> None:
    """Whether the server is well."""
    here = settings.found().ntfy
    if here is None:
        raise NotTaken("off")
    url = here.url.rstrip("/") + "/v1/health"
    answer = wire.call(url, private=here.private, method="GET")
    if answer.status != 200 or answer.json().get("healthy") is not True:
        raise NotTaken("answer")


CHANNEL = Channel("ntfy", reaches, send, once=True, look=look)
