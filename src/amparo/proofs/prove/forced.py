"""P15: a second code, a word and an answer under force look like every other; and those on duty are
told.

Each is compared with its ordinary twin: the answer of a real server byte for byte with its headers, and
in this process every statement to both databases, every derivation from a code, and for each table
which rows came, went and changed, with the class of each of their values (none, a length, an id). What
is random in every answer is masked; times are reported, not judged.

Seen to fail: when `silent.said` announces only what was forced, when it rings in the very request
(`later` left out), when `intake._cover` names the first case only where there is one, and when
`silent.hear` rings for every mark.
"""

import re
import statistics
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.test import Client

from amparo.alerts import queries as alerts
from amparo.alerts import rules
from amparo.alerts.models import Alarm
from amparo.alerts.services import checkins, plans, pressing, running
from amparo.casework.models import COVER, Cover
from amparo.casework.services import second_code, thread
from amparo.consent import gate, links
from amparo.engine import alarms as engine
from amparo.foundation import clock, ids, journal
from amparo.foundation.config import config
from amparo.foundation.router import DATA, KEYSTORE
from amparo.proofs.prove.alike import _counted
from amparo.proofs.prove.found import Found, many, proves
from amparo.proofs.prove.served import Server, serving
from amparo.proofs.prove.world import Defender, World, found, tables
from amparo.vault import codes, forms

SMALL = "which password should I choose for the new phone?"
WORD, FORCED, SAFE, MADE = "fine day", "fine moon", "blue kettle", "grey kettle"
INSIDE = ("read", "who", "about", "choices", "plan", "check-in", "export")
Send = Callable[[], Any]


# --- what is compared -----------------------------------------------------------------------------
def masked(text: str) -> str:
    """A page without what is random in every page, and without the clock."""
    text = re.sub(r'(name="(?:token|once|plan)" value=")[^"]*', r"\1", text)
    text = re.sub(r"<time.*?</time>", "<time>", text, flags=re.S)
    return re.sub(r"/a/[\w-]+|/w/[\w-]+", "/#", text)


def _class(value: Any) -> Any:
    match value:
        case bytes() | memoryview():
            return f"{len(bytes(value))} bytes"
        case ids.Id():
            return "id"
        case datetime() | date():
            return "time"
        case dict():
            return str(sorted((name, _class(one)) for name, one in value.items()))
        case str() if ids.parse(value) is not None:
            return "id"
        case bool() | str() | None:
            return value
        case int():
            return "number"
    return type(value).__name__


def _rows() -> dict[str, dict[Any, tuple[Any, ...]]]:
    found_ = {}
    for model in (*tables(DATA), *tables(KEYSTORE)):
        names = [one.attname for one in model._meta.concrete_fields]
        rows = model._default_manager.values_list("pk", *names)
        found_[model._meta.label] = {_key(row[0]): row[1:] for row in rows}
    return found_


