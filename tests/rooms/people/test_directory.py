"""The directory: who opens it, what is hidden in a hurry, and that nothing of it stands in clear."""

from datetime import timedelta

import pytest

from amparo.foundation import clock, ids
from amparo.foundation.errors import Conflict, Invalid, NotFound, Refused
from amparo.messages.ways import Way
from amparo.people import directory, keeping, queries, services
from amparo.people.directory import Wanted
from amparo.people.keeping import Draft
from amparo.people.listing import Span
from amparo.people.models import Listing
from amparo.vault import compartments, keys, staff
from tests import make
from tests.make import House

LAWYER = Draft(
    "person",
    "Marta the lawyer",
    ("lawyer",),
    ("CO",),
    ("es",),
    (Span("1234567", "00:00", "23:59"),),
    "America/Bogota",
    (Way("sms", "+573001234567", text="The book is here."),),
    "No land cases.",
)
URGENT = Wanted("lawyer", "CO-ANT", "es", urgent=True)


def vetted(house: House, draft: Draft = LAWYER) -> ids.Id:
    """An entry that two people vouch for and one has spoken with today."""
    with house.ines.request() as ines:
        made = keeping.add(ines, draft)
        keeping.vouch(ines, made, version=1, how="Ten years together.")
    with house.tomas.request() as tomas:
        keeping.vouch(tomas, made, version=2, how="She defended my sister.")
        keeping.verify(tomas, made, version=3, how="By phone; I know her voice.")
    return made


def house_of(house: House) -> ids.Id:
    with house.ines.request():
        return queries.house()


def names(house: House, wanted: Wanted) -> tuple[list[str], list[str]]:
    with house.ruth.request() as ruth:
        found = directory.search(ruth, wanted)
    return [one.name for one in found.entries], [one.name for one in found.ask_first]


def test_an_entry_that_nobody_spoke_with_for_ninety_days_leaves_urgent_results(house: House):
    made = vetted(house)
    assert names(house, URGENT) == ([LAWYER.name], [])
    with house.ines.request() as ines:
        assert directory.to_verify(ines) == []
    clock.forward(timedelta(days=77))
    assert names(house, URGENT) == ([LAWYER.name], [])
    with house.ines.request() as ines:
        assert [one.id for one in directory.to_verify(ines)] == [made]
    clock.forward(timedelta(days=14))
    assert names(house, URGENT) == ([], [LAWYER.name])
    assert names(house, Wanted("lawyer")) == ([LAWYER.name], [])
    with house.ines.request() as ines:
        version = directory.entry(ines, made).version
        keeping.verify(ines, made, version=version, how="By phone.")
    assert names(house, URGENT) == ([LAWYER.name], [])


def test_one_person_alone_cannot_make_somebody_trusted(house: House):
    with house.ines.request() as ines:
        made = keeping.add(ines, LAWYER)
        keeping.verify(ines, made, version=1, how="By phone.")
        keeping.vouch(ines, made, version=2, how="I know her.")
        with pytest.raises(Invalid):
            keeping.vouch(ines, made, version=3, how="I know her well.")
    assert names(house, URGENT) == ([], [LAWYER.name])


def test_somebody_and_their_puppet_are_one_who_vouches(house: House):
    puppet = house.hire("puppet", "intake", alone=True)
    with house.ines.request() as ines:
        made = keeping.add(ines, LAWYER)
        keeping.verify(ines, made, version=1, how="By phone.")
        keeping.vouch(ines, made, version=2, how="I know her.")
    with puppet.request() as actor, pytest.raises(Invalid):
        keeping.vouch(actor, made, version=3, how="I know her too.")
    assert names(house, URGENT) == ([], [LAWYER.name])


