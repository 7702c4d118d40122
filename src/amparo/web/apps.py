"""The app's place in Django's registry; refuses to be served as ASGI, which spools bodies to disk."""

import sys

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured


class Web(AppConfig):
    """Pages; no tables."""

    name = "amparo.web"
    label = "web"

    def ready(self) -> None:
        """Django's ASGI handler writes what people send to a temporary file before anybody asks."""
        if "django.core.asgi" in sys.modules:
            raise ImproperlyConfigured("ASGI would write what people send to disk: use `amparo up`")
