"""P30 and P45: killed anywhere, nothing that was accepted is lost and nothing refused becomes readable.

A child process does a deed and kills itself with SIGKILL: after a statement of either database that a
seed has chosen, at a named point between the two commits, or in the middle of a file. Then a process
starts as after a crash, sweeps, and looks at everything.

Seen to fail: when `operations.sweep` does nothing; when `compartments.renew` makes its epoch outside a
transaction; when `intake.ask` commits the data before the keys.
"""

import contextlib
import os
import random
import signal
import sqlite3
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connections

from amparo.casework import queries
from amparo.casework.models import Case, Entry, File
from amparo.casework.services import desk, intake, opening, thread
from amparo.consent import gate
from amparo.consent import queries as consent_queries
from amparo.consent import services as consent
from amparo.consent.models import Release
from amparo.foundation import clock, errors, ids, journal, operations
from amparo.foundation import tables as schema
from amparo.foundation.actor import NOBODY
from amparo.foundation.config import config
from amparo.foundation.router import DATA, KEYSTORE
from amparo.people import services as people
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.world import Defender, World, beat, found, mend, pending, sealed_file
from amparo.vault import codes, files, log, staff
from amparo.vault.models import Epoch, Grant, PairWrap, Part, Principal, Slot


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
    with stage.more["unit"]():
        file = sealed_file("a.txt", b"content of the file" * 5000)
        intake.ask(
            stage.more["nobody"], once=ids.new(), code=stage.fresh.code, call=call, files=(file,)
        )


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


def _answer(stage: Stage, answer: Any) -> None:
    with stage.world.officers[0].request() as actor:
        consent.record_answer(
            actor,
            stage.defender.case,
            answer=answer,
            recipient=stage.reader,
            label="them",
            purpose="legal",
            compartment="narrative",
            how="oral",
            language="en",
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


def _seal_journal(stage: Stage) -> None:
    with stage.more["unit"]():
        log.seal_waiting()


def _sealed(stage: Stage, came_back: bool) -> list[str]:
    return []  # `_everything` verifies the journal


DEEDS: dict[str, tuple[Deed, Judge]] = {
    "ask": (_ask, _asked),
    "write": (_write, _written),
    "reply": (_reply, lambda stage, came_back: _has_words(stage, came_back)),
    "open": (_open, _opened),
    "grant": (_grant, _granted),
    "withdraw": (_withdraw, _withdrawn),
    "re-seal": (_mend, _mended),
    "erase": (_erase, _erased),
    "leave": (_leave, _left),
    "leave team": (_leave_team, _left_team),
    "first yes": (_first_yes, _said_yes),
    "journal": (_seal_journal, _sealed),
}
# Named points between the two commits: deed -> points.
POINTS = {
    "ask": ("casework.ask:keys", "casework.ask:data"),
    "open": ("casework.open:keys", "casework.open:data"),
    "grant": ("consent.grant:keys", "consent.grant:data"),
    "withdraw": ("consent.withdraw:accepted", "consent.withdraw:ended"),
    "erase": ("casework.withdraw:accepted", "casework.withdraw:ended"),
    "leave": ("people.leave:accepted", "people.leave:ended"),
    "leave team": ("people.leave team:accepted", "people.leave team:keys"),
    "first yes": ("consent.first yes:accepted", "consent.first yes:keys"),
}


# --- killing --------------------------------------------------------------------------------------
class Switch:
    """Kills this process at a named point, or after so many statements; counts them otherwise."""

    def __init__(self, point: str = "", after: int = 0) -> None:
        self.point, self.after, self.count = point, after, 0

    def arm(self) -> None:
        """Hang it into both databases, the named points and the sealing of files."""
        operations._checkpoint.append(self.at)
        for alias in (DATA, KEYSTORE):
            connections[alias].execute_wrappers.append(self.statement)
        put = files.PartFile._put

        def counted(part: Any, sealed: bytes) -> None:
            put(part, sealed)
            self.step()

        files.PartFile._put = counted  # type: ignore[assignment,method-assign]

    def at(self, point: str) -> None:
        """A named point was reached."""
        if point == self.point:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, execute: Any, sql: Any, params: Any, many_: Any, context: Any) -> Any:
        """A statement is carried out, and perhaps it was the last."""
        result = execute(sql, params, many_, context)
        self.step()
        return result

    def step(self) -> None:
        """One more step; the chosen one is the last."""
        self.count += 1
        if self.count == self.after:
            os.kill(os.getpid(), signal.SIGKILL)


