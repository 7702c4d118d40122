"""The shadow: every column that can be read without a key stands on a list, or a test fails.

The list is in docs/THREAT_MODEL.md, as tables whose rows begin with a model and name its columns:

    | `casework.Case` | `id` `stage` `due_at` | `sealed` | what the clear ones tell |
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

ROW = re.compile(r"^\| `(\w+\.\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\|", re.MULTILINE)


@dataclass(frozen=True)
class Listed:
    """What the list says of one table."""

    clear: frozenset[str]
    sealed: frozenset[str]
    tells: str


def listed(text: str) -> dict[str, Listed]:
    """Model label -> its row in the document."""

    def words(cell: str) -> frozenset[str]:
        return frozenset(re.findall(r"`(\w+)`", cell))

    return {
        label: Listed(words(clear), words(sealed), tells.strip())
        for label, clear, sealed, tells in ROW.findall(text)
    }


def unlisted(models: Iterable[Any], shadow: dict[str, Listed]) -> list[str]:
    """Columns that the list leaves out, names that no table has, and text called sealed."""
    found = []
    seen = set()
    for model in models:
        label = model._meta.label
        seen.add(label)
        row = shadow.get(label, Listed(frozenset(), frozenset(), "?"))
        columns = {field.name: field for field in model._meta.concrete_fields}
        for name, field in columns.items():
            if name not in row.clear | row.sealed:
                found.append(f"{label}.{name} is not on the list")
            elif name in row.sealed and field.get_internal_type() != "BinaryField":
                found.append(f"{label}.{name} is said to be sealed, but holds readable values")
        found += [
            f"{label}.{name} is on the list, but not in the table"
            for name in (row.clear | row.sealed) - columns.keys()
        ]
        if row.clear & row.sealed or not row.tells:
            found.append(f"{label}: each column once, and say what the clear ones tell")
    found += [
        f"{label} is on the list, but there is no such table" for label in shadow.keys() - seen
    ]
    return sorted(found)


def row_for(model: Any) -> str:
    """A row to paste and then to think about: bytes are proposed as sealed."""
    fields = model._meta.concrete_fields
    clear = " ".join(f"`{one.name}`" for one in fields if one.get_internal_type() != "BinaryField")
    sealed = " ".join(f"`{one.name}`" for one in fields if one.get_internal_type() == "BinaryField")
    return f"| `{model._meta.label}` | {clear} | {sealed} | |"
