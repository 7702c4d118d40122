"""Plain words for what is stored as a code, said to the person whose it is."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

Words = Mapping[str, str | Promise]

PARTS: Words = {
    "correspondence": pgettext_lazy("part", "this conversation"),
    "cover": pgettext_lazy("part", "the short description"),
    "identity": pgettext_lazy("part", "your name and who you are"),
    "location": pgettext_lazy("part", "where you are"),
    "narrative": pgettext_lazy("part", "what happened"),
    "legal": pgettext_lazy("part", "papers about the law"),
    "health": pgettext_lazy("part", "what concerns your health"),
    "finance": pgettext_lazy("part", "what concerns money"),
}
TITLES: Words = {
    "correspondence": pgettext_lazy("part title", "The conversation"),
    "cover": pgettext_lazy("part title", "In short"),
    "identity": pgettext_lazy("part title", "Who the person is"),
    "location": pgettext_lazy("part title", "Where the person is"),
    "narrative": pgettext_lazy("part title", "What happened"),
    "legal": pgettext_lazy("part title", "Papers about the law"),
    "health": pgettext_lazy("part title", "Health"),
    "finance": pgettext_lazy("part title", "Money"),
}
# What a defender may read back of what was written down for them.
WRITTEN: Words = {
    "identity": pgettext_lazy("written", "What was written down about who you are"),
    "location": pgettext_lazy("written", "What was written down about where you are"),
    "narrative": pgettext_lazy("written", "What was written down about what happened"),
    "legal": pgettext_lazy("written", "What was written down about papers and courts"),
    "health": pgettext_lazy("written", "What was written down about your health"),
    "finance": pgettext_lazy("written", "What was written down about money"),
}
PURPOSES: Words = {
    "own": pgettext_lazy("for you", "your own reading"),
    "house": pgettext_lazy("for you", "answering you"),
    "protection": pgettext_lazy("for you", "keeping you safe"),
    "legal": pgettext_lazy("for you", "defending you in court"),
    "care": pgettext_lazy("for you", "care and treatment"),
    "shelter": pgettext_lazy("for you", "finding a safe place"),
    "costs": pgettext_lazy("for you", "paying costs"),
    "publication": pgettext_lazy("for you", "making it public"),
    "statistics": pgettext_lazy("for you", "counting it, without your name"),
    "authorities": pgettext_lazy("for you", "asking the authorities to protect you"),
    "override": pgettext_lazy("for you", "a life in danger, without asking first"),
    "release": pgettext_lazy("for you", "opened by two people together"),
    "duty": pgettext_lazy("for you", "one person, when your life is in danger"),
}
PURPOSE_TITLES: Words = {
    "protection": pgettext_lazy("for them", "keeping the person safe"),
    "legal": pgettext_lazy("for them", "defending the person in court"),
    "care": pgettext_lazy("for them", "care and treatment"),
    "shelter": pgettext_lazy("for them", "finding a safe place"),
    "costs": pgettext_lazy("for them", "paying costs"),
    "publication": pgettext_lazy("for them", "making it public"),
    "statistics": pgettext_lazy("for them", "counting it, without a name"),
    "authorities": pgettext_lazy("for them", "asking the authorities to protect them"),
}
WAYS_OUT: Words = {
    "link": pgettext_lazy("way out", "By a page that opens once."),
    "file": pgettext_lazy("way out", "As a file that only they can open."),
    "export": pgettext_lazy("way out", "As your own copy."),
    "message": pgettext_lazy("way out", "By message."),
    "helpers": pgettext_lazy(
        "way out", "Helpers were asked whether they can come. They heard no name."
    ),
    "spoken": pgettext_lazy("way out", "By word of mouth."),
}
# Readers whose name a defender has not been told: what they are for them.
READERS: Words = {
    "intake": pgettext_lazy("reader", "Those on duty"),
    "coordination": pgettext_lazy("reader", "Those who plan the work"),
    "legal": pgettext_lazy("reader", "Our lawyers"),
    "care": pgettext_lazy("reader", "Those who care for your health"),
    "finance": pgettext_lazy("reader", "Those who pay costs"),
    "house": pgettext_lazy("reader", "Everybody who works here"),
    "auditors": pgettext_lazy("reader", "Those who check our work"),
    "release": pgettext_lazy("reader", "Two people together"),
    "person": pgettext_lazy("reader", "One person who works on this"),
    "outside": pgettext_lazy("reader", "Somebody outside"),
    "own": pgettext_lazy("reader", "You"),
}


def word(table: Words, code: object) -> str:
    """The words for a code; the code itself where the table has none."""
    return str(table.get(str(code), code))
