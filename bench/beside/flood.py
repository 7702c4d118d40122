"""A stand-in for a million low-priority messages: rows in a table of their own, claimed 2,000 at a time
with SKIP LOCKED, handed over as one write to a file, and marked, by two senders on the same PostgreSQL.

    flood.py URL COUNT        prints "ready" when all wait, begins at a line on standard input, and prints
                              {"seconds", "handed", "per_second"} when they are out or its input ends
"""

import json
import sys
import tempfile
import threading
import time

import psycopg

BATCH = 2000
CLAIM = """
UPDATE flood f SET state = 1, lease = now() + interval '30 s' FROM (
  SELECT id FROM flood WHERE state = 0 AND shard = %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
) q WHERE f.id = q.id RETURNING f.id
"""


def main(url, count):
    count = int(count)
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(
            "CREATE TABLE flood (id int PRIMARY KEY, shard smallint NOT NULL, address text NOT NULL,"
            " state smallint NOT NULL DEFAULT 0, lease timestamptz)"
        )
        server.execute(
            "INSERT INTO flood SELECT g, g %% 2, '+1555' || g FROM generate_series(1, %s) g", [count]
        )
        server.execute("CREATE INDEX flood_waits ON flood (shard, id) WHERE state = 0")
    print("ready", flush=True)
    sys.stdin.readline()
    over, handed, begun = threading.Event(), [0, 0], time.perf_counter()

    def send(shard):
        with psycopg.connect(url, autocommit=True) as mine, tempfile.TemporaryFile() as out:
            while not over.is_set():
                found = [row[0] for row in mine.execute(CLAIM, [shard, BATCH]).fetchall()]
                if not found:
                    return
                out.write(b"".join(b"%d\n" % one for one in found))
                out.flush()
                mine.execute("UPDATE flood SET state = 2 WHERE id = ANY(%s)", [found])
                handed[shard] += len(found)

    senders = [threading.Thread(target=send, args=(shard,)) for shard in (0, 1)]
    for one in senders:
        one.start()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    for one in senders:
        one.join()
    taken = time.perf_counter() - begun
    print(json.dumps({"seconds": taken, "handed": sum(handed), "per_second": sum(handed) / taken}))


if __name__ == "__main__":
    main(*sys.argv[1:])
