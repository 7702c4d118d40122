"""Telling the call of a provider whom we know from anybody's: by a secret in its address, and by a
signature of its body where the provider signs."""

import base64
import hmac

from amparo.vault.primitives import same

DIGESTS = ("sha256", "sha512", "sha1")  # what providers sign with; the last one for old ones


def same_secret(left: str, right: str) -> bool:
    """Whether two secrets are the same; in constant time."""
    return same(left.encode(), right.encode())


def signed(key: str, body: bytes, given: str, digest: str = "sha256") -> bool:
    """Whether `given` is the HMAC of a body, in hex or base64, perhaps after `sha256=`; in constant
    time."""
    made = hmac.digest(key.encode(), body, digest)
    text = given.strip().removeprefix(f"{digest}=")
    as_hex = same(made.hex().encode(), text.lower().encode())
    return as_hex | same(base64.b64encode(made), text.encode())
