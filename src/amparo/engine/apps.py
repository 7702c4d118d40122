"""The app's place in Django's registry; here the rooms' handlers are hung up."""

from django.apps import AppConfig


class Engine(AppConfig):
    """No tables."""

    name = "amparo.engine"
    label = "engine"

    def ready(self) -> None:
        """Have the listeners registered in every process, web or engine."""
        from amparo.alerts import handlers as alerts  # noqa: F401
        from amparo.casework import handlers  # noqa: F401
