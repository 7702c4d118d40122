"""Every deed that touches both databases: how it is done, and what must hold of it after a crash.

A judge is told whether the deed came back before the crash. It looks at both sides: what was said and
what the keys do must agree, and what came back must have lasted; where it did not, it must be possible
to do it again.
"""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import amparo
from amparo.casework import queries
from amparo.casework.models import Case, Entry
from amparo.casework.services import desk, intake, opening, thread
from amparo.consent import gate, links
from amparo.consent import queries as consent_queries
from amparo.consent import services as consent
from amparo.consent.models import Override, Release
from amparo.foundation import clock, errors, ids, journal
from amparo.foundation.actor import NOBODY, Actor
from amparo.people import services as people
from amparo.proofs.prove.world import Defender, Officer, World, newcomer, sealed_file
from amparo.vault import codes, factors, files, log, staff, uploads
from amparo.vault.models import Epoch, Grant, Principal, Slot


@dataclass
class Stage:
    """What a deed is done on."""

    world: World
    defender: Defender
    fresh: Defender  # whose code is known before the deed asks
    reader: ids.Id
    text: str = "words of before"
    more: dict[str, Any] = field(default_factory=dict)


Deed = Callable[[Stage], None]
Judge = Callable[[Stage, bool], list[str]]  # told whether the deed came back; says what is wrong


# --- deeds and their judges -----------------------------------------------------------------------
def _ask(stage: Stage) -> None:
    call = intake.Call(what="words of the call", where="x", how="here")
    with journal.unit():
        file = sealed_file("a.txt", b"content of the file" * 5000)
        intake.ask(NOBODY, once=ids.new(), code=stage.fresh.code, call=call, files=(file,))


def _asked(stage: Stage, came_back: bool) -> list[str]:
    try:
        with stage.fresh.request() as actor:
            said = queries.thread(actor)
            whole = [one.text for one in said.messages] == ["words of the call"]
            data = b"".join(
                queries.open_file(actor, said.case, said.messages[0].files[0].id).pieces()
            )
        whole = whole and data == b"content of the file" * 5000
        return [] if whole else ["a call is there by halves"]
    except errors.NotFound:
        return ["an acknowledged call is lost"] if came_back else []


def _write(stage: Stage) -> None:
    with stage.defender.request() as actor:
        file = sealed_file("b.txt", b"content" * 9000)
        thread.write(actor, once=ids.new(), text="words of the deed", files=(file,))


def _written(stage: Stage, came_back: bool) -> list[str]:
    return _has_words(stage, came_back, 1)


def _reply(stage: Stage) -> None:
    with stage.world.officers[0].request() as actor:
        desk.reply(actor, stage.defender.case, text="words of the deed")


def _has_words(stage: Stage, came_back: bool, files_: int = 0) -> list[str]:
    with stage.defender.request() as actor:
        said = queries.thread(actor).messages
    found_ = [one for one in said if one.text == "words of the deed"]
    wrong = []
    if came_back and len(found_) != 1:
        wrong.append(f"acknowledged words are there {len(found_)} times")
    if any(len(one.files) != files_ for one in found_):
        wrong.append("words are there without their file")
    return wrong


def _open(stage: Stage) -> None:
    with stage.world.officers[0].request() as actor:
        row = queries.case(actor, stage.fresh.case).row
        opening.open_case(actor, stage.fresh.case, version=row.version)


def _opened(stage: Stage, came_back: bool) -> list[str]:
    row = Case.objects.get(id=stage.fresh.case)
    keys = Epoch.objects.filter(case=row.id, compartment="narrative").exists()
    wrong = [] if (row.stage == "case") == keys else ["stage and keys disagree"]
    if came_back and row.stage != "case":
        wrong.append("an opened case is a request again")
    if row.stage != "case":
        _open(stage)  # it can be done again
    with stage.world.officers[0].request() as actor:
        opening.write_note(actor, row.id, "narrative", text="x")
    return wrong


def _grant(stage: Stage) -> None:
    _answer(stage, "granted")


def _answer(stage: Stage, answer: Any, **more: Any) -> None:
    with stage.world.officers[0].request() as actor:
        _record(actor, stage, answer, **more)


def _record(actor: Actor, stage: Stage, answer: Any, **more: Any) -> ids.Id:
    return consent.record_answer(
        actor,
        stage.defender.case,
        answer=answer,
        recipient=stage.reader,
        label="them",
        purpose="legal",
        compartment="narrative",
        how="oral",
        language="en",
        **more,
    )


