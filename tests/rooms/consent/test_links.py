"""One-time links: one use, a few hours, one answer to everything that is wrong."""

import base64
from datetime import timedelta

import pytest

from amparo.consent import links
from amparo.consent.models import Link
from amparo.foundation import clock, journal
from amparo.foundation.errors import NotFound
from amparo.foundation.models import JournalEntry
from amparo.vault import server
from tests.make import House

BODY = {"person": "somebody", "note": "رسالة"}


@pytest.fixture(autouse=True)
def _house(house: House) -> None:
    pass


def use(token: str, kind: str = "invite") -> dict[str, object]:
    with journal.unit():
        return links.use(token, kind)


def test_a_link_opens_once() -> None:
    token = links.create("invite", BODY, hours=2)
    assert use(token)["note"] == "رسالة"
    with pytest.raises(NotFound):
        use(token)
    assert not Link.objects.exists()


def test_a_link_for_one_thing_is_none_for_another_and_is_not_used_up_by_the_mistake() -> None:
    token = links.create("invite", BODY, hours=2)
    with pytest.raises(NotFound):
        use(token, "reader")
    assert use(token)


def test_its_token_stands_in_no_table_and_no_journal() -> None:
    token = links.create("invite", BODY, hours=2)
    row = Link.objects.get()
    raw = base64.urlsafe_b64decode(token + "==")
    for stored in (bytes(row.find), bytes(row.body)):
        assert raw not in stored and token.encode() not in stored
    use(token)
    entry = JournalEntry.objects.get()
    assert token.encode() not in bytes(entry.sealed) + bytes(entry.digest)


def test_it_is_over_after_its_hours() -> None:
    with clock.frozen():
        token = links.create("invite", BODY, hours=2)
        clock.forward(timedelta(hours=2))
        with pytest.raises(NotFound):
            use(token)
        assert links.sweep() == 1 and not Link.objects.exists()


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 22, "A" * 500, "../../", "AAAA AAAA", "%00"])
def test_everything_wrong_is_answered_alike(token: str) -> None:
    links.create("invite", BODY, hours=2)
    with pytest.raises(NotFound) as refused:
        use(token)
    assert str(refused.value) == ""
    assert Link.objects.count() == 1


def test_a_body_that_was_moved_to_another_link_opens_nothing() -> None:
    token = links.create("invite", BODY, hours=2)
    other = links.create("reader", {"root": "00"}, hours=2)
    invite, reader = Link.objects.get(kind="invite"), Link.objects.get(kind="reader")
    Link.objects.filter(id=invite.id).update(body=reader.body)
    with pytest.raises(NotFound):
        use(token)
    Link.objects.filter(id=reader.id).update(kind="invite")
    with pytest.raises(NotFound):
        use(other)


def test_no_link_survives_a_lockdown() -> None:
    token = links.create("invite", BODY, hours=2)
    assert links.destroy_all() == 1
    with pytest.raises(NotFound):
        use(token)
    token = links.create("invite", BODY, hours=2)
    server.destroy()
    server.renew()  # the table was saved from a copy, the key was not
    with pytest.raises(NotFound):
        use(token)
