"""Teams and what they are for; how often a passphrase may be tried. No clock, no key."""

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
TEAMS = (HOUSE, INTAKE, AUDITORS, COORDINATION, LEGAL, CARE, FINANCE, RELEASE)

# Whose compartment is whose when a case is opened; the rest is the officer's who opens it.
HOME = {
    "correspondence": INTAKE,
    "cover": INTAKE,
    "legal": LEGAL,
    "health": CARE,
    "finance": FINANCE,
}

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