def _granted(stage: Stage, came_back: bool) -> list[str]:
    recorded, holds = _said_and_held(stage)
    wrong = [] if (recorded == "granted") == holds else [f"said {recorded!r}, holds {holds}"]
    return wrong + (["an acknowledged grant is lost"] if came_back and not holds else [])


def _said_and_held(stage: Stage) -> tuple[str, bool]:
    with stage.world.officers[0].request() as actor:
        rows = [
            row
            for row in consent_queries.records(actor, stage.defender.case)
            if row.recipient == stage.reader
        ]
    held = Grant.objects.filter(
        case=stage.defender.case, compartment="narrative", grantee=stage.reader
    )
    return (rows[0].answer if rows else ""), held.exists()


def _withdraw(stage: Stage) -> None:
    with stage.defender.request() as actor:
        thread.withdraw_reader(actor, recipient=stage.reader, purpose="legal")


def _withdrawn(stage: Stage, came_back: bool) -> list[str]:
    recorded, holds = _said_and_held(stage)
    wrong = [] if (recorded == "withdrawn") != holds else [f"said {recorded!r}, holds {holds}"]
    return wrong + (["a withdrawn reader holds a key"] if came_back and holds else [])


def _mend(stage: Stage) -> None:
    with stage.world.officers[0].request() as actor:
        gate.mend(actor, stage.defender.case, "narrative")


def _mended(stage: Stage, came_back: bool) -> list[str]:
    with stage.world.officers[0].request() as actor:
        opening.write_note(actor, stage.defender.case, "narrative", text="after")
        said = queries.entries(actor, stage.defender.case, "narrative")
    texts = sorted(one.text for one in said if one.text)
    return [] if texts == sorted(["after", stage.text]) else [f"re-sealed content is {texts}"]


def _erase(stage: Stage) -> None:
    with stage.fresh.request() as actor:
        thread.withdraw_request(actor)


def _erased(stage: Stage, came_back: bool) -> list[str]:
    case, wrong = stage.fresh.case, []
    gone = Case.objects.get(id=case).state == "withdrawn"
    left = Grant.objects.filter(case=case).exists() or Entry.objects.filter(case=case).exists()
    if gone == left:
        wrong.append(f"withdrawn {gone}, but rows or keys are {'there' if left else 'gone'}")
    if came_back and not gone:
        wrong.append("an acknowledged withdrawal is lost")
    return wrong


def _leave(stage: Stage) -> None:
    with stage.world.officers[0].request() as actor:
        people.leave(actor, stage.reader)


def _left(stage: Stage, came_back: bool) -> list[str]:
    row = Principal.objects.get(id=stage.reader)
    locks = Slot.objects.filter(principal_id=stage.reader).exists()
    wrong = [] if row.active == locks else ["somebody left by halves"]
    if came_back and row.active:
        wrong.append("somebody who left is still here")
    return wrong


def _leave_team(stage: Stage) -> None:
    with stage.world.officers[0].request() as actor:
        people.leave_team(actor, stage.reader, "intake")


def _left_team(stage: Stage, came_back: bool) -> list[str]:
    here = stage.reader in staff.members("intake")
    wrong = ["somebody who left a team is still in it"] if came_back and here else []
    if here:
        _leave_team(stage)  # it can be done again
    # Whoever stays opens what has come since.
    later = stage.world.ask(what="after")
    with stage.world.officers[1].request() as actor:
        said = [one.text for one in queries.case(actor, later.case).thread.messages]
    with later.request() as defender:
        thread.withdraw_request(defender)
    return wrong + ([] if said == ["after"] else [f"whoever stays reads {said}"])


def _ask_two(stage: Stage) -> None:
    with stage.world.officers[0].request() as actor:
        consent.request_release(actor, stage.defender.case)


def _asked_two(stage: Stage, came_back: bool) -> list[str]:
    rows = Release.objects.filter(case=stage.defender.case)
    wrong = ["a question to two persons is lost"] if came_back and not rows.exists() else []
    return wrong + (["it was asked by halves"] if rows.filter(first=None).exists() else [])


def _first_yes(stage: Stage) -> None:
    with stage.world.officers[0].request() as actor:
        consent.approve_release(actor, stage.more["release"])


