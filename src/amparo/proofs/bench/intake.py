"""A call for help through the HTTP form on granian: how far from merely writing the same rows."""

import contextlib
import json
import re
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amparo.proofs.bench import ground, visitor
from amparo.proofs.bench.figures import Figure
from amparo.proofs.bench.ground import Ground, Site
from amparo.proofs.bench.inside import REACH, WHAT, WHERE
from amparo.proofs.bench.visitor import Answer, Load, Visitor, at

TOKEN = re.compile(rb'name="token" value="([^"]+)"')
SLOWER = 12  # times the raw loop, one client
SHARE = 0.10  # of the raw loop's rate, many clients
TAIL = 5  # p99 over p50


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    rounds: int = 7
    calls: int = 20  # in each round, one client
    raw: int = 300
    many: int = 480  # with 16 clients
    clients: int = 16
    storm: int = 2000
    storm_clients: int = 64


SMALL = Scale(1, 2, 5, 8, 2, 8, 4)


def run(*, small: bool = False) -> list[Figure]:
    """The figures on every database that this machine has."""
    scale, found = SMALL if small else Scale(), []
    for database in ("sqlite",) if small else ("sqlite", "postgres"):
        if database == "postgres" and not ground.postgres_is_here():
            ground.say("intake: no PostgreSQL on this machine, so only SQLite is measured")
            continue
        with _three(database) as (whole, apart, recorded):
            found += _one_client(whole, apart, recorded, scale)
            found += _many_clients(whole, apart, recorded, scale)
            found.append(_storm(whole, scale))
    return found


@contextlib.contextmanager
def _three(database: str) -> Iterator[tuple[Ground, Ground, Path]]:
    """An installation served as shipped, one served without the code's hash, and what the raw loop
    writes to a third."""
    with contextlib.ExitStack() as stack:
        whole, apart, empty = (stack.enter_context(ground.fresh(database)) for _ in range(3))
        yield whole, apart, _recorded(whole, empty)


def _recorded(ours: Ground, empty: Ground) -> Path:
    """What one call writes, for the raw loop to write to an empty installation of its own."""
    file = ours.folder / "recorded.json"
    what = ours.inside("record", into=str(file))
    ground.say(f"intake {ours.database}: one call writes {what}")
    recorded = {"commits": json.loads(file.read_text()), "databases": empty.inside("addresses")}
    file.write_text(json.dumps(recorded))
    return file


def _raw(recorded: Path, count: int) -> dict[str, float]:
    program = str(ground.beside("raw_rows.py"))
    found: dict[str, float] = json.loads(
        ground.run([sys.executable, program, str(recorded), str(count)])
    )
    return found


# --- the form ------------------------------------------------------------------------------------
def forms(site: Site, count: int) -> list[bytes]:
    """Requests that send the form, each with a fresh token from its page."""
    reader, made = Visitor(site.port), []
    for _ in range(count):
        page = reader.get("/new")
        token = TOKEN.search(page.body)
        if page.status != 200 or token is None:
            raise ground.Unavailable(f"the form did not come (status {page.status})")
        fields = {"token": token[1].decode(), "what": WHAT, "where": WHERE}
        body, kind = visitor.multipart(fields | {"how": "text", "reach": REACH})
        made.append(reader.request("POST", "/new", body, kind))
    reader.close()
    return made


def acknowledged(answer: Answer) -> bool:
    """Whether the answer is the page with the code."""
    return answer.status == 200 and b'name="code" value="' in answer.body


def _send_each(site: Site, requests: list[bytes]) -> list[float]:
    """Milliseconds of each, one after the other."""
    sender, taken = Visitor(site.port), []
    for request in requests:
        answer = sender.send(request)
        if not acknowledged(answer):
            raise ground.Unavailable(f"a call was not taken in (status {answer.status})")
        taken.append(answer.seconds * 1000)
    sender.close()
    return taken


