"""The real house keeps every contract and every wall."""

import dataclasses

import pytest

from tests.house.walls import WALLS, rooms_without_an_inside


def test_every_contract_is_kept(house):
    assert house.broken_contracts() == set(), "lint-imports says where"


@pytest.mark.parametrize("name", WALLS)
def test_the_wall_stands(house, name):
    findings = WALLS[name](house)
    assert findings == [], "\n".join(findings)


def test_a_room_forgotten_by_the_inside_contract_is_found(house, tmp_path):
    shorter = tmp_path / "pyproject.toml"
    shorter.write_text(house.config.read_text().replace('"amparo.people", ', ""))
    assert rooms_without_an_inside(dataclasses.replace(house, config=shorter)) == ["people"]