def _said_yes(stage: Stage, came_back: bool) -> list[str]:
    row = Release.objects.get(id=stage.more["release"])
    wrong = [] if bool(row.first) == bool(row.peeled) else ["a first yes by halves"]
    if came_back and row.first is None:
        wrong.append("an acknowledged first yes is lost")
    if row.first is None:
        _first_yes(stage)
    with stage.world.officers[1].request() as actor:
        whole = consent.approve_release(actor, row.id)
    return wrong + ([] if whole else ["the second yes is not the second"])


def _reader_holds(stage: Stage, compartment: str = "narrative", **more: object) -> bool:
    rows = Grant.objects.filter(case=stage.defender.case, compartment=compartment)
    return rows.filter(grantee=stage.reader, **more).exists()


def _sha256(data: bytes) -> bytes:
    """By the system's own program: only the vault computes digests here."""
    told = subprocess.run(["sha256sum"], input=data, capture_output=True, check=True).stdout
    return bytes.fromhex(told.split()[0].decode())


def _upload(stage: Stage) -> None:
    """By a program: announced, sent in two parts, named in a call."""
    parts = b"a" * files.PART, b"content of the file" * 99
    whole = _sha256(b"".join(parts)).hex()
    with journal.unit():
        ticket, token = uploads.begin(size=sum(map(len, parts)), sha256=whole, name="a.bin")
        for number, part in enumerate(parts):
            uploads.take_part(ticket, number, [part], _sha256(part))
        call = intake.Call(what="words of the call")
        with uploads.taken([token]) as sent:
            intake.ask(NOBODY, once=ids.new(), code=stage.fresh.code, call=call, files=sent)


def _uploaded(stage: Stage, came_back: bool) -> list[str]:
    try:
        with stage.fresh.request() as actor:
            said = queries.thread(actor)
            opened = queries.open_file(actor, said.case, said.messages[0].files[0].id)
            whole = sum(map(len, opened.pieces())) == files.PART + 19 * 99
        return [] if whole else ["a file is there by halves"]
    except errors.NotFound:
        return ["an acknowledged call is lost"] if came_back else []


def _pass_on(stage: Stage) -> None:
    case = stage.defender.case
    with stage.world.officers[0].request() as actor:
        version = Case.objects.get(id=case).version
        desk.reassign(actor, case, to=stage.reader, version=version)


def _passed_on(stage: Stage, came_back: bool) -> list[str]:
    row, holds = Case.objects.get(id=stage.defender.case), _reader_holds(stage)
    theirs = row.owner == stage.reader
    before = Grant.objects.filter(case=row.id, compartment="narrative")
    kept = before.filter(grantee=stage.world.officers[0].id).exists()
    wrong = [] if theirs == holds != kept else [f"owner {theirs}, holds {holds}, before {kept}"]
    return wrong + (["a case that was passed on is not"] if came_back and not theirs else [])


def _relink(stage: Stage) -> None:
    with stage.world.officers[1].request() as actor:  # who has not written the word down
        opening.relink(actor, stage.fresh.case, old=stage.defender.case, word="blue kettle")


def _relinked(stage: Stage, came_back: bool) -> list[str]:
    stage.fresh.window = stage.defender.window = b""
    with stage.fresh.request() as actor:
        moved = actor.case == stage.defender.case
    try:
        with stage.defender.request():
            old = True
    except errors.NotFound:
        old = False
    merged = Case.objects.get(id=stage.fresh.case).state == "merged"
    wrong = [] if moved == merged != old else [f"moved {moved}, said {merged}, old code {old}"]
    return wrong + (["a code that was re-linked is not"] if came_back and not moved else [])


def _give(stage: Stage) -> None:
    """A yes that somebody without the key has recorded."""
    with stage.world.officers[0].request() as actor:
        consent.give_key(actor, stage.defender.case, stage.more["answer"])


def _given(stage: Stage, came_back: bool) -> list[str]:
    wrong = ["an acknowledged key is lost"] if came_back and not _reader_holds(stage) else []
    if not _reader_holds(stage):
        _give(stage)
    return wrong


def _override(stage: Stage) -> None:
    with stage.world.officers[0].request() as actor:
        case = stage.defender.case
        consent.override(
            actor, case, compartment="narrative", grantee=stage.reader, reason="a life is in danger"
        )


def _overridden(stage: Stage, came_back: bool) -> list[str]:
    said = Override.objects.filter(case=stage.defender.case).exists()
    holds = _reader_holds(stage, purpose="override")
    wrong = [] if said == holds else [f"said {said}, holds {holds}"]
    return wrong + (["an override is lost"] if came_back and not said else [])


