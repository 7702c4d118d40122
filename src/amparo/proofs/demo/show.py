"""Plays the story before somebody: each step as it happens, and at the end a house to look at."""

import select
import signal
import sys
import textwrap
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.text import Text

from amparo.cli import samples, voice
from amparo.cli.run import need_port
from amparo.foundation.errors import Conflict
from amparo.proofs.demo import asking, desk, ending, guide, house, morning, night, sharing, stage
from amparo.proofs.demo.play import SCENES, Outcome, Play, perform
from amparo.vault import sample

PORT = 8000
CHAPTERS = (
    house.HOUSE,
    guide.GUIDE,
    asking.ASKING,
    asking.SEALING,
    desk.DESK,
    sharing.CONSENT,
    night.NIGHT,
    ending.RAID,
    ending.JOURNAL,
    ending.END,
)
STORY = sorted(SCENES, key=lambda one: CHAPTERS.index(one.chapter))  # stable: files keep theirs


def run(*, keep: Path | None, serve: bool, port: int | None, as_json: bool) -> int:
    """The whole evening; returns the exit code."""
    if keep is not None:
        stage.need_room(keep)
    if serve:
        need_port("127.0.0.1", port or PORT)
    with stage.stage(keep, (port or PORT) if serve else 0) as place:
        if keep is not None and stage.is_sample(keep):
            if not serve:
                raise Conflict(
                    f"{keep} holds the sample already; add --serve, or take another folder"
                )
            return _serve_again(place)
        outcomes = _play(Play(place), quiet=as_json)
        ok = all(one.ok for one in outcomes) and len(outcomes) == len(STORY)
        if as_json:
            voice.as_json(_document(outcomes, ok))
        else:
            _verdict(outcomes, ok, place, kept=keep is not None)
        if not serve or not ok:
            return int(not ok)
        morning.prepare(place)
        return _stay(place)


def _play(play: Play, *, quiet: bool) -> list[Outcome]:
    """Step by step; the story ends where it breaks."""
    console = voice.err() if quiet else voice.out()
    outcomes: list[Outcome] = []
    chapter = ""
    for scene in STORY:
        if scene.chapter != chapter:
            chapter = scene.chapter
            console.print()
            console.print(Text(chapter, "heading"))
        outcome = perform(scene, play)
        outcomes.append(outcome)
        console.print(_line(outcome, console.width))
        if not outcome.ok:
            break
    return outcomes


def _line(outcome: Outcome, width: int) -> Text:
    sign, style = ("✓", "good") if outcome.ok else ("✗", "bad")
    line = Text(f"  {sign} ", style) + Text(outcome.scene.step)
    time = f"{outcome.ms:,.0f} ms".rjust(10)
    line.append(" " * max(width - line.cell_len - len(time), 1))
    line.append(time, "soft")
    told = textwrap.fill(outcome.detail, width - 6, break_on_hyphens=False)
    line.append("\n" + textwrap.indent(told, " " * 6), "soft" if outcome.ok else "bad")
    return line


def _document(outcomes: list[Outcome], ok: bool) -> dict[str, Any]:
    steps = [
        {
            "step": f"{one.scene.chapter}: {one.scene.step}",
            "ok": one.ok,
            "ms": round(one.ms, 1),
            "detail": one.detail,
        }
        for one in outcomes
    ]
    return {"ok": ok, "steps": steps}


def _verdict(outcomes: list[Outcome], ok: bool, place: stage.Stage, *, kept: bool) -> None:
    console = voice.out()
    console.print()
    seconds = sum(one.ms for one in outcomes) / 1000
    if ok:
        console.print(Text(f"{len(outcomes)} of {len(STORY)} steps, {seconds:.1f} s.", "good"))
        return
    console.print(Text(f"Stopped at step {len(outcomes)} of {len(STORY)}.", "bad"))
    said = place.log.read_text(errors="replace").strip() if place.log.exists() else ""
    if said:
        console.print(Text("What the server said:", "soft"))
        console.print(Text(said[-2000:]))
    if kept:
        console.print(Text(f"The folder is kept as it is: {place.data}", "soft"))


# --- staying -------------------------------------------------------------------------------------
def _serve_again(place: stage.Stage) -> int:
    voice.say("The sample organisation is here already; the story is not played again.")
    voice.say(Text("`amparo demo` plays it in a folder that is thrown away.", "soft"))
    place.start()
    return _stay(place)


def _stay(place: stage.Stage) -> int:
    """Until Ctrl-C: addresses, sign-ins, and fresh digits at every Enter."""
    _welcome(place)
    over = threading.Event()

    def end(*_: int | FrameType | None) -> None:
        over.set()

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, end)
    while not over.is_set():
        if place.server is None or place.server.poll() is not None:
            voice.complain("the server ended by itself.")
            return 1
        if _enter_was_pressed():
            _codes()
    voice.say("", "ending")
    return 0 if place.stop() == 0 else 1


def _enter_was_pressed() -> bool:
    if not sys.stdin or not sys.stdin.isatty():
        threading.Event().wait(0.5)
        return False
    try:
        ready, _, _ = select.select([sys.stdin], [], [], 0.5)
    except InterruptedError:
        return False
    return bool(ready and sys.stdin.readline())


def _welcome(place: stage.Stage) -> None:
    console = voice.out()
    here = f"http://localhost:{place.port}"
    console.print()
    console.print(Text("ready", "good"))
    console.print()
    console.print(
        voice.pairs(
            [
                ("ask for help", f"{here}/"),
                ("the desk", f"{here}/desk/"),
                ("in Spanish, French, Arabic", f"{here}/es/  {here}/fr/  {here}/ar/"),
                ("data folder", str(place.data)),
            ]
        )
    )
    console.print()
    console.print("  Sample sign-ins (fictional people; good in this folder only):")
    rows: list[tuple[str, object]] = [
        (one.sign_in, Text(one.passphrase, "name")) for one in here_now()
    ]
    console.print(voice.pairs(rows))
    console.print()
    _codes()
    at_terminal = sys.stdin and sys.stdin.isatty()
    more = "Press Enter for fresh ones, or run" if at_terminal else "Fresh ones"
    console.print(
        Text(f"  {more}: AMPARO_DATA={place.data} {samples.program()} demo-code NAME", "soft")
    )
    console.print(Text("  Ctrl-C ends it. A second run finds everything as you left it.", "soft"))


def here_now() -> list[sample.Known]:
    """Those of the sample who have not left in the story."""
    return [one for one in sample.PEOPLE if one.sign_in != "tomas"]


def _codes() -> None:
    digits = "   ".join(f"{one.sign_in} {one.digits()}" for one in here_now())
    click.echo(f"  six digits now:  {digits}   ({sample.seconds_left()} s left, each good once)")
