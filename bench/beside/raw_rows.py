"""The raw limit of intake: the very rows that one call writes, in the same commits, to databases with
the same tables and pragmas, by a loop that does nothing else.

    raw_rows.py RECORDED.json COUNT     prints {"ms": [median of each round], "rate": rows a second}

RECORDED holds the statements of one real call. Ids and look-up values are fresh in each turn, the rest
is written again as it was. SQLite: one connection per database, BEGIN IMMEDIATE. PostgreSQL: one
connection per database, statements of a commit sent as one pipeline, prepared.
"""

import json
import os
import re
import sqlite3
import sys
import time
import uuid
from pathlib import Path

HEX_ID = re.compile(r"^[0-9a-f]{32}$")
TEXT_ID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
LOOK_UP = 32  # bytes of values that are unique


class Turn:
    """Fresh ids for one turn, the same for the same old id."""

    def __init__(self):
        self.new = {}

    def value(self, old):
        if isinstance(old, str) and HEX_ID.match(old):
            return self.new.setdefault(old, uuid.uuid4().hex)
        if isinstance(old, uuid.UUID):
            return self.new.setdefault(old, uuid.uuid4())
        if isinstance(old, bytes) and len(old) == LOOK_UP:
            return os.urandom(LOOK_UP)
        return old


def plain(value, postgres):
    if not isinstance(value, dict):
        return value
    if "hex" in value:
        return bytes.fromhex(value["hex"])
    if "json" in value:
        from psycopg.types.json import Jsonb

        return Jsonb(value["json"])
    text = value["text"]
    return uuid.UUID(text) if postgres and TEXT_ID.match(text) else text


def sqlite(address):
    connection = sqlite3.connect(address["sqlite"], isolation_level=None, timeout=20)
    for pragma in address["pragmas"].split(";"):
        connection.execute(pragma)
    return connection


def write_sqlite(connection, statements, turn):
    connection.execute("BEGIN IMMEDIATE")
    for sql, values in statements:
        connection.execute(sql, [turn.value(one) for one in values])
    connection.execute("COMMIT")


def postgres(address):
    import psycopg

    name, user, password, host, port = address["postgres"]
    connection = psycopg.connect(
        dbname=name, user=user, password=password, host=host, port=port, autocommit=True
    )
    connection.prepare_threshold = 1
    return connection


def write_postgres(connection, statements, turn):
    with connection.pipeline(), connection.transaction():
        for sql, values in statements:
            connection.execute(sql, [turn.value(one) for one in values])


def ready(sql, values, on_postgres):
    """A statement in its database's own way of writing, with its values as they were."""
    return (
        sql if on_postgres else sql.replace("%s", "?"),
        [plain(value, on_postgres) for value in values],
    )


def main():
    recorded = json.loads(Path(sys.argv[1]).read_text())
    count = int(sys.argv[2])
    on_postgres = "postgres" in recorded["databases"]["default"]
    connect, write = (postgres, write_postgres) if on_postgres else (sqlite, write_sqlite)
    open_ = {alias: connect(address) for alias, address in recorded["databases"].items()}
    commits = [
        (open_[alias], [ready(sql, values, on_postgres) for sql, values in statements])
        for alias, statements in recorded["commits"]
    ]
    taken = []
    begun = time.perf_counter()
    for _ in range(count):
        turn, start = Turn(), time.perf_counter()
        for connection, statements in commits:
            write(connection, statements, turn)
        taken.append((time.perf_counter() - start) * 1000)
    wall = time.perf_counter() - begun
    print(json.dumps({"ms": sorted(taken)[len(taken) // 2], "rate": count / wall}))


if __name__ == "__main__":
    main()