def _end_override(stage: Stage) -> None:
    with journal.unit():
        consent.end_overrides()


def _override_ended(stage: Stage, came_back: bool) -> list[str]:
    over = Override.objects.get(case=stage.defender.case).due_at is None
    holds = _reader_holds(stage, purpose="override")
    wrong = [] if over != holds else [f"over {over}, holds {holds}"]
    return wrong + (["an override goes on"] if came_back and not over else [])


def _release(stage: Stage) -> None:
    with stage.world.officers[1].request() as actor:
        consent.approve_release(actor, stage.more["release"])


def _released(stage: Stage, came_back: bool) -> list[str]:
    done = Release.objects.get(id=stage.more["release"]).done
    rows = Grant.objects.filter(case=stage.defender.case, compartment="identity")
    holds = rows.filter(grantee=stage.more["asker"]).exists()
    wrong = ["a release was done and opens nothing"] if done and not holds else []
    if came_back and not done:
        wrong.append("a release is lost")
    if not done:
        _release(stage)  # whoever was interrupted says yes once more, whatever they had opened
    return wrong


def _expire(stage: Stage) -> None:
    with journal.unit():
        consent.end_expired()


def _expired(stage: Stage, came_back: bool) -> list[str]:
    holds = _reader_holds(stage)
    wrong = ["a key outlives its last day"] if came_back and holds else []
    _expire(stage)
    return wrong + (["a key does not expire"] if _reader_holds(stage) else [])


def _welcome(stage: Stage) -> None:
    with stage.world.officers[0].request() as actor:
        people.welcome(actor, stage.reader, fingerprint=stage.more["fingerprint"])


def _welcomed(stage: Stage, came_back: bool) -> list[str]:
    one = staff.holders()[stage.reader]
    wrong = [] if one.trusted == bool(one.teams) else [f"trusted {one.trusted}, in {one.teams}"]
    if came_back and not one.trusted:
        wrong.append("a welcome is lost")
    if not one.trusted:
        _welcome(stage)
    return wrong


def _join_team(stage: Stage) -> None:
    with stage.world.officers[0].request() as actor:
        people.join_team(actor, stage.reader, "legal")


def _joined(stage: Stage, came_back: bool) -> list[str]:
    wrong = []
    if stage.reader not in staff.members("legal"):
        wrong += ["a membership is lost"] if came_back else []
        _join_team(stage)
    return wrong


def _vouch_too(stage: Stage) -> None:
    shown = staff.holders()[stage.reader].fingerprint
    with stage.world.officers[1].request() as actor:
        people.vouch_too(actor, stage.reader, fingerprint=shown)


def _vouched(stage: Stage, came_back: bool) -> list[str]:
    wrong = []
    if staff.holders()[stage.reader].on != stage.reader:
        wrong += ["a second word is lost"] if came_back else []
        _vouch_too(stage)
    return wrong


def _seal_journal(stage: Stage) -> None:
    with journal.unit():
        log.seal_waiting()


def _sealed(stage: Stage, came_back: bool) -> list[str]:
    return []  # `_everything` verifies the journal


DEEDS: dict[str, tuple[Deed, Judge]] = {
    "ask": (_ask, _asked),
    "upload": (_upload, _uploaded),
    "write": (_write, _written),
    "reply": (_reply, lambda stage, came_back: _has_words(stage, came_back)),
    "open": (_open, _opened),
    "pass on": (_pass_on, _passed_on),
    "relink": (_relink, _relinked),
    "grant": (_grant, _granted),
    "give": (_give, _given),
    "withdraw": (_withdraw, _withdrawn),
    "expire": (_expire, _expired),
    "override": (_override, _overridden),
    "override ends": (_end_override, _override_ended),
    "ask two": (_ask_two, _asked_two),
    "first yes": (_first_yes, _said_yes),
    "release": (_release, _released),
    "re-seal": (_mend, _mended),
    "erase": (_erase, _erased),
    "welcome": (_welcome, _welcomed),
    "join team": (_join_team, _joined),
    "vouch too": (_vouch_too, _vouched),
    "leave team": (_leave_team, _left_team),
    "leave": (_leave, _left),
    "journal": (_seal_journal, _sealed),
}
MADE, ENDED, BOTH_WAYS = ("keys", "data"), ("accepted", "ended"), ("keys", "accepted", "ended")
PERSONAL = ("accepted", "keys")
# Named points between the two commits: deed -> its kind, and the points that it passes.
POINTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ask": ("casework.ask", MADE),
    "open": ("casework.open", MADE),
    "pass on": ("casework.pass on", BOTH_WAYS),
    "relink": ("casework.relink", BOTH_WAYS),
    "grant": ("consent.grant", MADE),
    "give": ("consent.give", MADE),
    "withdraw": ("consent.withdraw", ENDED),
    "expire": ("consent.expires", ENDED),
    "override": ("consent.override", MADE),
    "override ends": ("consent.override ends", ENDED),
    "ask two": ("consent.ask two", PERSONAL),
    "first yes": ("consent.first yes", PERSONAL),
    "release": ("consent.release", MADE),
    "erase": ("casework.withdraw", ENDED),
    "welcome": ("people.welcome", MADE),
    "join team": ("people.join team", MADE),
    "vouch too": ("people.vouch too", MADE),
    "leave team": ("people.leave team", PERSONAL),
    "leave": ("people.leave", ENDED),
}


