"""Words that contacts send back, and phrases that press: right ones act, wrong ones meet silence."""

import dataclasses
import json
import logging
import uuid
from datetime import timedelta

import pytest

from amparo.alerts import jobs, queries, replies, rules
from amparo.alerts.models import Alarm, Moment, Plan, Silence
from amparo.alerts.rules import DESK, Rung
from amparo.alerts.services import answering, keywords, plans, pressing
from amparo.alerts.services import replies as services
from amparo.alerts.services.keywords import Keyword
from amparo.alerts.services.plans import Draft, Person
from amparo.foundation import clock, config, ids, journal
from amparo.foundation.errors import Invalid, NotFound, Unavailable
from amparo.messages import channels, inbound, ringing
from amparo.messages import rules as messages
from amparo.messages.inbound import Heard
from amparo.messages.models import Number, Ringing
from amparo.people import services as people
from tests import make
from tests.rooms.messages import provider

SISTER, LAWYER, STRANGER, OWN = "+525512345678", "+525587654321", "+34600111222", "+525511112222"
TEXT, WORD, PHRASE = "Your order is ready.", "blue kettle", "the cake is for sunday"
PEOPLE = {
    "sister": Person("My sister", (("sms", SISTER),)),
    "lawyer": Person("Lawyer", (("sms", LAWYER),)),
}
LADDER = (Rung(0, (DESK, "sister")), Rung(5, ("lawyer",)), Rung(10, ("sister", "lawyer")))


@pytest.fixture(autouse=True)
def providers(house):
    provider.write(provider.two_way("https://sms.example/send"))
    services.forget()
    yield
    provider.unwrite()
    services.forget()


def draft(**changes) -> Draft:
    given = {"kind": "card", "rungs": LADDER, "people": PEOPLE, "text": TEXT, "word": WORD}
    return Draft(**(given | changes))


def arm(who, **changes) -> str:
    with who.request() as actor:
        return plans.arm(actor, who.case, draft(**changes)).token


def press(token: str) -> pressing.Pressed:
    with journal.unit():
        return pressing.press_card(token, once=ids.new())


def hears(sender: str, text: str, key: str = "") -> None:
    with journal.unit():
        services.heard(Heard(sender, text, key))


def alarm() -> Alarm:
    return Alarm.objects.get()


@pytest.fixture
def rung(phone, amina):
    """Somebody pressed, and her sister was told by a text message."""
    press(arm(amina))
    assert phone.take() == [SISTER]
    return amina


# --- which words count ---------------------------------------------------------------------------
@pytest.fixture
def read(monkeypatch):
    """The organisation has read these languages."""

    def mark(*languages: str) -> None:
        settings = config.config()
        monkeypatch.setattr(
            replies, "config", lambda: dataclasses.replace(settings, reviewed=languages)
        )

    return mark


def test_english_words_count_everywhere_and_a_draft_nowhere(read):
    read()
    assert replies.understood("Ack!") == replies.understood(" ok. ") == ("on it", "")
    assert replies.understood("NEXT") == ("escalate", "") and replies.understood("Stop") == (
        "stop",
        "",
    )
    assert replies.understood("voy") == ("", "") and replies.offered("es") == "OK/DONE/NEXT/STOP"
    read("es")
    assert replies.understood("¡VOY!") == ("on it", "")
    assert replies.offered("es").startswith("VOY/") and replies.offered("fr") == "OK/DONE/NEXT/STOP"
    assert replies.understood("ack") == ("on it", "")


def test_words_are_found_however_a_phone_writes_them(read):
    read("ar", "fr")
    assert replies.understood("\u200fحَسَنًا") == ("on it", "")
    assert replies.understood("لا استطيع") == ("escalate", "")  # without the hamza
    assert replies.understood("ARRETER") == ("stop", "")


@pytest.mark.parametrize(
    "text",
    ["ok but I cannot", "no", "who is this?", "", " ", "stop it please", "🙂", "ackk", "ok " * 400],
)
def test_more_than_a_word_is_no_word(text):
    assert replies.understood(text) == ("", "")


def test_safe_brings_its_word():
    for text in ("SAFE blue kettle", "safe: Blue  Kettle.", "done blue kettle"):
        said, word = replies.understood(text)
        assert said == "safe" and word.lower().split() == ["blue", "kettle"]
    assert replies.understood("safe") == ("safe", "")


