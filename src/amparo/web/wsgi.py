"""The WSGI application, with a request that tells the upload handlers which fields came before."""

import os
from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http.multipartparser import MultiPartParser
from django.utils.datastructures import ImmutableList

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amparo.settings")


class Parser(MultiPartParser):
    """Lets each handler see the fields that stood before the file: the form token must be one."""

    def parse(self) -> Any:
        """Parse, with the growing list of fields within the handlers' reach."""
        handlers: Any = getattr(self, "_upload_handlers")  # noqa: B009 - unknown to the stubs
        for handler in handlers:
            handler.parser = self
        return super().parse()

    @property
    def fields(self) -> Any:
        """The fields that have been read so far."""
        return getattr(self, "_post", {})


class Request(WSGIRequest):
    """A request whose files are sealed as they come."""

    def parse_file_upload(self, META: Any, post_data: Any) -> Any:  # noqa: N803
        """As Django's, with our parser."""
        self.upload_handlers = ImmutableList(self.upload_handlers)
        return Parser(META, post_data, self.upload_handlers, self.encoding).parse()


class Application(WSGIHandler):
    """Django's handler with our request."""

    request_class = Request


def _start() -> Application:
    import django

    django.setup(set_prefix=False)
    return Application()


application = _start()
