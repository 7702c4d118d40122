"""The pages of the directory, of those who relay, of calls, and of helpers who are asked."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from amparo.alerts import queries as alarms
from amparo.alerts.models import Alarm, CallOut
from amparo.alerts.services import callouts
from amparo.casework import queries
from amparo.casework.models import Call, Case, Relayed
from amparo.casework.services import desk
from amparo.foundation import clock, ids, journal
from amparo.messages import ringing
from amparo.messages.ways import Way
from amparo.people import keeping
from amparo.people.keeping import Draft
from amparo.people.models import Listing
from tests.doors.alarm_house import LAWYER, SISTER, Phone, Tab, arm
from tests.doors.desk_house import Busy, client, text

FORM = {
    "kind": "person", "name": "Marta", "services": ["lawyer"], "areas": "CO, MX-OAX",
    "languages": "es", "zone": "UTC", "days1": ["1", "2"], "from1": "09:00", "to1": "17:00",
    "channel1": "sms", "address1": "+57 300 1234567", "safe1": "08:00-20:00",
    "words1": "The book is here.", "text": "No land cases.",
}  # fmt: skip


def listed(made: Busy, name: str = "marta", **more: object) -> ids.Id:
    """An entry that two vouch for and one has spoken with."""
    way = Way("mail", f"{name}@example.org", text="The book is here.")
    parts = {"kind": "person", "name": name, "services": ("lawyer",), "ways": (way,)} | more
    with made.house.ines.request() as actor:
        entry = keeping.add(actor, Draft(**parts))  # type: ignore[arg-type]
        keeping.vouch(actor, entry, version=1, how="x")
        keeping.verify(actor, entry, version=2, how="x")
    with made.house.tomas.request() as actor:
        keeping.vouch(actor, entry, version=3, how="x")
    return entry


# --- the directory -------------------------------------------------------------------------------
def test_an_entry_is_added_found_vouched_for_and_put_away(made: Busy, ines: Client) -> None:
    assert "Nobody stands here yet" in text(ines, "/desk/directory")
    added = ines.post("/desk/directory/add", FORM)
    path = added.headers["Location"].partition("?")[0]
    page = text(ines, path)
    for shown in ("Marta", "Lawyer", "CO, MX-OAX", "Spanish", "+573001234567", "The book is here."):
        assert shown in page
    assert "Mon, Tue" in page and "Nobody vouches for them" in page
    urgent = {"service": "lawyer", "area": "co-ant", "language": "es", "urgent": "on"}
    assert "Ask before you send anybody" in ines.post("/desk/directory", urgent).content.decode()
    ines.post(f"{path}/vouch", {"version": 1, "reason": "Ten years."})
    ines.post(f"{path}/spoke", {"version": 2, "reason": "By phone."})
    again = ines.post(f"{path}/vouch", {"version": 3, "reason": "Once more."})
    assert again.status_code == 422 and "Somebody else must do this" in again.content.decode()
    client(made.house.tomas).post(f"{path}/vouch", {"version": 3, "reason": "My cousin's lawyer."})
    found = ines.post("/desk/directory", urgent).content.decode()
    assert "1 to ask at once" in found and "Ask before you send anybody" not in found
    clock.forward(timedelta(days=91))
    made.house.ines.sign_in()
    fresh = client(made.house.ines)
    found = fresh.post("/desk/directory", urgent).content.decode()
    assert "0 to ask at once" in found and "Ask before you send anybody" in found
    assert "out of date" in text(fresh, "/desk/directory")
    assert fresh.post(f"{path}/away", {"version": 4}).status_code == 302
    assert "Those who are there no more" in text(fresh, "/desk/directory")
    assert fresh.post(f"{path}/forget", {"version": 5}).status_code == 422
    assert fresh.post(f"{path}/forget", {"sure": "on"}).status_code == 302
    assert fresh.get(path).status_code == 404


def test_what_is_wrong_stands_beside_its_question_and_nothing_typed_is_lost(ines: Client) -> None:
    for wrong, said in (
        ({"areas": "Medellín"}, "Nothing finer stands here"),
        ({"languages": "Spanish"}, "Write codes as es"),
        ({"address1": "300"}, "This is not the form of such an address"),
        ({"safe1": "8-18"}, "Write hours as 08:00-18:00"),
        ({"channel1": ""}, "Choose a way for this address"),
        ({"from1": "9"}, "Write the time as 09:00"),
        ({"services": []}, "Choose at least one"),
    ):
        answer = ines.post("/desk/directory/add", FORM | wrong)
        page = answer.content.decode()
        assert answer.status_code == 422 and said in page and "No land cases." in page
    assert not Listing.objects.exists()


def test_comma_and_digits_of_ones_own_script_are_understood(ines: Client) -> None:
    theirs = {"languages": "ar، es", "address1": "+٥٧٣٠٠١٢٣٤٥٦٧"}
    assert ines.post("/desk/directory/add", FORM | theirs).status_code == 302
    path = f"/desk/directory/{Listing.objects.get().id}"
    assert "+573001234567" in text(ines, f"{path}/change")


def test_a_change_that_came_second_is_drawn_again_from_what_it_is_now(made, ines: Client) -> None:
    ines.post("/desk/directory/add", FORM)
    path = f"/desk/directory/{Listing.objects.get().id}"
    assert 'value="Marta"' in text(ines, f"{path}/change")
    first = ines.post(f"{path}/change", FORM | {"version": 1, "text": "Only women."})
    assert first.status_code == 302
    late = client(made.house.tomas).post(f"{path}/change", FORM | {"version": 1, "name": "M."})
    page = late.content.decode()
    assert late.status_code == 409 and 'name="version" value="2"' in page and 'value="M."' in page
    assert "1 earlier version" in text(ines, path)


def test_unsent_conditions_survive_a_lost_session(ines: Client) -> None:
    ines.post("/desk/draft", {"place": "directory:new", "text": "Half a word"})
    page = text(ines, "/desk/directory/add")
    assert "Half a word" in page and "What you were writing is back" in page


# --- those who relay -----------------------------------------------------------------------------
@pytest.fixture
def sol(made: Busy) -> Client:
    made.house.hire("sol", "relay").sign_in()
    return client(made.house.sol)


PASSED = {
    "consent": "remote", "what": "They took his brother.", "how": "here", "language": "es",
    "own": "the baker's nephew",
}  # fmt: skip


def test_an_intermediary_passes_a_call_on_and_closes_the_loop(made, ines, sol: Client) -> None:
    assert sol.get("/desk/").headers["Location"] == "/desk/relay"
    assert "Nothing yet" in text(sol, "/desk/relay")
    once = str(ids.new())
    form = PASSED | {"once": once, "code": "none"}
    assert sol.post("/desk/relay/new", form).headers["Location"] == "/desk/relay?done=passed"
    assert sol.post("/desk/relay/new", form).status_code == 302
    assert Relayed.objects.count() == 1
    page = text(sol, "/desk/relay")
    assert "the baker&#x27;s nephew" in page and "Received" in page and "brother" not in page
    case = Case.objects.exclude(id__in=[made.new.case, made.case.case, made.other.case]).get().id
    assert "It came through" in text(ines, f"/desk/c/{case}")
    told = ines.post(f"/desk/c/{case}/do/relay", {"text": "On Friday.", "once": str(ids.new())})
    assert told.headers["Location"].endswith("?done=told-relay")
    assert "1 word for you" in text(sol, "/desk/relay")
    item = f"/desk/relay/{Relayed.objects.get().id}"
    assert "On Friday." in text(sol, item)
    answer = {"text": "He will come.", "once": str(ids.new())}
    assert sol.post(item, answer).status_code == 302
    closed = {"outcome": "passed on", "to": "the market", "once": str(ids.new())}
    assert sol.post(f"{item}/close", closed).status_code == 302
    assert "I have passed it on to the person" in text(sol, "/desk/relay")
    page = text(ines, f"/desk/c/{case}/messages")
    assert "He will come." in page and "the market" in page and "Passed on by" in page
    assert sol.post(f"{item}/forget").status_code == 302
    assert sol.get(item).status_code == 404


def test_a_code_is_shown_once_and_only_when_it_is_wanted(sol: Client) -> None:
    page = sol.post("/desk/relay/new", PASSED | {"once": str(ids.new()), "code": "digits"})
    assert "Their code, shown once" in page.content.decode()
    assert 'class="digits"' not in text(sol, "/desk/relay")


def test_nothing_of_the_desk_opens_to_who_relays(made: Busy, sol: Client) -> None:
    case = made.case.case
    for path in (
        "queue", "queue/count", "alarms", "alarms/now", "new", "search", "directory", "calls",
        "helpers", "hand-over", "two", "people", "people/invite", "journal", "lockdown",
        "lockdown/now", "first", "settings/key-file", "settings/passkey", f"c/{case}",
        f"c/{case}/messages", f"c/{case}/peek", f"c/{case}/do/relay", f"c/{case}/helpers",
    ):  # fmt: skip
        assert sol.get(f"/desk/{path}").status_code == 404, path
    page = text(sol, "/desk/settings")
    for name in ("Inés", "Tomás", "Queue", "Directory", "Lockdown", "ringing"):
        assert name not in page
    assert "desk/queue" not in page and "desk/settings/notices" in page
    done = sol.post("/desk/settings/notices/mail", {"address": "sol@example.org"})
    assert done.status_code == 302
    bearer = {"authorization": f"Bearer {'x' * 40}"}
    assert Client().get("/api/v1/desk/queue", headers=bearer).status_code == 401


def test_who_is_on_staff_has_no_page_of_a_relay(ines: Client) -> None:
    for path in ("relay", "relay/new", f"relay/{ids.new()}"):
        assert ines.get(f"/desk/{path}").status_code == 404


def test_a_relay_is_invited_alone(ines: Client) -> None:
    both = {"name": "Luz", "teams": ["relay", "intake"], "hours": "48"}
    answer = ines.post("/desk/people/invite", both)
    assert answer.status_code == 422 and "in no other team" in answer.content.decode()
    alone = ines.post("/desk/people/invite", both | {"teams": ["relay"]})
    assert alone.status_code == 200 and "/desk/join/" in alone.content.decode()


# --- calls ---------------------------------------------------------------------------------------
def test_a_call_is_typed_in_one_go_and_what_is_next_stands_beside_it(made, ines: Client) -> None:
    assert "No call yet" in text(ines, "/desk/calls")
    call = {
        "who": "the hotline", "text": "Two cars.", "outcome": "call back", "next_step": "Ring them",
        "next_at": "10:00", "once": str(ids.new()),
    }  # fmt: skip
    assert ines.post("/desk/calls", call | {"next_at": ""}).status_code == 422
    assert ines.post("/desk/calls", call).headers["Location"] == "/desk/calls?done=call"
    assert ines.post("/desk/calls", call).status_code == 302
    assert Call.objects.count() == 1
    page = text(ines, "/desk/calls")
    assert "Two cars." in page and "Ring them" in page and "10:00" in page
    path = re.search(r"/desk/calls/[0-9a-f-]{36}/done", page)
    assert path is not None and ines.post(path[0]).status_code == 302
    assert path[0] not in text(ines, "/desk/calls")


def test_to_ring_up_against_what_was_agreed_wants_a_reason(made: Busy, ines: Client) -> None:
    case = made.case.case  # whose phone is shared: never call
    call = {"about": f"c:{case}", "them": "on", "outcome": "no answer", "text": "Rang once."}
    answer = ines.post("/desk/calls", call | {"once": str(ids.new())})
    page = answer.content.decode()
    assert answer.status_code == 422 and "They are never to be rung up." in page
    assert "Rang once." in page
    done = ines.post("/desk/calls", call | {"once": str(ids.new()), "reason": "The house burns."})
    assert done.status_code == 302
    assert "The house burns." in text(ines, f"/desk/c/{case}/messages")
    log = f"/desk/c/{case}/do/log"
    assert ines.post(log, {"outcome": "no answer"}).status_code == 422
    assert ines.post(log, {"outcome": "no answer", "incoming": "on"}).status_code == 302


def test_unsent_words_of_a_call_survive_a_lost_session(ines: Client) -> None:
    ines.post("/desk/draft", {"place": "calls", "text": "They said that"})
    assert "They said that" in text(ines, "/desk/calls")
    asleep = Client().post("/desk/calls", {"text": "Half a sentence", "place": "calls"})
    assert asleep.status_code == 401 and "Half a sentence" in asleep.content.decode()


def test_whoever_spoke_to_them_ends_their_alarm_from_the_log(made: Busy, ines: Client) -> None:
    arm(made, who=made.new)
    with made.house.ines.request() as actor:
        desk.set_reach(actor, made.new.case, reach=[{"how": "call", "text": "any hour"}])
        (plan,) = alarms.plans(actor, made.new.case)
    ines.post(f"/desk/c/{made.new.case}/press", {"plan": plan.id, "once": str(ids.new())})
    alarm = Alarm.objects.get()
    page = text(ines, f"/desk/calls?about=a:{alarm.id}")
    assert f'value="a:{alarm.id}" selected' in page
    call = {"about": f"a:{alarm.id}", "them": "on", "outcome": "reached", "sure": "spoke"}
    unsure = ines.post("/desk/calls", call | {"outcome": "no answer", "once": str(ids.new())})
    assert unsure.status_code == 422
    done = ines.post("/desk/calls", call | {"once": str(ids.new())})
    assert done.headers["Location"].endswith("?done=call-safe")
    assert Alarm.objects.get().state == "safe"


# --- helpers -------------------------------------------------------------------------------------
ASK = {"service": "lawyer", "area": "CO", "needed": "1", "minutes": "15"}


def began(made: Busy, ines: Client, *entries: ids.Id) -> str:
    """Helpers are asked; the path of the desk's page of it."""
    sent = ASK | {"deed": "ask", "how": "oral", "chosen": entries, "once": str(ids.new())}
    answer = ines.post(f"/desk/c/{made.case.case}/helpers", sent)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"].partition("?")[0])