def test_a_changed_number_is_spoken_with_and_vouched_for_anew(house: House):
    made = vetted(house)
    other = Draft(**{**LAWYER.__dict__, "ways": (Way("sms", "+573009999999"),)})
    with house.ines.request() as ines:
        with pytest.raises(Conflict):
            keeping.change(ines, made, other, version=1)
        keeping.change(ines, made, other, version=4)
        found = directory.entry(ines, made)
    assert found.vetting == "none" and found.stale and not found.ready
    assert [way["address"] for way in found.before[0].doc["ways"]] == ["+573001234567"]
    assert names(house, URGENT) == ([], [LAWYER.name])


def test_a_no_counts_at_once_and_what_is_away_or_destroyed_is_found_nowhere(house: House):
    made = vetted(house)
    with house.ruth.request() as ruth:
        keeping.refuse(ruth, made, version=4, why="She was seen with them.")
        assert directory.entry(ruth, made).vetting == "refused"
    assert names(house, URGENT) == ([], [])
    with house.ruth.request() as ruth:
        keeping.retire(ruth, made, version=5)
        assert directory.entries(ruth) == []
        assert [one.id for one in directory.entries(ruth, retired=True)] == [made]
        keeping.forget(ruth, made)
        with pytest.raises(NotFound):
            directory.entry(ruth, made)
    assert not Listing.objects.exists()


def test_two_who_want_all_helpers_at_once_get_the_same_one(house: House, monkeypatch):
    """A yes to the one must not be missing for who holds the other."""
    made, new_reader = list[ids.Id](), staff.new_reader

    def meanwhile(*given):
        monkeypatch.setattr(staff, "new_reader", new_reader)
        with house.tomas.request() as tomas:
            made.append(keeping.helpers(tomas))
        return new_reader(*given)

    monkeypatch.setattr(staff, "new_reader", meanwhile)
    with house.ines.request() as ines:
        made.append(keeping.helpers(ines))
        assert directory.helpers(ines) == made[0] == made[1]
    assert Listing.objects.count() == 1


def test_only_those_on_duty_open_it_and_whoever_leaves_opens_nothing_new(house: House):
    made = vetted(house)
    lawyer = house.hire("noor", "legal")
    with lawyer.request() as noor:
        for ask in (directory.entries, lambda actor: directory.entry(actor, made)):
            with pytest.raises(Refused):
                ask(noor)
        with pytest.raises(Refused):
            keeping.add(noor, LAWYER)
    leaver = house.hire("leaver", "intake")
    with leaver.request() as actor:
        assert [one.id for one in directory.entries(actor)] == [made]
        ring = actor.ring
    with house.ines.request() as ines:
        services.leave(ines, leaver.id)
    house.ines.sign_in()  # re-seals what the leaving has turned
    with house.ines.request() as ines:
        assert [one.id for one in directory.entries(ines)] == [made]
    fresh = keys.Ring(leaver.id, ring.person)  # their root, kept in a pocket
    assert not compartments.keys_of(fresh, [house_of(house)], "desk")


def test_nothing_of_it_stands_in_clear_and_it_ships_empty(house: House):
    with house.ines.request() as ines:
        assert directory.entries(ines) == []
    vetted(house)
    clear = repr([row.__dict__ for alias in ("default", "keystore") for row in make.rows_of(alias)])
    for word in ("Marta", "573001234567", "lawyer", "Bogota", "CO-", "The book", "sister"):
        assert word not in clear


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "}, {"kind": "x"}, {"services": ()}, {"areas": ("Medellín",)},
        {"areas": ("CO-ANT-05001",)}, {"languages": ("Spanish",)}, {"zone": "Nowhere/Land"},
        {"zone": "../etc"}, {"hours": (Span("8", "09:00", "10:00"),)},
        {"hours": (Span("1", "9", "10:00"),)}, {"ways": (Way("sms", "300"),)},
        {"ways": (Way("mail", "a@b\nBcc: x"),)}, {"conditions": "x" * 2001},
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_named(house: House, wrong: dict[str, object]):
    with house.ines.request() as ines, pytest.raises(Invalid) as error:
        keeping.add(ines, Draft(**{**LAWYER.__dict__, **wrong}))
    assert error.value.fields and not Listing.objects.exists()
