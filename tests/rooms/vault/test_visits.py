"""A visit that was left is left in every process, for as long as a token of it could live."""

from datetime import timedelta

from amparo.foundation import clock
from amparo.vault import forms
from amparo.vault.models import Left
from amparo.vault.primitives import ctx, digest


def test_a_visit_that_was_left_stays_left_until_its_last_token_is_too_old() -> None:
    with clock.frozen():
        forms.leave(b"a" * 16)
        forms.leave(b"a" * 16)  # twice is once
        assert forms.is_left(b"a" * 16) and not forms.is_left(b"b" * 16)
        assert b"a" * 16 not in bytes(Left.objects.get().find)
        clock.forward(forms.LIFE - timedelta(seconds=1))
        assert forms.is_left(b"a" * 16) and forms.sweep() == 0
        clock.forward(timedelta(seconds=2))
        assert not forms.is_left(b"a" * 16)
        assert forms.sweep() == 1 and not Left.objects.exists()


def test_what_a_visit_sent_does_not_lead_to_when_it_was_left() -> None:
    """Whoever takes the store within two hours would know at what moment who had asked went away."""
    visit = bytes(range(16))
    sent = forms.once_of(visit)
    assert sent == forms.once_of(visit) != forms.once_of(b"a" * 16)
    forms.leave(visit)
    assert visit != sent.bytes
    assert bytes(Left.objects.get().find) != digest(ctx("visit", sent.bytes))
