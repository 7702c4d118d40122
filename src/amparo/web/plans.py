"""The questions of a plan for the worst hour, asked of a defender in their notes and of an officer
beside them: one form, one way from answers to a plan, one set of words for what it lacks."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import segno
from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from amparo.alerts import queries, rules
from amparo.alerts.services.plans import TEXT, Draft
from amparo.alerts.services.plans import Person as Contact
from amparo.foundation import clock
from amparo.foundation.config import base
from amparo.foundation.errors import Invalid
from amparo.messages.rules import TO_CONTACTS, is_address
from amparo.web.notes.forms import Page, line
from amparo.web.ways import NAMES, SEES, open_to
from amparo.web.zones import clocks

MOST, AT_FIRST = 6, 2
MINUTES = (0, 5, 10, 20, 40, 60)
LABEL = 60  # letters of what somebody is called
ADDRESS = 300
EASTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")

# Said in the contacts' presence, and in front of whoever reads their phone.
TEXTS: dict[str, str | Promise] = {
    "order": pgettext_lazy("neutral text", "Your order is ready."),
    "photos": pgettext_lazy("neutral text", "Here are the photos from Sunday."),
    "list": pgettext_lazy("neutral text", "This is the list for Saturday."),
    "time": pgettext_lazy("neutral text", "The meeting has a new time."),
}
OWN = "own"
# What the desk prepares for when it rings, by the ids of playbooks; in the person's own words.
DANGERS: dict[str, str | Promise] = {
    "arrest": pgettext_lazy("danger", "That I am arrested"),
    "raid": pgettext_lazy("danger", "That my home or office is searched"),
    "disappearance": pgettext_lazy("danger", "That nobody knows where I am"),
    "kidnap": pgettext_lazy("danger", "That I am kidnapped"),
    "threat": pgettext_lazy("danger", "That somebody harms me, or those close to me"),
    "sexual-violence": pgettext_lazy("danger", "Sexual violence"),
    "border": pgettext_lazy("danger", "That I am stopped at a border"),
    "device": pgettext_lazy("danger", "That my phone or computer is taken"),
    "smear": pgettext_lazy("danger", "That I am attacked in public"),
}
KINDS = {
    "card": pgettext_lazy("safety", "A page that I keep"),
    "desk": pgettext_lazy("safety", "No page: those on duty press for me"),
}


def at_words(minutes: int) -> str:
    """When somebody is told, counted from the press."""
    if minutes == 0:
        return gettext("At once")
    return ngettext("After %(n)s minute", "After %(n)s minutes", minutes) % {"n": minutes}


class Plan(Page):
    """Who is told, when, in which words. `count` people are asked for; all may stay empty."""

    zone = forms.ChoiceField(
        label=_("What does the clock show where they live?"),
        help_text=_("Only for the hours above."),
        required=False,
    )
    text = forms.ChoiceField(
        label=_("What they read"),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of these, or write your own.")},
    )
    own = line(_("My own words"), limit=TEXT)
    name = line(
        _("What they call you"),
        pgettext_lazy("safety", "It stands on the page that opens from the message. Not in it."),
        LABEL,
    )
    word = line(
        _("A word that only you would say when you are safe"),
        pgettext_lazy("safety", "Tell it to them, and to nobody else. It ends the alarm."),
        LABEL,
    )
    # Named for a browser that keeps what was typed by the question's name.
    first = forms.ChoiceField(
        label=_("What do you fear most?"),
        help_text=pgettext_lazy(
            "safety",
            "Those on duty begin with what fits it. It may stay open: anything can happen.",
        ),
        choices=[("", "–"), *DANGERS.items()],
        required=False,
    )
    forced = line(
        pgettext_lazy("safety", "Another word, for when somebody makes you say it"),
        pgettext_lazy(
            "safety",
            "Those who hear it see that it is over, and those on duty are told that it is not. One "
            "that was agreed before is not shown: write it again to keep it.",
        ),
        LABEL,
    )
    kind = forms.ChoiceField(
        label=_("How do you send for help?"), choices=list(KINDS.items()), required=False,
        widget=forms.RadioSelect,
    )  # fmt: skip

    def __init__(
        self, *args: Any, count: int = AT_FIRST, languages: Iterable[Any] = (), **given: Any
    ) -> None:
        super().__init__(*args, **given)
        self.count = min(max(count, 1), MOST)
        self.draft: Draft | None = None
        self._people()
        zone = str(self.initial.get("zone", ""))
        choose = ("", gettext("Choose"))
        self.fields["zone"].choices = [choose, *clocks(clock.now(), also=zone)]  # type: ignore[attr-defined]
        own = (OWN, gettext("My own words, below"))
        self.fields["text"].choices = [*TEXTS.items(), own]  # type: ignore[attr-defined]
        if languages:
            self.fields["language"] = forms.ChoiceField(
                label=_("Language of their page"), choices=list(languages), required=False
            )
        for one in self.fields.values():  # the form says it once, for all of them
            one.widget.attrs["autocomplete"] = False

    def _people(self) -> None:
        when = [(str(minutes), at_words(minutes)) for minutes in MINUTES]
        for n in range(1, self.count + 1):
            self.fields |= {
                f"who{n}": line(_("What you call them"), limit=LABEL),
                f"a{n}": line(
                    _("Their mail address, or phone number with + in front"), limit=ADDRESS
                ),
                f"b{n}": line(_("A second one, if the first does not work"), limit=ADDRESS),
                f"at{n}": forms.ChoiceField(
                    label=_("When they are told"), choices=when, initial=str(MINUTES[n - 1])
                ),
                f"from{n}": hour(_("Wake them only from")),
                f"to{n}": hour(_("until")),
            }

    def carriers(self) -> list[dict[str, Any]]:
        """For the page: by what a message can leave, and what others see of it."""
        return carriers()

    def people(self) -> list[dict[str, forms.BoundField]]:
        """The questions about each of them."""
        parts = ("who", "a", "b", "at", "from", "to")
        return [
            {
                part.replace("from", "start").replace("to", "end"): self[f"{part}{n}"]
                for part in parts
            }
            for n in range(1, self.count + 1)
        ]

    # --- from answers to a plan ------------------------------------------------------------------
    def clean(self) -> dict[str, Any]:
        """The plan that the answers make stands in `draft` when nothing is wrong with them."""
        given = super().clean() or {}
        contacts: dict[str, Contact] = {}
        rungs = {0: [rules.DESK]}
        for n in range(1, self.count + 1):
            contact = self._contact(n, given)
            if contact is not None:
                if contact.label and contact.label in {one.label for one in contacts.values()}:
                    self.add_error(f"who{n}", _("Two people are called the same. Tell them apart."))
                contacts[f"p{n}"] = contact
                rungs.setdefault(int(given.get(f"at{n}") or 0), []).append(f"p{n}")
        if any(one.hours.start for one in contacts.values()) and not given.get("zone"):
            self.add_error("zone", _("Choose the clock that the hours are meant by."))
        text = str(TEXTS.get(given.get("text", ""), "")) or given.get("own", "").strip()
        if not text and contacts and "text" not in self.errors:
            self.add_error("text", _("Choose what they read, or write your own words."))
        if not given.get("kind") and "kind" not in self.errors:
            self.add_error("kind", _("Choose one of the two."))
        last = max(rungs)
        rungs[last] = list(dict.fromkeys([rules.DESK, *rungs[last]]))
        if not self.errors:
            self.draft = Draft(
                kind=given["kind"],
                rungs=tuple(rules.Rung(at, tuple(to)) for at, to in sorted(rungs.items())),
                people=contacts,
                # Nobody reads it when only the desk is told, but a plan has a text.
                text=text or str(TEXTS["order"]),
                name=given["name"].strip(),
                word=given["word"].strip(),
                forced=given["forced"].strip(),
                language=given.get("language") or translation.get_language() or "en",
                danger=given.get("first", ""),
            )
        return given

    def _contact(self, n: int, given: Mapping[str, Any]) -> Contact | None:
        label = given.get(f"who{n}", "").strip()
        written = {part: given.get(f"{part}{n}", "").strip() for part in ("a", "b")}
        if not label and not any(written.values()):
            return None
        if not label and f"who{n}" not in self.errors:
            self.add_error(f"who{n}", _("Write what you call them. It need not be their name."))
        if not any(written.values()) and f"a{n}" not in self.errors:
            self.add_error(
                f"a{n}", _("Write a mail address or a phone number, or leave it all empty.")
            )
        ways = []
        for part, text in written.items():
            way = way_of(text)
            if text and way is None:
                self.add_error(
                    f"{part}{n}",
                    _(
                        "This is neither a mail address nor a number that begins with + and a country."
                    ),
                )
            elif way is not None:
                ways.append(way)
        start, end = given.get(f"from{n}") or "", given.get(f"to{n}") or ""
        if bool(start) != bool(end):
            self.add_error(f"to{n}" if start else f"from{n}", _("Write both hours, or none."))
        hours = (
            rules.Hours(start, end, given.get("zone") or "UTC") if start and end else rules.Hours()
        )
        return Contact(label, tuple(ways), hours)

    def refuse(self, error: Invalid) -> None:
        """Put what the service found wrong beside the questions it is about."""
        for code in error.fields:
            person = re.search(r"p(\d)$", code)
            if person and code.startswith(("p", "no way")):
                self.add_error(f"a{person[1]}", fault_words(code, ""))
            else:
                place = code if code in ("text", "forced") else None
                self.add_error(place, fault_words(code, ""))


class _Time(forms.CharField):
    """A clock time, however it was typed: 8, 8:30, 08.30, ٠٨:٣٠."""

    def clean(self, value: Any) -> str:
        text = str(value or "").strip().translate(EASTERN)
        if not text:
            return ""
        found = re.fullmatch(r"(\d{1,2})(?:[:.h](\d{2}))?", text)
        if found is None or int(found[1]) > 23 or int(found[2] or 0) > 59:
            raise forms.ValidationError(_("Write an hour such as 08:30."))
        return f"{int(found[1]):02}:{found[2] or '00'}"


class _Clock(forms.TextInput):
    input_type = "time"


def hour(label: Any) -> forms.CharField:
    """A question for an hour; empty is an answer."""
    return _Time(label=label, required=False, widget=_Clock)


# Typed before an address that is for none of the two.
BEFORE = re.compile(r"(signal|matrix|ntfy|unifiedpush)\s*:?\s+(\S.*)", re.IGNORECASE)


def way_of(text: str) -> tuple[str, str] | None:
    """(channel, address) of what somebody typed: a mail address, a number, or the name of another
    channel and an address of it; None for what is none of these."""
    text = "".join(one for one in text.strip() if unicodedata.category(one) != "Cf")
    if before := BEFORE.fullmatch(text):
        return _other_way(before[1].lower(), before[2].strip())
    if text.startswith("https://") or text[:1] == "!":
        return _other_way("unifiedpush" if text[0] == "h" else "matrix", text)
    if "@" in text:
        name, _at, host = text.partition("@")
        return ("mail", text) if name and "." in host and is_address("mail", text) else None
    number = _number(text)
    return ("sms", number) if is_address("sms", number) else None


def _number(text: str) -> str:
    number = re.sub(r"[\s().\-–/]", "", text.translate(EASTERN))
    return f"+{number[2:]}" if number.startswith("00") else number


def _other_way(name: str, address: str) -> tuple[str, str] | None:
    channel = "push" if name == "unifiedpush" else name
    if channel == "signal" and is_address("sms", _number(address)):
        address = _number(address)
    return (channel, address) if is_address(channel, address) else None


def written(channel: str, address: str) -> str:
    """A way as it is shown, and as it could be typed."""
    if channel in {"mail", "sms"}:
        return address
    return f"{'unifiedpush' if channel == 'push' else channel} {address}"


# --- from a plan back to answers -----------------------------------------------------------------
def answers_of(doc: Mapping[str, Any], kind: str) -> tuple[dict[str, Any], int]:
    """(what the form shows of a plan, for how many people)."""
    found: dict[str, Any] = {name: doc[name] for name in ("name", "word", "language")}
    same = [code for code, text in TEXTS.items() if str(text) == doc["text"]]
    found["first"] = doc.get("danger", "")
    found |= {"text": same[0] if same else OWN, "own": "" if same else doc["text"], "kind": kind}
    at = {name: minutes for minutes, to in reversed(doc["rungs"]) for name in to}
    for n, (key, one) in enumerate(doc["people"].items(), 1):
        ways = [written(*way) for way in one["ways"]] + ["", ""]
        start, end, zone = one["hours"]
        found |= {f"who{n}": one["label"], f"a{n}": ways[0], f"b{n}": ways[1]}
        found |= {f"at{n}": str(at.get(key, 0)), f"from{n}": start, f"to{n}": end}
        if start:
            found["zone"] = zone
    return found, max(len(doc["people"]), 1)


def typed(request: HttpRequest, *, more: int = 0, **given: Any) -> Plan:
    """The form with everything that was typed: `more` asks for so many people more, and judges
    nothing yet."""
    count = request.POST.get("count", "")
    people = int(count) if count.isdecimal() and len(count) == 1 else AT_FIRST
    if more:
        return Plan(initial=request.POST.dict(), count=people + more, **given)
    return Plan(request.POST, count=people, **given)


# --- what is said about a plan -------------------------------------------------------------------
FAULTS: dict[str, str | Promise] = {
    "nobody": pgettext_lazy("safety", "Nobody would be told."),
    "too many": pgettext_lazy("safety", "These are too many. Six people are enough."),
    "order": pgettext_lazy("safety", "The times do not follow one another."),
    "empty step": pgettext_lazy("safety", "At one time nobody would be told."),
    "unknown": pgettext_lazy("safety", "The plan names somebody who is not among its contacts."),
    "no desk": pgettext_lazy("safety", "Those on duty would not be told."),
    "duty gap": pgettext_lazy(
        "safety",
        "At some hours of the next two weeks nobody is on duty. All of the desk is rung then.",
    ),
    "duty left": pgettext_lazy(
        "safety", "The roster still names somebody who has left. The others on duty are rung."
    ),
    "duty no route": pgettext_lazy(
        "safety",
        "Somebody on duty has not said how they are told. Others of the desk are rung then.",
    ),
    "duty on leave": pgettext_lazy(
        "safety", "Somebody is away in their turn. The others on duty are rung."
    ),
    "no way": pgettext_lazy("safety", "There is no address to reach them by."),
    "zone": pgettext_lazy("safety", "The clock of their hours is not known."),
    "not tried": pgettext_lazy("safety", "They have not answered a try yet."),
    "never told": pgettext_lazy("safety", "They would never be told."),
    "asked for silence": pgettext_lazy(
        "safety", "Their telephone has asked to be told nothing more."
    ),
    "text": pgettext_lazy("safety", "What they read is empty, or too long for one message."),
    "kind": pgettext_lazy("safety", "Choose one of the two."),
    "forced": pgettext_lazy(
        "safety", "Choose two words that differ, or leave the second one empty."
    ),
    "length": pgettext_lazy("safety", "What you call them is empty or too long."),
}
SILENT = {
    "sms": pgettext_lazy(
        "safety", "Text messages cannot be sent from here yet: %(who)s would not be told."
    ),
    "mail": pgettext_lazy(
        "safety", "Mail cannot be sent from here yet: %(who)s would not be told."
    ),
}


SILENT_TOO = pgettext_lazy(
    "safety", "Nothing can be sent by %(how)s from here yet: %(who)s would not be told."
)
ALONE = pgettext_lazy(
    "safety", "Signal may hold back a message to somebody new. Write a second way for %(who)s."
)


def fault_words(code: str, label: str) -> str:
    """One fault in words; `label` is whom it is about."""
    bare = re.sub(r" (p?\d+)$", "", code)
    bare = "length" if re.fullmatch(r"p\d", bare) else bare
    words = str(FAULTS.get(bare, FAULTS["nobody"]))
    return f"{label}: {words}" if label else words


def lacks(plan: queries.PlanView) -> list[str]:
    """What is wrong with an armed plan, for its person and for the desk. While it was never tried that
    is said once, elsewhere; then each contact who has not answered a try is named."""
    people = plan.doc["people"]
    found = []
    for one in plan.faults:
        if one.what != "not tried" or plan.tried:
            label = people[one.at]["label"] if one.at in people else ""
            found.append(fault_words(one.what, label))
    silent = queries.silent_channels()
    for one in people.values():
        channels = [channel for channel, _address in one["ways"]]
        if all(channel in silent for channel in channels):
            said = {"who": one["label"], "how": NAMES[channels[0]]}
            found.append(str(SILENT.get(channels[0], SILENT_TOO)) % said)
        elif set(channels) == {"signal"}:
            found.append(str(ALONE) % {"who": one["label"]})
    return found


def ladder(doc: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rungs of a plan in words: when, whether the desk is told, and who else."""
    return [
        {
            "at": at_words(at),
            "desk": rules.DESK in to,
            "people": [_shown(doc["people"][name]) for name in to if name in doc["people"]],
        }
        for at, to in doc["rungs"]
    ]


