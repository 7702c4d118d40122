"""Makes the tables of both databases, and says whether they are as this version needs them."""

import io

from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import TruncDay

from amparo.foundation.router import DATA, KEYSTORE

DATABASES = (DATA, KEYSTORE)


def migrate() -> int:
    """Bring both databases to this version; returns how many migrations were carried out.

    Django notes the second in which it migrated; no time outside sealed data is finer than a day.
    """
    count = 0
    for name in DATABASES:
        count += len(unapplied(name))
        call_command("migrate", database=name, interactive=False, verbosity=0, stdout=io.StringIO())
        table = MigrationRecorder(connections[name]).migration_qs
        table.update(applied=TruncDay("applied"))
    return count


def unapplied(name: str) -> list[str]:
    """Migrations that a database still lacks, as room.name."""
    executor = MigrationExecutor(connections[name])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def version(name: str) -> str:
    """Program and version of a database, for a person to read."""
    connection = connections[name]
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT sqlite_version()")
            return f"SQLite {cursor.fetchone()[0]}"
    number = connection.pg_version  # type: ignore[attr-defined]
    return f"PostgreSQL {number // 10000}.{number % 10000}"


def close() -> None:
    """Let go of both databases, before a process is forked or a folder is thrown away."""
    connections.close_all()
