"""The desk's words for the directory, for those who relay, for calls and for helpers who are asked."""

from django.conf.locale import LANG_INFO
from django.utils.functional import Promise
from django.utils.translation import get_language_info, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from amparo.messages import rules
from amparo.web import ways
from amparo.web.desk.words import Words, in_a_row

KINDS: Words = {
    "person": pgettext_lazy("directory", "One person"),
    "organisation": pgettext_lazy("directory", "An organisation"),
    "hotline": pgettext_lazy("directory", "A hotline"),
    "authority": pgettext_lazy("directory", "An authority"),
}
SERVICES: Words = {
    "lawyer": pgettext_lazy("service", "Lawyer"),
    "medic": pgettext_lazy("service", "Medical help"),
    "journalist": pgettext_lazy("service", "Journalist"),
    "driver": pgettext_lazy("service", "Transport"),
    "shelter": pgettext_lazy("service", "A safe place"),
    "care": pgettext_lazy("service", "Somebody to talk to"),
    "digital": pgettext_lazy("service", "Phones and computers"),
    "money": pgettext_lazy("service", "Money in an emergency"),
    "interpreter": pgettext_lazy("service", "Interpreter"),
    "observer": pgettext_lazy("service", "Observer"),
    "hotline": pgettext_lazy("service", "Hotline"),
}
VETTING: Words = {
    "none": pgettext_lazy("vetting", "Nobody vouches for them"),
    "one": pgettext_lazy("vetting", "One person vouches; a second is wanted"),
    "two": pgettext_lazy("vetting", "Two people vouch for them"),
    "refused": pgettext_lazy("vetting", "Send nobody there"),
}
MARKS = {
    "none": ("ring", "soft"),
    "one": ("half", "ochre"),
    "two": ("disc", "green"),
    "refused": ("barred", "red"),
}
CHANNELS: Words = {"call": pgettext_lazy("channel", "Ring up")} | {
    one: ways.NAMES[one] for one in rules.TO_CONTACTS
}
DAYS: Words = {
    "1": pgettext_lazy("day", "Mon"),
    "2": pgettext_lazy("day", "Tue"),
    "3": pgettext_lazy("day", "Wed"),
    "4": pgettext_lazy("day", "Thu"),
    "5": pgettext_lazy("day", "Fri"),
    "6": pgettext_lazy("day", "Sat"),
    "7": pgettext_lazy("day", "Sun"),
}
WRONG: Words = {
    "area": _(
        "Write CO for Colombia, or CO-ANT for Antioquia in it, with commas between. Nothing finer "
        "stands here."
    ),
    "language": _("Write codes as es, ar or qu, with commas between."),
    "hours": _("Write hours as 08:00-18:00."),
    "form": _("This is not the form of such an address. A number begins with + and its country."),
    "choose": _("Choose a way for this address."),
}


def language(code: str) -> str | Promise:
    """A language's name in the page's language; the code where none is known."""
    return str(get_language_info(code)["name_translated"]) if code in LANG_INFO else code


def areas(codes: list[str]) -> str | Promise:
    """Where somebody works."""
    return in_a_row(codes) if codes else pgettext_lazy("area", "everywhere")


def days(code: str) -> str:
    """Mon–Fri for 12345; else the days one by one."""
    if code == "1234567":
        return str(pgettext_lazy("day", "every day"))
    if len(code) > 2 and code in "1234567":
        return f"{DAYS[code[0]]}–{DAYS[code[-1]]}"
    return in_a_row(DAYS[one] for one in code)