def _key(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def changes(before: Any, after: Any) -> list[str]:
    """What came, went and changed, in classes of values."""
    found_ = []
    for name, rows in after.items():
        old = before[name]
        for key in sorted({*rows, *old}, key=str):
            was, is_ = old.get(key), rows.get(key)
            if _plain(was) != _plain(is_):
                what = "came" if was is None else "went" if is_ is None else "changed"
                found_.append(f"{name} {what}: {[_class(one) for one in (is_ or was)]}")
    return sorted(found_)


def _plain(row: Any) -> Any:
    return row and tuple(_key(one) for one in row)


def _one(send: Send) -> tuple[list[str], list[str], tuple[Any, ...], float]:
    """(statements, changes, answer, seconds) of one request in this process."""
    before, begun = _rows(), time.perf_counter()
    with _counted() as steps:
        answer = send()
    took = time.perf_counter() - begun
    shown = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = masked(shown.decode(errors="replace")) if not answer.streaming else str(bool(shown))
    headers = sorted(answer.headers.items())
    return steps, changes(before, _rows()), (answer.status_code, headers, text), took


def twins(result: Found, name: str, plain: Send, forced: Send) -> None:
    """The same request of two people, of whom one is not free: alike in everything that is compared."""
    ordinary, made = _one(plain), _one(forced)
    for what, left, right in zip(
        ("statements", "rows", "answer"), ordinary[:3], made[:3], strict=True
    ):
        odd = [f"{one} / {two}" for one, two in zip(left, right, strict=False) if one != two]
        result.expect(left == right, f"{name}: other {what}: {str(odd[:1] or right)[:300]}")
    result.expect(ordinary[2][0] in {200, 422}, f"{name}: answered {ordinary[2][0]}")


def _post(path: str, window: bytes = b"", **sent: str) -> Send:
    def send() -> Any:
        token = forms.token(window or ids.new().bytes)
        headers = {"host": "localhost"}
        return Client().post(path, {"token": token, **sent}, headers=headers)

    return send


def _silent(case: ids.Id) -> list[Alarm]:
    return list(Alarm.objects.filter(case=case, mode="actual", state__in=rules.RUNNING))


def _engine() -> None:
    with journal.unit():
        engine.once()


# --- the code -------------------------------------------------------------------------------------
def _code(result: Found, world: World) -> tuple[Defender, Defender, Defender]:
    """(an ordinary one, the person's own, the one that their second code opens)."""
    plain, own = world.ask(what=SMALL, where=""), world.ask(what="what nobody else may read")
    code = codes.new_digits()
    with world.officers[0].request() as actor:
        small = second_code.agree(
            actor, own.case, once=ids.new(), code=code, what=SMALL, language="en"
        )
    second = Defender(small.case, code)
    for one in (plain, second):  # the first looks up what is then remembered
        _post("/back", code=one.text)()
    _engine()
    for round_ in range(many(4, 1)):
        twins(
            result,
            f"the code, {round_ + 1}",
            _post("/back", code=plain.text),
            _post("/back", code=second.text),
        )
    _engine()
    covers = [_cover_shape(world, one.case) for one in (plain, second)]
    result.expect(covers[0] == covers[1], f"covers differ: {covers}")
    result.expect(not _silent(plain.case), "an ordinary code rings")
    result.expect(not _silent(second.case), "the alarm stands at the small request")
    result.expect(len(_silent(own.case)) == 1, f"{len(_silent(own.case))} alarms for one person")
    return plain, own, second


def _cover_shape(world: World, case: ids.Id) -> list[tuple[str, int]]:
    """What stands in a cover, and how long each part is but for the drawn name."""
    with world.officers[0].request() as actor:
        leave = gate.admit(actor, case, "cover")
        doc = gate.read(leave, COVER, Cover.objects.get(case=case))
    return sorted((name, len(str(value))) for name, value in doc.items() if name != "name")


def _inside(result: Found, plain: Defender, own: Defender, second: Defender) -> None:
    """The session: the same pages; it neither sees the alarm nor stops it."""
    for one in (plain, second):
        one.window = b""
        with one.request():
            pass
    for deed in INSIDE:
        sent = {"do": deed} | ({"sure": "1"} if deed == "export" else {})
        twins(
            result,
            f"inside, {deed}",
            _post("/n", plain.window, **sent),
            _post("/n", second.window, **sent),
        )
    page = _post("/n", second.window, do="read")().content.decode()
    result.expect(SMALL in page, "the second code opens no request")
    result.expect(
        "what nobody else may read" not in page, "the second code opens the first request"
    )
    _engine()
    before = [(one.id, one.state) for one in _silent(own.case)]
    for one in (plain, second):
        with one.request() as actor:
            thread.withdraw_request(actor)
    _engine()
    after = [(one.id, one.state) for one in _silent(own.case)]
    result.expect(before == after and before, "taking everything back has stopped the alarm")


def _at_the_desk(result: Found, world: World, own: Defender) -> None:
    with world.officers[1].request() as actor:
        view = alerts.alarm(actor, _silent(own.case)[0].id)
    result.expect(view.silent, "the desk is not told that it is silent")
    result.expect(not view.told, "contacts were told")
    how = {one.more.get("how") for one in view.happened}
    result.expect("second code" in how, f"the desk is told {how}")


# --- words and answers ----------------------------------------------------------------------------
def _words(result: Found, world: World) -> None:
    """A check-in's word, on the page and in each of its buttons."""
    free, forced = world.ask(what=SMALL, where=""), world.ask(what=SMALL, where="")
    for deed in ("well", "later", "end"):
        for one in (free, forced):
            promise = checkins.Promise(legs=(60, 120), word=WORD, forced=FORCED)
            with one.request() as actor:
                waiting = checkins.running_of(actor, one.case)
                if waiting is None:
                    checkins.begin(actor, one.case, promise)
        twins(
            result,
            f"check-in, {deed}",
            _post("/n", free.window, do="check-in", deed=deed, word=WORD),
            _post("/n", forced.window, do="check-in", deed=deed, word=FORCED),
        )
        _engine()
        result.expect(not _silent(free.case), f"check-in, {deed}: an ordinary word rings")
        result.expect(_silent(forced.case), f"check-in, {deed}: a forced word rings nobody")


def _answers(result: Found, world: World) -> None:
    """A contact who is made to say "safe"."""
    sent = []
    cases = []
    for _ in range(2):
        one = world.ask(what=SMALL, where="")
        people = {"s": plans.Person("Sister", (("mail", "sister@example.org"),))}
        draft = plans.Draft(
            "desk", (rules.Rung(0, (rules.DESK, "s")),), people, "Your order is ready.",
            word=SAFE, forced=MADE,
        )  # fmt: skip
        with world.officers[0].request() as actor:
            plan = plans.arm(actor, one.case, draft).id
            alarm = pressing.press_for(actor, one.case, plan, once=ids.new()).alarm
            body = {"alarm": str(alarm), "who": "s", "label": "Sister", "step": 0, "what": "alarm"}
            sent.append(links.create(running.LINK, body, hours=1))
        cases.append(one.case)
    free, forced = sent
    twins(
        result,
        "a contact's answer",
        _post(f"/a/{free}", answer="safe", word=SAFE, seen="0"),
        _post(f"/a/{forced}", answer="safe", word=MADE, seen="0"),
    )
    _engine()
    result.expect(not _silent(cases[0]), "an ordinary answer rings")
    result.expect(_silent(cases[1]), "a forced answer rings nobody")


# --- a real server --------------------------------------------------------------------------------
def _served(result: Found, world: World) -> str:
    """The same two codes over the wire, with the engine beside."""
    plain, own = world.ask(what=SMALL, where=""), world.ask(what="another's own")
    code = codes.new_digits()
    with world.officers[0].request() as actor:
        small = second_code.agree(
            actor, own.case, once=ids.new(), code=code, what=SMALL, language="en"
        )
    texts = {"plain": plain.text, "second": " ".join(code.shown)}
    spent: dict[str, list[float]] = {name: [] for name in texts}
    seen: dict[str, set[tuple[Any, ...]]] = {name: set() for name in texts}
    with serving(config().data.parent) as server:
        for text in texts.values():  # the first of each is slower, and no measure
            _knock(server, text)
        for round_ in range(many(40, 3)):
            # One beside the other, and each as often before the other as after it.
            for name in sorted(texts, reverse=bool(round_ % 2)):
                answer, took = _knock(server, texts[name])
                seen[name].add(answer)
                spent[name].append(took)
        end = time.monotonic() + 20
        while not _silent(own.case) and time.monotonic() < end:
            time.sleep(0.1)
    result.expect(seen["plain"] == seen["second"], "over the wire the two answers differ")
    result.expect(len(seen["plain"]) == 1, "equal codes get unequal answers over the wire")
    result.expect(_silent(own.case), "a running house rings nobody")
    result.expect(not _silent(plain.case) and not _silent(small.case), "another case rings")
    plain_, second_ = (statistics.median(spent[name]) * 1000 for name in ("plain", "second"))
    middle = statistics.quantiles([took * 1000 for took in spent["plain"]], n=4)
    return (
        f"medians of {len(spent['plain'])} each {plain_:.1f} and {second_:.1f} ms, taken in turns; "
        f"half of the ordinary ones between {middle[0]:.1f} and {middle[2]:.1f} ms"
    )


def _knock(server: Server, text: str) -> tuple[tuple[Any, ...], float]:
    """(what came back, seconds) of a code."""
    visitor = server.visitor()
    token = visitor.get("/back").token
    begun = time.perf_counter()
    answer = visitor.post("/back", {"token": token, "code": text})
    took = time.perf_counter() - begun
    headers = tuple(sorted(one for one in answer.headers.items() if one[0] != "date"))
    return (answer.status, headers, masked(answer.text), tuple(visitor.seen)), took


@proves("P15")
def not_free_to_speak() -> Found:
    """A second code, words and answers; in this process and over the wire."""
    result = Found()
    world = found()
    plain, own, second = _code(result, world)
    _inside(result, plain, own, second)
    _at_the_desk(result, world, own)
    _words(result, world)
    _answers(result, world)
    clock.forward(timedelta(minutes=1))
    apart = _served(result, world)
    result.value = str(len(result.breaches))
    result.detail = f"a code, {len(INSIDE)} pages behind it, a word, an answer; {apart}"
    return result
