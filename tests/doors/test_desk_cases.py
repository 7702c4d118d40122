"""What an officer does with requests and cases through the pages, and what the pages keep shut."""

import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from amparo.casework import queries
from amparo.foundation import clock, ids
from amparo.foundation.config import config
from amparo.vault import age, files
from amparo.web import middleware
from tests import make
from tests.doors.desk_house import PHOTO, Busy, client, in_days, text


def row(made: Busy, case: ids.Id) -> queries.QueueRow:
    with made.house.ines.request() as actor:
        return queries.case(actor, case).row


# --- the queue -----------------------------------------------------------------------------------
def test_the_nearest_deadline_stands_first(made: Busy, ines: Client) -> None:
    page = text(ines, "/desk/queue")
    order = [ids.parse(one) for one in re.findall(r"\?c=([0-9a-f-]{36})#peek", page)]
    assert order == [made.new.case, made.other.case, made.case.case]
    for words in ("10 min", "14 min"):
        assert words in page
    assert 'class="c w"' in page  # a dashed cord: the answered one waits for the defender


def test_what_is_over_says_so(made: Busy) -> None:
    clock.forward(timedelta(minutes=14))
    made.house.ines.sign_in()
    page = text(client(made.house.ines), "/desk/queue")
    assert re.search(r"\d+ min over", page) and 'class="t late"' in page


def test_an_empty_queue_says_that_nothing_waits() -> None:
    house = make.house()
    assert "Nothing waits." in text(client(house.ines), "/desk/queue")


def test_the_lists_are_links_with_their_counts(ines: Client) -> None:
    page = text(ines, "/desk/queue")
    for show, count in (("free", 2), ("mine", 1), ("waiting", 1)):
        found = re.search(rf'show={show}"[^>]*>.*?<span class="n">(\d+)</span>', page)
        assert found is not None and int(found[1]) == count, show
    assert "All open" in page


def test_the_count_announces_and_moves_nothing(made: Busy, ines: Client) -> None:
    assert text(ines, "/desk/queue/count?show=open&of=3").strip() == ""
    make.ask("Somebody follows me.")
    assert "1 new: show" in text(ines, "/desk/queue/count?show=open&of=3")
    signed_out = Client().get("/desk/queue/count?show=open&of=3", headers={"HX-Request": "true"})
    assert (signed_out.status_code, signed_out.content) == (204, b"")


