"""What each page weighs on the wire, with everything it loads, and how many requests that takes."""

import re
from collections.abc import Iterator
from typing import Any

from amparo.proofs.bench import ground, visitor
from amparo.proofs.bench.figures import Figure
from amparo.proofs.bench.ground import Site
from amparo.proofs.bench.inside import REACH, WHAT, WHERE
from amparo.proofs.bench.intake import TOKEN
from amparo.proofs.bench.visitor import Answer, Visitor

DEFENDER_KB, DEFENDER_REQUESTS, DESK_KB = 20.0, 3, 120.0
ACCEPT = "Accept-Encoding: gzip, deflate\r\n"
LANGUAGES = ("", "/es", "/fr", "/ar")
TO_READ = ("/", "/new", "/back", "/closed", "/clear", "/about", "/language")
DESK = ("queue", "new", "search", "hand-over", "two", "settings", "people", "journal", "lockdown")
LOADS = re.compile(rb'<(?:link rel="stylesheet"[^>]* href|script[^>]* src|img[^>]* src)="(/[^"]+)"')
CODE = re.compile(rb'name="code" value="([^"]+)"')
CASE = re.compile(rb"/desk/c/([0-9a-f-]{36})")


def run(*, small: bool = False) -> list[Figure]:
    """The heaviest page of each surface, and every page's weight."""
    with ground.fresh() as house:
        house.inside("fill", requests=5 if small else 60)
        cookie = house.inside("cookie")
        with ground.served(house) as site:
            languages = LANGUAGES[:1] if small else LANGUAGES
            notes = _all(site, "", (_defender(site, prefix) for prefix in languages))
            desk = _all(site, cookie, [_desk(site, cookie)])
    return [
        *_figures("defender", notes, DEFENDER_KB, DEFENDER_REQUESTS),
        *_figures("desk", desk, DESK_KB, None),
    ]


Weighed = dict[str, tuple[int, int]]  # page -> (bytes, requests)


def _all(site: Site, cookie: str, surfaces: Any) -> Weighed:
    """Each page with what it loads; of several languages the heaviest counts."""
    found: Weighed = {}
    for surface in surfaces:
        for name, page in surface:
            if page.status != 200:
                raise ground.Unavailable(f"the page {name} did not come (status {page.status})")
            found[name] = max(found.get(name, (0, 0)), _weight(site, cookie, page))
    return found


def _weight(site: Site, cookie: str, page: Answer) -> tuple[int, int]:
    loads = set(LOADS.findall(visitor.opened(page)))
    size, reader = page.size, Visitor(site.port, cookie, ACCEPT)
    for path in loads:
        part = reader.get(path.decode())
        if part.status != 200:
            raise ground.Unavailable(f"{path.decode()} did not come (status {part.status})")
        size += part.size
    reader.close()
    return size, 1 + len(loads)


def _post(reader: Visitor, path: str, fields: dict[str, str]) -> Answer:
    body, kind = visitor.multipart(fields)
    return reader.send(reader.request("POST", path, body, kind))


def _found(pattern: re.Pattern[bytes], page: Answer) -> str:
    found = pattern.search(visitor.opened(page))
    if found is None:
        raise ground.Unavailable("a page lacks what leads on from it")
    return found[1].decode()


def _defender(site: Site, prefix: str) -> Iterator[tuple[str, Answer]]:
    reader = Visitor(site.port, "", ACCEPT)
    for path in TO_READ:
        yield path, reader.get(prefix + path)
    token = _found(TOKEN, reader.get(f"{prefix}/new"))
    call = {"token": token, "what": WHAT, "where": WHERE, "how": "text", "reach": REACH}
    code_page = _post(reader, f"{prefix}/new", call)
    yield "the code", code_page
    entry = {"token": _found(TOKEN, code_page), "code": _found(CODE, code_page), "kept": "1"}
    yield "the thread", _post(reader, f"{prefix}/back", entry)
    reader.close()


def _desk(site: Site, cookie: str) -> Iterator[tuple[str, Answer]]:
    yield "sign-in", Visitor(site.port, "", ACCEPT).get("/desk/sign-in")
    reader = Visitor(site.port, cookie, ACCEPT)
    for path in DESK:
        yield path, reader.get(f"/desk/{path}")
    case = _found(CASE, reader.get("/desk/queue"))
    for name in ("", "/messages", "/consent", "/files", "/reach"):
        yield f"case{name}", reader.get(f"/desk/c/{case}{name}")
    reader.close()


def _figures(
    surface: str, weighed: Weighed, kilobytes: float, requests: int | None
) -> list[Figure]:
    heaviest = max(weighed, key=lambda name: weighed[name][0])
    most = max(count for _, count in weighed.values())
    shared: dict[str, Any] = {
        "name": "pages",
        "better": "lower",
        "n": len(weighed),
        "conditions": "transferred bytes, heads and bodies, of a page and all that it loads, nothing "
        "cached, Accept-Encoding as browsers send it; the heaviest of all languages",
    }
    return [
        Figure(
            what=f"{surface}: heaviest page ({heaviest})",
            ours={f"{name} kb": size / 1000 for name, (size, _) in weighed.items()},
            ratio=weighed[heaviest][0] / 1000,
            unit="KB",
            limit=kilobytes,
            **shared,
        ),
        Figure(
            what=f"{surface}: most requests of a page",
            ours={f"{name} requests": count for name, (_, count) in weighed.items()},
            ratio=most,
            unit="requests",
            limit=requests,
            **shared,
        ),
    ]
