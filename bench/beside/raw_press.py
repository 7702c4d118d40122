"""The raw limit of a press: one durable commit of as many bytes as a press writes, then one hand-over
over HTTP, by a loop that does nothing else.

    raw_press.py DATABASE URL COUNT BYTES     prints {"ms": [each]}

DATABASE is a folder for SQLite (WAL, FULL) or a postgresql:// address.
"""

import http.client
import json
import os
import sqlite3
import sys
import time
from urllib.parse import urlsplit


def committer(address):
    if address.startswith("postgresql:"):
        import psycopg

        connection = psycopg.connect(address, autocommit=True)
        connection.execute("CREATE TABLE IF NOT EXISTS raw_press (body bytea)")
        return lambda body: connection.execute("INSERT INTO raw_press VALUES (%s)", [body])
    connection = sqlite3.connect(os.path.join(address, "raw-press.sqlite3"), isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS raw_press (body blob)")
    return lambda body: connection.execute("INSERT INTO raw_press VALUES (?)", [body])


def main(address, url, count, size):
    commit, parts, taken = committer(address), urlsplit(url), []
    for _ in range(int(count)):
        body = os.urandom(int(size))
        begun = time.perf_counter()
        commit(body)
        wire = http.client.HTTPConnection(parts.hostname, parts.port)
        wire.request("POST", "/raw", b"{}", {"Content-Type": "application/json"})
        wire.getresponse().read()
        wire.close()
        taken.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.005)
    print(json.dumps({"ms": taken}))


if __name__ == "__main__":
    main(*sys.argv[1:])
