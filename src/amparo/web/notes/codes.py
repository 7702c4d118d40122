"""The return code on a page: which kind is given out, how it is shown once, what was mistyped."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from amparo.foundation.errors import NotFound
from amparo.vault import codes
from amparo.vault import forms as tokens


def fresh_code(language: str, kind: str = "") -> codes.Code:
    """A new code of a kind ("words", "digits"); words where the language has a list."""
    if kind != "digits" and language in codes.LANGUAGES:
        return codes.new_words(language)
    return codes.new_digits()


def code_page(request: HttpRequest, code: codes.Code, visit: bytes, **more: Any) -> HttpResponse:
    """The only page that ever shows a code."""
    words = code.form == "words"
    language = request.LANGUAGE_CODE
    other = "digits" if words else "words" if language in codes.LANGUAGES else ""
    found = {
        "words": code.shown if words else (),
        "words_language": code.language,
        "groups": code.shown,
        "typed": " ".join(code.shown),
        "other": other,
        "token": tokens.token(visit),
    }
    return render(request, "notes/code.html", found | more)


def what_is_wrong(mistake: codes.Mistyped | NotFound) -> str:
    """Why a code opens nothing, in words: what was mistyped by its place, all else alike."""
    if isinstance(mistake, NotFound):
        return pgettext(
            "safety",
            "These open nothing. Compare each with what you kept. They may also have been replaced "
            "or withdrawn.",
        )
    kind, at = mistake.mistake, {"n": mistake.position, "found": mistake.found}
    if mistake.form == "words":
        return _wrong_words(kind, at)
    if mistake.form == "digits":
        return _wrong_digits(kind, at)
    if kind == codes.Mistake.COUNT:
        return _("This is too long. Write your nine words or thirty numbers, nothing else.")
    return _("Write your nine words or thirty numbers.")


def _wrong_words(kind: codes.Mistake, at: dict[str, Any]) -> str:
    if kind == codes.Mistake.UNKNOWN:
        return _("Word %(n)s is not one of ours. Compare it with what you kept.") % at
    if kind == codes.Mistake.COUNT:
        some = ngettext("This is %(found)s word.", "These are %(found)s words.", at["found"] or 0)
        wanted = _("There should be nine.")
        return f"{some % at} {wanted}"
    return pgettext(
        "code", "Each word is one of ours, but not together. Perhaps two have changed places."
    )


def _wrong_digits(kind: codes.Mistake, at: dict[str, Any]) -> str:
    if kind == codes.Mistake.UNKNOWN:
        return _("In group %(n)s there is something that is not a number.") % at
    if kind == codes.Mistake.COUNT:
        some = ngettext(
            "This is %(found)s number.", "These are %(found)s numbers.", at["found"] or 0
        )
        where = _("Look at group %(n)s.") % at if at["n"] else ""
        wanted = _("There should be thirty, in six groups of five.")
        return f"{some % at} {wanted} {where}".strip()
    return pgettext(
        "code", "One number is another, or two have changed places. Compare each group."
    )
