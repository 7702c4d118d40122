"""The supervisor's board: how much lies with whom, what is overdue, what rings and nobody is on."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from amparo.alerts import queries, roster
from amparo.casework import checklist, load
from amparo.foundation import clock, ids
from amparo.people import queries as people
from amparo.people.rules import COORDINATION, INTAKE
from amparo.web.desk import pages


@dataclass(frozen=True)
class Line:
    """One officer: counts only."""

    name: str
    on: bool
    open: int
    overdue: int
    gravest: int
    alarms: int


@require_safe
@pages.role(INTAKE, COORDINATION)
def board(request: Any) -> HttpResponse:
    """Counts of what the viewer's own teams may see; no name of anybody who asked for help."""
    counts = {one.person: one for one in load.load(request.actor)}
    sees_alarms = INTAKE in people.roles(request.actor)
    running = queries.alarms(request.actor) if sees_alarms else []
    running = [row for row in running if row.mode == "actual"]
    taken = queries.taken_by(request.actor, running)
    on = roster.on_duty()
    everybody = {*people.members_of(INTAKE), *(one for one in counts if one), *taken.values()}
    names = people.names(request.actor)
    none = load.Load(None, 0, 0, 0)
    lines = [_line(one, names, counts.get(one, none), one in on, taken) for one in everybody]
    nobodys = counts.get(None, none)
    context = {
        "here": "board",
        "lines": sorted(lines, key=lambda one: (-one.overdue, -one.open, one.name)),
        "open": sum(one.open for one in counts.values()),
        "overdue": sum(one.overdue for one in counts.values()),
        "nobodys": nobodys,
        "ringing": sum(row.state == "open" for row in running),
        "running": len(running),
        "sees_alarms": sees_alarms,
        "on": [names.get(one, "") for one in on],
        "exists": roster.present() is not None,
        "hours": roster.hours(clock.now()),
        "lacks": len(roster.lacks()),
        "tasks": checklist.board(request.actor) if sees_alarms else None,
    }
    return pages.render(request, "desk/board.html", context)


def _line(
    person: ids.Id, names: dict[ids.Id, str], one: load.Load, on: bool, taken: dict[ids.Id, ids.Id]
) -> Line:
    alarms = sum(taker == person for taker in taken.values())
    return Line(names.get(person, ""), on, one.open, one.overdue, one.gravest, alarms)
