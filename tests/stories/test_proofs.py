"""A seeded sample of the proofs, each in a process and a data folder of its own.

`amparo prove` runs the whole of them, with the shipped cost of passphrases.
"""

import os
from pathlib import Path

import pytest

from amparo.proofs.prove.found import PASS, PENDING, SKIP
from amparo.proofs.prove.promises import PROMISES
from amparo.proofs.prove.stage import Postgres, play

QUICK = {"AMPARO_PROVE_SAMPLE": "1", "AMPARO_HASH_LEVEL": "a0"}
SEED = 1


@pytest.fixture
def server() -> Postgres | None:
    """Where this run has its own PostgreSQL, the proofs make their databases on it."""
    address = os.environ.get("AMPARO_DATABASE_URL", "")
    if not address:
        return None
    return Postgres(address.rpartition("/")[0], Path("/nowhere"))


@pytest.mark.parametrize("promise", PROMISES.values(), ids=PROMISES.keys())
def test_a_sample_of_the_proof_holds(promise, server):
    if server and "postgres" not in promise.databases:
        return  # about SQLite's files, or about no database: the run on SQLite plays it
    found = play(promise, SEED, server, QUICK)
    assert found.status in {PASS, PENDING, SKIP}, "\n".join(found.breaches)
