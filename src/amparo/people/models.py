"""Staff and teams: names are sealed to the house, which only staff can open. The directory of helpers
is sealed to the desk, which only those on duty can open."""

from django.db import models

from amparo.foundation import ids
from amparo.vault import sealed


class Person(models.Model):
    """A colleague. `id` is the principal's; it exists from the invitation on."""

    id = models.UUIDField(primary_key=True)
    case = models.UUIDField()  # the house: papers of the organisation itself
    compartment = models.CharField(max_length=20, default="house")
    sealed = models.BinaryField()


class Team(models.Model):
    """A team's name. `id` is the row's own: the principal changes when somebody leaves."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField()
    compartment = models.CharField(max_length=20, default="house")
    code = models.CharField(max_length=20, unique=True)
    sealed = models.BinaryField()


class Listing(models.Model):
    """An entry of the directory: helpers, partners, hotlines. Nothing of it stands in clear."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField()
    compartment = models.CharField(max_length=20, default="desk")
    sealed = models.BinaryField()


PERSON = sealed.register(sealed.Kind("people.person", Person))
TEAM = sealed.register(sealed.Kind("people.team", Team))
LISTING = sealed.register(sealed.Kind("people.listing", Listing))
