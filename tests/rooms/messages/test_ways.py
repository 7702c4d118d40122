"""Somebody on staff is told by several ways: one for each channel, sealed, tried from a page."""

from typing import Any

import pytest

from amparo.foundation import clock, ids, journal
from amparo.foundation.errors import Invalid, NotFound, Refused
from amparo.messages import jobs, queries, ringing, rules, services
from amparo.messages.channels.fakes import Carriers
from amparo.messages.models import Outgoing, Route
from amparo.messages.wire import NotTaken
from amparo.vault import server
from tests.make import House
from tests.rooms.messages.carriers import NUMBER, TOPIC, address_of, here

__all__ = ["here"]


def _set(house: House, channel: str, address: str) -> None:
    with house.ines.request() as actor:
        services.set_route(actor, channel=channel, address=address)


def _mine(house: House) -> list[tuple[str, str]]:
    with house.ines.request() as actor:
        return [(one.channel, one.address) for one in queries.ways(actor)]


def test_each_channel_has_its_way_and_a_new_address_takes_the_old_ones_place(house: House) -> None:
    _set(house, "mail", "ines@example.org")
    _set(house, "signal", NUMBER)
    _set(house, "mail", "other@example.org")
    assert _mine(house) == [("mail", "other@example.org"), ("signal", NUMBER)]
    for row in Route.objects.all():
        assert NUMBER.encode() not in bytes(row.sealed) + bytes(row.own)


def test_an_alarm_and_a_note_come_by_all_of_them(house: House, here: Carriers) -> None:
    for channel in ("signal", "matrix", "ntfy", "webhook"):
        _set(house, channel, address_of(here, channel))
    with journal.unit():
        ringing.ring_staff(ids.new(), [house.ines.id], ids.new())
        ringing.send_due()
    assert {(one.channel, one.text) for one in here.taken} == {
        (channel, rules.URGENT) for channel in ("signal", "matrix", "ntfy", "webhook")
    }
    here.taken.clear()
    services.queue_notices([house.ines.id], ids.new())
    assert jobs.send_due() == 4
    assert {one.text for one in here.taken} == {rules.TEXT}


def test_one_that_is_taken_away_brings_nothing_more(house: House, here: Carriers) -> None:
    _set(house, "signal", NUMBER)
    _set(house, "ntfy", TOPIC)
    services.queue_notices([house.ines.id], ids.new())
    with house.ines.request() as actor:
        services.drop_route(actor, channel="signal")
        with pytest.raises(NotFound):
            services.drop_route(actor, channel="signal")
    assert jobs.send_due() == 1 and [one.channel for one in here.taken] == ["ntfy"]
    assert Outgoing.objects.count() == 1


def test_a_try_says_what_became_of_it(house: House, here: Carriers) -> None:
    _set(house, "signal", NUMBER)
    with house.ines.request() as actor:
        services.try_route(actor, channel="signal")
        assert [one.text for one in here.taken] == [rules.TEXT]
        here.day = "captcha"
        with pytest.raises(NotTaken) as failed:
            services.try_route(actor, channel="signal")
        assert failed.value.why == "captcha"
        with pytest.raises(NotFound):
            services.try_route(actor, channel="mail")


def test_nobody_reads_or_takes_away_anothers(house: House) -> None:
    _set(house, "mail", "ines@example.org")
    with house.tomas.request() as actor:
        assert queries.ways(actor) == []
        with pytest.raises(NotFound):
            services.drop_route(actor, channel="mail")
    from amparo.foundation.actor import NOBODY

    with journal.unit():
        assert queries.ways(NOBODY) == []
        with pytest.raises(Refused):
            services.drop_route(NOBODY, channel="mail")


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("signal", "rosa"),
        ("ntfy", "short"),
        ("webpush", "{}"),
        ("pigeon", "x"),
        ("push", "http://x/"),
    ],
)
def test_what_is_no_address_is_refused(house: House, channel: str, address: str) -> None:
    with house.ines.request() as actor, pytest.raises(Invalid):
        services.set_route(actor, channel=channel, address=address)
    assert not Route.objects.exists()


def test_all_of_them_come_back_after_a_lockdown(house: House, here: Carriers) -> None:
    _set(house, "signal", NUMBER)
    _set(house, "ntfy", TOPIC)
    server.destroy()
    server.renew()
    house.ines.sign_in()
    with journal.unit():
        ringing.ring_staff(ids.new(), [house.ines.id], ids.new())
        ringing.send_due()
    assert {one.channel for one in here.taken} == {"signal", "ntfy"}


def test_a_browser_gets_the_text_and_its_service_does_not(
    house: House, here: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "ADDRESSES", rules.ADDRESSES | {"webpush": lambda _: True})
    _set(house, "webpush", here.subscription())
    seen: list[Any] = []
    from amparo.messages import wire

    real = wire.call
    monkeypatch.setattr(
        wire,
        "call",
        lambda url, body, headers, **more: (
            seen.append((body, headers)) or real(url, body, headers, **more)
        ),
    )
    with clock.frozen(), journal.unit():
        ringing.ring_staff(ids.new(), [house.ines.id], ids.new())
        ringing.send_due()
    assert [one.text for one in here.taken] == [rules.URGENT]
    ((body, headers),) = seen
    assert b"Your notes" not in body and headers["Authorization"].startswith("vapid t=")
