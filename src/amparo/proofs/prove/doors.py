"""P16, P17, P36: how the answers of the doors look.

Seen to fail: P16 when `Headers` sets a cookie; P17 when it leaves out no-store; P36 when it leaves out
X-Frame-Options, or adds a header of its own.
"""

import re
from collections.abc import Iterator

from amparo.casework import queries
from amparo.casework.services import desk
from amparo.foundation.config import config
from amparo.proofs.prove.at_rest import Desk
from amparo.proofs.prove.found import Found, proves
from amparo.proofs.prove.journals import one_pixel
from amparo.proofs.prove.served import Answer, File, Server, Visitor, serving
from amparo.proofs.prove.world import Defender, Officer, found, sealed_file


# --- without scripts ------------------------------------------------------------------------------
@proves("P16")
def without_scripts() -> Found:
    """A text browser, cookies off and then on: ask with a file, get the code, read the answer. Of all
    pages without an account only a card's kept page has a script, and it sends a form without it."""
    result = Found()
    world = found()
    sizes: list[int] = []
    with serving(config().data.parent) as server:
        for keeps in (False, True):
            visitor = server.visitor(keeps_cookies=keeps)
            pages = [visitor.get(path) for path in ("/", "/new", "/back", "/about", "/clear")]
            said = {"token": pages[1].token, "what": "a call", "where": "", "how": "here"}
            asked = visitor.post("/new", said, [File("a.txt", b"words" * 99, "text/plain")])
            result.expect(asked.status == 200 and asked.code, f"no code came back ({asked.status})")
            officer = world.officers[0]
            with officer.request() as actor:
                rows = queries.queue(actor).rows
                case = rows[0].case if len(rows) == 1 else rows[-1].case
                desk.reply(actor, case, text="an answer to you")
            page = visitor.post("/back", {"token": visitor.get("/back").token, "code": asked.code})
            result.expect("an answer to you" in page.text, "the answer cannot be read")
            more = {"token": page.token, "do": "write", "text": "thank you"}
            page = visitor.post("/n", more, [File("b.txt", b"x" * 20)])
            result.expect("thank you" in page.text, "an answer cannot be given")
            for one in [*pages, asked, page]:
                sizes.append(len(one.body))
                result.expect(one.status == 200, f"a page answers {one.status}")
                links = re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', one.text)
                result.expect(len(set(links)) <= 2, f"{len(set(links)) + 1} requests for a page")
                result.expect("<script" not in one.text, "a script on a defender's page")
            _only_the_kept_page(result, visitor)
            result.expect(not visitor.seen, f"a cookie was set: {visitor.seen[:1]}")
            with officer.request() as actor:
                desk.decline(actor, case, reason="done")
    result.expect(max(sizes) <= 20_000, f"a page of {max(sizes)} bytes")
    result.value, result.detail = str(len(result.breaches)), f"largest page {max(sizes)} bytes"
    return result


def _only_the_kept_page(result: Found, visitor: Visitor) -> None:
    for path in ("/p/none", "/a/none", "/w/none", "/l/none", "/k/none"):
        page = visitor.get(path)
        has, may = "<script" in page.text, path == "/k/none"
        result.expect(has == may, f"{path}: {'a' if has else 'no'} script")
        policy = "script-src" in page.headers["content-security-policy"]
        result.expect(policy == may, f"{path}: scripts may {'' if policy else 'not '}run")
        result.expect('method="post"' in page.text, f"{path} does nothing without scripts")