def test_no_word_means_two_things_and_every_draft_says_so():
    known = replies.all_words()
    meant: dict[str, set[str]] = {}
    for table in known.values():
        for deed, words in table.items():
            for word in words:
                assert messages.plain(word)
                meant.setdefault(messages.plain(word), set()).add(deed)
    assert not [word for word, deeds in meant.items() if len(deeds) > 1]
    assert all(set(table) == {*rules.ANSWERS, "start"} for table in known.values())
    text = replies.FILE.read_text()
    assert text.count("\ndrafted = true") == len(known) - 1 and "[en]\ndrafted = false" in text


# --- what they do --------------------------------------------------------------------------------
def test_a_message_names_the_words_and_ack_holds_the_ladder_still(phone, rung):
    assert phone.last[-1][1].endswith(" OK/DONE/NEXT/STOP")
    hears(SISTER, "ACK")
    assert alarm().state == "answered"
    # One short text back, the agreed one with a path, and no more for a while.
    assert phone.take() == [SISTER] and phone.last[0][1].startswith(f"{TEXT} http")
    assert phone.wait(9) == []
    # Its sender can be forged, so it holds for ten minutes and no longer.
    assert phone.wait(2) == [SISTER, LAWYER]


def test_a_word_acts_at_the_step_at_which_its_sender_was_told(phone, rung):
    assert phone.wait(5) == [LAWYER]
    hears(SISTER, "ok")
    assert alarm().state == "open"  # late: nothing was stopped
    assert phone.take() == [SISTER]
    with journal.unit():
        seen = answering.open_link(phone.token(SISTER))
    assert seen.moved_on and seen.state == "open"
    hears(LAWYER, "next")
    assert phone.take() == [SISTER, LAWYER, LAWYER]  # told on, and one text back


def test_safe_wants_the_agreed_word(phone, rung):
    hears(SISTER, "SAFE")
    hears(SISTER, "safe green kettle")
    assert alarm().state == "open"
    assert phone.take() == [SISTER]  # the path to the page; twice the same is once
    hears(SISTER, "Safe Blue kettle!")
    assert alarm().state == "safe"
    assert phone.take() == [SISTER]  # the all-clear, and nothing beside it
    assert not Ringing.objects.exists() and not bytes(alarm().ladder)


def test_somebody_who_answers_after_the_end_is_told_for_some_minutes(phone, rung):
    phone.wait(5)
    hears(SISTER, f"safe {WORD}")
    assert phone.take() == [SISTER, LAWYER]
    hears(LAWYER, "ack")
    assert alarm().state == "safe"
    assert phone.take() == [LAWYER]
    with journal.unit():
        assert answering.open_link(phone.token(LAWYER)).state == "safe"
    clock.forward(timedelta(minutes=11))
    inbound.sweep()
    hears(LAWYER, "ack")
    assert phone.take() == [] and not Number.objects.exists()


def test_stop_silences_a_number_for_all_plans_of_that_person(phone, rung):
    hears(SISTER, "stop")
    assert phone.take() == []  # not even a text that says so
    assert phone.wait(10) == [LAWYER]
    with rung.request() as actor:
        (plan,) = queries.plans(actor, rung.case)
    assert "asked for silence" in {fault.what for fault in plan.faults}
    clock.forward(timedelta(minutes=30))
    hears(LAWYER, f"safe {WORD}")
    phone.take()
    press(arm(rung))
    assert phone.take() == [LAWYER]  # nobody of the first rung can be told: it falls through
    assert Silence.objects.count() == 1
    hears(SISTER, "START")
    assert not Silence.objects.exists()


def heard_by_the_desk(house) -> list[tuple[str, str, bool]]:
    with house.ines.request() as ines:
        happened = queries.alarm(ines, alarm().id).happened
    return [
        (one.more["label"], one.more["effect"], one.more["message"])
        for one in happened
        if one.what == "answer" and one.more["answer"] == "stop"
    ]


def test_a_stop_after_the_end_is_read_at_the_desk(phone, rung, house):
    """It lasts into later alarms, and whoever knows the number can have sent it."""
    hears(SISTER, f"safe {WORD}")
    assert phone.take() == [SISTER] and heard_by_the_desk(house) == []
    hears(SISTER, "stop")
    assert heard_by_the_desk(house) == [("My sister", "silent", True)]
    assert Silence.objects.count() == 1 and alarm().state == "safe"