def paths(phone: Phone) -> dict[str, str]:
    """Address -> path of what was sent to helpers."""
    with journal.unit():
        ringing.send_due()
    found = {to: re.search(r"/r/[\w-]+", said) for to, said in phone.sent}
    phone.sent.clear()
    return {to: path[0] for to, path in found.items() if path}


def test_helpers_are_asked_and_the_first_yes_is_shown(made, ines: Client, phone: Phone) -> None:
    one, two = listed(made), listed(made, "nuria")
    path = f"/desk/c/{made.case.case}/helpers"
    looked = ines.post(path, ASK | {"deed": "look"}).content.decode()
    assert "2 are there now" in looked and "Did they say yes?" in looked
    unasked = ines.post(path, ASK | {"deed": "ask", "chosen": [one]})
    assert unasked.status_code == 422 and "Ask the person first." in unasked.content.decode()
    assert not CallOut.objects.exists()
    here = began(made, ines, one, two)
    sent = paths(phone)
    good, wrong = Tab(sent["marta@example.org"]), Tab("/r/" + "A" * 22)
    hide = re.compile(r'name="token" value="[^"]*"|/r/[\w-]+')
    assert hide.sub("", good.page) == hide.sub("", wrong.page)  # opening tells and does nothing
    assert CallOut.objects.get().taken == 0
    page = good.send()
    assert "Can you help?" in page and "Lawyer" in page and ">CO<" in page
    for word in ("brother", "arrested", "Amparo", "Inés"):
        assert word not in page
    assert good.send(answer="yes") and good.status == 422
    assert "Thank you. You are taken." in good.send(answer="yes", within="30")
    other = Tab(sent["nuria@example.org"])
    assert "It is covered" in other.send() and "Thank you" in other.page
    page = text(ines, here)
    assert "Covered" in page and "marta can come, within 30 minutes" in page
    assert "1 of 1 has said yes" in page
    assert "Median, minutes" in text(ines, "/desk/helpers")
    with made.case.request() as actor:
        assert queries.thread(actor).disclosures[0].how == "helpers"