@proves("P17")
def quick_exit() -> Found:
    """Leave is the first control after the skip link, ends the session, and nothing comes back."""
    result = Found()
    found()
    with serving(config().data.parent) as server:
        visitor = server.visitor()
        page = visitor.get("/new")
        asked = visitor.post("/new", {"token": page.token, "what": "x", "how": "here"}, [])
        opened = visitor.post("/back", {"token": visitor.get("/back").token, "code": asked.code})
        pages = {path: visitor.get(path) for path in ("/", "/new", "/back", "/about", "/clear")}
        pages |= {"code": asked, "thread": opened}
        for name, one in pages.items():
            result.expect(one.headers.get("cache-control") == "no-store", f"{name}: may be kept")
            controls = re.findall(r"<(?:a|button|input|select|textarea|summary)\b[^>]*>", one.text)
            shown = [control for control in controls if 'type="hidden"' not in control]
            result.expect('href="#' in shown[0], f"{name}: no skip link first, but {shown[0][:60]}")
            before = one.text[: one.text.index(shown[1])]
            leave = before.rindex("<form") if "<form" in before else -1
            result.expect("/leave" in before[leave:], f"{name}: {shown[1][:60]} comes before Leave")
        left = visitor.post("/leave", {"token": opened.token})
        result.expect(left.status == 303, f"Leave answers {left.status}")
        wanted = '"cookies", "storage"'
        clears = left.headers.get("clear-site-data", "")
        result.expect(wanted in clears, f"Clear-Site-Data is {clears!r}")
        again = visitor.post("/n", {"token": opened.token, "do": "read"})
        # All of it: any page may hold one of its words by chance.
        back = all(part in again.text for part in asked.code.split())
        result.expect(not back, "a code comes back")
        result.expect('do="write"' not in again.text and ">x<" not in again.text, "words come back")
        result.expect(again.status != 500, "the page of before falls over")
    result.value, result.detail = str(len(result.breaches)), f"{len(pages)} pages"
    return result


# --- headers --------------------------------------------------------------------------------------
SEEN = "(some)"  # there, with a value of its own
_NOTES = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_DESK = f"{_NOTES}; script-src 'self'; connect-src 'self'"
# One page without an account has a script, and only if somebody keeps it on their device.
_KEPT = f"{_DESK}; worker-src 'self'"
_SHUT_IN = "sandbox; default-src 'none'"
_OFF = (
    "accelerometer camera display-capture geolocation gyroscope magnetometer microphone midi payment "
    "screen-wake-lock usb xr-spatial-tracking browsing-topics"
)
Headers = dict[str, str | None]  # None: not there
# The web server's own name cannot be switched off; no version stands behind it.
EVERY: Headers = {
    "cache-control": "no-store",
    "content-language": "en",
    "content-length": SEEN,
    "content-security-policy": _NOTES,
    "content-type": "text/html; charset=utf-8",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "date": SEEN,
    "permissions-policy": ", ".join(f"{one}=()" for one in _OFF.split()),
    "referrer-policy": "no-referrer",
    "server": "granian",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow, noarchive",
}
# At the desk Django's check of forms wants to know where they came from.
AT_THE_DESK = EVERY | {"content-security-policy": _DESK, "referrer-policy": "same-origin"}
_FORM_COOKIE = "c=#; HttpOnly; Path=/; SameSite=Strict"
# It comes as it is made, so nobody knows its length beforehand.
_SAVED: Headers = {
    "content-disposition": SEEN,
    "content-length": None,
    "content-security-policy": _SHUT_IN,
    "content-type": "application/octet-stream",
    "transfer-encoding": "chunked",
}
# `make setup` lays a compressed copy beside each, and the answer says that there are two.
_LASTING: Headers = {
    "cache-control": "max-age=3600, public",
    "etag": SEEN,
    "last-modified": SEEN,
    "vary": "Accept-Encoding",
}
PROBLEM = EVERY | {"content-type": "application/problem+json"}
# What a kind of answer has beside, or instead.
KINDS: dict[str, Headers] = {
    "page": EVERY,
    "page kept on a device": EVERY | {"content-security-policy": _KEPT},
    "what runs beside it": EVERY
    | {"content-security-policy": _KEPT, "content-type": "text/javascript; charset=utf-8"},
    "calendar, not there": EVERY,
    "page in Arabic": EVERY | {"content-language": "ar"},
    "page sent wrongly": EVERY,
    "not there": EVERY,
    "not allowed": EVERY | {"allow": "GET, HEAD, POST"},
    "left": EVERY | {"clear-site-data": '"cookies", "storage"', "location": "/closed"},
    "own export": EVERY | _SAVED,
    "health": EVERY | {"content-type": "text/plain"},
    "style": EVERY
    | _LASTING
    | {"content-type": 'text/css; charset="utf-8"', "content-language": None},
    "entrance": AT_THE_DESK | {"set-cookie": _FORM_COOKIE, "vary": "Cookie"},
    "desk": AT_THE_DESK | {"set-cookie": _FORM_COOKIE, "vary": "Accept-Encoding, Cookie"},
    "desk, nobody": AT_THE_DESK | {"location": "/desk/sign-in"},
    "picture": AT_THE_DESK | {"content-type": "image/jpeg"},
    "download": AT_THE_DESK | _SAVED,
    "api": EVERY | {"content-type": "application/json; charset=utf-8"},
    "api, nobody": PROBLEM | {"www-authenticate": "Bearer"},
    "api, not there": PROBLEM,
}


