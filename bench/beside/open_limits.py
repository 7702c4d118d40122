"""The raw limit of a list: opening so many titles with keys that are known, and so many wraps.

    open_limits.py COUNT     prints {"fields": ms, "wraps": ms}

Amparo's own primitives in a loop, without a table, a framework or a check.
"""

import json
import sys
import time

from amparo.vault import primitives


def best(work, rounds):
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return min(taken)


def main():
    count = int(sys.argv[1])
    key, place = primitives.token(), primitives.ctx("field", "installation", "kind", "row", "case")
    fields = [primitives.seal(key, b"x" * 250, place) for _ in range(count)]
    person = primitives.PrivateKey.generate()
    wraps = [primitives.wrap(key, person.public, place) for _ in range(count)]
    found = {
        "fields": best(lambda: [primitives.open_(key, one, place) for one in fields], 3),
        "wraps": best(lambda: [primitives.unwrap(one, person, place) for one in wraps], 2),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
