"""The channels in words that anybody understands: what an address looks like, and what whoever carries
the message sees of it."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from amparo.messages import channels, rules

Words = dict[str, str | Promise]

NAMES: Words = {
    "mail": pgettext_lazy("channel", "Mail"),
    "sms": pgettext_lazy("channel", "Text message"),
    "signal": "Signal",
    "matrix": "Matrix",
    "ntfy": "ntfy",
    "push": "UnifiedPush",
    "webpush": pgettext_lazy("channel", "A browser"),
    "webhook": pgettext_lazy("channel", "Another program of ours"),
}
LOOKS: Words = {
    "mail": _("Choose an address that nobody connects with this work."),
    "sms": _("A number with + and the country in front."),
    "signal": _("A number with + and the country in front, or a Signal name such as rosa.42."),
    "matrix": _("The id of a room that our account is in. It begins with an exclamation mark."),
    "ntfy": _(
        "A topic of at least 16 letters that nobody can guess: whoever knows it can read along."
    ),
    "push": _("The address that your UnifiedPush app shows. It begins with https://."),
    "webpush": _("This browser asks whether it may show notes. Say yes."),
    "webhook": _("The name under which it stands on the server."),
}
WRONG: Words = {
    "mail": _("This does not look like a mail address."),
    "sms": _("This is no number with + and a country in front."),
    "signal": _("This is neither a number with + in front nor a Signal name such as rosa.42."),
    "matrix": _("This is no id of a room. In most apps it stands under the room's settings."),
    "ntfy": _("Take 16 to 64 letters and digits, hyphens and underscores."),
    "push": _("This is no address that begins with https://."),
    "webpush": _("The browser gave no address. Scripts may be off, or it said no."),
    "webhook": _("There is none of this name."),
}
SEES: Words = {
    "mail": _("Both mail providers see who gets it and when, and can read the text."),
    "sms": _("The phone companies see who gets it and when, and keep the text."),
    "signal": _("Signal sees who gets it and when, and cannot read the text."),
    "matrix": _("The servers of the room see who gets it and when, and can read the text."),
    "ntfy": _("Its server sees the topic and when, and can read the text."),
    "push": _("The push server sees the address and when; it may read the text."),
    "webpush": _("The company that makes it sees that a note came and when, not the text."),
    "webhook": _("It reads the text and may keep it."),
}
# What a carrier may have answered, by the one word that is known of it.
WHY: Words = {
    "limit": _("The carrier wants fewer messages. Try again in a few minutes."),
    "held": _("The carrier wants fewer messages. Try again in a minute."),
    "captcha": _("The carrier wants to see a person. Tell whoever runs the server."),
    "token": _("The carrier does not know us any more. Tell whoever runs the server."),
    "unknown": _("The carrier does not know this address. Look at it once more."),
    "identity": _("The other side has a new key. Tell whoever runs the server."),
    "time": _("The carrier did not answer in time."),
}
NOT_TAKEN = _("The carrier did not take it. Tell whoever runs the server.")


def open_to(kind: tuple[str, ...]) -> list[str]:
    """Those of some channels by which something can leave this house now."""
    return [one for one in kind if one in NAMES and channels.reaches(one)]


def of_staff() -> list[str]:
    """What somebody on staff may choose. Mail can be set before there is a server for it."""
    return list(dict.fromkeys(["mail", *open_to(rules.CHANNELS)]))
