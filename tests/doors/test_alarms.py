"""Pressing and answering without an account, and the desk that sees it: what each page refuses."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from amparo.alerts.models import Alarm
from amparo.foundation import clock, ids
from amparo.messages import services as messages
from amparo.people import services as people
from tests.doors.alarm_house import SISTER, Phone, Tab, arm, token_of, view
from tests.doors.desk_house import Busy, client, text


def alarm_path() -> str:
    return f"/desk/alarms/{Alarm.objects.get().id}"


# --- pressing ------------------------------------------------------------------------------------
def test_looking_at_a_card_presses_nothing_and_tells_nothing(made: Busy) -> None:
    good, wrong = Tab(arm(made)), Tab("/p/" + "A" * 22)
    hide = re.compile(r'name="token" value="[^"]*"|/[pk]/[\w-]+')
    assert good.status == wrong.status == 200
    assert hide.sub("", good.page) == hide.sub("", wrong.page)
    assert not Alarm.objects.exists()


def test_a_press_says_what_happens_and_how_it_stands(made: Busy, phone: Phone) -> None:
    tab = Tab(arm(made))
    page = tab.send(do="press")
    assert tab.status == 200 and "It is on its way" in page and "You can close this page." in page
    assert re.search(r"It is <time[^>]*><bdi>\d\d:\d\d UTC", page)
    assert "It is on its way" in tab.send(do="look")
    assert phone.rings() == [SISTER]
    assert "Sent, and sealed." in tab.send(do="where", where="Behind the bakery")
    assert "Behind the bakery" in text(client(made.house.ines), alarm_path())


@pytest.mark.parametrize("token", ["", "x", "old"])
def test_a_page_that_lay_open_for_days_still_presses_and_once(made: Busy, token: str) -> None:
    tab = Tab(arm(made))
    if token == "old":
        token = token_of(tab.page)
        clock.forward(timedelta(days=3))
    for _ in range(2):
        assert "It is on its way" in tab.send(token, do="press")
    assert Alarm.objects.count() == 1


def test_sending_the_same_press_again_is_the_same_press(made: Busy) -> None:
    tab = Tab(arm(made))
    once = token_of(tab.page)
    for _ in range(3):
        assert "It is on its way" in tab.send(once, do="press")
    # A browser may send a page of its history again, long after it was over.
    assert "Taken back" in tab.send(do="back")
    assert "Taken back" in tab.send(once, do="press")
    assert Alarm.objects.count() == 1


def test_a_mistake_is_taken_back_for_half_a_minute_only(made: Busy, phone: Phone) -> None:
    tab = Tab(arm(made))
    assert 'value="back"' in tab.send(do="press")
    # "Go" on a keyboard presses the first button of the form one writes in.
    form = next(one for one in re.findall("<form.*?</form>", tab.page, re.S) if "where" in one)
    assert re.findall('<button[^>]*value="(\\w+)"', form) == ["where"]
    late = Tab(tab.path)
    assert "Taken back" in tab.send(do="back")
    late.send(do="press")
    clock.forward(timedelta(seconds=31))
    assert 'value="back"' not in late.send(do="look")
    page = late.send(do="back")
    assert late.status == 409 and "It is too late to take it back here." in page


def test_a_try_is_called_a_try(made: Busy, phone: Phone) -> None:
    tab = Tab(arm(made))
    page = tab.send(do="try")
    assert "The try is on its way" in page and 'name="where"' not in page
    phone.rings()
    page = Tab(phone.path()).send()
    assert "This is only a try" in page and "needs help now" not in page


def test_a_wrong_a_replaced_and_another_wrong_address_get_the_same_page(made: Busy) -> None:
    old = arm(made)
    arm(made)
    hide = re.compile(r'name="token" value="[^"]*"')
    pages = set()
    for path in (old, "/p/" + "A" * 22, "/p/x"):
        for deed in ("press", "try", "look", "back", "where"):
            tab = Tab(path)
            pages.add(hide.sub("", tab.send(do=deed, where="x")))
            assert tab.status == 404
    page = pages.pop()
    assert not pages and "Nothing was sent" in page
    # What to do instead, in words that say nothing to whoever looks on.
    assert "not in use any more" in page and 'href="/new"' in page
    for path in ("/a/" + "A" * 22, "/l/" + "A" * 22):
        tab = Tab(path)
        pages.add(hide.sub("", tab.send(do="press")))
        assert tab.status == 404
    assert len(pages) == 1 and "Nothing was sent" in pages.pop()
    assert not Alarm.objects.exists()


def test_after_a_lockdown_the_page_says_that_it_rests(made: Busy) -> None:
    tab = Tab(arm(made))
    with made.house.ines.request() as actor:
        people.lockdown(actor)
    page = tab.send(do="press")
    assert tab.status == 503 and "go to a person or a place you trust" in page


def test_pressing_from_another_site_is_refused(made: Busy) -> None:
    answer = Client().post(arm(made), {"do": "press"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403 and not Alarm.objects.exists()


# --- answering -----------------------------------------------------------------------------------
def pressed(made: Busy, phone: Phone) -> Tab:
    """Somebody has pressed and the first message went out; the page of the one who pressed."""
    tab = Tab(arm(made))
    tab.send(do="press")
    phone.rings()
    return tab


def test_opening_a_link_shows_nothing_before_its_button(made: Busy, phone: Phone) -> None:
    pressed(made, phone)
    tab = Tab(phone.path())
    assert "Reem" not in tab.page and "help" not in tab.page.lower()
    assert "Reem</bdi> needs help now" in tab.send()
    # A second tap, a second device: it is no closed door.
    assert "Reem</bdi> needs help now" in Tab(phone.path()).send()


def test_somebody_on_it_reads_what_follows(made: Busy, phone: Phone) -> None:
    who = pressed(made, phone)
    tab = Tab(phone.path())
    tab.send()
    page = tab.send(answer="on it")
    assert "left in peace for half an hour" in page and 'value="on it"' not in page
    assert "Somebody is on it" in who.send(do="look")
    page = tab.send(answer="safe")
    assert tab.status == 422 and "Write the agreed word" in page and 'name="word"' in page
    page = tab.send(answer="safe", word=" Blue kettle")
    assert "Everybody who was told hears that it is over." in page and "It is over" in page
    assert "It is over" in who.send(do="look")


def test_a_late_answer_is_told_what_happened_and_then_counts(made: Busy, phone: Phone) -> None:
    pressed(made, phone)
    tab = Tab(phone.path())
    tab.send()
    clock.forward(timedelta(minutes=5))
    phone.rings()
    page = tab.send(answer="on it")
    assert "After you, others were told too. Nothing was stopped." in page
    assert "I am on it all the same" in page and Alarm.objects.get().state == "open"
    assert "left in peace" in tab.send(answer="on it")
    assert Alarm.objects.get().state == "answered"


def test_the_other_answers(made: Busy, phone: Phone) -> None:
    pressed(made, phone)
    tab = Tab(phone.path())
    tab.send()
    assert "The next ones are told now." in tab.send(answer="escalate")
    assert "You are told nothing more of this." in tab.send(answer="stop")
    assert tab.send(answer="nonsense") and tab.status == 200
    assert Alarm.objects.get().state == "open"


def test_typing_a_word_and_go_says_safe_and_nothing_else(made: Busy, phone: Phone) -> None:
    pressed(made, phone)
    tab = Tab(phone.path())
    page = tab.send()
    form = next(one for one in re.findall("<form.*?</form>", page, re.S) if 'name="word"' in one)
    assert re.findall('<button[^>]*value="([^"]+)"', form)[0] == "safe"


def test_every_page_is_light(made: Busy, phone: Phone) -> None:
    tab = Tab(arm(made))
    pages = [tab.page, tab.send(do="press")]
    phone.rings()
    tab = Tab(phone.path())
    pages += [tab.page, tab.send(), tab.send(answer="safe")]
    for page in pages:
        assert len(page.encode()) <= 20_000
        assert len(re.findall(r"<(?:link[^>]* href=\"/|img|script|iframe)", page)) <= 2


# --- the desk ------------------------------------------------------------------------------------
def test_nothing_rings(ines: Client) -> None:
    page = text(ines, "/desk/alarms")
    assert "Nothing rings." in page and "alarm rings" not in page


def test_an_alarm_stands_on_every_page_of_the_desk(made: Busy, ines: Client, phone: Phone) -> None:
    pressed(made, phone)
    for path in ("/desk/queue", "/desk/settings", f"/desk/c/{made.other.case}", "/desk/alarms/now"):
        assert "1 alarm rings, and nobody has answered." in text(ines, path)
    tab = Tab(phone.path())
    tab.send()
    tab.send(answer="on it")
    assert "alarm rings" not in text(ines, "/desk/queue")
    assert "Somebody is on it" in text(ines, "/desk/alarms")


def test_a_page_whose_session_is_over_does_not_look_as_if_nothing_rang() -> None:
    answer = Client().get("/desk/alarms/now", headers={"HX-Request": "true"})
    assert "You are signed out." in answer.content.decode()
    assert Client().get("/desk/alarms/now").status_code == 302


def test_the_banner_keeps_no_session_alive(made: Busy, ines: Client) -> None:
    for _ in range(4):
        clock.forward(timedelta(minutes=5))
        ines.get("/desk/alarms/now", headers={"HX-Request": "true"})
    answer = ines.get("/desk/alarms/now", headers={"HX-Request": "true"})
    assert "You are signed out." in answer.content.decode()


def test_one_alarm_says_who_is_told_when_and_by_which_address(
    made: Busy, ines: Client, phone: Phone
) -> None:
    with made.house.ines.request() as actor:
        messages.set_route(actor, channel="mail", address="ines@example.org")
    pressed(made, phone)
    name = re.search(r'<h3><a href="(/desk/alarms/[^"]+)">', text(ines, "/desk/alarms"))
    assert name is not None
    page = text(ines, name[1])
    for words in (
        "Nobody has answered",
        "The next ones are told at",
        'href="tel:+525512345678"',
        SISTER,
        "after 5 min",
        "was told, has not answered",
        "not told yet",
        "Pressed on their own page",
        "Told: those on duty and My sister",
        "Their contacts know them as <bdi>Reem</bdi>",
        "blue kettle",
        "No calls. The phone is shared.",
    ):
        assert words in page, words


def test_an_officer_takes_it_tells_the_next_and_closes(
    made: Busy, ines: Client, phone: Phone
) -> None:
    pressed(made, phone)
    path = alarm_path()
    version = str(view(made).row.version)
    assert ines.get(f"{path}/take").status_code == 405
    done = ines.post(f"{path}/take", {"version": version})
    assert done.headers["Location"] == f"{path}?done=alarm-take"
    assert "You are on it." in text(ines, done.headers["Location"])
    # Somebody else was looking at the page of before.
    late = client(made.house.tomas).post(f"{path}/take", {"version": version})
    assert late.status_code == 409
    assert "Inés M. was quicker and is on it." in late.content.decode()
    version = str(view(made).row.version)
    assert ines.post(f"{path}/on", {"version": version}).status_code == 302
    assert phone.rings() == ["lawyer@example.org"]
    sent = {"version": version, "how": "false alarm", "reason": "The aunt next door saw her."}
    late = ines.post(f"{path}/close", sent)
    page = late.content.decode()
    assert late.status_code == 409 and "The aunt next door saw her." in page
    assert f'name="version" value="{view(made).row.version}" id="id_version"' in page
    sent["version"] = str(view(made).row.version)
    assert ines.post(f"{path}/close", sent).status_code == 302
    page = text(ines, path)
    assert "Over: closed" in page and "The aunt next door saw her." in page
    assert SISTER not in page and "End this alarm" not in page
    assert "Over: closed" in text(ines, "/desk/alarms")
    late = ines.post(f"{path}/close", sent)
    assert late.status_code == 409 and "It is over already." in late.content.decode()


@pytest.mark.parametrize(
    ("sent", "missing"),
    [
        ({}, "Choose how you know that it is over."),
        ({"how": "tired"}, "Choose how you know"),
        ({"how": "false alarm", "reason": " "}, "Write something here."),
    ],
)
def test_an_alarm_is_not_closed_by_a_guess(
    made: Busy, ines: Client, phone: Phone, sent: dict[str, str], missing: str
) -> None:
    pressed(made, phone)
    version = str(view(made).row.version)
    answer = ines.post(f"{alarm_path()}/close", {"version": version, **sent})
    assert answer.status_code == 422
    if sent.get("how") != "tired":
        assert missing in answer.content.decode()
    assert Alarm.objects.get().state == "open"


def test_what_no_channel_takes_is_said(
    made: Busy, ines: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amparo.messages import channels, ringing

    def down(*_args: object, **_more: object) -> None:
        raise OSError

    monkeypatch.setattr(channels, "send", down)
    Tab(arm(made)).send(do="press")
    ringing.send_due()
    page = text(ines, alarm_path())
    assert "1 message could not be sent yet. Ring them up yourself." in page


def test_what_happens_meanwhile_is_announced(made: Busy, ines: Client, phone: Phone) -> None:
    pressed(made, phone)
    since = f"{alarm_path()}/since"
    moments = len(view(made).happened)
    assert "Something has happened" not in text(ines, f"{since}?of={moments}")
    tab = Tab(phone.path())
    tab.send()
    tab.send(answer="escalate")
    assert "Something has happened: show it" in text(ines, f"{since}?of={moments}")
    assert "My sister cannot; the next ones are wanted" in text(ines, alarm_path())


def test_nobody_without_the_key_sees_an_alarm_or_changes_it(made: Busy, phone: Phone) -> None:
    pressed(made, phone)
    lena = made.house.hire("Lena", "auditors")
    lena.sign_in()
    other, path = client(lena), alarm_path()
    version = str(view(made).row.version)
    for answer in (
        other.get("/desk/alarms"),
        other.get(path),
        other.get(f"{path}/since"),
        *(other.post(f"{path}/{verb}", {"version": version}) for verb in ("take", "on", "close")),
    ):
        assert answer.status_code == 404
    assert Alarm.objects.get().state == "open"
    # That one rings is told to the whole house: whoever sees it fetches somebody.
    assert "Tell somebody on duty." in text(other, "/desk/queue")
    for path in ("/desk/alarms", f"/desk/alarms/{ids.new()}"):
        assert Client().get(path).status_code == 302
    assert client(made.house.ines).get(f"/desk/alarms/{ids.new()}").status_code == 404


# --- a press for somebody ------------------------------------------------------------------------
def test_an_officer_presses_after_reading_whom_it_tells(
    made: Busy, ines: Client, phone: Phone
) -> None:
    case = f"/desk/c/{made.case.case}"
    assert f'href="{case}/press"' in text(ines, case)
    assert "They have made no plan" in text(ines, f"{case}/press")
    arm(made, kind="desk")
    page = text(ines, f"{case}/press")
    assert "My sister" in page and "R., lawyer" in page and not Alarm.objects.exists()
    sent = {
        name: re.search(rf'name="{name}" value="([^"]+)"', page)[1]  # type: ignore[index]
        for name in ("once", "plan")
    }
    for _ in range(2):
        answer = ines.post(f"{case}/press", sent)
        assert answer.headers["Location"] == f"{alarm_path()}?done=pressed"
    assert phone.rings() == [SISTER]
    assert "Pressed here, for them" in text(ines, alarm_path())


def test_nobody_presses_for_another_case(made: Busy, ines: Client) -> None:
    arm(made, kind="desk")
    with made.house.ines.request() as actor:
        from amparo.alerts import queries

        (plan,) = queries.plans(actor, made.case.case)
    sent = {"plan": str(plan.id), "once": str(ids.new())}
    assert ines.post(f"/desk/c/{made.other.case}/press", sent).status_code == 404
    assert ines.post(f"/desk/c/{made.case.case}/press", {"plan": "x"}).status_code == 404
    lena = made.house.hire("Lena", "auditors")
    lena.sign_in()
    assert client(lena).post(f"/desk/c/{made.case.case}/press", sent).status_code == 404
    assert not Alarm.objects.exists()
