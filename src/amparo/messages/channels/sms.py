"""Text messages, through the gateways of `gateways.toml`."""

from amparo.foundation.errors import Invalid
from amparo.messages import gateways
from amparo.messages.channels.kinds import Channel


def reaches() -> bool:
    """Whether there is a gateway at all."""
    try:
        return bool(gateways.load())
    except Invalid:
        return False


def send(address: str, text: str, idem: str) -> str | None:
    """Hand it to the first gateway that serves the number and takes it."""
    return gateways.send(address, text, idem)


# Idempotency-Key goes out; whether a provider heeds it is the provider's affair.
CHANNEL = Channel("sms", reaches, send, once=False)
