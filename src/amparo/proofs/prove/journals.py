"""P26 and P27: a journal that was touched is found out; every read leaves one entry, without content.

Seen to fail: P26 when `log._check_batch` does not compare the hashes of a batch with its signed head;
P27 when `gate.admit`, `queries.open_file` or `documents.page_image` makes no note, and when `search`
notes the words.
"""

import base64
import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

from amparo.casework import queries
from amparo.casework.services import documents, opening, search, sharing, thread
from amparo.foundation import clock, errors, ids, journal
from amparo.foundation.models import JournalEntry
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.world import Defender, Officer, World, found, sealed_file
from amparo.vault import log
from amparo.vault.models import Checkpoint

Line = dict[str, Any]


@proves("P26")
def tampered_journal() -> Found:
    """5,000 entries: deleted, edited, reordered, cut, rewritten whole."""
    result, chance = Found(), random.Random(seed())
    world = found()
    count = many(5000, 300)
    for number in range(count):
        with journal.unit():
            journal.note("proof", ids.new(), number=number)
        if number % (count // 20) == count // 40:
            log.seal_waiting()
    log.seal_waiting()
    lines, kept = list(log.export()), log.newest_note()
    result.expect(log.verify(lines).ok, "an untouched journal is refused")
    result.expect(log.verify(lines, kept=kept).ok, "its own checkpoint does not fit")
    tried = unnoticed = 0
    for name, changed, bad in _tampered(lines, chance):
        verdict = log.verify(changed)
        tried += 1
        unnoticed += verdict.ok
        result.expect(not verdict.ok, f"{name}: not noticed")
        right = bad is None or verdict.first_bad == bad
        result.expect(right, f"{name}: names {verdict.first_bad}, not {bad}")
    shorter = _without_last_batch(lines)
    result.expect(log.verify(shorter).ok, "a shorter log that was signed once is refused offline")
    result.expect(not log.verify(shorter, kept=kept).ok, "a cut log passes a kept checkpoint")
    unnoticed += log.verify(shorter, kept=kept).ok
    _in_the_tables(result, world, count)
    unnoticed += _rewritten(result, kept)
    result.value, result.detail = str(unnoticed), f"{tried + 4} ways on {count} entries"
    return result


def _tampered(
    lines: list[Line], chance: random.Random
) -> Iterator[tuple[str, list[Line], int | None]]:
    """(what was done, the export now, the first bad place)."""
    entries = [place for place, line in enumerate(lines) if "digest" in line]
    for _ in range(many(60, 10)):
        at = chance.choice(entries)
        place = lines[at]["place"]
        yield f"entry {place} deleted", lines[:at] + lines[at + 1 :], place
        for name in ("digest", "sealed", "day"):
            changed = deepcopy(lines)
            value = changed[at][name]
            changed[at][name] = "1999-01-01" if name == "day" else value[::-1]
            yield f"{name} of {place} edited", changed, place
        changed = deepcopy(lines)
        other = chance.choice([one for one in entries if one != at])
        changed[at], changed[other] = changed[other], changed[at]
        first = min(lines[at]["place"], lines[other]["place"])
        yield "two entries changed places", changed, first
    heads = [place for place, line in enumerate(lines) if "note" in line]
    at = chance.choice(heads[1:])
    changed = deepcopy(lines)
    changed[at]["note"] = lines[heads[0]]["note"]
    yield "the head of another batch", changed, None
    yield "a head deleted", lines[:at] + lines[at + 1 :], None
    yield "the last entries cut", [*lines[: heads[-1] - 3], lines[heads[-1]]], len(entries) - 3
    # The hashes of the batch are made to fit, which breaks its signed head.
    changed = deepcopy(lines)
    before = changed[heads[3] - 1]
    before["digest"] = before["digest"][::-1]
    hashes = changed[heads[3]]["leaves"]
    fitting = log.leaf(
        before["day"], bytes.fromhex(before["digest"]), bytes.fromhex(before["sealed"])
    )
    changed[heads[3]]["leaves"] = hashes[:-64] + fitting.hex()
    yield "an entry and its hash edited", changed, None


def _without_last_batch(lines: list[Line]) -> list[Line]:
    heads = [place for place, line in enumerate(lines) if "note" in line]
    return lines[: heads[-2] + 1]


def _in_the_tables(result: Found, world: World, count: int) -> None:
    """The same by somebody who writes to the database: the export is made afterwards."""
    row = JournalEntry.objects.get(place=count // 3)
    before = bytes(row.digest), bytes(row.sealed)
    JournalEntry.objects.filter(seq=row.seq).update(sealed=before[1][::-1])
    verdict = log.verify(log.export())
    result.expect(verdict.first_bad == count // 3, "sealed bytes edited in the table: unnoticed")
    JournalEntry.objects.filter(seq=row.seq).update(sealed=before[1])
    JournalEntry.objects.filter(seq=row.seq).delete()
    verdict = log.verify(log.export())
    result.expect(verdict.first_bad == count // 3, "an entry deleted in the table: unnoticed")
    row.save(force_insert=True)
    result.expect(log.verify(log.export()).ok, "the journal was not put back")
    del world


def _rewritten(result: Found, kept: str) -> bool:
    """Another history, made and signed by the real log key; only a head kept elsewhere tells."""
    JournalEntry.objects.filter(place__gte=2).delete()
    Checkpoint.objects.all().delete()
    JournalEntry.objects.update(place=None)
    for number in range(many(5100, 400)):
        with journal.unit():
            journal.note("another history", number=number)
    while log.seal_waiting():
        pass
    lines = list(log.export())
    result.expect(log.verify(lines).ok, "the rewritten log is not well made: nothing is shown")
    verdict = log.verify(lines, kept=kept)
    result.expect(not verdict.ok, "a rewritten log passes the kept checkpoint")
    return verdict.ok


# --- every read is written down -------------------------------------------------------------------
SECRET = "kanarienvogel"


@proves("P27")
def reads_are_journalled() -> Found:
    """One request, one entry, for every way of reading; no word of what was read in it."""
    result = Found()
    world = found()
    officer = world.officers[0]
    image = sealed_file("one.png", one_pixel())
    defender = world.ask(what=f"what {SECRET}", where=SECRET, reach=SECRET, files_=(image,))
    with officer.request() as actor:
        opening.open_case(actor, defender.case, version=0)
        opening.write_note(actor, defender.case, "narrative", text=SECRET)
        file = queries.case(actor, defender.case).thread.messages[-1].files[0].id
        offer = sharing.Offer("R.", "legal", ("narrative",), clock.today() + timedelta(days=3))
        token = sharing.share_by_link(actor, defender.case, offer=offer, hours=5)
    ways = _ways(officer, defender, file, token)
    missing = 0
    for name, (door, read, deed, on) in ways.items():
        before = JournalEntry.objects.count()
        with door() as actor:
            read(actor)
        added = list(JournalEntry.objects.order_by("seq")[before:])
        told = len(added) == 1 and _tells(officer, added[0], deed, on)
        missing += not told
        result.expect(len(added) == 1, f"{name}: {len(added)} entries")
        result.expect(told, f"{name}: no entry says '{deed}'")
    stranger = world.hire("stranger", "house")
    with stranger.request() as actor:
        pass
    before = JournalEntry.objects.count()
    try:
        with stranger.request() as actor:
            opening.write_note(actor, defender.case, "narrative", text="x")
    except errors.Refused:
        result.expect(JournalEntry.objects.count() - before == 1, "a refusal leaves no entry")
    _no_content(result, officer)
    result.value = str(missing)
    count = JournalEntry.objects.count()
    result.detail = f"{len(ways)} ways of reading, one refusal, {count} entries read by an auditor"
    return result


Way = tuple[Callable[[], Any], Callable[[Any], object], str, ids.Id | None]


def _ways(officer: Officer, defender: Defender, file: ids.Id, token: str) -> dict[str, Way]:
    """Each way: whose request it is, what they read, which deed must be written down, about what."""
    case, staff = defender.case, officer.request

    def through_link(_: Any) -> None:
        _, actor = sharing.use_link(token)
        sharing.shown(actor)

    return {
        "queue": (staff, queries.queue, "list", None),
        "case": (staff, lambda actor: queries.case(actor, case), "read", case),
        "compartment": (
            staff, lambda actor: queries.entries(actor, case, "narrative"), "read", case,
        ),
        "file": (
            staff,
            lambda actor: b"".join(queries.open_file(actor, case, file).pieces()),
            "file opened",
            file,
        ),
        "download": (
            staff,
            lambda actor: b"".join(documents.download(actor, case, file)[1]),
            "file taken along",
            file,
        ),
        "page image": (
            staff,
            lambda actor: documents.page_image(actor, case, file, number=0),
            "page seen",
            file,
        ),
        "search": (staff, lambda actor: search.search(actor, SECRET), "searched", None),
        "link": (journal.unit, through_link, "disclose", case),
        "code": (defender.request, queries.thread, "code used", case),
        "own conversation": (defender.request, queries.thread, "read", case),
        "own export": (
            defender.request, lambda actor: b"".join(thread.export(actor)), "own export", case,
        ),
    }  # fmt: skip


def _tells(auditor: Officer, entry: JournalEntry, deed: str, on: ids.Id | None) -> bool:
    """Whether an entry says this deed, and what it was done to."""
    with auditor.request() as actor:
        said = log.open_detail(actor.ring, entry)
    return any(
        one["deed"] == deed and (on is None or str(on) in one.get("on", []))
        for one in said["deeds"]
    )


def _no_content(result: Found, officer: Officer) -> None:
    with officer.request() as actor:
        for entry in JournalEntry.objects.all():
            said = json.dumps(log.open_detail(actor.ring, entry))
            result.expect(SECRET not in said.casefold(), f"content in the journal: {said[:80]}")


def one_pixel() -> bytes:
    """A picture of one white pixel."""
    return base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg=="
    )
