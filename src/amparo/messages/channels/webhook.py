"""A webhook of the organisation's own, as Standard Webhooks 1.0 describes it: id, time and signature.

The receiver drops a second one with the same `webhook-id`; the tests check the signature with the
published scheme. The address of a route is the name of a webhook in `channels.toml`, never a URL.
"""

import json

from amparo.foundation import clock
from amparo.messages import wire
from amparo.messages.channels import settings
from amparo.messages.channels.kinds import Channel
from amparo.messages.wire import NotTaken
from amparo.vault import push as vault


def reaches() -> bool:
    """Whether there is one."""
    return bool(settings.found().webhook)


def send(address: str, text: str, idem: str) -> None:
    """Hand it to the one of this name."""
    here = next((one for one in settings.found().webhook if one.name == address), None)
    if here is None:
        raise NotTaken("unknown")
    now = clock.now()
    said = {"type": "notice", "timestamp": now.isoformat(), "data": {"text": text}}
    body, second = json.dumps(said).encode(), str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": idem,
        "webhook-timestamp": second,
        "webhook-signature": vault.sign_webhook(here.key, idem, second, body),
    }
    answer = wire.call(here.url, body, headers, private=here.private)
    if not 200 <= answer.status < 300:
        raise NotTaken("limit" if answer.status == 429 else "status")


CHANNEL = Channel("webhook", reaches, send, once=True)