def _answers(server: Server, officer: Officer, defender: Defender) -> Iterator[tuple[str, Answer]]:
    """(kind, an answer of that kind)."""
    visitor, desk_ = server.visitor(), Desk(server, officer)
    yield "page", visitor.get("/new")
    yield "page kept on a device", visitor.get("/k/none")
    yield "what runs beside it", visitor.get("/k/worker.js")
    yield "calendar, not there", visitor.get("/i/none")
    yield "page in Arabic", visitor.get("/ar/")
    yield "page sent wrongly", visitor.post("/new", {"token": visitor.get("/new").token})
    yield "not there", visitor.get("/none")
    yield "not allowed", visitor.put("/new")
    back = visitor.post("/back", {"token": visitor.get("/back").token, "code": defender.text})
    export = {"token": back.token, "do": "export", "sure": "1"}
    yield "own export", visitor.post("/n", export)
    yield "left", visitor.post("/leave", {"token": back.token})
    yield "health", visitor.get("/healthz")
    yield "style", visitor.get("/s/page.css")
    yield "entrance", visitor.get("/desk/sign-in")
    yield "desk, nobody", visitor.get("/desk/queue")
    yield "desk", desk_.browser.get("/desk/queue")
    place = f"/desk/c/{defender.case}/files"
    page = desk_.browser.get(place)
    file = re.findall(rf"{place}/[0-9a-f-]{{36}}", page.text)[0]
    yield "picture", desk_.browser.get(f"{file}/1")
    secret = page.hidden("csrfmiddlewaretoken") or desk_.browser.get(file).hidden(
        "csrfmiddlewaretoken"
    )
    yield "download", desk_.browser.post(f"{file}/sealed", {"csrfmiddlewaretoken": secret})
    yield "api", visitor.get("/api/v1/ready")
    yield "api, nobody", visitor.get("/api/v1/thread")
    yield "api, not there", visitor.get("/api/v1/none")


@proves("P36")
def exact_headers() -> Found:
    """The headers of each kind of answer, and none besides."""
    result, seen = Found(), set()
    world = found()
    picture = sealed_file("a.png", one_pixel())
    defender = world.ask(what="a call", files_=(picture,))
    with serving(config().data.parent) as server:
        for kind, answer in _answers(server, world.officers[0], defender):
            seen.add(kind)
            wanted = {name: value for name, value in KINDS[kind].items() if value is not None}
            got = answer.headers | {
                name: re.sub(r"=[^;]*", "=#", value, count=1)
                for name, value in answer.headers.items()
                if name == "set-cookie"
            }
            for name in sorted(wanted.keys() | got.keys()):
                value, should = got.get(name), wanted.get(name)
                right = value == should or (should == SEEN and value)
                result.expect(
                    right, f"{kind} ({answer.status}): {name} is {value!r}, not {should!r}"
                )
    result.expect(seen == KINDS.keys(), f"not looked at: {sorted(KINDS.keys() - seen)}")
    result.value, result.detail = str(len(result.breaches)), f"{len(seen)} kinds of answers"
    return result
