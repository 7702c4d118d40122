"""Signing in at the shell, for what needs a person's key: asked at the prompt, never in arguments,
where every process of the machine could read it."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from amparo.cli import house, process
from amparo.foundation.actor import Actor
from amparo.foundation.errors import Refused


@contextmanager
def as_officer() -> Iterator[Actor]:
    """An officer's session for one deed; it ends with the block."""
    process.harden()
    house.open_house()
    from amparo.foundation import journal
    from amparo.people import services as people

    name = click.prompt("Sign-in name", err=True)
    passphrase = click.prompt("Passphrase", hide_input=True, err=True)
    digits = click.prompt("Six digits", err=True)
    with journal.unit():
        try:
            signed = people.sign_in(name, passphrase, digits)
        except Refused:
            raise Refused("name, passphrase or digits are not right") from None
        try:
            yield signed.actor
        finally:
            people.sign_out(signed.actor, signed.handle)
