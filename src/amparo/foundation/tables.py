"""Makes the tables of both databases, and says whether they are as this version needs them."""

from typing import Any

from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import TruncDay

from amparo.foundation import clock
from amparo.foundation.router import DATA, KEYSTORE

DATABASES = (DATA, KEYSTORE)


class Whole(MigrationExecutor):
    """Carries out a migration and notes it in one commit.

    Django notes one with indexes only after its commit: killed in between, an installation would
    try to make the same tables for ever.
    """

    def apply_migration(
        self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False
    ) -> Any:
        """As Django's, for migrations that are really carried out."""
        if fake or fake_initial:
            return super().apply_migration(state, migration, fake, fake_initial)
        with self.connection.schema_editor(atomic=True) as editor:
            state = migration.apply(state, editor)
            self.record_migration(migration)  # type: ignore[call-arg]  # the stubs are of Django 6
        return state


def migrate() -> int:
    """Bring both databases to this version; returns how many migrations were carried out.

    Django notes the second in which it migrated; no time outside sealed data is finer than a day.
    """
    count = 0
    for name in DATABASES:
        count += len(unapplied(name))
        executor = Whole(connections[name])
        executor.migrate(executor.loader.graph.leaf_nodes())
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


def apart(name: str) -> float:
    """Seconds by which a server's clock is ahead of this machine's; 0 for files."""
    connection = connections[name]
    if connection.vendor == "sqlite":
        return 0.0
    with connection.cursor() as cursor:
        before = clock.now()
        cursor.execute("SELECT clock_timestamp()")
        between = before + (clock.now() - before) / 2
        ahead: float = (cursor.fetchone()[0] - between).total_seconds()
        return ahead


def close() -> None:
    """Let go of both databases, before a process is forked or a folder is thrown away."""
    connections.close_all()