def test_a_stop_after_a_try_is_read_at_the_desk(phone, amina, house):
    with journal.unit():
        pressing.press_card(arm(amina), once=ids.new(), practice=True)
    phone.wait(31)
    assert alarm().state == "closed"
    hears(LAWYER, "stop")
    assert heard_by_the_desk(house) == [("Lawyer", "silent", True)]
    assert Silence.objects.count() == 1


def test_of_two_people_the_newer_alarm_is_meant(phone, rung):
    badra = make.ask()
    clock.forward(timedelta(seconds=3))
    press(arm(badra))
    phone.take()
    hears(SISTER, "ok")
    assert Alarm.objects.get(case=badra.case).state == "answered"
    assert Alarm.objects.get(case=rung.case).state == "open"
    hears(SISTER, f"safe {WORD}")  # hers is over: from now on the older one is meant
    hears(SISTER, "ok")
    assert Alarm.objects.get(case=rung.case).state == "answered"


def test_a_try_is_answered_too_and_changes_nothing(phone, amina):
    with journal.unit():
        pressing.press_card(arm(amina), once=ids.new(), practice=True)
    phone.take()
    hears(LAWYER, "ok")
    assert alarm().mode == "exercise" and alarm().state == "open"
    assert Moment.objects.count() == 3


def test_what_is_no_word_brings_the_words_and_seldom(phone, rung):
    for _ in range(20):
        hears(SISTER, "who is this??")
    assert phone.take() == [SISTER] and phone.last[0][1].endswith("OK/DONE/NEXT/STOP")
    assert alarm().state == "open"


def test_a_flood_from_a_known_number_writes_little(phone, rung):
    for _ in range(200):
        hears(SISTER, "ack")
    assert Moment.objects.count() < 20
    clock.forward(timedelta(minutes=5))
    hears(SISTER, f"safe {WORD}")
    assert alarm().state == "safe"


def test_junk_in_a_contacts_name_keeps_no_agreed_word_out(phone, rung):
    for _ in range(300):
        hears(SISTER, "who is this??")
    for n in range(100):
        hears(SISTER, f"safe {n} kettles")
    assert Moment.objects.count() < 20 and alarm().state == "open"
    hears(SISTER, f"safe {WORD}")
    assert alarm().state == "safe"


def test_the_word_of_whoever_is_forced_is_kept_out_by_no_junk_either(phone, amina):
    press(arm(amina, forced="red kettle"))
    phone.take()
    for _ in range(50):
        hears(SISTER, "who is this??")
    hears(SISTER, "safe red kettle")
    assert Alarm.objects.filter(case=amina.case, state="safe").count() == 1


def test_an_agreed_word_cannot_be_tried_without_end(phone, rung):
    for n in range(300):
        hears(SISTER, f"safe {n} kettles")
    hears(SISTER, f"safe {WORD}")
    assert alarm().state == "open"


def test_a_stranger_hears_nothing_and_is_counted(phone, rung):
    for text in ("ack", "stop", f"safe {WORD}", "hello", "start"):
        hears(STRANGER, text)
    hears("", "ack")
    assert phone.take() == [] and alarm().state == "open"
    assert inbound.strangers() >= 1 and not Silence.objects.exists()


# --- one call that brings many -------------------------------------------------------------------
def call(body: bytes) -> None:
    with journal.unit():
        services.receive(provider.SECRET, {}, body)


def test_what_fails_in_a_list_keeps_nothing_back_and_brings_nothing_twice(phone, rung, monkeypatch):
    provider.write(provider.two_way("https://sms.example/send", more="each = 'results'"))
    phone.wait(5)
    broken = [OSError("the database is busy")]

    def reported(*_, **__) -> bool:
        if broken:
            raise broken.pop()
        return True

    monkeypatch.setattr(ringing, "reported", reported)
    told = [
        {"from": LAWYER, "text": "ack"},
        {"id": "7", "status": "delivered"},
        {"from": SISTER, "text": "ack"},
    ]
    body = json.dumps({"results": told}).encode()
    before = Moment.objects.count()
    with pytest.raises(OSError):
        call(body)
    assert Moment.objects.count() == before + 2  # both were heard
    call(body)  # as its provider does, because it had no answer
    assert not broken and Moment.objects.count() == before + 2
    call(body)  # and once more in earnest
    assert Moment.objects.count() == before + 4


