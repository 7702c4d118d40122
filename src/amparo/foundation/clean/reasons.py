"""Why a file cannot be cleaned: one closed list of codes, worded for people at the doors."""

from amparo.foundation.errors import Invalid

REASONS = {
    "kind": "not a kind that can be cleaned, or not clearly one kind",
    "broken": "the file is damaged or not what it says it is",
    "locked": "the file is closed with a password",
    "too_large": "the file is larger than what is cleaned",
    "bomb": "the file would unpack to far more than it is",
    "too_slow": "cleaning took longer than allowed",
    "memory": "cleaning needed more memory than allowed",
    "animated": "moving pictures cannot be cleaned",
    "macros": "the file carries programs",
    "embedded": "the file carries other files or objects that cannot be cleaned",
    "hidden": "the file holds content that is not shown: sheets, rows, layers or text",
    "uncalculated": "the sheet holds formulas without their results",
    "form": "the file is a form that builds itself with a program",
    "no_page": "there is no such page",
    "no_pages": "this kind is not drawn; it can only be downloaded",
}


class CannotClean(Invalid):
    """No cleaned copy exists. `reason` is one of REASONS; no part of the file is in the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"cannot clean: {reason}", {"file": reason})
        self.reason = reason
