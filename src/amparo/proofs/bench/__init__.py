"""Benchmarks: how far Amparo is from the raw limit of the machine, beside what others do."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from amparo.cli import voice
from amparo.cli.manual import command as page
from amparo.cli.manual import json_option
from amparo.foundation.errors import Invalid
from amparo.proofs.bench.figures import Figure

NAMES = (
    *("intake", "case-list", "upload", "search", "cold", "pages"),
    *("panic", "ladders", "handover", "recovery"),
)
PAGE = "BENCH.md"
__all__ = ["NAMES", "command"]


def _bench(name: str) -> Callable[..., list[Figure]]:
    """What runs a bench; loaded when it is wanted."""
    from amparo.proofs.bench import (
        case_list,
        cold,
        handover,
        intake,
        ladders,
        pages,
        panic,
        recovery,
        search,
        upload,
    )

    found: dict[str, Callable[..., list[Figure]]] = {
        "intake": intake.run,
        "case-list": case_list.run,
        "upload": upload.run,
        "search": search.run,
        "cold": cold.run,
        "pages": pages.run,
        "panic": panic.run,
        "ladders": ladders.run,
        "handover": handover.run,
        "recovery": recovery.run,
    }
    return found[name]


@page(
    "bench",
    examples=[
        ("amparo bench intake case-list", "Two of them, as a table."),
        ("amparo bench all --json", "All, for machines."),
        ("make bench", f"All, written to {PAGE}."),
    ],
    exits=[
        ("0", "Every figure keeps its limit."),
        ("1", "One does not, or a bench could not run; one line says why."),
        ("2", "There is no bench of that name."),
    ],
    see=["amparo prove", PAGE],
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@json_option
@click.option(
    "--small", is_flag=True, help="Tiny amounts, on SQLite, to see that it runs; nothing is judged."
)
def command(names: tuple[str, ...], as_json: bool, small: bool) -> int:
    """Measure, beside what others do.

    Each bench makes installations of its own in the temporary folder, starts a server as shipped,
    runs in turns with it what stands beside it in bench/beside, and throws everything away. It
    prints each figure with its limit, and how far it is from the raw limit of the same run: only
    such ratios compare between machines. Other work on the machine disturbs them; the load is
    printed with each.

    \b
    intake     a call for help through the form, on SQLite and PostgreSQL
    case-list  the queue and all titles, of 10,000 requests
    upload     1 GiB through the form
    search     10,000 requests of 10 sealed fields and 2 KiB
    cold       time to the first page, and memory at rest
    pages      what each page weighs, and how many requests it takes
    panic      from a press to the hand-over at a gateway, fifty a second
    ladders    alarms begun in a second, and what they cost while they wait
    handover   messages a second to an HTTP gateway
    recovery   killed at random points: what was lost, what came twice
    all        all of them; writes BENCH.md
    """
    from amparo.proofs.bench import figures, ground

    everything = names == ("all",)
    wanted = NAMES if everything else names
    for name in wanted:
        if name not in NAMES:
            raise Invalid(f"there is no bench {name}: choose from {', '.join(NAMES)}, or all")
    machine, found = ground.machine(), []
    for name in wanted:
        ground.say(f"{name} …")
        found += _bench(name)(small=small)
    if small:
        found = [figures.unjudged(figure) for figure in found]
    if as_json:
        click.echo(figures.as_json(found))
    else:
        _show(found)
    if everything and not small:
        Path(PAGE).write_text(figures.as_page(found, machine))
    return 0 if all(figure.good for figure in found) else 1


def _show(found: list[Figure]) -> None:
    from amparo.proofs.bench import figures

    for figure in found:
        sys.stdout.write(
            f"{figures.verdict(figure):<9}{figure.name:<10} {figure.what}: "
            f"{figures.shown(figure.ratio)} {figure.unit} ({figures.limit_of(figure)})\n"
            f"{'':<20}{figures.parts(figure.ours)}\n"
        )
        if figure.beside:
            sys.stdout.write(f"{'':<20}beside: {figures.parts(figure.beside)}\n")
        if figure.raw:
            sys.stdout.write(f"{'':<20}raw: {figures.parts(figure.raw)}\n")
    misses = sum(not figure.good for figure in found)
    voice.say("", f"{len(found)} figures, {misses} miss their limit")
