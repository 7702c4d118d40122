"""The journal as its auditors see it: how long it is, its last checkpoint, and the export."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_http_methods

from amparo.foundation import journal as entries
from amparo.people.rules import AUDITORS
from amparo.vault import log
from amparo.web.desk import pages


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(AUDITORS)
def journal(request: Any) -> HttpResponse | StreamingHttpResponse:
    """GET shows the state of the log; POST takes the export that anybody can verify offline."""
    if request.method == "POST":
        entries.note("journal exported")
        return pages.download(_lines(), "journal.jsonl")
    context = {"here": "journal"} | _state()
    return pages.render(request, "desk/journal.html", context)


def _lines() -> Iterator[bytes]:
    for line in log.export():
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _state() -> dict[str, Any]:
    state = log.state()
    days = [(day.isoformat(), count) for day, count in state.days]
    return {"note": state.note, "days": days, "entries": state.entries}
