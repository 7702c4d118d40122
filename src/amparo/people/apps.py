"""The app's place in Django's registry."""

from django.apps import AppConfig


class People(AppConfig):
    """Tables of people."""

    name = "amparo.people"
    label = "people"
