"""Foreign keys, read from tables instead of imports: a key is written as a string, so no import
contract can see it."""

from collections.abc import Iterable, Iterator
from typing import Any

from amparo.foundation.router import home


def links(models: Iterable[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Every relation as (model, field, target model); reverse sides are left out."""
    for model in models:
        for field in (*model._meta.get_fields(), *model._meta.private_fields):
            if field.is_relation and (field.concrete or not field.auto_created):
                yield model, field, field.related_model


def keys_that_climb(models: Iterable[Any], stairs: dict[str, int]) -> list[str]:
    """Keys point down or stay in their room; a target without a stair, or none, is a finding."""
    found = []
    for model, field, target in links(models):
        room = model._meta.app_label
        to = target._meta.app_label if target else None
        falls = room in stairs and to in stairs and stairs[to] < stairs[room]
        if to != room and not falls:
            found.append(f"{room}.{model.__name__}.{field.name} -> {to}")
    return sorted(found)


def keys_that_cross(models: Iterable[Any]) -> list[str]:
    """Data never points at the key store, nor the key store at data: they are two databases."""
    return sorted(
        f"{model._meta.label}.{field.name}: {home(model)} -> {home(target)}"
        for model, field, target in links(models)
        if target and home(model) != home(target)
    )