def test_a_receipt_that_is_quicker_than_its_sender_is_wanted_once_more(phone, amina, monkeypatch):
    press(arm(amina))
    (claim,) = ringing.claim(1)
    with pytest.raises(Unavailable):
        call(b"id=7&status=delivered")
    monkeypatch.setattr(channels, "send", lambda *_, **__: "one 7")
    ringing.send(claim)
    assert Ringing.objects.exists()
    call(b"id=7&status=delivered")
    assert not Ringing.objects.exists()
    call(b"id=7&status=delivered")  # nothing is being sent: it is none of ours


def test_no_number_and_no_text_is_logged(phone, rung, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    for sender in (SISTER, STRANGER):
        for text in ("ack", "green horse"):
            hears(sender, text)
    said = capsys.readouterr()
    for line in (said.out, said.err, caplog.text):
        assert sender[1:] not in line and SISTER[1:] not in line and "horse" not in line


# --- phrases that press --------------------------------------------------------------------------
def choose(who, **changes) -> None:
    given = {"phrase": PHRASE, "numbers": (OWN,)} | changes
    with who.request() as actor:
        keywords.arm(actor, who.case, Keyword(**given))


def test_a_phrase_from_ones_own_number_presses_once(phone, amina):
    arm(amina)
    choose(amina)
    for key in ("one 1", "one 1", "one 2"):
        hears(OWN, " The CAKE is for Sunday. ", key)
    assert phone.take() == [SISTER]
    assert Alarm.objects.count() == 1
    hears(SISTER, f"safe {WORD}")
    hears(OWN, PHRASE, "one 1")  # the provider tries once more, much later
    assert Alarm.objects.count() == 1 and alarm().state == "safe"
    hears(OWN, PHRASE, "one 3")
    assert Alarm.objects.count() == 2


def test_it_is_the_same_alarm_as_the_cards(phone, amina):
    token = arm(amina)
    choose(amina)
    press(token)
    hears(OWN, PHRASE)
    assert Alarm.objects.count() == 1
    with journal.unit():
        assert pressing.look(token, press=ids.new()).state == "open"


def test_from_another_number_or_with_another_word_there_is_silence(phone, amina):
    arm(amina)
    choose(amina)
    for sender, text in [
        (STRANGER, PHRASE),
        (OWN, "the cake is for monday"),
        ("", PHRASE),
        (OWN, "cake"),
    ]:
        hears(sender, text)
    assert not Alarm.objects.exists() and phone.take() == []


def test_from_any_number_if_that_was_chosen(phone, amina):
    arm(amina)
    choose(amina, anybody=True, numbers=(), answer=True)
    hears(STRANGER, PHRASE)
    assert phone.take() == [STRANGER, SISTER]
    # The answer is the plan's own words, and nothing else.
    assert dict(phone.last)[STRANGER] == TEXT


def test_nothing_comes_back_unless_that_was_chosen(phone, amina):
    arm(amina)
    choose(amina)
    hears(OWN, PHRASE)
    assert phone.take() == [SISTER]


def test_a_flood_of_strangers_locks_nobody_out(phone, amina, house):
    arm(amina)
    choose(amina)
    badra = make.ask()
    arm(badra)
    choose(badra, phrase="my three grey cats", anybody=True, numbers=())
    for n in range(300):
        hears(f"+34600{n:06}", f"my three grey dogs {n}")
    hears(OWN, PHRASE)  # one's own number is not asked to wait
    assert phone.take() == [SISTER]
    hears(STRANGER, "my three grey cats")
    held = Alarm.objects.get(case=badra.case)
    assert held.state == "open" and phone.take() == []
    assert timedelta() < held.due_at - clock.now() <= rules.HELD_BACK
    with house.ines.request() as ines:
        view = queries.alarm(ines, held.id)
    assert "held back" in {one.what for one in view.happened}  # the desk sees it now
    assert SISTER in phone.wait(3.1)  # and everybody else soon


def test_a_changed_plan_is_what_a_phrase_presses(phone, amina):
    arm(amina)
    choose(amina)
    arm(amina, people=PEOPLE | {"sister": Person("My sister", (("sms", "+525500009999"),))})
    hears(OWN, PHRASE)
    assert phone.take() == ["+525500009999"]


def test_without_the_plan_or_after_its_end_a_phrase_is_nothing(phone, amina):
    with amina.request() as actor, pytest.raises(Invalid):
        keywords.arm(actor, amina.case, Keyword(PHRASE, (OWN,)))
    arm(amina)
    choose(amina)
    with amina.request() as actor:
        assert keywords.armed(actor, amina.case) == Keyword(PHRASE, (OWN,))
        keywords.disarm(actor, amina.case)
        with pytest.raises(NotFound):
            keywords.disarm(actor, amina.case)
    choose(amina)
    with amina.request() as actor:
        (hand,) = [one for one in queries.plans(actor, amina.case) if one.kind == "card"]
        plans.disarm(actor, amina.case, hand.id)
    hears(OWN, PHRASE)
    assert not Plan.objects.exists() and not Alarm.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"phrase": "cake"}, "phrase"),
        ({"phrase": "the cake", "anybody": True}, "phrase"),
        ({"phrase": "safe now"}, "phrase"),
        ({"phrase": "I am on it"}, "phrase"),
        ({"phrase": "no puedo"}, "phrase"),
        ({"phrase": "a " * 40}, "phrase"),
        ({"numbers": ()}, "numbers"),
        ({"numbers": ("5512",)}, "numbers"),
        ({"numbers": (OWN, SISTER, LAWYER)}, "numbers"),
    ],
)
def test_what_would_not_press_is_named(amina, phone, changes, field):
    arm(amina)
    with pytest.raises(Invalid) as wrong:
        choose(amina, **changes)
    assert set(wrong.value.fields) == {field}


