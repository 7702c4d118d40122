"""The known sign-ins of the fictional sample organisation: everybody can read them here, so they
open nothing outside a data folder that is marked as a sample."""

import base64
import unicodedata
from dataclasses import dataclass

import pyotp

from amparo.foundation import clock
from amparo.vault.primitives import ctx, digest

# No word of the list that passphrases are drawn from, so nobody gets one of these by chance.
MARK = "fictional"
PERIOD = 30  # seconds


@dataclass(frozen=True)
class Known:
    """One of the sample's people."""

    name: str
    sign_in: str
    words: str

    @property
    def passphrase(self) -> str:
        """The mark, and words that anybody may know."""
        return f"{MARK} {self.words}"

    @property
    def secret(self) -> str:
        """The second device's secret, from the name alone."""
        return base64.b32encode(digest(ctx("sample", self.sign_in))[:20]).decode()

    def digits(self, *, back: int = 0) -> str:
        """The six digits of this moment, or of so many periods ago."""
        return pyotp.TOTP(self.secret).at(int(clock.now().timestamp()) - back * PERIOD)


PEOPLE = (
    Known("Ines (fictional)", "ines", "river candle planet orbit window"),
    Known("Ruth (fictional)", "ruth", "garden ladder basket silver meadow"),
    Known("Noor (fictional)", "noor", "harbour lantern saddle copper maple"),
    Known("Tomas (fictional)", "tomas", "anchor willow kettle bridge quarry"),
)


def person(sign_in: str) -> Known | None:
    """Whoever of the sample signs in with this name."""
    wanted = " ".join(sign_in.casefold().split())
    return next((one for one in PEOPLE if one.sign_in == wanted), None)


def period() -> int:
    """The number of this moment's digits, counted since 1970."""
    return int(clock.now().timestamp()) // PERIOD


def seconds_left() -> int:
    """How long the digits of this moment stay the same."""
    return PERIOD - int(clock.now().timestamp()) % PERIOD


def is_known(passphrase: str) -> bool:
    """Whether a passphrase carries the mark of the sample."""
    return unicodedata.normalize("NFKC", passphrase).casefold().split()[:1] == [MARK]
