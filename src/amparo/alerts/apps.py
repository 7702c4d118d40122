"""The app's place in Django's registry."""

from django.apps import AppConfig


class Alerts(AppConfig):
    """Tables of alerts."""

    name = "amparo.alerts"
    label = "alerts"
