"""The app's place in Django's registry; refuses to be served as ASGI, which spools bodies to disk."""

from django.apps import AppConfig


class Web(AppConfig):
    """Pages; no tables."""

    name = "amparo.web"
    label = "web"