def test_a_no_a_later_and_the_end(made: Busy, ines: Client, phone: Phone) -> None:
    one, two = listed(made), listed(made, "nuria")
    here = began(made, ines, one, two)
    sent = paths(phone)
    tab = Tab(sent["marta@example.org"])
    tab.send()
    assert "Thank you for saying so." in tab.send(answer="later", within="60")
    assert "cannot now, perhaps later" in text(ines, here)
    version = str(CallOut.objects.get().version)
    late = ines.post(f"{here}/over", {"version": "99"})
    assert late.headers["Location"].endswith("?late=1")
    assert ines.post(f"{here}/over", {"version": version}).status_code == 302
    assert "It is covered" in tab.send()


def test_an_authority_stands_apart_until_they_said_yes_to_it(made, ines: Client) -> None:
    police = listed(made, "police", kind="authority")
    path = f"/desk/c/{made.case.case}/helpers"
    page = ines.post(path, ASK | {"deed": "look", "how": "oral"}).content.decode()
    assert "None of these is asked without" in page and f'value="{police}"' not in page
    page = ines.post(path, ASK | {"deed": f"agree:{police}", "how": "oral"}).content.decode()
    assert f'value="{police}"' in page


def test_pages_of_helpers_are_light(made: Busy, ines: Client, phone: Phone) -> None:
    began(made, ines, listed(made))
    tab = Tab(paths(phone)["marta@example.org"])
    assert len(tab.page) < 20_000 and len(tab.send()) < 20_000


