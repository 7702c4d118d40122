"""What a proof found, and how it says so."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

PASS, FAIL, SKIP, PENDING = "pass", "fail", "skip", "pending"


@dataclass
class Found:
    """The outcome of one proof. `breaches` empty: the promise holds for what was tried; `pending`
    names what is not built yet, and such a proof never says PASS."""

    value: str = ""
    detail: str = ""
    breaches: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    skipped: str = ""

    def expect(self, holds: object, breach: str) -> None:
        """Remember a breach unless something holds."""
        if not holds:
            self.breaches.append(breach)

    @property
    def status(self) -> str:
        """pass, fail, skip or pending."""
        if self.breaches:
            return FAIL
        if self.skipped:
            return SKIP
        return PENDING if self.pending else PASS

    def to_json(self) -> str:
        """For the parent process."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def of_json(cls, text: str) -> "Found":
        """What a child has said."""
        return cls(**json.loads(text))


Proof = Callable[[], Found]
PROOFS: dict[str, Proof] = {}


def proves(id_: str) -> Callable[[Proof], Proof]:
    """Make a function the proof of a promise."""

    def register(proof: Proof) -> Proof:
        PROOFS[id_] = proof
        return proof

    return register


def sample() -> bool:
    """Whether a small sample is wanted (the test suite) and not the whole proof."""
    return bool(os.environ.get("AMPARO_PROVE_SAMPLE"))


def seed() -> int:
    """The seed of everything that is random in a proof; printed, so that a run can be repeated."""
    return int(os.environ.get("AMPARO_PROVE_SEED", "0"))


def many(whole: int, few: int) -> int:
    """How many to try: all of them, or the sample's few."""
    return few if sample() else whole
