"""No table holds a readable column that the threat model does not name."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.db import models
from django.db.migrations.recorder import MigrationRecorder

from amparo.foundation import ids
from tests.house.conftest import ROOT
from tests.house.shadow import listed, row_for, unlisted

THREAT_MODEL = ROOT / "docs" / "THREAT_MODEL.md"

# Rows that must be counted or found in order. Everything else is known by chance alone.
IN_ORDER = {"foundation.JournalEntry", "vault.Checkpoint", "migrations.Migration"}


def every_table() -> Iterator[Any]:
    """Of every installed app, ours or not, and Django's own list of migrations."""
    yield from apps.get_models(include_auto_created=True)
    yield MigrationRecorder.Migration


def test_every_readable_column_is_on_the_list():
    text = THREAT_MODEL.read_text() if THREAT_MODEL.exists() else ""
    shadow = listed(text)
    wanting = [row_for(model) for model in every_table() if model._meta.label not in shadow]
    assert unlisted(every_table(), shadow) == [], "\n".join(["rows to add:", *wanting])


def test_ids_tell_neither_order_nor_number():
    """A key that counts up says how many there were, and when. UUIDv4 says nothing."""
    counting = {
        model._meta.label
        for model in every_table()
        if model._meta.pk.get_internal_type() not in {"UUIDField", "BinaryField"}
        and not model._meta.pk.is_relation
    }
    assert counting <= IN_ORDER
    assert {ids.new().version for _ in range(8)} == {4}


# --- seen to be found ---------------------------------------------------------------------------
@pytest.fixture
def request_table() -> Any:
    meta = type("Meta", (), {"apps": Apps(installed_apps=[]), "app_label": "casework"})
    body = {
        "__module__": __name__,
        "Meta": meta,
        "id": models.UUIDField(primary_key=True),
        "town": models.CharField(max_length=20),
        "sealed": models.BinaryField(),
    }
    return type("Request", (models.Model,), body)


def test_a_table_on_the_list_is_fine(request_table):
    text = "| `casework.Request` | `id` `town` | `sealed` | where, as coarse as the person agreed |"
    assert unlisted([request_table], listed(text)) == []


@pytest.mark.parametrize(
    ("row", "finding"),
    [
        ("", "casework.Request.town is not on the list"),
        (
            "| `casework.Request` | `id` | `sealed` | x |",
            "casework.Request.town is not on the list",
        ),
        (
            "| `casework.Request` | `id` | `sealed` `town` | x |",
            "casework.Request.town is said to be sealed, but holds readable values",
        ),
        (
            "| `casework.Request` | `id` `town` `name` | `sealed` | x |",
            "casework.Request.name is on the list, but not in the table",
        ),
        (
            "| `casework.Request` | `id` `town` | `sealed` | |",
            "casework.Request: each column once, and say what the clear ones tell",
        ),
        (
            "| `casework.Gone` | `id` | | x |",
            "casework.Gone is on the list, but there is no such table",
        ),
    ],
)
def test_what_the_list_gets_wrong_is_found(request_table, row, finding):
    assert finding in unlisted([request_table], listed(row))


def test_the_proposed_row_is_read_back(request_table):
    row = row_for(request_table).replace("| |", "| something |")
    assert unlisted([request_table], listed(row)) == []
