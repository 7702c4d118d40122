"""Helpers are asked: with the person's yes, in waves, the first yes is taken, and how long it took."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connections

from amparo.alerts import asked
from amparo.alerts.models import CallOut, HelperSaid
from amparo.alerts.services import callouts
from amparo.alerts.services.callouts import Ask
from amparo.consent import links
from amparo.consent import services as consent
from amparo.consent.models import Disclosure
from amparo.foundation import clock, ids, journal
from amparo.foundation.errors import Invalid, NotFound, Refused
from amparo.messages import channels, ringing
from amparo.messages import services as messages
from amparo.messages.models import Trial
from amparo.messages.ways import Way
from amparo.people import keeping, services
from amparo.people.keeping import Draft
from tests import make
from tests.make import Defender, House

ASK = Ask("lawyer", "CO-ANT", "es", needed=1, minutes=15)
TEXT = "The book is here."


def helper(house: House, name: str, *, ready: bool = True, **more: object) -> ids.Id:
    """An entry that two vouch for and one has spoken with."""
    parts = {
        "kind": "person", "name": name, "services": ("lawyer",), "areas": ("CO",),
        "languages": ("es",), "ways": (Way("mail", f"{name}@example.org", text=TEXT),),
    } | more  # fmt: skip
    with house.ines.request() as ines:
        made = keeping.add(ines, Draft(**parts))  # type: ignore[arg-type]
        if ready:
            keeping.vouch(ines, made, version=1, how="x")
            keeping.verify(ines, made, version=2, how="x")
    if ready:
        with house.tomas.request() as tomas:
            keeping.vouch(tomas, made, version=3, how="x")
    return made


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was handed to the channels: (address, text)."""
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(channels, "reaches", lambda channel: True)
    monkeypatch.setattr(
        channels, "send", lambda channel, address, idem, *, text="": sent.append((address, text))
    )
    return sent


@pytest.fixture
def amina(house: House) -> Defender:
    made = make.ask("They took my brother.")
    make.take(house.ines, made.case)
    return made


def yes(house: House, amina: Defender, ask: Ask = ASK, entry: ids.Id | None = None) -> None:
    with house.ines.request() as ines:
        callouts.agree(ines, amina.case, ask, how="oral", label="Helpers", entry=entry)


def begin(house: House, amina: Defender, *chosen: ids.Id, ask: Ask = ASK) -> ids.Id:
    with house.ines.request() as ines:
        return callouts.begin(ines, amina.case, ask, chosen=chosen, once=ids.new())


def told(post: list[tuple[str, str]]) -> dict[str, str]:
    """Address -> token of its one-time path, of what was sent since the last look."""
    with journal.unit():
        callouts.move_due()
        ringing.send_due()
    found = {address: text for address, text in post if "/r/" in text}
    post.clear()
    return {one: re.search(r"/r/([\w-]+)", text)[1] for one, text in found.items()}  # type: ignore[index]


def say(token: str, answer: str, within: int = 30) -> str:
    with journal.unit():
        return callouts.reply(callouts.look(token).body, answer, within=within)


def test_the_first_yes_is_taken_and_a_later_one_hears_that_it_is_covered(house, amina, post):
    one, two = helper(house, "marta"), helper(house, "nuria")
    yes(house, amina)
    made = begin(house, amina, one, two)
    links_ = told(post)
    assert set(links_) == {"marta@example.org", "nuria@example.org"}
    with journal.unit():
        shown = callouts.look(links_["marta@example.org"])
    assert (shown.service, shown.area, shown.state) == ("lawyer", "CO-ANT", "open")
    assert CallOut.objects.get().taken == 0  # looking is no answer
    clock.forward(timedelta(minutes=4))
    assert say(links_["nuria@example.org"], "yes") == "taken"
    assert say(links_["nuria@example.org"], "yes") == "taken"  # tapped twice is said once
    assert say(links_["marta@example.org"], "yes") == "covered"
    row = CallOut.objects.get()
    assert (row.state, row.taken, row.due_at) == ("covered", 1, None)
    with house.ruth.request() as ruth:
        view = asked.callout(ruth, made)
        (usual,) = asked.usual(ruth)
    assert {one.more["label"] for one in view.happened if one.what == "answer"} == {
        "marta",
        "nuria",
    }
    assert (usual.service, usual.count) == ("lawyer", 2) and usual.time >= timedelta(minutes=4)