# --- figures -------------------------------------------------------------------------------------
def _one_client(whole: Ground, apart: Ground, recorded: Path, scale: Scale) -> list[Figure]:
    rounds: list[dict[str, float]] = []
    with ground.served(whole) as shipped, ground.served(apart, hashing=False) as quick:
        for site in (shipped, quick):
            _send_each(site, forms(site, 3))  # whatever is loaded once only
        for _ in range(scale.rounds):
            rounds.append(
                {
                    "whole": statistics.median(_send_each(shipped, forms(shipped, scale.calls))),
                    "apart": statistics.median(_send_each(quick, forms(quick, scale.calls))),
                    "raw": _raw(recorded, scale.raw)["ms"],
                    "hash": statistics.median(whole.inside("derive", rounds=scale.calls)),
                }
            )
    middle = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
    ratios = [one["apart"] / one["raw"] for one in rounds]
    return [
        Figure(
            name="intake",
            what=f"{whole.database}, 1 client, median, without the code's hash",
            ours={
                "ms": middle["apart"],
                "with_hash_ms": middle["whole"],
                "hash_ms": middle["hash"],
                "with_hash_less_hash_ms": middle["whole"] - middle["hash"],
            },
            beside={"raw_loop_ms": middle["raw"]},
            raw={
                "rows_ms": middle["raw"],
                "with_hash_over_raw": middle["whole"] / middle["raw"],
                "ratio_least": min(ratios),
                "ratio_most": max(ratios),
            },
            ratio=statistics.median(ratios),
            better="lower",
            limit=SLOWER,
            n=scale.rounds * scale.calls,
            conditions=f"{scale.rounds} alternating rounds of {scale.calls} calls and {scale.raw} raw "
            f"turns; three fields, no file; amparo up with its engine; {ground.load_now()}",
        )
    ]


def _good(load: Load) -> list[float]:
    return [one * 1000 for one in load.seconds]


def _many_clients(whole: Ground, apart: Ground, recorded: Path, scale: Scale) -> list[Figure]:
    loads: dict[bool, list[Load]] = {True: [], False: []}
    raws = []
    with ground.served(whole) as shipped, ground.served(apart, hashing=False) as quick:
        for _ in range(3):
            for hashing, site in ((True, shipped), (False, quick)):
                requests = forms(site, scale.many // 3 + 1)
                loads[hashing].append(
                    visitor.together(site.port, requests, scale.clients, acknowledged)
                )
            raws.append(_raw(recorded, scale.raw)["rate"])
    found = []
    for hashing in (False, True):
        found += _of_many(whole, loads[hashing], raws, scale, hashing=hashing)
    return found


def _of_many(
    ours: Ground, loads: list[Load], raws: list[float], scale: Scale, *, hashing: bool
) -> list[Figure]:
    with_or_without = "with the code's hash" if hashing else "without the code's hash"
    ratios = [load.rate / raw for load, raw in zip(loads, raws, strict=True)]
    taken = [one for load in loads for one in _good(load)]
    tails = [at(0.99, _good(load)) / at(0.5, _good(load)) for load in loads]
    errors = sum(status != 200 for load in loads for status in load.statuses)
    shared: dict[str, Any] = {
        "name": "intake",
        "n": len(taken),
        "conditions": f"{scale.clients} clients, 3 alternating rounds, {errors} errors; "
        f"{ground.load_now()}",
    }
    ours_now = {
        "calls_a_second": statistics.median(load.rate for load in loads),
        "p50_ms": at(0.5, taken),
        "p99_ms": at(0.99, taken),
    }
    raw = {"raw_loop_a_second": statistics.median(raws)}
    return [
        Figure(
            what=f"{ours.database}, {scale.clients} clients, rate, {with_or_without}",
            ours=ours_now,
            beside=raw,
            raw=raw,
            ratio=statistics.median(ratios),
            better="higher",
            limit=SHARE,
            # The hash alone allows some 90 a second on two cores, whatever surrounds it.
            judged=not hashing,
            **shared,
        ),
        Figure(
            what=f"{ours.database}, {scale.clients} clients, p99 over p50, {with_or_without}",
            ours=ours_now,
            ratio=statistics.median(tails),
            better="lower",
            limit=TAIL,
            **shared,
        ),
    ]


def _storm(ours: Ground, scale: Scale) -> Figure:
    with ground.served(ours) as site:
        requests = forms(site, scale.storm)
        before = ours.inside("stored")
        load = visitor.together(site.port, requests, scale.storm_clients, acknowledged)
        after = ours.inside("stored")
    good = sum(status == 200 for status in load.statuses)
    lost = abs(after - before - good) + scale.storm - good
    return Figure(
        name="intake",
        what=f"{ours.database}, {scale.storm} calls from {scale.storm_clients} clients, lost or failed",
        ours={
            "acknowledged": good,
            "stored": after - before,
            "errors": scale.storm - good,
            "calls_a_second": load.rate,
            "p50_ms": at(0.5, _good(load)),
            "p99_ms": at(0.99, _good(load)),
        },
        ratio=lost,
        unit="calls",
        better="lower",
        limit=0,
        n=scale.storm,
        conditions=f"as shipped, with the code's hash; {ground.load_now()}",
    )
