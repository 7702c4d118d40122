"""A life in danger opens a compartment to one person for a while; nothing makes more of it."""

from datetime import timedelta

import pytest

from amparo.casework.services import desk, sharing
from amparo.consent import gate, services
from amparo.foundation import clock, ids, journal
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Invalid, Refused
from amparo.vault.models import Grant
from tests import make
from tests.make import Defender, House, Officer


@pytest.fixture
def lena(house: House) -> Officer:
    return house.hire("lena", "intake")


@pytest.fixture
def call(house: House, lena: Officer) -> Defender:
    """A case of which Lena opens the narrative, because a life is in danger."""
    made = make.ask("x")
    make.open_case(house.ines, made.case)
    with house.ines.request() as ines:
        services.override(
            ines, made.case, compartment="narrative", grantee=lena.id, reason="No word for a day."
        )
    return made


def four_hours_later(lena: Officer, case: ids.Id) -> bool:
    """Whether Lena still opens it when nobody has confirmed that she may."""
    clock.forward(timedelta(hours=4, minutes=1))
    with journal.unit():
        services.end_overrides()
    with lena.request() as actor:
        return gate.holds(actor, case, "narrative")


def say_yes(actor: Actor, case: ids.Id, to: ids.Id) -> None:
    services.record_answer(
        actor,
        case,
        answer="granted",
        recipient=to,
        label="Lena",
        purpose="protection",
        compartment="narrative",
        how="oral",
        language="en",
    )


def test_it_cannot_be_kept_as_a_consent(house: House, lena: Officer, call: Defender) -> None:
    with lena.request() as actor:
        assert gate.holds(actor, call.case, "narrative")
        say_yes(actor, call.case, lena.id)
        say_yes(actor, call.case, house.tomas.id)
    assert not four_hours_later(lena, call.case)
    with house.tomas.request() as tomas:
        assert not gate.holds(tomas, call.case, "narrative")


def test_it_cannot_be_kept_by_giving_the_case_to_oneself(lena: Officer, call: Defender) -> None:
    with lena.request() as actor:
        with pytest.raises(Invalid):
            desk.take(actor, call.case, version=make.version(call.case))
        with pytest.raises(Invalid):
            desk.reassign(actor, call.case, to=lena.id, version=make.version(call.case))
    assert not four_hours_later(lena, call.case)


def test_it_cannot_be_opened_to_the_next_one(house: House, lena: Officer, call: Defender) -> None:
    with lena.request() as actor:
        with pytest.raises(Refused):
            services.override(
                actor, call.case, compartment="narrative", grantee=lena.id, reason="Once more."
            )
        offer = sharing.Offer("A lawyer", "legal", ("narrative",), clock.today())
        with pytest.raises(Refused):
            sharing.share_by_link(actor, call.case, offer=offer, hours=1)
    with house.ines.request() as ines:  # who has it by her work
        assert sharing.share_by_link(ines, call.case, offer=offer, hours=1)


def test_a_grant_that_was_planted_makes_no_more_of_it(lena: Officer, call: Defender) -> None:
    """What a ring has opened for one purpose it has not opened for another."""
    with lena.request() as actor:
        assert gate.holds(actor, call.case, "narrative")
        for row in Grant.objects.filter(case=call.case, grantee=lena.id):
            row.id, row.purpose, row.until = ids.new(), "protection", None
            row.save(force_insert=True)  # with the signature of another
        assert not gate.may_give(actor, call.case, "narrative")
    assert not four_hours_later(lena, call.case)
