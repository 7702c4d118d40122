"""The pages of alarms for people without an account, in every state, with invented content."""

from datetime import timedelta
from typing import Any

from amparo.alerts import rules
from amparo.alerts.queries import PlanView
from amparo.alerts.services.answering import Called
from amparo.alerts.services.checkins import Waiting
from amparo.alerts.services.pressing import Pressed
from amparo.foundation import clock, ids
from amparo.web import plans
from amparo.web.notes import checkins

TOKEN, CARD = "t" * 230, "c" * 22  # as long as real ones
DOC: dict[str, Any] = {
    "rungs": [[0, ["desk", "p1"]], [5, ["p2"]], [20, ["desk", "p3"]]],
    "people": {
        "p1": {"label": "My sister", "ways": [["sms", "+525512345678"]], "hours": ["", "", "UTC"]},
        "p2": {
            "label": "The lawyer by the river",
            "ways": [["mail", "lawyer@example.org"], ["sms", "+34600123456"]],
            "hours": ["08:00", "22:30", "Europe/Paris"],
        },
        "p3": {"label": "خالي", "ways": [["mail", "uncle@example.org"]], "hours": ["", "", "UTC"]},
    },
    "text": "Your order is ready.",
    "name": "Reem",
    "word": "blue kettle",
    "language": "en",
}


def plan(kind: str = "card", *, tried: bool = False, armed: bool = True) -> PlanView:
    faults = [rules.Fault("never told", "p2"), rules.Fault("not tried", "p1")]
    return PlanView(ids.new(), kind, tried, armed, DOC, faults)


def shown(view: PlanView, *lacks: str) -> dict[str, Any]:
    return {"plan": view, "ladder": plans.ladder(DOC), "lacks": list(lacks)}


def filled(count: int, **changes: str) -> plans.Plan:
    answers, _people = plans.answers_of(DOC, "card")
    made = plans.Plan({**{f"at{n}": "0" for n in range(1, 7)}, **answers, **changes}, count=count)
    made.is_valid()
    return made


def pressed(state: str, *, told: int = 2, back: bool = False, practice: bool = False) -> Any:
    shown_ = Pressed(ids.new(), state, practice, told, back)
    return "alarms/pressed.html", {"card": CARD, "token": TOKEN, "shown": shown_, "done": ""}


def called(state: str, **more: Any) -> tuple[str, dict[str, Any]]:
    given = {"who": "Reem", "label": "My sister", "what": "alarm", "moved_on": False}
    given |= {"needs_word": True, "pressed_at": clock.now(), "step": 0}
    context = {"link": "l" * 22, "token": TOKEN, "effect": "", "wrong": ""}
    context |= {name: more.pop(name) for name in ("effect", "wrong") if name in more}
    view = Called(state=state, body={}, **(given | more))
    return "alarms/called.html", context | {"called": view, "running": state in rules.RUNNING}


def states() -> dict[str, tuple[str, dict[str, Any]]]:
    """Name to (template, context)."""
    inside = {"token": TOKEN, "inside": True}
    ask = inside | {"form": plans.Plan(), "replaces": ""}
    wrong = filled(2, a1="+", who2="", zone="", kind="")
    card = inside | plans.card(CARD, "en") | {"path": f"/p/{CARD}", "replaced": True}
    line = "Write the agreed word, or say that you have spoken to them yourself."
    return {
        "plan-ask": ("notes/plan-ask.html", ask),
        "plan-wrong": ("notes/plan-ask.html", ask | {"form": wrong, "replaces": ids.new()}),
        "plan": ("notes/plan.html", inside | {"plans": [shown(plan())]}),
        "plan-lacks": (
            "notes/plan.html",
            inside
            | {
                "plans": [shown(plan(armed=False, tried=True), "My sister: They are never told.")],
                "twice": True,
            },
        ),
        "plan-desk": (
            "notes/plan.html",
            inside | {"plans": [shown(plan("desk"))], "done": "It is."},
        ),
        "plan-card": ("notes/plan-card.html", card),
        "plan-away": ("notes/plan-away.html", inside | {"plan": ids.new()}),
        "press": ("alarms/press.html", {"card": CARD, "token": TOKEN}),
        "pressed": pressed("open", back=True),
        "pressed-one": pressed("open", told=1),
        "pressed-try": pressed("open", practice=True, told=4),
        "pressed-answered": pressed("answered"),
        "pressed-back": pressed("back"),
        "pressed-over": pressed("safe"),
        "open": ("alarms/open.html", {"link": "l" * 22, "token": TOKEN}),
        "called": called("open"),
        "called-nameless": called("open", who="", needs_word=False, moved_on=True),
        "called-taken": called("answered", effect="taken"),
        "called-answered": called("answered"),
        "called-late": called("open", effect="late", moved_on=True),
        "called-still": called("answered", may_go_on=True),
        "called-confirm": called("answered", effect="confirm"),
        "no-card": ("alarms/no-card.html", {"token": TOKEN}),
        "keep": ("alarms/keep.html", {"card": CARD, "token": TOKEN}),
        "called-word": called("open", effect="word", wrong=line),
        "called-moved": called("open", effect="moved", moved_on=True),
        "called-silent": called("open", effect="silent"),
        "called-try": called("open", what="try"),
        "called-try-taken": called("open", what="try", effect="taken"),
        "called-over": called("safe", what="clear"),
        "called-safe": called("safe", what="clear", effect="taken"),
        **check_ins(),
    }


def check_ins() -> dict[str, tuple[str, dict[str, Any]]]:
    """The pages of check-ins."""
    inside = {"token": TOKEN, "inside": True}
    wrong = checkins.CheckIn({"when": "7", "me": "x", "word": "a", "forced": "a"})
    wrong.add_error("forced", checkins.FAULTS["forced"])
    waits = Waiting(ids.new(), clock.now() + timedelta(hours=2), False, True, 0, 3)
    late = Waiting(ids.new(), clock.now() - timedelta(minutes=5), True, False, -1, 0)
    well = {"link": "l" * 22, "token": TOKEN}
    return {
        "check-in": (
            "notes/check-in.html",
            inside | {"form": checkins.CheckIn(), "has_plan": True},
        ),
        "check-in-wrong": ("notes/check-in.html", inside | {"form": wrong, "done": ""}),
        "check-in-waits": (
            "notes/check-in-waits.html",
            inside | {"waiting": waits, "done": "It is."},
        ),
        "check-in-late": ("notes/check-in-waits.html", inside | {"waiting": late, "wrong": "No."}),
        "check-in-calendar": (
            "notes/check-in-waits.html",
            inside | {"waiting": waits, "calendar": "https://notes.example.org/i/" + "i" * 22},
        ),
        "well": ("alarms/well.html", well),
        "well-word": ("alarms/well.html", well | {"asks_word": True, "wrong": "Not this word."}),
        "well-said": ("alarms/well.html", {"token": TOKEN, "said": True}),
    }
