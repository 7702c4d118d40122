"""A model of how existing intake tools show a list: two sealed boxes for each report.

    sealed_boxes.py FOLDER COUNT ROUNDS     prints {"ms": [one for each round], "count": COUNT}

A report has a key pair of its own. Its private key lies in a sealed box for the recipient, its label
in a sealed box for the report. To show the labels, both are opened for every report. Chosen for its
best: libsodium through PyNaCl, one plain SQL query, nothing of a framework, a label and no answers
(the tools open those as well).
"""

import json
import sqlite3
import sys
import time
from pathlib import Path

from nacl.public import PrivateKey, SealedBox


def make(file, recipient, count):
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE report (id TEXT PRIMARY KEY, key BLOB, label BLOB)")
    to_recipient, rows = SealedBox(recipient.public_key), []
    for number in range(count):
        own = PrivateKey.generate()
        label = json.dumps({"name": f"Quiet Harbour {number}", "language": "en", "way": "here"})
        rows.append(
            (
                f"{number:032x}",
                to_recipient.encrypt(bytes(own)),
                SealedBox(own.public_key).encrypt(label.encode()),
            )
        )
    with connection:
        connection.executemany("INSERT INTO report VALUES (?, ?, ?)", rows)
    return connection


def labels(connection, recipient):
    mine, found = SealedBox(recipient), {}
    for report, key, label in connection.execute("SELECT id, key, label FROM report"):
        own = SealedBox(PrivateKey(mine.decrypt(key)))
        found[report] = json.loads(own.decrypt(label))["name"]
    return found


def main():
    folder, count, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    recipient = PrivateKey.generate()
    connection = make(folder / "boxes.sqlite3", recipient, count)
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        shown = labels(connection, recipient)
        taken.append((time.perf_counter() - begun) * 1000)
        assert len(shown) == count
    print(json.dumps({"ms": taken, "count": count}))


if __name__ == "__main__":
    main()