def test_nobody_is_asked_without_the_persons_yes_and_no_later_than_they_take_it_back(
    house, amina, post
):
    one, two = helper(house, "marta"), helper(house, "nuria")
    with pytest.raises(Refused):
        begin(house, amina, one)
    assert not CallOut.objects.exists() and not post
    yes(house, amina)
    with house.ines.request() as ines:
        everybody = [helper_.id for helper_ in callouts.choice(ines, amina.case, ASK).fit]
    assert set(everybody) == {one, two}
    begin(house, amina, one)
    assert set(told(post)) == {"marta@example.org"}
    with house.ines.request() as ines:
        consent.take_back(
            ines, amina.case, recipient=keeping.helpers(ines), label="Helpers", purpose="legal",
            compartment="cover",
        )  # fmt: skip
    clock.forward(timedelta(minutes=16))
    assert told(post) == {}  # Nuria, of the next wave, is not asked any more
    assert CallOut.objects.get().due_at is None
    assert Disclosure.objects.count() == 1


def test_an_authority_is_never_asked_without_this_persons_yes_to_it_for_this_case(
    house, amina, post
):
    police = helper(house, "police", kind="authority")
    yes(house, amina)  # to helpers: it says nothing of authorities
    with house.ines.request() as ines:
        found = callouts.choice(ines, amina.case, ASK)
        assert found.fit == [] and [one.id for one in found.authorities] == [police]
    with pytest.raises(Invalid):
        begin(house, amina, police)
    other = make.ask("Another.")
    make.take(house.ines, other.case)
    with house.ines.request() as ines:
        callouts.agree(ines, other.case, ASK, how="oral", label="The police", entry=police)
    with pytest.raises(Invalid):
        begin(house, amina, police)  # a yes for another case is none for this one
    yes(house, amina, entry=police)
    begin(house, amina, police)
    assert set(told(post)) == {"police@example.org"}


def test_when_nobody_comes_the_next_are_asked_then_farther_ones_then_the_desk(house, amina, post):
    with house.ines.request() as ines:
        messages.set_route(ines, channel="mail", address="ines@example.org")
    near = [helper(house, f"near{n}") for n in range(4)]
    helper(house, "far", areas=("CO-AMA",))
    helper(house, "tongue", languages=("qu",))
    yes(house, amina)
    begin(house, amina, *near)
    first = told(post)
    assert len(first) == 3
    for token in first.values():
        say(token, "later")
    second = told(post)  # all of them said no: nobody waits for the quarter of an hour
    assert len(second) == 1 and not set(first) & set(second)
    clock.forward(timedelta(minutes=14))
    assert told(post) == {}
    clock.forward(timedelta(minutes=2))
    assert set(told(post)) == {"far@example.org", "tongue@example.org"}
    clock.forward(timedelta(minutes=16))
    with journal.unit():
        callouts.move_due()
        ringing.send_due()
    assert [address for address, _ in post] == ["ines@example.org"]
    row = CallOut.objects.get()
    assert row.state == "open" and row.due_at is None
    assert say(next(iter(first.values())), "yes") == "taken"  # late, and nobody else has come


def test_who_is_stale_shut_or_trusted_by_one_alone_is_not_among_those_to_ask(house, amina, post):
    helper(house, "unknown", ready=False)
    helper(house, "night", ways=(Way("mail", "night@example.org", _not_now(), TEXT),))
    helper(house, "voice", ways=(Way("call", "+573001234567"),))
    old = helper(house, "old")
    clock.forward(timedelta(days=91))
    fresh = helper(house, "fresh")
    with house.ines.request() as ines:
        found = callouts.choice(ines, amina.case, ASK)
    assert [one.id for one in found.fit] == [fresh]
    with pytest.raises(Invalid):
        begin(house, amina, old)


def _not_now() -> str:
    hour = (clock.now().hour + 2) % 24
    return f"{hour:02}:00-{hour:02}:30"


def test_a_message_says_the_agreed_words_and_nothing_else(house, amina, post):
    one = helper(house, "marta")
    yes(house, amina)
    begin(house, amina, one)
    with journal.unit():
        ringing.send_due()
    ((_, text),) = [line for line in post if "/r/" in line[1]]
    assert re.fullmatch(rf"{re.escape(TEXT)} http://[^ ]+/r/[\w-]+", text)


def test_in_a_trial_nobody_outside_is_asked(house, amina, post):
    one = helper(house, "marta")
    yes(house, amina)
    Trial.objects.all().delete()
    with pytest.raises(Invalid):
        begin(house, amina, one)
    assert not CallOut.objects.exists() and not post


