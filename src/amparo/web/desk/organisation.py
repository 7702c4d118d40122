"""People and teams, for the coordination team: inviting, comparing, leaving, and the raid button."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from amparo.alerts import queries as alarms
from amparo.alerts.services import trial as trials
from amparo.casework import titles
from amparo.foundation import ids
from amparo.foundation.errors import Conflict, Invalid, NotFound, Unavailable
from amparo.people import queries, services
from amparo.people.rules import COORDINATION, HOUSE, RELAY, RELEASE, TEAMS
from amparo.web import middleware
from amparo.web.desk import pages, words
from amparo.web.desk.forms.organisation import (
    Invite,
    Leave,
    LeaveLosing,
    LeaveTeam,
    LeaveTeamLosing,
    Lockdown,
    Welcome,
)
from amparo.web.desk.sign_in import in_fours


@require_safe
@pages.role(COORDINATION)
def people(request: Any) -> HttpResponse:
    """Who is here and in which team."""
    context = {
        "people": queries.with_second(request.actor),
        "teams": queries.teams(request.actor),
        "here": "people",
    }
    return pages.render(request, "desk/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(COORDINATION)
def invite(request: Any) -> HttpResponse:
    """An invitation, shown once."""
    teams = [(code, words.TEAMS[code]) for code in TEAMS if code != HOUSE]
    form = Invite(request.POST if request.method == "POST" else None, teams=teams)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            token = services.invite(
                request.actor,
                name=given["name"],
                teams=given["teams"],
                hours=int(given["hours"]),
            )
        except Invalid as error:
            pages.mark(form, error)
        else:
            link = request.build_absolute_uri(reverse("desk:invitation", args=[token]))
            context = {"name": given["name"], "link": link, "hours": int(given["hours"])}
            return pages.render(request, "desk/invited.html", context | {"here": "people"})
    page = {
        "title": _("People"),
        "heading": _("Invite somebody"),
        "button": _("Make the invitation"),
        "says": [
            _("They choose their own passphrase; you never see it."),
            _("Nothing opens to them until a colleague has compared their fingerprint."),
            _(
                "An intermediary is in that team alone: they pass calls on, and see neither queue nor "
                "cases nor names."
            ),
        ],
        "action": reverse("desk:invite"),
        "back": reverse("desk:people"),
        "back_label": _("People and teams"),
    }
    return _act(request, form, page)


def _act(request: Any, form: Any, page: dict[str, Any]) -> HttpResponse:
    status = 422 if form.errors else 200
    context = {"form": form, "act": page, "here": "people"}
    return pages.render(request, "desk/act.html", context, status=status)


@require_safe
@pages.role(COORDINATION)
def fingerprints(request: Any) -> HttpResponse:
    """Of those who are here, to compare again at any time; of newcomers only a box to type it."""
    staff = queries.colleagues(request.actor)
    context = {
        "waiting": [one for one in staff if one.state == "waiting"],
        "keys": [(one, in_fours(one.fingerprint)) for one in staff if one.state == "here"],
        "here": "people",
    }
    return pages.render(request, "desk/fingerprints.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(COORDINATION)
def welcome(request: Any, person: ids.Id) -> HttpResponse:
    """A newcomer reads their fingerprint out; the right one opens their teams to them."""
    colleague = queries.colleague(request.actor, person)
    if colleague.state != "waiting":
        raise NotFound
    form = Welcome(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            read_out = form.cleaned_data["fingerprint"]
            services.welcome(request.actor, person, fingerprint=read_out)
        except Invalid as error:
            pages.mark(form, error)
        except Conflict:
            raise NotFound from None
        else:
            return pages.done("joined", "desk:people")
    names = words.in_a_row(
        words.word(words.TEAMS, one) for one in colleague.teams if one != RELEASE
    )
    later = [_("The release group is opened to them by a second person of it, not by you.")]
    page = {
        "title": _("People"),
        "heading": _("Compare with %(name)s") % {"name": colleague.name},
        "button": _("It is the same"),
        "says": [
            _("They read it to you, face to face or on a line you trust. It is not shown here."),
            _("Then these open to them: %(teams)s.") % {"teams": names},
            *(later if RELEASE in colleague.teams else []),
        ],
        "action": reverse("desk:welcome", args=[person]),
        "back": reverse("desk:fingerprints"),
        "back_label": _("Fingerprints"),
    }
    return _act(request, form, page)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(COORDINATION, RELEASE)
def vouch(request: Any, person: ids.Id) -> HttpResponse:
    """A second colleague compares too, so that somebody stands on nobody's word alone."""
    colleague = queries.colleague(request.actor, person)
    if colleague.second or not _may_second(request, colleague, ""):
        raise NotFound

    def deed(fingerprint: str) -> None:
        services.vouch_too(request.actor, person, fingerprint=fingerprint)

    says = [
        _("They read it to you, face to face or on a line you trust. It is not shown here."),
        _("Until now only %(name)s says who they are: those two count as one person.")
        % {"name": colleague.welcomed_by},
        _("From then on they count by themselves wherever two persons are needed."),
    ]
    return _compare_too(request, colleague, deed, says, "desk:vouch", "vouched")


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(COORDINATION, RELEASE)
def seat(request: Any, person: ids.Id) -> HttpResponse:
    """A seat in the group that opens names two by two: a second person gives it."""
    colleague = queries.colleague(request.actor, person)
    if RELEASE in colleague.teams and not colleague.wants_seat:
        raise NotFound
    if not _may_second(request, colleague, RELEASE):
        raise NotFound

    def deed(fingerprint: str) -> None:
        services.join_team(request.actor, person, RELEASE, fingerprint=fingerprint)

    says = [
        _("They read it to you, face to face or on a line you trust. It is not shown here."),
        _("Then they are one of two who open a name together. Do it only for a person you know."),
    ]
    return _compare_too(request, colleague, deed, says, "desk:seat", "team")


