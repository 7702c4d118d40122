"""What a look of the doctor finds: OK, WARN or FAIL, and the sentence that mends it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from amparo.foundation.config import Config

OK, WARN, FAIL = "OK", "WARN", "FAIL"


@dataclass(frozen=True)
class Finding:
    """One answer. `mend` is empty where nothing is to be mended."""

    check: str
    status: str
    detail: str
    mend: str = ""


def counted(number: int, one: str, more: str) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else more}"


Check = Callable[[Config], Iterator[Finding]]
