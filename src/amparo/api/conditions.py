"""If-Match: a change says which version of the case it is about."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from amparo.api.problems import Stale, Unconditional
from amparo.casework.services import desk
from amparo.foundation import ids
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Conflict

ETAG = re.compile(r'"(\d{1,9})"')


def etag(version: int) -> str:
    """A case's version as an entity tag."""
    return f'"{version}"'


def version_of(if_match: str | None) -> int:
    """The version that a change is about. Stale for a tag that is none of ours, Unconditional
    without one: `*` would change what nobody has looked at."""
    if if_match is None or if_match.strip() == "*":
        raise Unconditional
    found = ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Stale
    return int(found[1])


@contextmanager
def at_version(if_match: str | None) -> Iterator[int]:
    """The version, for a service that checks it: its Conflict means that somebody was quicker."""
    version = version_of(if_match)
    try:
        yield version
    except Conflict:
        raise Stale from None


@contextmanager
def unchanged(actor: Actor, case: ids.Id, if_match: str | None) -> Iterator[None]:
    """For a service that takes no version: looked at before; a Conflict of the service is the same."""
    with at_version(if_match) as version:
        if desk.case_row(actor, case).version != version:
            raise Stale
        yield