def _shown(person: Mapping[str, Any]) -> dict[str, Any]:
    return {**person, "ways": [(way[0], written(*way)) for way in person["ways"]]}


EXAMPLES = {
    "signal": "signal +52 55 1234 5678",
    "matrix": "matrix !abc:example.org",
    "ntfy": "ntfy dry-leaves-fall-softly-81",
    "push": "https://…",
}


def carriers() -> list[dict[str, Any]]:
    """What can carry a message from here now: how an address is written, where that is not plain, and
    what others see of it."""
    return [
        {"name": NAMES[one], "before": EXAMPLES.get(one, ""), "sees": SEES[one]}
        for one in open_to(TO_CONTACTS)
    ]


def shown(plan: queries.PlanView) -> dict[str, Any]:
    """An armed plan as both pages show it."""
    fears = DANGERS.get(plan.doc.get("danger", ""), "")
    return {"plan": plan, "ladder": ladder(plan.doc), "lacks": lacks(plan), "fears": fears}


# --- the card ------------------------------------------------------------------------------------
def card(token: str, language: str) -> dict[str, Any]:
    """The page of a card, for its one showing: address and picture."""
    with translation.override(language):
        address = base() + reverse("notes:press", args=[token])
    picture = segno.make(address, error="m")
    svg = picture.svg_inline(border=2, omitsize=True, svgclass="qr", lineclass=None)
    return {"address": address, "qr": SafeString(svg)}
