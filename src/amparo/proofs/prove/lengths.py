"""P10 and P12: stored lengths tell no more than their class; return codes are what they should be.

Seen to fail: P10 when `primitives.padded_size` returns the size itself (1,000 lengths, accuracy 1.0);
P12 when `codes.RANDOM_DIGITS` are drawn from `randbelow(10**20)` (the leading digits are not even) and
when the check digits are dropped.
"""

import json
import math
import os
import random
from collections import Counter, defaultdict

from amparo.casework.models import ENTRY, Entry
from amparo.foundation import ids
from amparo.proofs.prove.found import Found, many, proves, seed
from amparo.proofs.prove.world import bytes_at_rest, found
from amparo.vault import codes, sealed, server
from amparo.vault.models import Slot

CLASSES = [*range(64, 513, 64), 1024, 4096, 16384, 65536]
LONGEST = 60_000  # characters of one text, so up to four times as many bytes


@proves("P10")
def length_classes() -> Found:
    """10,000 texts from 1 B to 60 kB: few lengths, and inside a class a guess is a coin."""
    result, chance = Found(), random.Random(seed())
    world = found()
    key, case = os.urandom(32), ids.new()
    texts: dict[int, list[tuple[int, int]]] = defaultdict(list)  # class -> (stored, size)
    for _ in range(many(10_000, 800)):
        size = round(math.exp(chance.uniform(0, math.log(LONGEST))))
        doc = {"by": "defender", "author": "", "text": "x" * size, "at": "2026-01-01T00:00:00"}
        blob = sealed.close(key, 1, ENTRY, ids.new(), case, "narrative", doc)
        written = len(json.dumps({"v": 1} | doc, separators=(",", ":")))
        texts[next(one for one in CLASSES if written < one)].append((len(blob), written))
    seen = {stored for pairs in texts.values() for stored, _ in pairs}
    allowed = {4 + 1 + 12 + 16 + one for one in CLASSES}
    result.expect(seen <= allowed, f"{len(seen - allowed)} lengths that are no class")
    accuracy = max(_best_guess(pairs) for pairs in texts.values())
    result.expect(accuracy <= 0.52, f"inside a class the length tells: {accuracy:.3f}")
    for _ in range(many(30, 5)):
        world.ask(what="x" * chance.randint(1, 3000), where="y" * chance.randint(0, 400))
    stored = {len(bytes(row.sealed)) for row in Entry.objects.all()}
    result.expect(stored <= allowed, f"stored lengths that are no class: {stored - allowed}")
    result.value = f"{accuracy:.2f}"
    result.detail = (
        f"{sum(map(len, texts.values()))} texts in {len(seen)} of {len(CLASSES)} declared lengths; "
        "best guess from the stored length, above or below the median of its class"
    )
    return result


