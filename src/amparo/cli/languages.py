"""Has a person of a language read what could endanger somebody if it were wrong."""

import gettext
from pathlib import Path

import click
from rich.console import Group, JustifyMethod
from rich.table import Table
from rich.text import Text

import amparo
from amparo.cli import answers, house, voice
from amparo.cli.manual import Group as Commands
from amparo.cli.manual import command
from amparo.foundation.config import config
from amparo.foundation.errors import Conflict, Invalid, Unavailable

CONTEXT = "safety"  # the context of these strings in the catalogues
SEPARATOR = "\x04"
WORDS = "Words of an answer by text message:"
FOLDER = Path(next(iter(amparo.__path__)), "locale")


@click.group("locale", cls=Commands)
def locale() -> None:
    """Read the safety texts of a language.

    A sentence that is slightly wrong can cost somebody more than no sentence. Until a person of the
    language has read these texts for your organisation, English stands beside them.
    """


Texts = dict[tuple[str, int], str]  # (English, form of the plural) -> translation


def _catalogue(language: str) -> Texts:
    file = FOLDER / language / "LC_MESSAGES" / "django.mo"
    if not file.is_file():
        return {}
    with file.open("rb") as opened:
        held = vars(gettext.GNUTranslations(opened))["_catalog"]
    found = {}
    for key, own in held.items():
        text, form = key if isinstance(key, tuple) else (key, 0)
        context, separator, english = text.partition(SEPARATOR)
        if separator and context == CONTEXT:
            found[english, form] = own
    return found


def safety_texts(language: str) -> Texts:
    """Every safety text with its translation, empty where there is none; Unavailable without a
    catalogue.

    Compiled catalogues leave out what is not translated, so what must be there is read from all of
    them.
    """
    own = _catalogue(language)
    if not own:
        raise Unavailable(f"there is no compiled catalogue for {language} (make setup makes them)")
    wanted = {
        (english, 0)
        for other in answers.LANGUAGES
        if other != "en"
        for english, _ in _catalogue(other)
    }
    texts = {key: own.get(key, "") for key in sorted(wanted | set(own))}
    return texts | _words_sent_back(language)


def _words_sent_back(language: str) -> Texts:
    """What contacts may answer by text message; these count once they were read."""
    from amparo.alerts import replies

    known = replies.all_words()
    return {
        (f"{WORDS} {' / '.join(english)}", 0): " / ".join(known.get(language, {}).get(deed, []))
        for deed, english in known["en"].items()
    }


@command(
    "review",
    examples=[
        ("amparo locale review es", "Read, then say yes."),
        ("amparo locale review es --show", "Only read."),
    ],
    see=["amparo doctor", "docs/glossary.md"],
)
@click.argument("language", metavar="LANG")
@click.option("--show", is_flag=True, help="Only show the texts; mark nothing.")
@click.option("--yes", is_flag=True, help="A person has read them elsewhere: mark them as read.")
@click.option("--undo", is_flag=True, help="They want reading again: take the mark away.")
def review(language: str, show: bool, yes: bool, undo: bool) -> None:
    """Show the safety texts of a language and mark them as read.

    Each stands beside its English original. Whoever says yes says: I read this language well, I
    have read all of it, and I would give it to somebody in danger. Restart Amparo afterwards.
    """
    settings = config()
    if language not in answers.LANGUAGES or language == "en":
        others = ", ".join(one for one in answers.LANGUAGES if one != "en")
        raise Invalid(f"LANG should be one of {others}, not {language}")
    if language not in settings.languages:
        raise Conflict(f"{language} is not switched on: add it to languages in amparo.toml first")
    reviewed = [one for one in settings.reviewed if one != language]
    if undo:
        _mark(reviewed, f"{language} wants reading again; English stands beside it")
        return
    texts = safety_texts(language)
    if show or not yes:
        _show(texts, language)
    if show:
        return
    empty = sum(not own for own in texts.values())
    if empty:
        raise Unavailable(f"{empty} of {len(texts)} safety texts are not translated yet")
    if not yes:
        click.confirm(
            "Have you read all of these, and would you give them to somebody in danger?",
            abort=True,
            err=True,
        )
    _mark([*reviewed, language], f"{language} is marked as read: {len(texts)} texts")


def _show(texts: Texts, language: str) -> None:
    voice.say("What stands as %(name)s is filled in by the page: a time, a number, a word.", "")
    console = voice.out()
    side: JustifyMethod = "right" if language == "ar" else "left"
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="soft", justify="right")
    table.add_column(overflow="fold")
    for number, ((english, form), own) in enumerate(texts.items(), 1):
        shown = Text(own, "name") if own else Text("(not translated yet)", "bad")
        shown.justify = side
        plural = f" (form {form + 1})" if form else ""
        table.add_row(str(number), Group(Text(english + plural, "soft"), shown, ""))
    console.print(table)


def _mark(reviewed: list[str], told: str) -> None:
    file = house.settings_file()
    house.need_founded()
    answers.change(file, "reviewed", tuple(reviewed))
    voice.step(f"{told}; restart Amparo")


locale.add_command(review)
