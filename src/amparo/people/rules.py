"""Teams and what they are for; how often a passphrase may be tried. No clock, no key."""

from collections.abc import Iterable
from datetime import timedelta

# Everybody on staff; holds names of staff and teams, never anything of a case.
HOUSE = "house"
INTAKE = "intake"
AUDITORS = "auditors"
COORDINATION = "coordination"
LEGAL = "legal"
CARE = "care"
FINANCE = "finance"
RELEASE = "release"
# People outside the house who pass calls on. Nothing is ever sealed to this team: it is a role only.
RELAY = "relay"
TEAMS = (HOUSE, INTAKE, AUDITORS, COORDINATION, LEGAL, CARE, FINANCE, RELEASE, RELAY)

# Compartments of the organisation's own papers: names of staff and teams, open to everybody on staff;
# the directory and what else the duty desk keeps for itself, open to the intake team.
DESK = "desk"
PAPERS = (HOUSE, DESK)

# Whose compartment is whose when a case is opened; the rest is the officer's who opens it.
HOME = {
    "correspondence": INTAKE,
    "cover": INTAKE,
    "legal": LEGAL,
    "health": CARE,
    "finance": FINANCE,
}


def is_relay(teams: Iterable[str]) -> bool:
    """Whether somebody with these teams passes calls on and stands outside the house."""
    found = set(teams)
    return RELAY in found and HOUSE not in found


WEAK = "weak"  # what is wrong with a passphrase that is too easily guessed
FREE_TRIES = 5
LONGEST_WAIT = timedelta(seconds=60)


def wait_after(misses: int) -> timedelta:
    """How long a name rests after so many misses in a row: five are free, then 1, 2, 4 … 60 s."""
    if misses < FREE_TRIES:
        return timedelta()
    return min(timedelta(seconds=2 ** min(misses - FREE_TRIES, 10)), LONGEST_WAIT)


def weak(passphrase: str) -> bool:
    """Whether a chosen passphrase is too easily guessed: fewer than four words and 20 letters."""
    return len(passphrase.strip()) < 20 or len(set(passphrase.split())) < 4