def _best_guess(pairs: list[tuple[int, int]]) -> float:
    """How often the best threshold on the stored length tells long from short inside a class."""
    middle = sorted(size for _, size in pairs)[len(pairs) // 2]
    known = sorted((stored, size > middle) for stored, size in pairs if size != middle)
    longs = sum(long for _, long in known)
    # As many short as long ones, so that a guess without knowledge is a coin.
    spare = len(known) - 2 * longs
    for one in [one for one in known if one[1] != (spare > 0)][: abs(spare)]:
        known.remove(one)
    if not known:
        return 0.5
    best, below, total = 0, 0, sum(long for _, long in known)
    for place, (stored, long) in enumerate(known, 1):
        below += long
        if place == len(known) or known[place][0] != stored:
            best = max(
                best, place - below + total - below, below + len(known) - place - total + below
            )
    return best / len(known)


# --- return codes ---------------------------------------------------------------------------------
@proves("P12")
def code_strength() -> Found:
    """10^6 codes: even in every place, none twice, one wrong word or digit noticed, none stored."""
    result, chance = Found(), random.Random(seed())
    count = many(1_000_000, 3_000)
    digits = [codes.new_digits() for _ in range(count // 2)]
    result.expect(len({one.secret for one in digits}) == len(digits), "a code in digits twice")
    _even(result, "digits", [int("".join(one.shown)[:28]) for one in digits], 10, 28)
    least, caught = math.log2(10**28), []  # type: float, list[bool]
    for language in codes.LANGUAGES:
        least = min(
            least, _words(result, language, count // 2 // len(codes.LANGUAGES), chance, caught)
        )
    _noticed(result, digits[: many(20_000, 300)], chance)
    _kept_nowhere(result)
    share = sum(caught) / len(caught)  # 6 check bits let one wrong word in 64 pass
    result.expect(share > 0.95, f"only {share:.1%} of wrong words are noticed")
    result.expect(least >= codes.LEAST_BITS, f"only {least:.2f} bits")
    result.value = f"{least:.2f}"
    result.detail = (
        f"{count} codes, {len(codes.LANGUAGES)} languages of words and digits; noticed: "
        f"{share:.1%} of wrong words, all wrong and swapped digits"
    )
    return result


def _even(result: Found, name: str, numbers: list[int], base: int, places: int) -> None:
    """Chi-square of each place against an even spread; 6 sigma is a breach."""
    for place in range(places):
        counts = Counter(number // base**place % base for number in numbers)
        expected = len(numbers) / base
        if expected < 5:
            return
        chi = sum((counts.get(one, 0) - expected) ** 2 / expected for one in range(base))
        away = (chi - (base - 1)) / math.sqrt(2 * (base - 1))
        result.expect(abs(away) < 6, f"{name}: place {place} is uneven ({away:.1f} sigma)")


def _is_mistyped(text: str) -> bool:
    try:
        codes.parse(text)
    except codes.Mistyped:
        return True
    return False


def _words(
    result: Found, language: str, count: int, chance: random.Random, caught: list[bool]
) -> float:
    """The bits of a code in words: 93, less the share of codes that are never given out."""
    known = codes._list_of(language)
    usable = sum(one in known.by_letters.values() for one in range(2048))
    drawn = [codes.new_words(language) for _ in range(count)]
    result.expect(len({one.secret for one in drawn}) == count, f"{language}: a code twice")
    first = Counter(one.shown[0] for one in drawn)
    result.expect(len(first) > min(count, usable) * 0.4, f"{language}: few first words")
    for one in drawn[: many(5_000, 50)]:
        said = list(one.shown)
        place = chance.randrange(9)
        said[place] = chance.choice([word for word in known.shown if word != said[place]])
        caught.append(_is_mistyped(" ".join(said)))
    return 93 + 9 * math.log2(usable / 2048)


def _noticed(result: Found, drawn: list[codes.Code], chance: random.Random) -> None:
    """One wrong digit, or two neighbours that changed places, never pass the check."""
    for one in drawn:
        whole = "".join(one.shown)
        at = chance.randrange(30)
        wrong = whole[:at] + str((int(whole[at]) + chance.randint(1, 9)) % 10) + whole[at + 1 :]
        swapped = whole[:at] + whole[at : at + 2][::-1] + whole[at + 2 :]
        for text in {wrong, swapped} - {whole}:
            result.expect(_is_mistyped(text), "a mistyped code in digits was not noticed")


def _kept_nowhere(result: Found) -> None:
    """What is stored of a code is what one Argon2id and the pepper make of it, and nothing else."""
    world = found()
    defender = world.ask()
    look_up, lock = codes.derive(
        defender.code, server.load().installation, server.load().key("pepper")
    )
    result.expect(Slot.objects.filter(find=look_up).count() == 1, "the code is found otherwise")
    whole = "".join(defender.code.shown)
    secrets = [whole.encode(), defender.text.encode(), defender.code.secret, lock]
    for name, data in bytes_at_rest():
        result.expect(not any(one in data for one in secrets), f"a code in {name}")
