"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from amparo.foundation.config import config
from amparo.people import queries as people
from amparo.web import standing


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """Language, direction, address prefix, and (at the desk) who is signed in and whether something is
    late, which is looked at only by pages that say it."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    actor = getattr(request, "actor", None)
    return {
        "language": language,
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "prefix": "" if language == settings.LANGUAGE_CODE else f"/{language}",
        "languages": settings.LANGUAGES,
        "draft": language != "en" and language not in config().reviewed,
        "actor": actor,
        "roles": people.roles(actor) if actor is not None else frozenset(),
        "organisation": config().organisation,
        "sample": config().sample,
        "late": standing.is_late,
    }
