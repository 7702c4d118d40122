"""One measured figure, its limit, and how figures are printed and written down."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Figure:
    """What was measured, beside what, in the same run on the same machine.

    `ratio` is what the limit judges: ours / beside, or ours itself where nothing stands beside.
    `limit` None: reported, not judged.
    """

    name: str
    what: str
    ours: dict[str, Any]
    ratio: float
    better: Better
    limit: float | None
    n: int
    conditions: str
    beside: dict[str, Any] | None = None
    raw: dict[str, Any] = field(default_factory=dict)
    unit: str = "×"
    judged: bool = True

    @property
    def good(self) -> bool:
        """Whether the limit is kept; what is only reported is always good."""
        if self.limit is None or not self.judged:
            return True
        return self.ratio <= self.limit if self.better == "lower" else self.ratio >= self.limit

    @property
    def document(self) -> dict[str, Any]:
        """The figure as `--json` prints it."""
        return {
            "name": self.name,
            "what": self.what,
            "ours": self.ours,
            "beside": self.beside,
            "raw": self.raw,
            "ratio": significant(self.ratio),
            "unit": self.unit,
            "better": self.better,
            "limit": self.limit,
            "pass": self.good,
            "judged": self.judged and self.limit is not None,
            "n": self.n,
            "conditions": self.conditions,
        }


def unjudged(figure: Figure) -> Figure:
    """The same figure, only reported."""
    return replace(figure, judged=False)


def significant(value: float, digits: int = 3) -> float:
    """A measured number without the digits that mean nothing."""
    return float(f"{value:.{digits}g}")


def shown(value: Any) -> str:
    """A value for people."""
    if isinstance(value, float):
        text = f"{significant(value):,}"
        return text.removesuffix(".0")
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def parts(values: dict[str, Any] | None) -> str:
    """`name value` pairs on one line."""
    if not values:
        return "–"
    return ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in values.items())


def verdict(figure: Figure) -> str:
    """One word: does it keep its limit?"""
    if figure.limit is None or not figure.judged:
        return "reported"
    return "pass" if figure.good else "MISS"


def limit_of(figure: Figure) -> str:
    """The limit with its direction and unit."""
    if figure.limit is None:
        return "–"
    sign = "≤" if figure.better == "lower" else "≥"
    return f"{sign} {shown(figure.limit)} {figure.unit}"


def as_json(figures: list[Figure]) -> str:
    """The one document of `--json`."""
    document = {
        "ok": all(figure.good for figure in figures),
        "benches": [figure.document for figure in figures],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def as_page(figures: list[Figure], machine: list[str]) -> str:
    """BENCH.md: the machine, a table of ratios, and each figure in full."""
    lines = [
        "# What Amparo measures of itself",
        "",
        "Written by `make bench` (`amparo bench all`). A ratio is ours divided by what stands beside",
        "it, both run in turns on the same machine in the same minute; only ratios compare between",
        "machines. *Raw* is the physical limit in the same run, and how far we are from it.",
        "",
        *(f"- {line}" for line in machine),
        "",
        "| bench | what | ratio | limit | |",
        "|---|---|---|---|---|",
        *(
            f"| {one.name} | {one.what} | {shown(one.ratio)} {one.unit} | {limit_of(one)} "
            f"| {verdict(one)} |"
            for one in figures
        ),
    ]
    for name in dict.fromkeys(one.name for one in figures):
        lines += ["", f"## {name}", ""]
        for one in figures:
            if one.name == name:
                lines += [
                    f"**{one.what}**: {shown(one.ratio)} {one.unit} ({limit_of(one)}, {verdict(one)})",
                    f"- ours: {parts(one.ours)}",
                    *([f"- beside: {parts(one.beside)}"] if one.beside else []),
                    *([f"- raw: {parts(one.raw)}"] if one.raw else []),
                    f"- n {shown(one.n)}; {one.conditions}",
                    "",
                ]
    return "\n".join(lines).rstrip() + "\n"