def _let_go() -> None:
    """Before a fork: no connection, and no pool with its threads, may be shared."""
    for alias in (DATA, KEYSTORE):
        connections[alias].close()
        close_pool = getattr(connections[alias], "close_pool", None)
        if close_pool is not None and connections[alias].vendor == "postgresql":
            close_pool()


def _killed(deed: Deed, stage: Stage, switch: Switch) -> tuple[bool, int]:
    """Do it in a child: (whether it came back before it was killed, its steps)."""
    _let_go()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            switch.arm()
            deed(stage)
            os.write(writer, switch.count.to_bytes(4, "big"))
            code = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writer)
    said = os.read(reader, 4)
    os.close(reader)
    status = os.waitpid(child, 0)[1]
    if not said and not os.WIFSIGNALED(status):
        raise RuntimeError("a deed failed before it was killed")
    return bool(said), int.from_bytes(said, "big")


# --- judging --------------------------------------------------------------------------------------
def _everything() -> list[str]:
    """What must hold of the whole installation after any crash, its start and its sweep."""
    mend()
    with clock.frozen(clock.now()):
        clock.forward(timedelta(minutes=5))
        beat()
    wrong = [f"{pending()} deeds stand half done"] if pending() else []
    cases = set(Case.objects.values_list("id", flat=True))
    keyed = set(Epoch.objects.exclude(compartment="house").values_list("case", flat=True))
    wrong += [f"{len(keyed - cases)} cases have keys and no row"] if keyed - cases else []
    wrong += _bricked()
    for upload in File.objects.values_list("upload", flat=True):
        parts = Part.objects.filter(upload_id=upload).values_list("id", flat=True)
        paths = [files.folder() / one.hex[:2] / one.hex[2:] for one in parts]
        if not paths or not all(path.is_file() for path in paths):
            wrong.append("a file's parts are not there")
    wrong += _integrity()
    if not log.verify(log.export()).ok:
        wrong.append("the journal does not verify")
    return wrong


def _bricked() -> list[str]:
    """A newest epoch that nobody holds: nobody could write there again."""
    newest: dict[tuple[ids.Id, str], int] = {}
    for case, part, number in Epoch.objects.values_list("case", "compartment", "number"):
        newest[case, part] = max(number, newest.get((case, part), 0))
    held = set(Grant.objects.values_list("case", "compartment", "epoch"))
    held |= set(PairWrap.objects.values_list("case", "compartment", "epoch"))
    empty = [place for place, number in newest.items() if (*place, number) not in held]
    return [f"nobody holds the newest key of {part}" for _, part in empty]


def _integrity() -> list[str]:
    wrong = []
    for alias in (DATA, KEYSTORE):
        if connections[alias].vendor == "sqlite":
            with connections[alias].cursor() as cursor:
                said = cursor.execute("PRAGMA integrity_check").fetchall()
                said += cursor.execute("PRAGMA foreign_key_check").fetchall()
            wrong += [f"{alias} is damaged: {said[:2]}"] if said != [("ok",)] else []
    return wrong


def _orphans() -> int:
    """Part files without a row, two days later."""
    with clock.frozen(clock.now()):
        clock.forward(timedelta(days=2))
        files.sweep()
    known = {one.hex for one in Part.objects.values_list("id", flat=True)}
    return sum(path.parent.name + path.name not in known for path in files.folder().glob("??/*"))


# --- the proofs -----------------------------------------------------------------------------------
def _stage(world: World, name: str) -> Stage:
    """A fresh case for each kill, in the state that the deed begins from."""
    first = world.officers[0]
    defender = world.ask(what="a call")
    with first.request() as actor:
        opening.open_case(actor, defender.case, version=0)
        opening.write_note(actor, defender.case, "narrative", text="words of before")
    fresh = world.ask(what="another call")
    if name == "ask":
        fresh = Defender(ids.NIL, codes.new_digits())
    reader = (
        world.hire(f"reader {ids.new().hex[:6]}", "house", "intake").id
        if name in {"leave", "leave team"}
        else world.officers[2].id
    )
    stage = Stage(world, defender, fresh, reader)
    stage.more = {"unit": journal.unit, "nobody": NOBODY}
    if name in {"withdraw", "re-seal"}:
        _grant(stage)
    if name == "first yes":
        asker = world.hire(f"asker {ids.new().hex[:6]}", "house", "intake")
        with asker.request() as actor:
            stage.more["release"] = consent.request_release(actor, defender.case)
    if name == "re-seal":
        _withdraw(stage)
    return stage


