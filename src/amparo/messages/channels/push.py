"""Push: to a browser of staff (Web Push, RFC 8030, 8291 and 8292) and to any UnifiedPush app.

Written from the RFCs and unifiedpush.org; the encryption is tried with the example of RFC 8291, and
nothing was tried against a live push service. For a browser the text is encrypted and of one size,
and the push service sees who is told and when. An older UnifiedPush address has no key: there the
service reads the text too. The topic lets a message that waits be replaced by the same one.
"""

import json
from urllib.parse import urlsplit

from amparo.foundation import clock
from amparo.foundation.config import config
from amparo.messages import wire
from amparo.messages.channels import settings
from amparo.messages.channels.kinds import Channel
from amparo.messages.channels.settings import Push
from amparo.messages.wire import NotTaken
from amparo.vault import push as vault

# Calls to apps: whoever arms a plan chooses the hosts, and slow ones must not hold all senders.
AT_ONCE = 2
TTL = 12 * 3600  # seconds for which a service keeps it for a phone that is off


def send_to_browser(address: str, text: str, idem: str) -> None:
    """`address` is what a browser gave: where to, and the two keys it is encrypted for."""
    here = settings.found().webpush
    if here is None:
        raise NotTaken("off")
    _subscription(here, address, text, idem)


def send_to_app(address: str, text: str, idem: str) -> None:
    """`address` is an app's own: a bare https address, or one with keys as a browser has them."""
    here = settings.found().push
    if here is None:
        raise NotTaken("off")
    if address.startswith("{"):
        _subscription(here, address, text, idem)
    else:
        _post(here, address, text.encode(), idem, {"Content-Type": "text/plain; charset=utf-8"})


def _subscription(here: Push, address: str, text: str, idem: str) -> None:
    given = json.loads(address)
    keys = given["keys"]
    body = vault.seal_push(keys["p256dh"], keys["auth"], text.encode())
    parts = urlsplit(given["endpoint"])
    contact = here.contact or f"mailto:{config().mail_from}"
    proof = vault.vouch(f"{parts.scheme}://{parts.netloc}", contact, clock.now())
    headers = {
        "Authorization": proof,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
    }
    _post(here, given["endpoint"], body, idem, headers)


def _post(here: Push, url: str, body: bytes, idem: str, headers: dict[str, str]) -> None:
    always = {"TTL": str(TTL), "Urgency": "high", "Topic": idem[:32]}
    answer = wire.call(url, body, headers | always, private=here.private)
    if 200 <= answer.status < 300:
        return
    words = {401: "token", 403: "token", 404: "unknown", 410: "unknown", 413: "size", 429: "limit"}
    # No rest for the others: each person has a service of their own.
    raise NotTaken(words.get(answer.status, "answer"))


BROWSER = Channel(
    "webpush", lambda: settings.found().webpush is not None, send_to_browser, once=True
)
APP = Channel(
    "push",
    lambda: settings.found().push is not None,
    send_to_app,
    once=True,
    connections=AT_ONCE,
)
