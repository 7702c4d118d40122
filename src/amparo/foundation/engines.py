"""Whether an engine lives, seen from any process on any machine; it leaves no row and no time anywhere.

On SQLite the engine holds the lock of the data folder. On PostgreSQL each engine holds a shared lock
of the server's, which ends with its connection: when it is killed at once, when its machine is cut off
within seconds.
"""

import fcntl
import os
from typing import Any

from django.db import connections

from amparo.foundation.config import config
from amparo.foundation.router import DATA

LOCK = 0x616D7061726F  # "amparo"
# A connection to a machine that is gone is not waited on for the hours that TCP would; the server too
# lets go of what a machine held that was cut off in the middle of a deed.
PROMPT = {
    "connect_timeout": 5,
    "keepalives_idle": 3,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 8000,
    "options": "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=2 "
    "-c tcp_user_timeout=8000",
}


def mark(connection: Any) -> None:
    """This connection (of the driver, not of Django) is an engine's, for as long as it lasts."""
    connection.execute("SELECT pg_advisory_lock_shared(%s)", [LOCK])


def alive() -> int:
    """How many engines live; on SQLite there is one at most."""
    if connections[DATA].vendor == "sqlite":
        return int(_folder_is_held())
    with connections[DATA].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE locktype = 'advisory' AND d.datname = current_database()"
            " AND classid = %s AND objid = %s AND granted",
            [LOCK >> 32, LOCK & 0xFFFFFFFF],
        )
        return int(cursor.fetchone()[0])


def _folder_is_held() -> bool:
    handle = os.open(config().data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