def test_a_lockdown_puts_it_out_and_says_so(phone, amina, house):
    arm(amina)
    choose(amina)
    with house.ines.request() as ines:
        people.lockdown(ines)
    with journal.unit():
        people.lift_lockdown()
    jobs.climb_due()
    plans.destroy_armed()
    hears(OWN, PHRASE)
    assert not Alarm.objects.exists()
    with amina.request() as actor:
        found = keywords.armed(actor, amina.case)
    assert found is not None and not found.on


def test_nothing_of_a_phrase_or_number_can_be_read_without_the_duty_key(phone, amina):
    arm(amina)
    choose(amina)
    kept = b"\0".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for table in make.tables()
        for row in table.objects.all()
        for value in row.__dict__.values()
    )
    assert b"cake" not in kept and OWN[1:].encode() not in kept and SISTER[1:].encode() not in kept


def test_providers_that_lie_about_delivery_do_not_stop_a_ladder(phone, rung):
    """Whatever was reported as delivered: only an answer keeps a ladder still."""
    Ringing.objects.all().delete()
    assert phone.wait(5) == [LAWYER]
    assert ringing.standing().unreported == 0


def test_which_message_pressed_is_found_by_the_duty_key_alone(phone, amina):
    """The provider knows a message's id and its sender; whoever has that and the tables must not find
    the sender's case. The same message twice is one press, the same id on another day is another."""
    arm(amina)
    choose(amina)
    hears(OWN, PHRASE, "sms 17")
    hears(OWN, PHRASE, "sms 17")
    row = alarm()
    assert row.press != uuid.uuid5(row.case, "sms 17") and row.press.version == 4
    Alarm.objects.update(state="safe", due_at=None)
    hears(OWN, PHRASE, "sms 17")
    assert Alarm.objects.count() == 1
    clock.forward(timedelta(days=1))
    hears(OWN, PHRASE, "sms 17")
    assert Alarm.objects.filter(state="open").count() == 1


def test_a_number_that_a_gateway_counts_again_on_the_same_day_presses(phone, amina):
    """Within the hour it is the same message once more, however the alarm ended; later another."""
    arm(amina)
    choose(amina)
    hears(OWN, PHRASE, "sms 1")
    Alarm.objects.update(state="back", due_at=None)
    clock.forward(timedelta(minutes=59))
    hears(OWN, PHRASE, "sms 1")
    assert Alarm.objects.count() == 1
    clock.forward(timedelta(minutes=62))
    hears(OWN, PHRASE, "sms 1")
    assert Alarm.objects.filter(state="open").count() == 1
