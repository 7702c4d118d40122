"""The first officers at one screen: each writes down what only they keep, then all of them read
their fingerprints to each other."""

import io
from dataclasses import dataclass

import click
import segno
from rich.padding import Padding
from rich.text import Text

from amparo.cli import voice
from amparo.cli.answers import Officer
from amparo.vault import factors, passphrases

TRIES = 3  # before what was shown is shown again


@dataclass(frozen=True)
class Secret:
    """What one officer keeps."""

    officer: Officer
    passphrase: str
    totp: str


def make(officer: Officer) -> Secret:
    """A passphrase and a second device's secret that nobody chose, but for the sample's."""
    return Secret(
        officer,
        officer.passphrase or passphrases.generate(),
        officer.totp or factors.new_secret(),
    )


def ask_whether_alone(officer: Officer) -> None:
    """Everybody else looks away."""
    voice.clear()
    voice.heading(f"{officer.name}, this is for you alone")
    voice.say(
        "  Take paper and pen. Nobody else should see the screen now, no camera either.",
        "",
    )
    _pause("Press Enter when you are alone with it")


def hand_over(secret: Secret) -> None:
    """Show passphrase and second device; go on only when both have been written down rightly."""
    ask_whether_alone(secret.officer)
    while True:
        _show_passphrase(secret)
        if _typed_back(secret):
            break
        voice.caution("That differs from what was shown. Look at it once more.")
    while True:
        _show_second_device(secret)
        if _digits_agree(secret):
            break
        voice.caution("These digits do not fit. Is the clock of the other device right?")
    voice.clear()
    voice.step(f"{secret.officer.name}: passphrase and second device are with you")


def _pause(text: str) -> None:
    click.prompt(f"  {text}", default="", show_default=False, prompt_suffix=" ", err=True)


def _show_passphrase(secret: Secret) -> None:
    voice.clear()
    voice.heading(f"{secret.officer.name}: your passphrase")
    words = secret.passphrase.split()
    for number, word in enumerate(words, 1):
        voice.say(Text(f"      {number}  ", "soft") + Text(word, "name"))
    voice.say(
        "",
        "  Write the words down in this order. They lock your key, and your key opens cases.",
        "  What is lost with it: nobody can give you this passphrase again. Without it your key is",
        "  gone, and so is whatever only you could open. Keep the paper where you keep a passport,",
        "  or learn the words and burn it.",
        "",
    )
    _pause("Press Enter when it is written down; the screen is wiped then")
    voice.clear()


def _typed_back(secret: Secret) -> bool:
    voice.heading(f"{secret.officer.name}: type it from your paper")
    for _ in range(TRIES):
        typed = click.prompt("  The words", hide_input=True, err=True)
        if passphrases.folded(typed) == secret.passphrase:
            return True
        voice.caution("Not yet the same.")
    return False


def qr(text: str) -> str:
    """A QR code in half blocks, for a terminal."""
    drawn = io.StringIO()
    segno.make(text, error="l").terminal(drawn, compact=True, border=2)
    return drawn.getvalue()


def _show_second_device(secret: Secret) -> None:
    voice.clear()
    voice.heading(f"{secret.officer.name}: your second device")
    voice.say("  Read this into an authenticator app (Aegis, FreeOTP, and others):", "")
    address = factors.address(secret.totp, secret.officer.sign_in)
    drawn = Text.from_ansi(qr(address))
    voice.say(Padding(drawn, (0, 0, 0, 4)), "")
    groups = " ".join(secret.totp[at : at + 4] for at in range(0, len(secret.totp), 4))
    voice.say(Text("  or type it there:  ") + Text(groups, "name"), "")


def _digits_agree(secret: Secret) -> bool:
    for _ in range(TRIES):
        typed = click.prompt("  The six digits it shows now", err=True)
        if factors.step_of(secret.totp, typed) is not None:
            return True
        voice.caution("Not the digits of this moment.")
    return False


def grouped(fingerprint: str) -> str:
    """Forty digits in groups of four, as they are read out."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))


def compare_fingerprints(found: list[tuple[Officer, str]]) -> None:
    """Everybody at the screen: each fingerprint is written down, wiped, and typed from the paper."""
    voice.clear()
    voice.heading("All together: your fingerprints")
    voice.say(
        "  Whoever gives somebody access compares these digits first. A machine that has been",
        "  taken over can show others; your paper cannot. Each of you writes down all of them.",
        "",
    )
    for officer, fingerprint in found:
        voice.say(Text(f"  {officer.name}", "name"))
        voice.say(f"      {grouped(fingerprint)}", "")
    _pause("Press Enter when everybody has written down everything; the screen is wiped then")
    for officer, fingerprint in found:
        voice.clear()
        voice.heading(f"{officer.name} reads out their own, somebody else types")
        _read_out(officer, fingerprint)
    voice.clear()
    voice.step("The fingerprints on paper are those of the keys")


def _read_out(officer: Officer, fingerprint: str) -> None:
    while True:
        typed = click.prompt(f"  {officer.name}'s forty digits", err=True)
        if "".join(typed.casefold().split()) == fingerprint:
            return
        wrong = _first_difference("".join(typed.casefold().split()), fingerprint)
        voice.caution(f"Group {wrong} differs. It should be: {grouped(fingerprint)}")


def _first_difference(typed: str, wanted: str) -> int:
    for at, (one, other) in enumerate(zip(typed.ljust(40), wanted, strict=False)):
        if one != other:
            return at // 4 + 1
    return 10
