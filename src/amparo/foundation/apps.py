"""The app's place in Django's registry."""

from django.apps import AppConfig


class Foundation(AppConfig):
    """Tables of the foundation."""

    name = "amparo.foundation"
    label = "foundation"