def kinds() -> set[str]:
    """Every kind of deed over both databases that the source names."""
    source = Path(amparo.__file__).parent
    texts = [path.read_text() for path in source.rglob("*.py") if "proofs" not in path.parts]
    found = re.findall(r'(?:Making|Personal|ending)\(\s*"([a-z]+\.[a-z ]+)"', "\n".join(texts))
    return set(found)


# --- what a deed begins from ----------------------------------------------------------------------
PREPARE: dict[str, Callable[[Stage], None]] = {}  # of deeds that stand in files of their own


def stage_of(world: World, name: str) -> Stage:
    """A fresh case for each kill, in the state that the deed begins from."""
    first = world.officers[0]
    defender = world.ask(what="a call")
    with first.request() as actor:
        opening.open_case(actor, defender.case, version=0)
        opening.write_note(actor, defender.case, "narrative", text="words of before")
    fresh = world.ask(what="another call")
    if name in {"ask", "upload"}:
        fresh = Defender(ids.NIL, codes.new_digits())
    stage = Stage(world, defender, fresh, world.officers[2].id)
    PREPARE.get(name, lambda stage: _prepare(stage, name))(stage)
    # A code works once: whoever signed in inside the deed could not do so after it was killed.
    for officer in world.officers[:3]:
        with officer.request():
            pass
    return stage


def _prepare(stage: Stage, name: str) -> None:
    first, case = stage.world.officers[0], stage.defender.case
    match name:
        case "leave" | "leave team":
            stage.reader = _somebody(stage.world, "house", "intake").id
        case "join team":
            stage.reader = _somebody(stage.world, "house").id
        case "vouch too":
            name = f"somebody {ids.new().hex[:6]}"
            stage.reader = stage.world.hire(name, "house", alone=True).id
        case "welcome":
            _newcomer(stage)
        case "withdraw" | "re-seal":
            _grant(stage)
        case "expire":
            _answer(stage, "granted", until=clock.today() + timedelta(days=1))
            clock.forward(timedelta(days=3))
        case "give":
            with stage.world.officers[1].request() as actor:  # who does not hold the narrative
                stage.more["answer"] = _record(actor, stage, "granted")
        case "relink":
            with first.request() as actor:
                desk.set_reach(actor, case, reach=[], word="blue kettle")
        case "override ends":
            _override(stage)
            clock.forward(timedelta(hours=5))
        case "first yes" | "release":
            asker = _somebody(stage.world, "house", "intake")
            stage.more["asker"] = asker.id
            with asker.request() as actor:
                stage.more["release"] = consent.request_release(actor, case)
    if name == "release":
        _first_yes(stage)
    if name == "re-seal":
        _withdraw(stage)


def _somebody(world: World, *teams: str) -> Officer:
    return world.hire(f"somebody {ids.new().hex[:6]}", *teams)


def _newcomer(stage: Stage) -> None:
    """Invited and joined; nobody has compared fingerprints yet."""
    name = f"somebody {ids.new().hex[:6]}"
    officer = Officer(name, ids.NIL, factors.new_secret(), ("house",))
    with stage.world.officers[0].request() as actor:
        token = people.invite(actor, name=name, teams=["house"])
    with journal.unit():
        stage.reader = ids.Id(links.use(token, "invite")["person"])
        stage.more["fingerprint"] = people.join(stage.reader, newcomer(officer))
