"""The same form, parser and server, writing the same bytes unsealed, with the same flush.

    plain_upload.py PORT     prints "ready  http" and serves POST / until it is told to stop

Files go to $PLAIN_FOLDER in parts of 8 MiB; each part is flushed to disk (fsync) when it is full, and
the folder at the end. Nothing is hashed, sealed or kept in memory. Granian and Django as in Amparo.
"""

import os
import sys
import threading
import time
import uuid
from pathlib import Path

import django
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

PART = 8 * 1024 * 1024


class PlainHandler(FileUploadHandler):
    """Writes what comes."""

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.folder, self.file, self.left = Path(os.environ["PLAIN_FOLDER"]), None, 0

    def receive_data_chunk(self, raw_data, _start):
        rest = memoryview(raw_data)
        while rest:
            if self.file is None:
                self.file, self.left = (self.folder / uuid.uuid4().hex).open("wb"), PART
            piece = rest[: self.left]
            self.file.write(piece)
            self.left -= len(piece)
            rest = rest[len(piece) :]
            if not self.left:
                self.flush()

    def flush(self):
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        self.file = None

    def file_complete(self, file_size):
        if self.file is not None:
            self.flush()
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        return UploadedFile(None, "file", "application/octet-stream", file_size)


def take(request):
    from django.http import HttpResponse

    size = sum(file.size for file in request.FILES.values())
    return HttpResponse(f"took {size}")


def load():
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import path

    sys.modules["plain_urls"] = type(sys)("plain_urls")
    sys.modules["plain_urls"].urlpatterns = [path("", take)]
    settings.configure(
        ROOT_URLCONF="plain_urls",
        ALLOWED_HOSTS=["*"],
        SECRET_KEY=os.urandom(16).hex(),
        FILE_UPLOAD_HANDLERS=["__main__.PlainHandler"],
    )
    django.setup()
    return WSGIHandler()


def main():
    from granian.constants import HTTPModes, Interfaces
    from granian.server import Server

    port = int(sys.argv[1])
    server = Server(
        "plain",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=32,
        http=HTTPModes.http1,
        websockets=False,
        backpressure=512,
        log_enabled=False,
    )
    threading.Thread(target=lambda: (time.sleep(1), print("ready  http", flush=True))).start()
    server.serve(target_loader=load, wrap_loader=False)


if __name__ == "__main__":
    main()
