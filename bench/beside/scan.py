"""Search without an index: decrypt every text and look into it, for each question anew.

    scan.py TEXTS COUNT     prints {"ms": [one for each question], "found": hits of the last}

TEXTS holds one JSON string a line. Chosen for its best: every text already in memory, sealed with
AES-256-GCM under one key whose schedule is set up once, no padding, no context, folded before it was
sealed, a plain substring search.
"""

import json
import os
import sys
import time

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def main():
    key, rows = AESGCM(AESGCM.generate_key(256)), []
    with open(sys.argv[1]) as file:
        for line in file:
            nonce = os.urandom(12)
            rows.append((nonce, key.encrypt(nonce, json.loads(line).casefold().encode(), None)))
    taken, found = [], 0
    for number in range(int(sys.argv[2])):
        word = f"mark{number * 17}".encode()
        begun = time.perf_counter()
        found = sum(word in key.decrypt(nonce, sealed, None) for nonce, sealed in rows)
        taken.append((time.perf_counter() - begun) * 1000)
    print(json.dumps({"ms": taken, "found": found, "texts": len(rows)}))


if __name__ == "__main__":
    main()
