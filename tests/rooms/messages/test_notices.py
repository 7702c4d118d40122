"""Notices: to whoever should look, saying nothing, as often as there is something and no oftener."""

import dataclasses
import smtplib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from amparo.casework.services import thread
from amparo.foundation import clock, events, ids, journal
from amparo.foundation.actor import NOBODY
from amparo.foundation.config import config
from amparo.foundation.errors import Invalid, Refused
from amparo.foundation.models import Announcement
from amparo.messages import channels, jobs, rules, services
from amparo.messages.models import Outgoing, Route
from amparo.vault import duty, server
from tests import make
from tests.make import House, Officer

ADDRESS = "desk@example.org"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What was handed to the channels."""
    taken: list[tuple[str, str, str]] = []

    def send(channel: str, address: str, idem: str) -> None:
        taken.append((channel, address, idem))

    monkeypatch.setattr(channels, "send", send)
    return taken


def route(officer: Officer, channel: str = "mail", address: str = ADDRESS) -> None:
    with officer.request() as actor:
        services.set_route(actor, channel=channel, address=address)


# --- routes --------------------------------------------------------------------------------------
def test_an_address_is_sealed_and_replaces_the_one_before(house: House) -> None:
    route(house.ines)
    route(house.ines, address="another@example.org")
    (row,) = Route.objects.all()
    for sealed in (bytes(row.sealed), bytes(row.own)):
        assert b"example" not in sealed
    assert duty.open_(services.KIND, row.id, bytes(row.sealed))["address"] == "another@example.org"
    other = Route(owner=house.ines.id, channel="mail", sealed=row.sealed)
    with pytest.raises(Refused):
        duty.open_(services.KIND, other.id, bytes(other.sealed))  # bound to its row


@pytest.mark.parametrize(
    ("channel", "address", "field"),
    [
        ("pigeon", ADDRESS, "channel"),
        ("mail", "nobody", "address"),
        ("mail", "a b@example.org", "address"),
        ("mail", "a@example.org\nBcc: x@example.org", "address"),
        ("mail", "", "address"),
    ],
)
def test_what_is_no_route_is_named(house: House, channel: str, address: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        route(house.ines, channel, address)
    assert set(refused.value.fields) == {field}


def test_only_staff_have_routes(house: House) -> None:
    with journal.unit(), pytest.raises(Refused):
        services.set_route(NOBODY, channel="mail", address=ADDRESS)


# --- notices -------------------------------------------------------------------------------------
def test_everybody_on_duty_hears_once_that_there_is_something(
    house: House, sent: list[tuple[str, str, str]]
) -> None:
    lena = house.hire("lena", "legal")
    for officer in (house.ines, house.tomas, lena):
        route(officer, address=f"{officer.name}@example.org")
    make.ask()
    assert jobs.send_due() == 2
    assert {address for _, address, _ in sent} == {"ines@example.org", "tomas@example.org"}
    assert jobs.send_due() == 0 and not Outgoing.objects.filter(waiting=True).exists()
    clock.forward(rules.QUIET)
    assert jobs.send_due() == 0 and not Outgoing.objects.exists()


def test_the_same_announcement_tells_each_of_them_once(
    house: House, sent: list[tuple[str, str, str]]
) -> None:
    route(house.ines)
    event = ids.new()
    for _ in range(3):
        services.queue_notices([house.ines.id, house.tomas.id], event)
        jobs.send_due()
    assert Outgoing.objects.count() == 1 and len(sent) == 1
    clock.forward(rules.QUIET)
    assert jobs.send_due() == 0


def test_a_flood_of_calls_is_no_flood_of_mails(
    house: House, sent: list[tuple[str, str, str]]
) -> None:
    route(house.ines)
    with clock.frozen():
        for _ in range(40):  # one every 15 seconds, for ten minutes
            services.queue_notices([house.ines.id], ids.new())
            jobs.send_due()
            clock.forward(timedelta(seconds=15))
        assert len(sent) == 2
        # What came in the quiet minutes is told when they are over, and then nothing more is.
        clock.forward(rules.QUIET)
        assert jobs.send_due() == 1
        clock.forward(rules.QUIET)
        assert jobs.send_due() == 0 and not Outgoing.objects.exists()
    assert len({idem for _, _, idem in sent}) == 3  # none is taken for another sent again


def test_what_comes_while_a_notice_is_sent_gets_one_of_its_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def send(*_: object) -> None:
        taken.append(clock.now())
        if len(taken) == 1:
            services.queue_notices([house.ines.id], ids.new())

    monkeypatch.setattr(channels, "send", send)
    route(house.ines)
    with clock.frozen():
        services.queue_notices([house.ines.id], ids.new())
        assert jobs.send_due() == 1 and jobs.send_due() == 0
        clock.forward(rules.QUIET)
        assert jobs.send_due() == 1
        assert taken[1] - taken[0] == rules.QUIET


def test_every_day_brings_one_notice_whether_or_not_there_is_anything(
    house: House, sent: list[tuple[str, str, str]]
) -> None:
    lena = house.hire("lena", "legal")
    for officer in (house.ines, lena):
        route(officer, address=f"{officer.name}@example.org")
    morning = (clock.now() + timedelta(days=1)).replace(hour=6, minute=59, second=0)
    with clock.frozen(morning):
        assert services.queue_daily() == 0 and jobs.send_due() == 0
        for _ in range(5):
            clock.forward(timedelta(minutes=1))
            assert services.queue_daily() == 2 and jobs.send_due() == 2
            assert services.queue_daily() == 0 and jobs.send_due() == 0  # one a day
            clock.forward(timedelta(days=1) - timedelta(minutes=1))
        assert len(sent) == 10
        server.destroy()
        clock.forward(timedelta(days=1, hours=1))
        assert services.queue_daily() == 0 and not Outgoing.objects.filter(waiting=True).exists()


def test_a_house_may_tell_once_a_day_only(
    house: House, sent: list[tuple[str, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = dataclasses.replace(config(), notice_at_once=False, notice_hour="12:30")
    monkeypatch.setattr(services, "config", lambda: settings)
    route(house.ines)
    make.ask()
    assert jobs.send_due() == 0
    tomorrow = clock.now() + timedelta(days=1)
    with clock.frozen(tomorrow.replace(hour=12, minute=29)):
        assert services.queue_daily() == 0
        clock.forward(timedelta(minutes=1))
        assert services.queue_daily() == 1 and jobs.send_due() == 1


@pytest.mark.parametrize(("where", "hour"), [("Asia/Tokyo", 22), ("America/Bogota", 12)])
def test_the_morning_is_the_organisations(
    house: House, sent: list[Any], monkeypatch: pytest.MonkeyPatch, where: str, hour: int
) -> None:
    for module in (services, jobs):
        monkeypatch.setattr(module, "zone", lambda: ZoneInfo(where))
    with clock.frozen(datetime(2026, 3, 3, 3, tzinfo=UTC)):
        with house.ines.request() as actor:
            services.set_route(actor, channel="mail", address=ADDRESS, hours="06:00-09:00")
        came = []
        for _ in range(3 * 24):
            clock.forward(timedelta(hours=1))
            if services.queue_daily():
                came.append(clock.now().hour)
            assert jobs.send_due() == (clock.now().hour == hour)
        assert came == [hour] * 3


def test_nothing_comes_outside_somebodys_good_hours(
    house: House, sent: list[tuple[str, str, str]]
) -> None:
    with house.ines.request() as actor:
        services.set_route(actor, channel="mail", address=ADDRESS, hours="08:00 - 20:00")
    with clock.frozen(clock.now().replace(hour=21, minute=2, second=30)):
        make.ask()
        for _ in range(11 * 60):
            assert jobs.send_due() == 0
            clock.forward(timedelta(minutes=1))
        for _ in range(6):
            jobs.send_due()
            clock.forward(timedelta(minutes=1))
        assert len(sent) == 1


def test_a_new_address_gets_what_waited_for_the_old_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def some(_: str, address: str, __: str) -> None:
        if address == ADDRESS:
            raise OSError
        taken.append(address)

    monkeypatch.setattr(channels, "send", some)
    route(house.ines)
    make.ask()
    assert jobs.send_due() == 0
    route(house.ines, address="new@example.org")
    assert jobs.send_due() == 1 and taken == ["new@example.org"]
    assert Route.objects.count() == 1


def test_a_new_address_brings_no_second_daily_notice(
    house: House, sent: list[tuple[str, str, str]]
) -> None:
    route(house.ines)
    with clock.frozen((clock.now() + timedelta(days=1)).replace(hour=9)):
        route(house.ines, address="new@example.org")
        assert services.queue_daily() == 1  # and misses none
        route(house.ines, address="newer@example.org")
        assert services.queue_daily() == 0


def test_a_word_a_taking_back_and_an_override_are_announced(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amparo.casework import handlers
    from amparo.consent import services as consent

    told: list[ids.Id] = []
    monkeypatch.setattr(handlers.messages, "queue_notices", lambda _, event: told.append(event))
    amina = make.ask()
    with amina.request() as actor:
        thread.write(actor, once=ids.new(), text="again")
    make.open_case(house.ines, amina.case)
    with house.ines.request() as ines:
        consent.override(
            ines, amina.case, compartment="narrative", grantee=house.ruth.id, reason="danger"
        )
    assert len(set(told)) == 3
    # Whether somebody is free to speak is the engine's to hear, not the request's.
    assert set(Announcement.objects.values_list("event", flat=True)) == {"alerts.Said"}


def test_a_call_is_taken_in_although_nobody_can_be_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(services, "queue_notices", broken)
        amina = make.ask("help")
    assert make.texts(house.ines, amina.case, "correspondence") == ["help"]
    assert Announcement.objects.count() == 1
    route(house.ines)
    clock.forward(timedelta(minutes=1))
    assert events.deliver_due() == 1 and Outgoing.objects.count() == 1


def test_what_is_not_taken_is_tried_later_and_in_the_end_shown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("desk@example.org is not known here")

    monkeypatch.setattr(channels, "send", refuse)
    route(house.ines)
    with clock.frozen():
        make.ask()
        assert jobs.send_due() == 0
        (row,) = Outgoing.objects.all()
        assert row.tries == 1 and row.due_at == clock.now() + rules.retry_after(0)
        for _ in range(20):
            clock.forward(timedelta(minutes=15))
            jobs.send_due()
        assert Outgoing.objects.get().tries == rules.TRIES
        assert jobs.undeliverable() == 1
        make.ask()  # one more try for one more reason, and no flood of tries
        assert jobs.undeliverable() == 0
        assert jobs.send_due() == 0 and jobs.undeliverable() == 1


def test_one_that_fails_holds_up_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def some(channel: str, address: str, idem: str) -> None:
        if address.startswith("ines"):
            raise OSError
        taken.append(address)

    monkeypatch.setattr(channels, "send", some)
    for officer in (house.ines, house.tomas):
        route(officer, address=f"{officer.name}@example.org")
    make.ask()
    assert jobs.send_due() == 1 and taken == ["tomas@example.org"]


def test_nothing_is_sent_while_locked_down(house: House, sent: list[tuple[str, str, str]]) -> None:
    route(house.ines)
    make.ask()
    server.destroy()
    assert jobs.send_due() == 0 and sent == []
    assert Outgoing.objects.get().tries == 0  # nobody tried in vain
    server.renew()
    assert jobs.send_due() == 0  # the old address opens for nobody
    house.ines.sign_in()
    clock.forward(timedelta(minutes=1))
    assert jobs.send_due() == 1 and [address for _, address, _ in sent] == [ADDRESS]


# --- what a mail looks like ----------------------------------------------------------------------
def test_all_mails_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    mails: list[EmailMessage] = []

    class Server:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def __enter__(self) -> "Server":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def starttls(self) -> None:
            mails.append(EmailMessage())  # before anything else

        def login(self, *_: object) -> None:
            pass

        def send_message(self, mail: EmailMessage) -> None:
            mails[-1] = mail

    settings = dataclasses.replace(config(), smtp_host="mail.example.org")
    monkeypatch.setattr(channels.mail, "config", lambda: settings)
    monkeypatch.setattr(smtplib, "SMTP", Server)
    first, second = ids.new(), ids.new()
    for idem in (first, first, second):
        channels.send("mail", ADDRESS, idem.hex)
    assert len(mails) == 3
    assert {(mail["Subject"], mail.get_content().strip()) for mail in mails} == {
        (rules.SUBJECT, rules.TEXT)
    }
    seen = [mail["Message-ID"] for mail in mails]
    assert seen[0] == seen[1] != seen[2]
    assert {key for mail in mails for key in mail} == {
        "From", "To", "Subject", "Message-ID", "Content-Type", "Content-Transfer-Encoding",
        "MIME-Version",
    }  # fmt: skip


def test_the_console_shows_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    channels.send("console", ADDRESS, "x")
    channels.send("mail", ADDRESS, "x")  # without a mail server
    assert "example" not in capsys.readouterr().err