def _kill(world: World, name: str, switch: Switch) -> tuple[list[str], bool]:
    deed, judge = DEEDS[name]
    stage = _stage(world, name)
    came_back, _ = _killed(deed, stage, switch)
    wrong = _everything()
    try:
        wrong += judge(stage, came_back)
    except errors.AmparoError as error:
        wrong.append(f"what should work is refused ({type(error).__name__})")
    where = switch.point or f"step {switch.after}"
    _clear(stage)
    return [f"{name} after {where}: {one}" for one in wrong], came_back


def _clear(stage: Stage) -> None:
    """Take the case away again, so that the last kill finds as small an installation as the first."""
    for one in (stage.defender, stage.fresh):
        with contextlib.suppress(errors.NotFound), one.request() as actor:
            thread.withdraw_request(actor)


def _steps(world: World, name: str) -> int:
    """How many steps the deed has when nobody kills it."""
    stage = _stage(world, name)
    came_back, steps = _killed(DEEDS[name][0], stage, Switch())
    wrong = DEEDS[name][1](stage, came_back)
    if wrong:
        raise RuntimeError(f"{name} without a kill: {wrong}")
    return steps


@proves("P30")
def crash_safety() -> Found:
    """200 kills at steps that a seed has chosen, over twelve deeds and in the middle of a migration."""
    result, chance = Found(), random.Random(seed())
    world = found()
    hits: Counter[str] = Counter()
    steps = {name: _steps(world, name) for name in DEEDS}
    wanted = list(DEEDS) * many(20, 1)
    chance.shuffle(wanted)
    for name in wanted:
        after = chance.randint(1, steps[name])
        wrong, came_back = _kill(world, name, Switch(after=after))
        hits[name] += not came_back
        result.breaches += wrong
    orphans = _orphans()
    result.expect(not orphans, f"{orphans} part files belong to nobody")
    migrations = _migrations(result, chance)
    result.value = str(len(result.breaches))
    result.detail = (
        f"{sum(hits.values())} kills ("
        + ", ".join(f"{name} {count} of {steps[name]} steps" for name, count in hits.items())
        + f"), {migrations} in migrations, {orphans} orphans, seed {seed()}"
    )
    return result


@proves("P45")
def two_halves() -> Found:
    """Kills between the key store and the data, in both orders."""
    result = Found()
    world = found()
    hits: Counter[str] = Counter()
    for name, points in POINTS.items():
        for point in points:
            for _ in range(many(4, 1)):
                wrong, came_back = _kill(world, name, Switch(point))
                result.breaches += wrong
                hits[point] += not came_back
                result.expect(not came_back, f"{point} was never reached")
    result.value = str(len(result.breaches))
    result.detail = ", ".join(f"{point} {count}" for point, count in hits.items())
    return result


def _migrations(result: Found, chance: random.Random) -> int:
    """Killed while the tables are made: the next start makes them whole."""
    if connections[DATA].vendor != "sqlite":
        return 0
    names = {alias: connections[alias].settings_dict["NAME"] for alias in (DATA, KEYSTORE)}
    kills = 0
    for number in range(many(8, 2)):
        _let_go()
        for alias in (DATA, KEYSTORE):
            fresh = config().data.parent / f"migrating-{number}-{alias}"
            connections[alias].settings_dict["NAME"] = str(fresh)
        switch = Switch(after=chance.randint(1, 150))
        came_back, _ = _killed(lambda _: _migrate(), Stage(World(), *[None] * 3), switch)  # type: ignore[arg-type]
        kills += not came_back
        try:
            _migrate()
            result.expect(Case.objects.count() == 0, "a migrated table is not empty")
        except (errors.AmparoError, sqlite3.Error) as error:
            result.breaches.append(f"a killed migration cannot go on: {type(error).__name__}")
    _let_go()
    for alias, name in names.items():
        connections[alias].settings_dict["NAME"] = name
    return kills


def _migrate() -> None:
    schema.migrate()
