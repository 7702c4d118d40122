"""The app's place in Django's registry."""

from django.apps import AppConfig


class Messages(AppConfig):
    """Tables of messages."""

    name = "amparo.messages"
    label = "messages"