def test_a_long_queue_goes_on_page_by_page(made: Busy) -> None:
    for number in range(55):
        make.ask(f"Call number {number}")
    browser, seen, path = client(made.house.ines), set(), "/desk/queue"
    for _ in range(2):
        page = text(browser, path)
        seen |= set(re.findall(r"c=([0-9a-f-]{36})#peek", page))
        onward = re.search(r'<a href="([^"]+)" rel="next">', page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert len(seen) == 58 and not path


def test_the_preview_reads_how_to_reach_them_first(made: Busy, ines: Client) -> None:
    page = text(ines, f"/desk/queue?c={made.new.case}")
    peek = page[page.index('id="peek"') :]
    assert peek.index("How to reach safely") < peek.index("Two men asked my neighbour")
    assert "“water the plants”" in peek
    assert "How to reach safely" in text(ines, f"/desk/c/{made.new.case}/peek")


def test_nothing_of_a_search_stands_in_an_address(made: Busy, ines: Client) -> None:
    page = ines.post("/desk/search", {"text": "laptop border"}).content.decode()
    assert f"/desk/c/{made.other.case}" in page and "laptop" in page
    assert "laptop" not in " ".join(re.findall(r'href="([^"]*)"', page))
    assert (
        "Nothing that you can open" in ines.post("/desk/search", {"text": "zzz"}).content.decode()
    )
    assert ines.post("/desk/search", {"text": ""}).status_code == 422


def test_the_desk_goes_by_the_organisations_clock(
    made: Busy, ines: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "zone", lambda: ZoneInfo("Asia/Kathmandu"))
    local = clock.now().astimezone(ZoneInfo("Asia/Kathmandu"))
    assert f"{local:%H:%M} +0545" in text(ines, "/desk/queue")
    assert "+0545" not in text(ines, "/new") and "UTC" not in text(ines, "/desk/queue")


def test_the_desk_bears_the_organisations_name(
    ines: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = r'<a class="home"[^>]*>.*?</svg> (.*?)</a>'
    assert re.findall(home, text(ines, "/desk/queue"))[0] == "<bdi>Desk</bdi>"
    named = replace(config(), organisation="Lantern & Co.")
    monkeypatch.setattr("amparo.web.context.config", lambda: named)
    assert re.findall(home, text(ines, "/desk/queue"))[0] == "<bdi>Lantern &amp; Co.</bdi>"


# --- deeds ---------------------------------------------------------------------------------------
def test_the_second_to_take_reads_who_was_quicker(made: Busy, ines: Client) -> None:
    path = f"/desk/c/{made.new.case}/do/take"
    version = row(made, made.new.case).version
    assert ines.post(path, {"version": version}).status_code == 302
    answer = client(made.house.tomas).post(path, {"version": version})
    assert answer.status_code == 409
    assert "Already taken by Inés M." in answer.content.decode()
    assert row(made, made.new.case).mine


def test_a_reply_reaches_the_defender_with_its_file(made: Busy, ines: Client) -> None:
    path = f"/desk/c/{made.new.case}/messages"
    photo = SimpleUploadedFile("map.png", PHOTO, "image/png")
    answer = ines.post(path, {"text": "Go to the school tonight.", "files": photo})
    assert answer.headers["Location"] == f"{path}?done=sent"
    with made.new.request() as actor:
        newest = queries.thread(actor).messages[0]
    assert (newest.text, newest.author) == ("Go to the school tonight.", "")
    assert [one.name for one in newest.files] == ["map.png"]
    assert "They see it the next time" in text(ines, answer.headers["Location"])


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("messages", {"text": "Two clicks."}),
        ("part/narrative", {"text": "Two clicks."}),
        ("do/log", {"outcome": "reached", "text": "Two clicks.", "incoming": "on"}),
        ("do/decline", {"reason": "Two clicks."}),
    ],
)
def test_a_button_that_is_pressed_twice_does_one_deed(
    made: Busy, ines: Client, path: str, sent: dict[str, str]
) -> None:
    path = f"/desk/c/{made.case.case}/{path}"
    found = re.search(r'name="once" value="([^"]+)"', text(ines, path))
    assert found is not None
    answers = [ines.post(path, sent | {"once": found[1]}) for _ in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    part = "narrative" if "part" in path else "correspondence"
    assert make.texts(made.house.ines, made.case.case, part).count("Two clicks.") == 1
    assert found[1] not in ines.get(path).content.decode()  # another page, another deed


def test_the_language_of_an_answer_is_the_cases(made: Busy, ines: Client) -> None:
    page = text(ines, f"/desk/c/{made.case.case}/consent/record")
    assert re.search(r'<option value="ar" selected>', page)
    sent = {
        "label": "R., lawyer",
        "purpose": "legal",
        "compartments": ["correspondence"],
        "until": in_days(3).isoformat(),
        "how": "oral",
        "way": "link",
        "hours": "24",
    }
    assert ines.post(f"/desk/c/{made.case.case}/share", sent).status_code == 200
    with made.house.ines.request() as actor:
        newest = queries.case(actor, made.case.case).thread.consents[0]
    assert (newest.label, newest.language) == ("R., lawyer", "ar")


def test_an_empty_reply_is_not_sent(made: Busy, ines: Client) -> None:
    answer = ines.post(f"/desk/c/{made.new.case}/messages", {"text": "  "})
    assert answer.status_code == 422 and "<title>Error" in answer.content.decode()


@pytest.mark.parametrize(
    ("verb", "sent", "state"),
    [
        (
            "decline",
            {"reason": "We do not work there. Ask the legal aid of your town."},
            "declined",
        ),
        ("refer", {"to": "Legal aid", "reason": "They have a lawyer near you."}, "referred"),
        ("close", {"reason": "You wrote that it is over."}, "closed"),
    ],
)
def test_a_decision_is_read_with_its_reason(
    made: Busy, ines: Client, verb: str, sent: dict[str, str], state: str
) -> None:
    path = f"/desk/c/{made.other.case}/do/{verb}"
    version = {"version": str(row(made, made.other.case).version)}
    missing = ines.post(path, version | sent | {"reason": " "})
    assert missing.status_code == 422
    assert ines.post(path, version | sent).status_code == 302
    assert row(made, made.other.case).state == state
    with made.other.request() as actor:
        assert queries.thread(actor).messages[0].text == sent["reason"]
    assert (
        row(made, made.other.case).state
        in text(ines, f"/desk/c/{made.other.case}/messages").lower()
    )


def test_the_level_sets_the_deadline_and_keeps_the_reason(made: Busy, ines: Client) -> None:
    case = made.new.case
    sent = {"level": "4", "reason": "They know his door.", "version": row(made, case).version}
    assert ines.post(f"/desk/c/{case}/do/level", sent).status_code == 302
    page = text(ines, f"/desk/c/{case}")
    assert "Extreme" in page
    assert "They know his door." in text(ines, f"/desk/c/{case}/messages")
    lower = sent | {"level": "1", "reason": "", "version": row(made, case).version}
    assert ines.post(f"/desk/c/{case}/do/level", lower).status_code == 422


def test_spam_leaves_the_queue_and_comes_back(made: Busy, ines: Client) -> None:
    case = made.other.case
    ines.post(f"/desk/c/{case}/do/spam", {"version": row(made, case).version})
    assert str(case) not in text(ines, "/desk/queue")
    assert str(case) in text(ines, "/desk/queue?show=done")
    ines.post(f"/desk/c/{case}/do/reopen", {"version": row(made, case).version})
    assert str(case) in text(ines, "/desk/queue?show=mine")


def test_a_lost_code_is_linked_again_by_the_agreed_word(made: Busy, ines: Client) -> None:
    anew = make.ask("I lost my code. I wrote about my brother.")
    path = f"/desk/c/{anew.case}/do/relink"
    assert str(made.case.case) in text(ines, path)
    wrong = client(made.house.tomas).post(path, {"old": made.case.case, "word": "red kettle"})
    assert wrong.status_code == 422 and "not the word" in wrong.content.decode()
    own = ines.post(path, {"old": made.case.case, "word": "Blue  Kettle"})
    assert own.status_code == 422 and "yourself" in own.content.decode()
    tomas = client(made.house.tomas)
    assert tomas.post(path, {"old": made.case.case, "word": "Blue  Kettle"}).status_code == 302
    anew.window = b""
    with anew.request() as actor:
        assert actor.case == made.case.case


def test_everything_is_handed_over_at_once(made: Busy, ines: Client) -> None:
    page = text(ines, "/desk/hand-over")
    assert str(made.case.case) in page and "Tomás R." in page
    sent = {"to": made.house.tomas.id, "note": "The lawyer calls at eight."}
    assert ines.post("/desk/hand-over", sent).status_code == 302
    assert "Nothing is yours." in text(ines, "/desk/hand-over")
    assert str(made.case.case) in text(client(made.house.tomas), "/desk/queue?show=mine")


def test_a_call_becomes_a_request_with_a_code_shown_once(made: Busy, ines: Client) -> None:
    page = text(ines, "/desk/new")
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once is not None
    sent = {
        "once": once[1],
        "way": "phone",
        "what": "A neighbour says they asked for her.",
        "how": "call",
        "reach": "After dark",
        "language": "es",
        "code": "digits",
    }
    refused = ines.post("/desk/new", sent)
    assert (
        refused.status_code == 422 and "Without a yes nothing is kept" in refused.content.decode()
    )
    page = ines.post("/desk/new", sent | {"consent": "oral"}).content.decode()
    groups = re.findall(r"<li><bdi>(\d{5})</bdi></li>", page)
    assert len(groups) == 6
    again = ines.post("/desk/new", sent | {"consent": "oral"})
    assert again.status_code == 409
    assert "After dark" in text(ines, re.search(r'href="(/desk/c/[^"]+)"', page)[1])  # type: ignore[index]


def test_how_to_reach_them_is_changed_in_one_place(made: Busy, ines: Client) -> None:
    path = f"/desk/c/{made.new.case}/reach"
    sent = {
        "how1": "never",
        "text1": "No text messages.",
        "how2": "here",
        "text2": "",
        "word": "oak",
    }
    assert ines.post(path, sent).status_code == 302
    page = text(ines, f"/desk/c/{made.new.case}")
    assert "No text messages." in page and "water the plants" not in page
    assert "oak" not in text(ines, path)  # or whoever reads it could say it in their name


# --- drafts --------------------------------------------------------------------------------------
def test_a_draft_comes_back_to_its_writer_alone(made: Busy, ines: Client) -> None:
    place = f"{made.new.case}:reply"
    answer = ines.post("/desk/draft", {"place": place, "text": "Half a sent"})
    assert (answer.status_code, answer.content) == (204, b"")
    path = f"/desk/c/{made.new.case}/messages"
    assert "Half a sent" in text(ines, path) and "is back" in text(ines, path)
    assert "Half a sent" not in text(client(made.house.tomas), path)
    ines.post(path, {"text": "Half a sentence, and the rest.", "place": place})
    assert "Half a sent\n" not in text(ines, path) and "is back" not in text(ines, path)


def test_a_draft_without_a_session_is_not_said_to_be_kept(made: Busy) -> None:
    sent = {"place": f"{made.new.case}:reply", "text": "lost"}
    answer = Client().post("/desk/draft", sent, headers={"X-Draft": "1"})
    assert answer.status_code == 401


# --- what stays shut -----------------------------------------------------------------------------
def test_not_allowed_is_the_same_page_as_not_there(made: Busy) -> None:
    """Whoever holds no key learns nothing, not even that there is something."""
    lawyer = make.House(made.house.officers).hire("lena", "legal")
    lawyer.sign_in()
    browser = client(lawyer)
    bodies = set()
    for path in (
        f"/desk/c/{made.case.case}",
        f"/desk/c/{ids.new()}",
        f"/desk/c/{made.case.case}/messages",
        f"/desk/c/{made.case.case}/part/health",
        f"/desk/c/{ids.new()}/part/health",
        "/desk/people",
        "/desk/journal",
        f"/desk/people/{made.house.ruth.id}/leave",
    ):
        answer = browser.get(path)
        assert answer.status_code == 404, path
        body = re.sub(r'value="[^"]*"', "", answer.content.decode())
        bodies.add(body)
    assert len(bodies) == 1


def test_a_sealed_compartment_says_what_one_can_do_and_nothing_else(
    made: Busy, ines: Client
) -> None:
    page = text(ines, f"/desk/c/{made.case.case}/part/identity")
    assert "Sealed. You hold no key." in page and "second person" in page
    assert "<textarea" not in page
    assert ines.post(f"/desk/c/{made.case.case}/part/identity", {"text": "x"}).status_code == 404


def test_all_seven_look_alike_whatever_is_inside(made: Busy) -> None:
    """Care leaves no sign: a case with a care note and one without give the same page."""
    care = make.House(made.house.officers).hire("cora", "care")
    quiet = client(made.house.tomas)
    before = text(quiet, f"/desk/c/{made.case.case}")
    care.sign_in()
    make.note(made.house.ruth, made.case.case, "health", "A long night.")
    after = text(quiet, f"/desk/c/{made.case.case}")
    cards = [re.findall(r'<ul class="cmp">.*?</ul>', page, re.S)[0] for page in (before, after)]
    assert "Health" in cards[0]
    hidden = [
        re.sub(r"A long night\.|Injuries, treatment, how they are\.", "", one) for one in cards
    ]
    assert re.sub(r"<p[^>]*>", "<p>", hidden[0]) == re.sub(r"<p[^>]*>", "<p>", hidden[1])


def test_two_persons_open_what_one_cannot(made: Busy, ines: Client) -> None:
    path = f"/desk/c/{made.case.case}/part/identity"
    approve = f"/desk/two/release/{made.known['release']}"
    assert "Two keys wanted" in text(ines, "/desk/two")
    assert ines.post(approve).headers["Location"] == "/desk/two?done=released"
    tomas = client(made.house.tomas)
    assert "Write into this compartment" in text(tomas, path)
    assert "Sealed." in text(ines, path)


def test_an_override_waits_for_somebody_else(made: Busy, ines: Client) -> None:
    path = f"/desk/two/override/{made.known['override']}"
    assert ines.get(path).status_code == 404  # not by oneself
    ruth = client(made.house.ruth)
    assert "before the transfer tonight" in text(ruth, path)
    assert ruth.post(path).status_code == 302
    assert "None waits to be confirmed" in text(ruth, "/desk/two")


# --- consent and what leaves -----------------------------------------------------------------------
def test_an_answer_is_recorded_for_each_compartment(made: Busy, ines: Client) -> None:
    path = f"/desk/c/{made.case.case}/consent"
    sent = {
        "answer": "granted",
        "recipient": str(made.house.ruth.id),
        "purpose": "legal",
        "compartments": ["narrative", "location"],
        "until": in_days(10).isoformat(),
        "how": "remote",
        "language": "ar",
    }
    missing = ines.post(f"{path}/record", sent | {"until": ""})
    assert missing.status_code == 422 and "A yes has a last day" in missing.content.decode()
    past = ines.post(f"{path}/record", sent | {"until": in_days(-1).isoformat()})
    assert past.status_code == 422 and "has passed" in past.content.decode()
    assert ines.post(f"{path}/record", sent).status_code == 302
    assert "Taken at 06:40" in text(
        client(made.house.ruth), f"/desk/c/{made.case.case}/part/narrative"
    )


def test_a_withdrawal_changes_the_lock(made: Busy, ines: Client) -> None:
    narrative = f"/desk/c/{made.case.case}/part/narrative"
    tomas = client(made.house.tomas)
    assert "Taken at 06:40" in text(tomas, narrative)
    path = f"/desk/c/{made.case.case}/consent/{made.known['granted']}/withdraw"
    assert ines.post(path, {"how": "oral"}).status_code == 302
    assert "Taken at 06:40" not in text(tomas, narrative)
    assert "Taken at 06:40" in text(ines, narrative)


def test_a_condition_opens_when_it_is_met(made: Busy, ines: Client) -> None:
    consent = f"/desk/c/{made.case.case}/consent"
    path = f"{consent}/{made.known['conditional']}/met"
    assert "let go by Friday" in text(ines, path)
    assert ines.post(path, {"reason": ""}).status_code == 422
    assert ines.post(path, {"reason": "He was not let go."}).status_code == 302
    assert "If, and met" in text(ines, consent)


def test_a_link_for_an_outside_reader_is_shown_once_and_opens_once(
    made: Busy, ines: Client
) -> None:
    path = f"/desk/c/{made.case.case}/share"
    sent = {
        "label": "R., lawyer",
        "purpose": "legal",
        "compartments": ["narrative"],
        "until": in_days(7).isoformat(),
        "how": "oral",
        "way": "link",
        "hours": "24",
    }
    page = ines.post(path, sent).content.decode()
    link = re.search(r"http://testserver(/l/[\w-]+)", page)
    assert link is not None
    assert "by a link that opened once" in text(ines, f"/desk/c/{made.case.case}/shown")
    reader = Client()
    token = re.search(r'name="token" value="([^"]+)"', text(reader, link[1]))
    assert token is not None
    assert "Taken at 06:40" in reader.post(link[1], {"token": token[1]}).content.decode()
    token = re.search(r'name="token" value="([^"]+)"', text(reader, link[1]))
    assert token is not None
    assert reader.post(link[1], {"token": token[1]}).status_code == 404


def test_what_was_refused_is_not_shared_by_another_door(made: Busy, ines: Client) -> None:
    sent = {
        "label": "Tomás R.",
        "purpose": "shelter",
        "compartments": ["health"],
        "until": in_days(7).isoformat(),
        "how": "oral",
        "way": "link",
        "hours": "24",
    }
    answer = ines.post(f"/desk/c/{made.case.case}/share", sent)
    assert answer.status_code == 422 and "No is an answer" in answer.content.decode()


# --- files ---------------------------------------------------------------------------------------
def test_a_file_is_seen_as_pictures_or_taken_sealed_to_ones_own_key(
    made: Busy, ines: Client
) -> None:
    page = text(ines, f"/desk/c/{made.case.case}/files")
    link = re.search(r'href="(/desk/c/[^"]+/files/[0-9a-f-]{36})"', page)
    assert link is not None and "summons.png" in page
    page = text(ines, link[1])
    assert f'src="{link[1]}/1"' in page
    picture = ines.get(f"{link[1]}/1")
    assert picture.status_code == 200 and picture.headers["Content-Type"] in {
        "image/png",
        "image/jpeg",
    }
    assert ines.get(f"{link[1]}/2").status_code == 404
    assert ines.get(f"{link[1]}/sealed").status_code == 405
    answer = ines.post(f"{link[1]}/sealed")
    sealed = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "summons" not in answer.headers["Content-Disposition"]
    assert PHOTO not in sealed
    # An open desk alone gives no key: the passphrase is asked for.
    assert ines.post("/desk/settings/key-file", {"old": "not these words"}).status_code == 422
    known = {"old": made.house.ines.passphrase}
    assert opened(sealed, ines.post("/desk/settings/key-file", known)) == PHOTO


def opened(sealed: bytes, key_file: object) -> bytes:
    """What the officer's own key file opens, without us."""
    import io

    identity = b"".join(key_file.streaming_content).decode().strip()  # type: ignore[attr-defined]
    plain = io.BytesIO()
    age.decrypt_io(io.BytesIO(sealed), plain, [identity])
    return plain.getvalue()


# --- the journal -----------------------------------------------------------------------------------
def test_the_journal_is_exported_for_anybody_to_verify(made: Busy, ines: Client) -> None:
    import json

    from amparo.vault import log

    text(ines, "/desk/queue")
    log.seal_waiting()
    page = text(ines, "/desk/journal")
    assert "amparo journal verify" in page and log.origin() in page
    lines = b"".join(ines.post("/desk/journal").streaming_content)  # type: ignore[attr-defined]
    verdict = log.verify([json.loads(line) for line in lines.splitlines()])
    assert verdict.ok and verdict.entries > 0


def test_a_file_for_an_outside_reader_opens_with_their_key_alone(made: Busy, ines: Client) -> None:
    import io

    seed = bytes(range(32))
    sent = {
        "label": "R., lawyer",
        "purpose": "legal",
        "compartments": ["narrative"],
        "until": in_days(7).isoformat(),
        "how": "oral",
        "way": "file",
        "hours": "24",
    }
    path = f"/desk/c/{made.case.case}/share"
    assert ines.post(path, sent).status_code == 422
    wrong = ines.post(path, sent | {"recipient": "age1pq1nonsense"})
    assert wrong.status_code == 422 and "Copy it once more" in wrong.content.decode()
    answer = ines.post(path, sent | {"recipient": age.recipient_of(seed)})
    sealed = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    plain = io.BytesIO()
    age.decrypt_io(io.BytesIO(sealed), plain, [age.identity_of(seed)])
    assert plain.getvalue()[:2] == b"PK" and b"Taken at 06:40" not in sealed
    assert "as a file that only their key opens" in text(ines, f"/desk/c/{made.case.case}/shown")


# --- what is said above every page -------------------------------------------------------------------
def test_a_full_disk_is_said_before_anybody_types(
    made: Busy, ines: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"/desk/c/{made.new.case}/messages"
    assert "nearly full" not in text(ines, page)
    monkeypatch.setattr(files, "room_left", lambda beside=0: False)
    said = text(ines, page)
    assert said.index("The disk is nearly full.") < said.index("<textarea")
    sent = {"text": "Look at this.", "files": SimpleUploadedFile("map.png", PHOTO, "image/png")}
    answer = ines.post(page, sent)
    assert answer.status_code == 422 and "Look at this." in answer.content.decode()


def test_an_unread_translation_says_so_in_both_languages(ines: Client) -> None:
    page = text(ines, "/ar/desk/queue")
    assert '<html lang="ar" dir="rtl">' in page
    assert '<span lang="en" dir="ltr">This translation has not been checked' in page
    assert "This translation" not in text(ines, "/desk/queue")
