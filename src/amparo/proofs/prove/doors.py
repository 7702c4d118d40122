"""P16, P17, P36: how the answers of the doors look.

Seen to fail: P16 when `Headers` sets a cookie; P17 when it leaves out no-store; P36 when it leaves out
a header.
"""

import re

from amparo.casework import queries
from amparo.casework.services import desk
from amparo.foundation.config import config
from amparo.proofs.prove.found import Found, proves
from amparo.proofs.prove.served import File, serving
from amparo.proofs.prove.world import found


# --- without scripts ------------------------------------------------------------------------------
@proves("P16")
def without_scripts() -> Found:
    """A text browser, cookies off and then on: ask with a file, get the code, read the answer."""
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
            result.expect(not visitor.seen, f"a cookie was set: {visitor.seen[:1]}")
            with officer.request() as actor:
                desk.decline(actor, case, reason="done")
    result.expect(max(sizes) <= 20_000, f"a page of {max(sizes)} bytes")
    result.value, result.detail = str(len(result.breaches)), f"largest page {max(sizes)} bytes"
    return result


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
        result.expect(asked.code.split()[0] not in again.text, "a code comes back")
        result.expect('do="write"' not in again.text and ">x<" not in again.text, "words come back")
        result.expect(again.status != 500, "the page of before falls over")
    result.value, result.detail = str(len(result.breaches)), f"{len(pages)} pages"
    return result


# --- headers --------------------------------------------------------------------------------------
ALWAYS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow, noarchive",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
NEVER = {"x-powered-by", "etag", "last-modified", "set-cookie", "via"}


@proves("P36")
def exact_headers() -> Found:
    """The headers of each kind of answer, and none besides."""
    result, count = Found(), 0
    found()
    with serving(config().data.parent) as server:
        visitor = server.visitor()
        for path, scripts in (
            *((one, False) for one in ("/", "/new", "/back", "/about", "/clear", "/ar/", "/none")),
            ("/desk/sign-in", True),
        ):
            answer = visitor.get(path)
            count += 1
            got = answer.headers
            # At the desk Django's check of forms wants to know where they came from.
            own = {"referrer-policy": "same-origin"} if scripts else {}
            for name, value in (ALWAYS | own).items():
                result.expect(got.get(name) == value, f"{path}: {name} is {got.get(name)!r}")
            result.expect(got.get("cache-control") == "no-store", f"{path}: may be kept")
            policy = got.get("content-security-policy", "")
            for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
                result.expect(part in policy, f"{path}: the policy lacks {part}")
            result.expect("unsafe" not in policy, f"{path}: an unsafe policy")
            result.expect(("script-src" in policy) == scripts, f"{path}: scripts {not scripts}")
            bad = (NEVER - ({"set-cookie"} if scripts else set())) & got.keys()
            result.expect(not bad, f"{path}: says {sorted(bad)}")
            known = {*ALWAYS, "cache-control", "content-security-policy", "permissions-policy"}
            known |= {"content-type", "content-length", "content-language", "date", "vary"}
            known |= {"connection", "transfer-encoding", "set-cookie", "allow", "server"}
            # The web server's own name cannot be switched off; no version stands behind it.
            result.expect(got.get("server") == "granian", f"{path}: server {got.get('server')!r}")
            result.expect(got.keys() <= known, f"{path}: also {sorted(got.keys() - known)}")
    result.value, result.detail = str(len(result.breaches)), f"{count} answers"
    return result
