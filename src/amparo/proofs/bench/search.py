"""Search over what one's keys open: how long until the index stands, how long a question takes, and
that nothing of it lies on disk."""

import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amparo.proofs.bench import ground
from amparo.proofs.bench.figures import Figure
from amparo.proofs.bench.ground import Ground
from amparo.proofs.bench.visitor import at

COLD, WARM = 5.0, 3.0  # seconds to the first hit
QUERY = 20.0  # ms


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    requests: int = 10_000
    fields: int = 10
    size: int = 2_048
    queries: int = 200
    rounds: int = 3


SMALL = Scale(30, 10, 2_048, 5, 1)


def run(*, small: bool = False) -> list[Figure]:
    """The figures on SQLite."""
    scale = SMALL if small else Scale()
    with ground.fresh() as made:
        made.inside("fill", requests=scale.requests, fields=scale.fields, size=scale.size)
        ground.say(f"search: {scale.requests:,} requests of {scale.fields} fields made")
        ours, scans = [], []
        with tempfile.TemporaryDirectory(prefix="amparo-bench-") as folder:
            texts = Path(folder) / "texts"
            made.inside("texts", into=str(texts))
            for _ in range(scale.rounds):
                ours.append(made.inside("search", queries=scale.queries))
                scans += _scan(texts, 5)
        limits = ground.open_limits(made, scale.requests)
        return _figures(scale, ours, scans, _at_rest(made), limits)


def _scan(texts: Path, count: int) -> list[float]:
    command = [sys.executable, str(ground.beside("scan.py")), str(texts), str(count)]
    found: list[float] = json.loads(ground.run(command))["ms"]
    return found


def _at_rest(made: Ground) -> int:
    """Files of the installation that hold a word that was indexed and searched."""
    words = [b"mark7", b"lantern meadow", b"the second ford"]
    return sum(
        any(word in file.read_bytes() for word in words)
        for file in made.folder.rglob("*")
        if file.is_file()
    )


def _figures(
    scale: Scale,
    ours: list[dict[str, Any]],
    scans: list[float],
    files: int,
    limits: dict[str, float],
) -> list[Figure]:
    cold = statistics.median(one["cold"] for one in ours) / 1000
    warm = statistics.median(one["warm"] for one in ours) / 1000
    queries = [one for found in ours for one in found["queries"]]
    now = {
        "cold_s": cold,
        "warm_s": warm,
        "after_restart_s": statistics.median(one["after_restart"] for one in ours) / 1000,
        "query_median_ms": statistics.median(queries),
        "query_p99_ms": at(0.99, queries),
    }
    scan = {"decrypt_and_scan_ms": statistics.median(scans)}
    shared: dict[str, Any] = {
        "name": "search",
        "ours": now,
        "better": "lower",
        "conditions": f"{scale.requests:,} requests of {scale.fields} sealed fields and {scale.size} "
        f"bytes of text each; {scale.rounds} rounds; {ground.load_now()}",
    }
    text = "until a word is found"
    fields, wraps = limits["fields"] * scale.fields / 1000, limits["wraps"] * 2 / 1000
    raw_cold = {"open_wraps_and_fields_s": fields + wraps, "ours_over_raw": cold / (fields + wraps)}
    raw_warm = {"open_the_fields_s": fields, "ours_over_raw": warm / fields}

    def figure(what: str, ratio: float, n: int, **other: Any) -> Figure:
        return Figure(what=what, ratio=ratio, n=n, **other, **shared)

    return [
        figure(f"cold ring, {text}", cold, len(ours), raw=raw_cold, unit="s", limit=COLD),
        figure(f"warm ring, {text}", warm, len(ours), raw=raw_warm, unit="s", limit=WARM),
        figure("a question, p99", at(0.99, queries), len(queries), unit="ms", limit=QUERY),
        figure(
            "a question, median, over decrypting and scanning",
            statistics.median(queries) / scan["decrypt_and_scan_ms"],
            len(queries),
            beside=scan,
            limit=None,
        ),
        figure("files that hold what was indexed", files, 1, unit="files", limit=0),
    ]