# --- a contact sees nobody else -------------------------------------------------------------------
def test_somebody_in_a_circle_cannot_list_the_others(made: Busy, phone: Phone) -> None:
    """S38: whatever a contact opens, answers or guesses, nothing shows who else is told, or that
    anybody is."""
    tab = Tab(arm(made))
    tab.send(do="press")
    assert phone.rings() == [SISTER]
    mine = phone.path()
    assert mine
    contact, seen = Tab(mine), []
    seen.append(contact.page)
    seen.append(contact.send())
    for answer in ("escalate", "on it", "safe", "stop"):
        seen.append(contact.send(answer=answer, spoke="1" if answer == "safe" else ""))
    for page in seen:
        for other in ("lawyer", LAWYER, SISTER, "+525512345678", "My sister"):
            assert other.lower() not in page.lower()
    # The token of one opens nothing of another's: it stands for one person of one alarm.
    with journal.unit():
        body = callouts.links.look(mine.rpartition("/")[2], "answer")
    assert set(body) <= {"v", "alarm", "who", "label", "step", "what"}


def test_the_link_of_one_kind_opens_no_other_door(made: Busy, ines: Client, phone: Phone) -> None:
    began(made, ines, listed(made))
    token = paths(phone)["marta@example.org"].rpartition("/")[2]
    for door in ("a", "l", "w"):
        found = Tab(f"/{door}/{token}")
        found.send()
        assert found.status == 404, door
