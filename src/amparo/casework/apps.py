"""The app's place in Django's registry."""

from django.apps import AppConfig


class Casework(AppConfig):
    """Tables of casework."""

    name = "amparo.casework"
    label = "casework"
