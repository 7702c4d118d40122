"""What arrives from a page without an account: its form token, its files, and where it came from."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.csrf import csrf_exempt

from amparo.foundation.errors import Refused
from amparo.vault import forms as tokens
from amparo.web import uploads
from amparo.web.errors import page
from amparo.web.notes.forms import Page
from amparo.web.tags import listed

View = Callable[..., HttpResponseBase]


def from_our_pages(view: View) -> View:
    """A door for people without cookies. Another site's page may lead here, but may not post here;
    browsers too old to say where a form came from have nothing with them that it could misuse."""

    @csrf_exempt
    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        if request.method == "POST" and site not in ("same-origin", "none"):
            return page(request, 403)
        return view(request, *args, **kwargs)

    return door


def form_of(request: HttpRequest) -> tokens.Form | None:
    """The page's own secret; None when it is missing, altered or too old."""
    try:
        return tokens.read(request.POST.get("token", ""))
    except Refused:
        return None


def files_of(request: HttpRequest) -> tuple[uploads.Sealed, ...]:
    """The files that came with the page, sealed already."""
    return uploads.sent_files(request, "file")


def drop_files(request: HttpRequest) -> None:
    """Nothing stays of the files that came with this request."""
    for sealed in getattr(request, "sealed_files", ()):
        sealed.discard()


def let_go(request: HttpRequest, form: Page) -> None:
    """The page comes back with a question: nothing of its files stays, and it says which to choose
    again. A browser does not keep a choice of files."""
    names = [sealed.name for sealed in getattr(request, "sealed_files", ())]
    drop_files(request)
    if names:
        wanted = pgettext("safety", "Choose these again, nothing of them was kept: %(names)s.")
        form.add_error("file", wanted % {"names": listed(names)})


def say_what_failed(request: HttpRequest, form: Page) -> bool:
    """Why files could not be taken in, at their question; False when nothing failed."""
    why = getattr(request, "upload_failed", "")
    text = {
        "large": _("These files are too large to send at once. Send fewer, and the others after."),
        "disk": _("There is no room left for files on our side. Send the words without them."),
        "token": _("The page was open for too long. Choose your files once more and send again."),
    }.get(why, "")
    if text:
        form.add_error("file", text)
    return bool(text)
