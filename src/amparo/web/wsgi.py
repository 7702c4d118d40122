"""The WSGI application, with a request that tells the upload handlers which fields came before, and
that knows when it was cut off."""

import os
import threading
from typing import Any, BinaryIO, cast

from django.core.handlers.wsgi import LimitedStream, WSGIHandler, WSGIRequest
from django.http.multipartparser import MultiPartParser
from django.utils.datastructures import ImmutableList

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amparo.settings")


class Body(LimitedStream):
    """A body that must come whole. Half of a call for help is not taken for all of it: its sender
    has seen no answer and sends again."""

    _pos: int

    def read(self, size: int | None = -1, /) -> bytes:
        """As many bytes, or all; OSError when the connection ended before the announced length."""
        left = self.limit - self._pos
        wanted = left if size is None or size < 0 else min(size, left)
        data: bytes = super().read(size)
        if len(data) < wanted:
            raise OSError("cut off")
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        """A line, or what comes of it in so many bytes; OSError as for `read`."""
        left = self.limit - self._pos
        line: bytes = super().readline(size)
        if left and not line and size != 0:
            raise OSError("cut off")
        return line


class Parser(MultiPartParser):
    """Lets each handler see the fields that stood before the file: the form token must be one."""

    def parse(self) -> Any:
        """Parse, with the growing list of fields within the handlers' reach."""
        handlers: Any = getattr(self, "_upload_handlers")  # noqa: B009 - unknown to the stubs
        for handler in handlers:
            handler.parser = self
        try:
            return super().parse()
        except BaseException:
            # Nothing of a file stays that did not come to its end.
            for handler in handlers:
                handler.upload_interrupted()
            raise

    @property
    def fields(self) -> Any:
        """The fields that have been read so far."""
        return getattr(self, "_post", {})


class Request(WSGIRequest):
    """A request whose files are sealed as they come."""

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        limit = cast(LimitedStream, self._stream).limit
        self._stream = cast(BinaryIO, Body(environ["wsgi.input"], limit))

    def parse_file_upload(self, META: Any, post_data: Any) -> Any:  # noqa: N803
        """As Django's, with our parser. Our pages are in UTF-8, whatever a request says of itself."""
        self.upload_handlers = ImmutableList(self.upload_handlers)
        return Parser(META, post_data, self.upload_handlers, "utf-8").parse()


LONG = 64 * 1024  # bytes; a call without files is shorter
MANY = 32  # long bodies at once; the server has twice as many threads
_reading = threading.BoundedSemaphore(MANY)
BUSY = (
    b"<!doctype html><meta charset=utf-8><title>Notes</title><p>Too much is being sent at once. "
    b"Go back, wait a minute and send again. Nothing was kept."
)


class Application(WSGIHandler):
    """Django's handler with our request. Whoever sends much and slowly holds a thread; so that short
    calls, pages and Leave always find one, only so many long bodies are read at once."""

    request_class = Request

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answer, or say at once that too much is coming in."""
        length = str(environ.get("CONTENT_LENGTH") or "0")
        if not length.isdigit() or int(length) <= LONG:
            return super().__call__(environ, start_response)
        if not _reading.acquire(blocking=False):
            head = [("Content-Type", "text/html"), ("Cache-Control", "no-store")]
            start_response("503 Service Unavailable", [*head, ("Retry-After", "60")])
            return [BUSY]
        try:
            return super().__call__(environ, start_response)
        finally:
            _reading.release()


def _start() -> Application:
    import django

    django.setup(set_prefix=False)
    return Application()


application = _start()
