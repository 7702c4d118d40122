"""PROOF.md: one row a proof, and nothing that went wrong is left out."""

import re

from amparo.proofs.prove.command import Line, page
from amparo.proofs.prove.found import Found
from amparo.proofs.prove.promises import PROMISES


def test_the_page_has_one_row_a_proof_and_the_worst_of_its_databases():
    good, bad = Found("0", "all tried"), Found("3", "all tried", ["a word in a file"])
    lines = [
        Line(PROMISES["P01"], {"sqlite": good, "postgres": bad}, 60),
        Line(PROMISES["P22"], {"sqlite": good}, 1),
        Line(PROMISES["P38"], {"sqlite": Found("0", "", [], ["no xgettext here"])}, 1),
    ]
    said = page(lines, seed=7)
    rows = [row for row in said.splitlines() if re.match(r"\| P\d\d ", row)]
    assert [row.split(" | ")[2] for row in rows] == ["**FAIL**", "PASS", "pending"]
    assert "0 / 3 hits | 0 | sqlite, postgres" in rows[0]
    assert "postgres: a word in a file; all tried" in said
    assert "pending: no xgettext here" in said
    assert "1 **FAIL**" in said