def test_of_many_yeses_at_once_no_more_are_taken_than_are_needed(house, amina, post):
    made = [helper(house, f"h{n}") for n in range(6)]
    ask = Ask("lawyer", "CO", "es", needed=3)
    yes(house, amina)
    begin(house, amina, *made, ask=ask)
    tokens, effects = list(told(post).values()), []

    def press(token: str) -> None:
        try:
            effects.append(say(token, "yes"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=[token]) for token in tokens]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(effects) == ["covered"] * 3 + ["taken"] * 3
    assert CallOut.objects.get().taken == 3


def test_somebody_who_cannot_after_all_gives_their_place_back(house, amina, post):
    one, two = helper(house, "marta"), helper(house, "nuria")
    ask = Ask("lawyer", "CO", "es", needed=2)
    yes(house, amina)
    begin(house, amina, one, two, ask=ask)
    tokens = told(post)
    assert say(tokens["marta@example.org"], "yes") == "taken"
    assert say(tokens["marta@example.org"], "no") == "noted"
    assert CallOut.objects.get().taken == 0


def test_the_only_one_who_said_yes_cannot_after_all_and_the_desk_hears_of_it(house, amina, post):
    one, two = helper(house, "marta"), helper(house, "nuria")
    with house.ines.request() as ines:
        messages.set_route(ines, channel="mail", address="ines@example.org")
    yes(house, amina)
    begin(house, amina, one, two)
    tokens = told(post)
    assert say(tokens["marta@example.org"], "yes") == "taken"
    assert say(tokens["nuria@example.org"], "yes") == "covered"
    told(post)
    assert say(tokens["marta@example.org"], "no") == "noted"
    with journal.unit():
        ringing.send_due()
    assert [address for address, _ in post] == ["ines@example.org"]
    row = CallOut.objects.get()
    assert (row.state, row.taken, row.due_at) == ("open", 0, None)
    assert say(tokens["nuria@example.org"], "yes") == "taken"  # who was asked may still come
    assert CallOut.objects.get().state == "covered"


def test_a_drill_asks_only_those_who_agreed_and_is_counted_apart(house, amina, post):
    helper(house, "marta")
    drills = helper(house, "nuria", exercise=True)
    ask = Ask("lawyer", "CO", "es", exercise=True)
    made = begin(house, amina, drills, ask=ask)
    tokens = told(post)
    assert set(tokens) == {"nuria@example.org"}
    with journal.unit():
        assert callouts.look(tokens["nuria@example.org"]).exercise
    say(tokens["nuria@example.org"], "yes")
    with house.ines.request() as ines:
        assert asked.usual(ines) == []
        assert [one.count for one in asked.usual(ines, exercise=True)] == [1]
        assert asked.callout(ines, made).row.mode == "exercise"
    assert not Disclosure.objects.exists()


def test_what_would_have_been_asked_is_destroyed_with_its_end(house, amina, post):
    one, two = helper(house, "marta"), helper(house, "nuria")
    yes(house, amina)
    made = begin(house, amina, one, two)
    tokens = told(post)
    with house.ines.request() as ines:
        version = asked.callout(ines, made).row.version
        callouts.stop(ines, made, version=version)
    assert bytes(CallOut.objects.get().run) == b""
    assert say(tokens["marta@example.org"], "yes") == "over"
    made = begin(house, amina, one, two)
    with house.ines.request() as ines:
        services.lockdown(ines)
    assert not CallOut.objects.exclude(run=b"").exists()


def test_only_those_on_duty_of_the_case_read_it_and_nothing_stands_in_clear(house, amina, post):
    one = helper(house, "marta")
    yes(house, amina)
    made = begin(house, amina, one)
    lawyer = house.hire("noor", "legal")
    with lawyer.request() as noor:
        for deed in (lambda: asked.callouts(noor), lambda: asked.callout(noor, made)):
            with pytest.raises((Refused, NotFound)):
                deed()
    clear = repr([row.__dict__ for alias in ("default", "keystore") for row in make.rows_of(alias)])
    for word in ("marta", "lawyer", "CO-ANT", TEXT):
        assert word not in clear
    with journal.unit(), pytest.raises(NotFound):
        links.look("A" * 22, callouts.LINK)
    with house.ines.request() as ines, pytest.raises(Invalid):
        callouts.begin(ines, amina.case, Ask("wizard"), chosen=[one], once=ids.new())
    assert HelperSaid.objects.exists()
