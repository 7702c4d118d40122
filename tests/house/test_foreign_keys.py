"""Foreign keys point down and never cross databases; shown to be found on small tables first."""

from typing import Any

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.db import models

from amparo.foundation.router import Router
from tests.house.keys import keys_that_climb, keys_that_cross

# Tables of installed apps that are not ours; they have no stair and may point within themselves.
OTHERS: set[str] = {"django_tasks_database"}


@pytest.fixture
def registry() -> Apps:
    return Apps(installed_apps=[])


def table(registry: Apps, label: str, keystore: bool = False, **fields: Any) -> Any:
    room, name = label.split(".")
    meta = type("Meta", (), {"apps": registry, "app_label": room})
    body = {"__module__": __name__, "Meta": meta, "keystore": keystore, **fields}
    return type(name, (models.Model,), body)


def to(label: str) -> Any:
    return models.ForeignKey(label, on_delete=models.PROTECT, related_name="+")


def tables(registry: Apps) -> list[Any]:
    return [table for room in registry.all_models.values() for table in room.values()]


# --- the real house -----------------------------------------------------------------------------
def test_every_key_points_down_or_stays(house):
    every = apps.get_models(include_auto_created=True)
    ours = [one for one in every if one._meta.app_label not in OTHERS]
    assert ours
    assert keys_that_climb(ours, house.stairs) == []


def test_no_key_crosses_databases():
    assert keys_that_cross(apps.get_models(include_auto_created=True)) == []


def test_every_table_is_made_in_one_database_only():
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        homes = [
            alias
            for alias in ("default", "keystore")
            if Router().allow_migrate(alias, meta.app_label, meta.model_name, model=model)
        ]
        assert len(homes) == 1, meta.label


# --- seen to be found ---------------------------------------------------------------------------
def test_keys_that_point_down_or_stay_are_fine(house, registry):
    table(registry, "people.Person")
    table(registry, "messages.Route")
    owners = models.ManyToManyField("people.Person")
    table(registry, "casework.Case", route=to("messages.Route"), owners=owners)
    table(registry, "casework.Note", case=to("casework.Case"), after=to("casework.Note"))
    assert keys_that_climb(tables(registry), house.stairs) == []


def test_a_key_that_points_up_or_sideways_is_found(house, registry):
    table(registry, "legal.Docket")
    table(registry, "casework.Case", docket=to("legal.Docket"))
    table(registry, "support.Offer", docket=to("legal.Docket"))
    assert keys_that_climb(tables(registry), house.stairs) == [
        "casework.Case.docket -> legal",
        "support.Offer.docket -> legal",
    ]


def test_a_many_to_many_that_points_up_is_found(house, registry):
    table(registry, "casework.Case")
    table(registry, "people.Person", cases=models.ManyToManyField("casework.Case"))
    assert "people.Person.cases -> casework" in keys_that_climb(tables(registry), house.stairs)


def test_a_key_to_an_app_without_a_stair_is_found(house, registry):
    table(registry, "auth.User")
    table(registry, "people.Person", account=models.OneToOneField("auth.User", models.PROTECT))
    assert keys_that_climb(tables(registry), house.stairs) == ["people.Person.account -> auth"]


def test_a_key_between_the_databases_is_found_in_both_directions(registry):
    table(registry, "vault.Principal", keystore=True)
    table(registry, "people.Person", key=to("vault.Principal"))
    table(registry, "vault.Grant", keystore=True, person=to("people.Person"))
    assert keys_that_cross(tables(registry)) == [
        "people.Person.key: default -> keystore",
        "vault.Grant.person: keystore -> default",
    ]


def test_keys_within_one_database_are_fine(registry):
    table(registry, "vault.Principal", keystore=True)
    table(registry, "vault.Grant", keystore=True, principal=to("vault.Principal"))
    assert keys_that_cross(tables(registry)) == []
