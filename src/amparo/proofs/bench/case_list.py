"""The queue and all titles of 10,000 requests, beside two sealed boxes for each."""

import json
import statistics
import tempfile
from dataclasses import dataclass
from typing import Any

from amparo.proofs.bench import ground
from amparo.proofs.bench.figures import Figure
from amparo.proofs.bench.ground import Ground, Site
from amparo.proofs.bench.visitor import Visitor

QUEUE = "/desk/queue"
GROWTH = 1.3  # page of 50 at 10,000 over 1,000
WEIGHT = 10.0  # KB of that page
WARM, COLD = 1 / 20, 1.2  # of the time of the two-boxes shape


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    few: int = 1_000
    many: int = 10_000
    rounds: int = 7
    pages: int = 20  # in each round
    warm: int = 5


SMALL = Scale(60, 120, 1, 2, 1)


def run(*, small: bool = False) -> list[Figure]:
    """The figures on SQLite."""
    scale = SMALL if small else Scale()
    with ground.fresh() as few, ground.fresh() as many:
        few.inside("fill", requests=scale.few)
        many.inside("fill", requests=scale.many)
        ground.say(f"case-list: {scale.few:,} and {scale.many:,} requests made")
        return [*_pages(few, many, scale), *_titles(many, scale)]


# --- the page ------------------------------------------------------------------------------------
def _pages(few: Ground, many: Ground, scale: Scale) -> list[Figure]:
    times: dict[str, list[float]] = {"few": [], "many": [], "raw": []}
    with ground.served(few) as small_site, ground.served(many) as large_site:
        readers = {"few": _reader(few, small_site), "many": _reader(many, large_site)}
        sizes = {name: reader.get(QUEUE).size for name, reader in readers.items()}
        for _ in range(scale.rounds):
            for name, reader in readers.items():
                times[name].append(_median(reader, QUEUE, scale.pages))
            times["raw"].append(_median(readers["many"], "/healthz", scale.pages))
    ratios = [many / few for few, many in zip(times["few"], times["many"], strict=True)]
    middle = {name: statistics.median(found) for name, found in times.items()}
    conditions = (
        f"GET {QUEUE} over HTTP by a signed-in officer, ring warm; {scale.rounds} alternating "
        f"rounds of {scale.pages}; {ground.load_now()}"
    )
    n = scale.rounds * scale.pages
    return [
        Figure(
            name="case-list",
            what=f"page of 50 at {scale.many:,} over {scale.few:,} requests",
            ours={"ms": middle["many"]},
            beside={"ms_at_the_smaller": middle["few"]},
            raw={
                "smallest_answer_ms": middle["raw"],
                "ours_over_raw": middle["many"] / middle["raw"],
            },
            ratio=statistics.median(ratios),
            better="lower",
            limit=GROWTH,
            n=n,
            conditions=conditions,
        ),
        Figure(
            name="case-list",
            what="weight of the page of 50",
            ours={"kb": sizes["many"] / 1000},
            ratio=sizes["many"] / 1000,
            unit="KB",
            better="lower",
            limit=WEIGHT,
            n=1,
            conditions="transferred bytes, head and body, Accept-Encoding as browsers send it",
        ),
    ]


def _reader(house: Ground, site: Site) -> Visitor:
    reader = Visitor(site.port, house.inside("cookie"), "Accept-Encoding: gzip, deflate\r\n")
    page = reader.get(QUEUE)
    if page.status != 200:
        raise ground.Unavailable(f"the queue did not come (status {page.status})")
    return reader


def _median(reader: Visitor, path: str, count: int) -> float:
    return statistics.median(reader.get(path).seconds * 1000 for _ in range(count))


# --- all titles ----------------------------------------------------------------------------------
def boxes(count: int, rounds: int) -> list[float]:
    """Milliseconds of the two-boxes shape, one for each round."""
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as folder:
        program = str(ground.beside("sealed_boxes.py"))
        command = [ground.beside_python(), program, folder, str(count), str(rounds)]
        found: list[float] = json.loads(ground.run(command))["ms"]
    return found


def _titles(many: Ground, scale: Scale) -> list[Figure]:
    ours: list[dict[str, Any]] = []
    others: list[float] = []
    for _ in range(1 if scale is SMALL else 3):
        ours.append(many.inside("titles", warm=scale.warm))
        others.append(statistics.median(boxes(scale.many, 3)))
    limits = ground.open_limits(many, scale.many)
    times = {
        "warm": [statistics.median(one["warm"]) for one in ours],
        "cold": [one["cold"] for one in ours],
        "after_restart": [one["after_restart"] for one in ours],
    }
    rings = (
        ("warm", "ring warm", WARM, "fields"),
        ("cold", "ring cold, its grants checked before in this process", COLD, "wraps"),
        (
            "after_restart",
            "ring cold, first list after a restart: every grant checked",
            None,
            "wraps",
        ),
    )
    return [
        Figure(
            name="case-list",
            what=f"all {scale.many:,} titles, {ring}",
            ours={f"{one}_ms": statistics.median(found) for one, found in times.items()},
            beside={"two_boxes_ms": statistics.median(others)},
            raw={
                f"open_the_{raw}_ms": limits[raw],
                "ours_over_raw": statistics.median(times[name]) / limits[raw],
            },
            ratio=statistics.median(a / b for a, b in zip(times[name], others, strict=True)),
            better="lower",
            limit=limit,
            n=scale.many,
            conditions=f"{len(ours)} alternating rounds in processes of their own; "
            f"{ground.load_now()}",
        )
        for name, ring, limit, raw in rings
    ]
