"""What the desk loads: small, whole, with logical sides only, and nothing from elsewhere."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from amparo.web import cords

STATIC = Path(__file__).parents[2] / "src/amparo/web/static"
TEMPLATES = STATIC.parent / "templates/desk"
SHEET = (STATIC / "desk.css").read_text()


def packed(*names: str) -> int:
    return sum(len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in names)


def test_both_sheets_are_light() -> None:
    assert packed("page.css", "desk.css") <= 14 * 1024


@pytest.mark.parametrize("name", ["desk.js", "passkey.js"])
def test_our_scripts_are_small(name: str) -> None:
    assert (STATIC / name).stat().st_size <= 3 * 1024


def test_what_others_wrote_is_unchanged() -> None:
    table = (STATIC / "VENDORED.md").read_text()
    rows = re.findall(r"^\| `([\w.]+)` \|.*`([0-9a-f]{64})` \|$", table, re.M)
    assert [name for name, _ in rows] == ["htmx.min.js"]
    for name, digest in rows:
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


def test_sides_are_logical() -> None:
    """Left and right would be wrong for half of the readers."""
    physical = r"(?<![\w-])(left|right|top|bottom|width|height)\s*:"
    sides = r"(margin|padding|border)-(left|right|top|bottom)|(text-align|float):\s*(left|right)"
    plain = re.sub(r"@media[^{]*", "", SHEET)
    assert not re.findall(physical, plain)
    assert not re.findall(sides, plain)


def test_the_marks_of_the_axis_stand_where_the_cords_have_them() -> None:
    marks = re.findall(r"axis span:nth-child.\d. { inset-inline-start: ([\d.]+)%; }", SHEET)
    found = [float(mark) for mark in marks]
    assert found == [cords.place(step) for step in cords.STEPS]
    assert f".axis span {{ position: absolute; inset-inline-start: {cords.NOW:.0f}%;" in SHEET


def test_no_page_loads_from_elsewhere_or_styles_inline() -> None:
    for file in [*TEMPLATES.rglob("*.html"), STATIC / "desk.css", STATIC / "desk.js"]:
        text = file.read_text()
        assert not re.search(r"(src|href|action|url\()\s*=?\s*[\"'(]?https?:", text), file
        assert not re.search(r"\sstyle=|\son[a-z]+='|<script(?![^>]*src=)|hx-on|hx-vals", text), (
            file
        )
        assert not re.search(r'\son[a-z]+="', text), file


def test_titles_are_neutral() -> None:
    """What stands in a window's title is read over a shoulder and kept in histories."""
    loud = re.compile(r"defend|human|right|help|danger|identity|threat|amparo", re.I)
    for file in TEMPLATES.rglob("*.html"):
        for title in re.findall(r"{% block (?:name|title) %}(.*?){% endblock %}", file.read_text()):
            assert not loud.search(re.sub(r"{%.*?form\.errors.*?%}", "", title)), (file, title)


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=lambda file: file.name)
def test_a_view_has_one_solid_button_at_most_in_each_form(file: Path) -> None:
    """One thing is solid: the thing to do next. Alternatives of one place share an if."""
    for form in re.findall(r"<form\b.*?</form>", file.read_text(), re.S):
        solid = re.findall(r'class="btn(?: wide)?"', form)
        assert len(solid) <= 1, form[:200]
