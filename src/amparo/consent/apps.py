"""The app's place in Django's registry."""

from django.apps import AppConfig


class Consent(AppConfig):
    """Tables of consent."""

    name = "amparo.consent"
    label = "consent"
