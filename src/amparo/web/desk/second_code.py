"""A second code, agreed with its person: what it does and what it cannot do, its small request, and its
end."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from amparo.casework import queries
from amparo.casework.services import second_code as services
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid
from amparo.people.rules import INTAKE
from amparo.vault import codes
from amparo.web.desk import pages
from amparo.web.desk.forms import Form
from amparo.web.desk.forms.case import text


class SecondCode(Form):
    """What the small request says, and the form of its code."""

    what = text(
        gettext_lazy("What does the small request say?"),
        gettext_lazy("Write it with them. A request that says nothing convinces nobody."),
        pgettext_lazy(
            "safety",
            "Something true and harmless that they would ask us, in their own words: a question about "
            "a password, a form, a training. It is answered like every other.",
        ),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language they speak"))
    code = forms.ChoiceField(
        label=gettext_lazy("The code they take along"),
        choices=[
            ("words", pgettext_lazy("code", "Nine words")),
            ("digits", pgettext_lazy("code", "Thirty digits, easier to say on the phone")),
        ],
        help_text=pgettext_lazy("safety", "The same kind as their first one."),
        initial="digits",
        widget=forms.RadioSelect,
    )
    sure = forms.BooleanField(
        label=pgettext_lazy(
            "safety", "I have read the four points to them, and they want it all the same"
        ),
        error_messages={"required": gettext_lazy("Read the four points to them, then tick this.")},
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["language"].choices = list(settings.LANGUAGES)  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(INTAKE)
def second_code(request: Any, case: ids.Id) -> HttpResponse:
    """Agreed here, shown once, taken away here."""
    view = queries.case(request.actor, case)
    if request.method != "POST":
        spoken = view.row.language if view.row.language in dict(settings.LANGUAGES) else "en"
        return _page(request, view, SecondCode(initial={"language": spoken}), ids.new())
    if request.POST.get("deed") == "end":
        services.end(request.actor, case)
        return pages.done("second-gone", "desk:second-code", case)
    once = pages.id_of(request.POST.get("once", ""))
    form = SecondCode(request.POST)
    if not form.is_valid():
        return _page(request, view, form, once, status=422)
    given = form.cleaned_data
    language = given["language"] if given["language"] in codes.LANGUAGES else "en"
    code = codes.new_words(language) if given["code"] == "words" else codes.new_digits()
    try:
        services.agree(
            request.actor,
            case,
            once=once,
            code=code,
            what=given["what"],
            language=given["language"],
        )
    except Invalid as error:
        pages.mark(form, error)
        return _page(request, view, form, once, status=422)
    except Conflict:
        form.add_error(None, _("There is a second code already. End it first."))
        view = queries.case(request.actor, case)
        return _page(request, view, form, once, status=409)
    return pages.render(request, "desk/second-code-shown.html", {"code": code, "view": view})


def _page(
    request: Any, view: queries.CaseView, form: SecondCode, once: ids.Id, *, status: int = 200
) -> HttpResponse:
    context = {"view": view, "form": form, "once": once}
    return pages.render(request, "desk/second-code.html", context, status=status)