def _may_second(request: Any, colleague: queries.Colleague, code: str) -> bool:
    here = colleague.state == "here" and not colleague.me
    return here and queries.may_second(request.actor, colleague.id, code)


def _compare_too(
    request: Any,
    colleague: queries.Colleague,
    deed: Callable[[str], None],
    says: list[str],
    place: str,
    done: str,
) -> HttpResponse:
    form = Welcome(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            deed(form.cleaned_data["fingerprint"])
        except Invalid as error:
            pages.mark(form, error)
        except Conflict:
            raise NotFound from None
        else:
            return pages.done(done, "desk:second")
    page = {
        "title": _("People"),
        "heading": _("Compare with %(name)s") % {"name": colleague.name},
        "button": _("It is the same"),
        "says": says,
        "action": reverse(place, args=[colleague.id]),
        "back": reverse("desk:second"),
        "back_label": _("Two persons"),
    }
    return _act(request, form, page)


def _lost(request: Any, alone: queries.Alone) -> list[dict[str, Any]]:
    """What would be lost, in words: each compartment with its case, each team."""
    names = titles.titles(request.actor) if alone.parts else {}
    parts = [
        {
            "name": names.get(case.hex, _("A case")),
            "what": words.word(words.COMPARTMENTS, compartment),
            "link": reverse("desk:case", args=[case]) if case.hex in names else "",
        }
        for case, compartment in alone.parts
    ]
    return parts + [
        {"name": words.word(words.TEAMS, code), "what": _("too few would be left"), "link": ""}
        for code in alone.teams
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(COORDINATION)
def leave(request: Any, person: ids.Id) -> HttpResponse:
    """Somebody goes. What nobody else could open is handed over first, or lost knowingly."""
    colleague = queries.colleague(request.actor, person)
    if colleague.me or colleague.state not in {"here", "waiting", "locked"}:
        raise NotFound
    alone = queries.alone(request.actor, person)
    form = (LeaveLosing if alone else Leave)(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            services.leave(request.actor, person, losing=bool(alone))
        except Invalid as error:
            pages.mark(form, error)
        else:
            return pages.done("left", "desk:people")
    page = {
        "title": _("People"),
        "heading": _("%(name)s leaves") % {"name": colleague.name},
        "button": _("Change the locks"),
        "says": [
            _("Their sessions end at once, and their passphrase opens nothing any more."),
            _("Each of their teams gets a new key for those who stay."),
            _("What they have read they have read. Give their open cases to somebody."),
        ],
        "loses": _lost(request, alone),
        "action": reverse("desk:leave", args=[person]),
        "back": reverse("desk:people"),
        "back_label": _("People and teams"),
    }
    return _act(request, form, page)


# --- one team more, or less ----------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(COORDINATION)
def teams(request: Any, person: ids.Id) -> HttpResponse:
    """The teams of a colleague; one opens only what one is in oneself."""
    colleague = queries.colleague(request.actor, person)
    if colleague.state != "here" or colleague.relays:
        raise NotFound
    mine = queries.roles(request.actor)
    if request.method == "POST":
        join = request.POST.get("join", "")
        if join == RELEASE:
            raise NotFound  # it has a page of its own
        try:
            services.join_team(request.actor, person, join)
        except (Conflict, Unavailable):
            raise NotFound from None
        else:
            return pages.done("team", "desk:teams", person)
    rows = [
        {"code": code, "in": code in colleague.teams, "mine": code in mine}
        for code in TEAMS
        if code not in {HOUSE, RELAY}
    ]
    seat_ = _may_second(request, colleague, RELEASE)
    context = {"one": colleague, "rows": rows, "seat": seat_, "here": "people"}
    return pages.render(request, "desk/teams.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(COORDINATION)
def leave_team(request: Any, person: ids.Id, code: str) -> HttpResponse:
    """A colleague leaves one team."""
    colleague = queries.colleague(request.actor, person)
    if colleague.me or code == HOUSE or code not in colleague.teams:
        raise NotFound
    alone = queries.alone(request.actor, person, team=code)
    kind = LeaveTeamLosing if alone else LeaveTeam
    form = kind(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            services.leave_team(request.actor, person, code, losing=bool(alone))
        except Invalid as error:
            pages.mark(form, error)
        else:
            return pages.done("team-left", "desk:teams", person)
    names = {"name": colleague.name, "team": words.word(words.TEAMS, code)}
    page = {
        "title": _("People"),
        "heading": _("%(name)s leaves the team “%(team)s”") % names,
        "button": _("Change the lock"),
        "says": [
            _("The team gets a new key for those who stay."),
            _("What they have read they have read."),
        ],
        "loses": _lost(request, alone),
        "action": reverse("desk:leave-team", args=[person, code]),
        "back": reverse("desk:teams", args=[person]),
        "back_label": colleague.name,
    }
    return _act(request, form, page)


# --- the raid button -----------------------------------------------------------------------------
@require_safe
@pages.signed_in
def lockdown(request: Any) -> HttpResponse:
    """What it does. Anybody on staff may press it."""
    return pages.render(request, "desk/lockdown.html", {"here": "lockdown"})


@require_http_methods(["GET", "HEAD", "POST"])
@pages.signed_in
def lockdown_now(request: Any) -> HttpResponse:
    """The last step, and the deed."""
    form = Lockdown(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        services.lockdown(request.actor)
        response = HttpResponseRedirect(reverse("desk:sign-in"))
        middleware.drop_session(response)
        return response
    page = {
        "title": _("Lockdown"),
        "heading": _("Lock everything down"),
        "button": _("Lock down now"),
        "says": [
            _("Everybody is signed out, you too. Links and notes that wait are gone for good."),
            _("It can be lifted on the server only."),
        ],
        "action": reverse("desk:lockdown-now"),
        "back": reverse("desk:lockdown"),
        "back_label": _("Lockdown"),
    }
    return _act(request, form, page)


@require_http_methods(["GET", "HEAD", "POST"])
@pages.role(COORDINATION)
def trial(request: Any) -> HttpResponse:
    """What is missing until people outside are told, and the button that ends the trial."""
    conflict = False
    if request.method == "POST":
        try:
            trials.end(request.actor)
        except Conflict:
            conflict = True
        else:
            return pages.done("trial", "desk:queue")
    context = {
        "here": "people",
        "is_on": alarms.on_trial(),
        "answered": alarms.trial_answered(),
        "conflict": conflict,
    }
    return pages.render(request, "desk/trial.html", context, status=409 if conflict else 200)
