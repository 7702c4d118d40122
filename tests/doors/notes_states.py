"""Every page of a person without an account in every state it can be in, with invented content."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.datastructures import MultiValueDict

from amparo.casework.choices import LATER, Again, Choice
from amparo.casework.queries import FileView, Message, Part, Reader, Thread
from amparo.casework.services.sharing import Shown
from amparo.consent.queries import ConsentRow, DisclosureRow, OverrideRow
from amparo.foundation import clock, ids
from amparo.web.notes import forms
from amparo.web.notes.promise import Promise
from tests.doors import alarm_states

TOKEN = "t" * 230  # as long as a real one
WORDS = "harbour", "lantern", "copper", "eleven", "maple", "quiet", "saddle", "ribbon", "orange"
GROUPS = "48213", "90577", "16304", "77218", "05946", "31188"
LAWYER = Reader(
    ids.new(), "outside", "Your lawyer, R.", 1, "legal", date(2031, 11, 30), ["location", "legal"]
)

DUTY = Reader(ids.new(), "team", "intake", 4, "duty", None, ["identity"])


def ago(**span: float) -> datetime:
    return clock.now() - timedelta(**span)


def promise(*, is_open: bool = True, always: bool = True) -> Promise:
    return Promise(is_open, always, 15, "08:00–18:00", clock.now() + timedelta(hours=9))


def filled(form: type[forms.Page], data: dict[str, str], **errors: str) -> forms.Page:
    made = form(data, MultiValueDict())
    made.is_valid()
    for name, text in errors.items():
        made.add_error(name, text)
    return made


def said(by: str, text: str, at: datetime, **more: Any) -> Message:
    return Message(
        ids.new(), by, "", text, at, more.pop("unread", False), more.pop("files", []), **more
    )


def messages() -> dict[str, Message]:
    photo = FileView(ids.new(), "IMG_2041.jpg", "JPEG", 2_411_000, "0" * 64, ids.new())
    sealed = FileView(ids.new(), "letter.pdf.age", "age", 82_100, "0" * 64, None)
    return {
        "mine": said(
            "defender",
            "Two men asked my neighbour when I come home.\nThe same car since Friday.",
            ago(hours=2),
            files=[photo, sealed],
            where="North of the lake",
        ),
        "answer": said(
            "desk",
            "We have read what you wrote. You did the right thing by telling us.\n\n"
            "Please do not sleep at home tonight. We have found two places.",
            ago(minutes=20),
            unread=True,
        ),
        "arabic": said("defender", "السيارة نفسها منذ يوم الجمعة، رقمها 4821.", ago(days=3)),
        "no": said(
            "desk",
            "We cannot pay for journeys. The fund by the river can, within two days.",
            ago(days=1),
            unread=True,
            decision="declined",
        ),
        "other": said("desk", "They know this court.", ago(days=1), decision="referred", to="B."),
        "again": said("system", "", ago(days=1), decision="relinked"),
    }


def consent_row(answer: Any, **more: Any) -> ConsentRow:
    return ConsentRow(
        id=ids.new(),
        recipient=ids.new(),
        label="The house of S.",
        purpose="shelter",
        compartment="location",
        answer=answer,
        condition=more.get("condition", ""),
        condition_met=False,
        how="page",
        language="en",
        text_version="1",
        until=date(2031, 12, 2),
        at=ago(days=1),
        in_force=answer == "granted",
    )


def chosen(duty: Any = "off", **own: Any) -> list[Choice]:
    return [Choice("duty", "identity", duty)] + [
        Choice("own", one, own.get(one, "off")) for one in LATER
    ]


def thread(state: str, **more: Any) -> Thread:
    team = Reader(ids.new(), "team", "intake", 4, "protection", None, ["correspondence", "cover"])
    found: dict[str, Any] = {
        "case": ids.new(),
        "state": state,
        "stage": "case",
        "due_at": clock.now() + timedelta(minutes=9),
        "messages": [],
        "readers": [team, LAWYER],
        "disclosures": [
            DisclosureRow(ago(days=2), "Clinic by the river", "care", ["health"], "link")
        ],
        "consents": [],
        "overrides": [],
        "resealing_since": None,
        "choices": chosen(),
    }
    return Thread(**(found | more))


def conversation(state: str, fresh: str = "", earlier: str = "mine", **more: Any) -> dict[str, Any]:
    known = messages()
    found = {
        "token": TOKEN,
        "inside": True,
        "thread": thread(state, **more.pop("thread", {})),
        "fresh": [known[name] for name in fresh.split()],
        "earlier": [known[name] for name in earlier.split()],
        "form": forms.Write(),
        "reader_count": 5,
        "promise": promise(),
    }
    return found | more


def threads() -> dict[str, tuple[str, dict[str, Any]]]:
    """The conversation, whatever there is to say in it."""
    over = OverrideRow(
        ids.new(),
        ids.new(),
        "location",
        "No answer for two days.",
        ago(hours=1),
        False,
        clock.now() + timedelta(hours=3),
        False,
    )
    asked, yes = consent_row("asked"), consent_row("granted")
    only_if = consent_row("conditional", condition="my sister is told first")
    return {
        "thread-new": (
            "notes/thread.html",
            conversation("new", thread={"disclosures": []}, promise=promise(always=False)),
        ),
        "thread-erasing": (
            "notes/thread.html",
            conversation("taken", "answer", "mine", erasing=date(2031, 11, 30)),
        ),
        "thread-late": ("notes/thread.html", conversation("new", late=True)),
        "thread-taken": ("notes/thread.html", conversation("taken", done="Sent, and sealed.")),
        "thread-answered": (
            "notes/thread.html",
            conversation(
                "answered",
                "answer",
                "mine arabic no other again",
                asked=[asked],
                answers=[yes, only_if, consent_row("refused")],
                show_who=True,
            ),
        ),
        "thread-waiting": ("notes/thread.html", conversation("waiting", "", "mine answer")),
        "thread-declined": ("notes/thread.html", conversation("declined", "no")),
        "thread-referred": ("notes/thread.html", conversation("referred", "other")),
        "thread-merged": ("notes/thread.html", conversation("merged", "again")),
        "thread-closed": ("notes/thread.html", conversation("closed", "", "")),
        "thread-opened": (
            "notes/thread.html",
            conversation(
                "taken",
                thread={
                    "overrides": [over, replace(over, over=True)],
                    "resealing_since": date(2026, 1, 2),
                },
            ),
        ),
        "thread-chosen": (
            "notes/thread.html",
            conversation(
                "taken",
                "",
                "mine",
                show_who=True,
                answers=[replace(yes, in_force=False, waits=True)],
                thread={
                    "choices": chosen("on", location="on", health="waits"),
                    "parts": [
                        Part("location", [said("note", "By the mill, until Friday.", ago(days=1))])
                    ],
                    "readers": [LAWYER, DUTY],
                    "again": [
                        Again(consent_row("refused"), date(2031, 12, 2)),
                        Again(consent_row("withdrawn"), None),
                    ],
                },
            ),
        ),
        "thread-wrong": (
            "notes/thread.html",
            conversation("taken", form=filled(forms.Write, {"text": ""})),
        ),
        "thread-if": (
            "notes/thread.html",
            conversation("taken", asked=[asked], condition_missing=asked.id),
        ),
        "thread-full": ("notes/thread.html", conversation("taken", full=True)),
    }


def states() -> dict[str, tuple[str, dict[str, Any]]]:
    """Name to (template, context)."""
    code = {
        "token": TOKEN,
        "due_at": clock.now() + timedelta(minutes=15),
        "received_at": clock.now(),
        "words": WORDS,
        "words_language": "en",
        "typed": " ".join(WORDS),
        "groups": GROUPS,
        "other": "digits",
        "how": "text",
        "file_count": 2,
    }
    ask = {"token": TOKEN, "promise": promise(), "team": 4}
    enter = {"token": TOKEN, "form": forms.Enter()}
    no_number = {"where": "North of the lake", "how": "text"}
    inside = {"token": TOKEN, "inside": True}
    return {
        **alarm_states.states(),
        **threads(),
        "start": ("notes/start.html", {"promise": promise()}),
        "start-night": ("notes/start.html", {"promise": promise(is_open=False, always=False)}),
        "start-full": ("notes/start.html", {"promise": promise(), "full": True}),
        "new": ("notes/new.html", ask | {"form": forms.Ask(initial={"how": "here"})}),
        "new-hours": (
            "notes/new.html",
            ask | {"form": forms.Ask(), "promise": promise(always=False), "team": 1},
        ),
        "new-wrong": (
            "notes/new.html",
            ask | {"form": filled(forms.Ask, no_number, file="Choose these again: a.jpg.")},
        ),
        "new-empty": ("notes/new.html", ask | {"form": filled(forms.Ask, {"how": "here"})}),
        "new-full": ("notes/new.html", ask | {"form": forms.Ask(), "full": True}),
        "code-words": ("notes/code.html", code),
        "code-digits": ("notes/code.html", code | {"words": (), "other": "words", "how": "here"}),
        "code-replaced": ("notes/code.html", code | {"replaced": True}),
        "already": ("notes/already.html", {}),
        "back": ("notes/back.html", enter),
        "back-wrong": (
            "notes/back.html",
            enter | {"form": filled(forms.Enter, {"code": "harbour lantrn"}, code="Word 2 …")},
        ),
        "closed": ("notes/closed.html", enter),
        "closed-draft": (
            "notes/closed.html",
            enter | {"form": forms.Enter(initial={"text": "I was writing this."})},
        ),
        "closed-locked": ("notes/closed.html", {}),
        "choices": ("notes/choices.html", inside | {"thread": thread("taken")}),
        "choices-request": (
            "notes/choices.html",
            inside | {"thread": thread("new", choices=chosen("waits"), stage="request")},
        ),
        "choices-made": (
            "notes/choices.html",
            inside
            | {
                "thread": thread("taken", choices=chosen("on", location="on", health="waits")),
                "done": "You said yes. You can take it back at any time.",
            },
        ),
        "withdraw-duty": ("notes/withdraw.html", inside | {"reader": DUTY}),
        "withdraw-one": ("notes/withdraw.html", inside | {"reader": LAWYER}),
        "withdraw-all": ("notes/withdraw.html", inside),
        "withdrawn": ("notes/withdrawn.html", {}),
        "copy": ("notes/copy.html", inside),
        "renew": ("notes/renew.html", inside | {"words_possible": True}),
        "clear": ("notes/clear.html", {}),
        "about": ("notes/about.html", {"team": 4}),
        "clear-inside": ("notes/clear.html", inside),
        "about-inside": ("notes/about.html", inside | {"team": 4}),
        "language": ("notes/language.html", {}),
        **{
            f"trouble-{status}": ("notes/trouble.html", {"status": status})
            for status in (400, 403, 404, 409, 413, 422, 500, 503)
        },
        "trouble-elsewhere": ("notes/trouble.html", {"status": 400, "elsewhere": True}),
        "link-over": ("links/over.html", {"text": "I will be at the hearing."}),
        "link": ("links/continue.html", {"link": "x" * 43, "token": TOKEN}),
        "link-read": (
            "links/read.html",
            {
                "link": "x" * 43,
                "token": TOKEN,
                "form": forms.Reply(),
                "shown": Shown(
                    "",
                    "legal",
                    date(2031, 12, 2),
                    {"legal": [messages()["mine"]], "location": []},
                ),
            },
        ),
    }
