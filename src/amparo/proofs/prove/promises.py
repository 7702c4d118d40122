"""What is promised: each proof's number, its sentence and its limit. The proofs themselves are in the
other modules, one for each group."""

from dataclasses import dataclass

SQLITE = ("sqlite",)
BOTH = ("sqlite", "postgres")


@dataclass(frozen=True)
class Promise:
    """One line of what `amparo prove` prints."""

    id: str
    title: str
    limit: str
    unit: str = ""
    databases: tuple[str, ...] = SQLITE
    minutes: int = 10  # after which it has failed


PROMISES = {
    one.id: one
    for one in (
        Promise("P01", "no plaintext at rest", "0", "hits", BOTH, 20),
        Promise("P02", "a stolen copy with every server key opens no case", "0", "cases", BOTH),
        Promise("P03", "need-to-know is a key", "4000/4000", "pairs", minutes=20),
        Promise("P04", "an administrator opens no case", "0", "cases"),
        Promise("P05", "identity is apart from the facts", "0", "surprises"),
        Promise("P06", "taking back turns the key", "0", "surprises", BOTH),
        Promise("P07", "every route lets in whom it should", "0", "surprises"),
        Promise("P08", "a file that was touched is refused", "0", "silent"),
        Promise("P09", "a sealed value opens in its own place only", "0", "opened"),
        Promise("P10", "stored lengths tell no more than their class", "0.52", "accuracy"),
        Promise("P11", "files arrive whole, whatever their size", "0", "faults", minutes=20),
        Promise("P12", "a return code has 90 bits that nobody chose", "90", "bits"),
        Promise("P13", "guessing gets nowhere and shuts nobody out", "0", "faults", minutes=30),
        Promise("P14", "every wrong code gets one answer", "0", "differences"),
        Promise(
            "P15", "whoever is not free to speak is heard, and nobody sees it", "0", "differences"
        ),
        Promise("P16", "asking needs no script and no cookie", "0", "faults"),
        Promise("P17", "leaving is one press, and nothing comes back", "0", "faults"),
        Promise("P18", "logs say nothing of anybody", "0", "lines"),
        Promise("P19", "times outside sealed data are days", "0", "columns", BOTH),
        Promise("P20", "a notice says nothing", "0", "surprises"),
        Promise("P21", "a cleaned copy hides nothing", "0", "details"),
        Promise("P22", "a file that bites is never shown", "0", "faults", minutes=20),
        Promise("P23", "nothing leaves without a consent in force", "0", "bytes"),
        Promise("P26", "a journal that was touched is found out", "0", "unnoticed"),
        Promise("P27", "every read leaves one entry", "0", "missing"),
        Promise("P30", "killed anywhere, nothing accepted is lost", "0", "lost", BOTH, 40),
        Promise("P32", "ten thousand requests keep nobody waiting", "0", "faults", BOTH, 40),
        Promise("P33", "of each press somebody is told within a minute", "60", "s", BOTH, 20),
        Promise("P34", "a flood keeps nobody out", "0", "faults", minutes=30),
        Promise("P36", "every answer has exactly its headers", "0", "differences"),
        Promise("P37", "everybody can use the pages", "0", "violations", minutes=60),
        Promise("P38", "every language is complete", "0", "faults"),
        Promise("P41", "no input makes it fall over", "0", "crashes", minutes=20),
        Promise("P42", "keys go from memory at sign-out", "0", "keys held"),
        Promise("P44", "a lockdown leaves nothing to use at once", "0", "opened", BOTH),
        Promise("P45", "two databases, one truth", "0", "half deeds", BOTH, 30),
    )
}
