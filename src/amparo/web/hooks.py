"""Where providers of short messages call: a path that only they know, a short body, an empty answer.
Whatever is wrong with a call, it finds nothing here."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from amparo.alerts.services import replies
from amparo.foundation.errors import NotFound
from amparo.messages.inbound import MOST


@csrf_exempt
def hook(request: HttpRequest, secret: str) -> HttpResponse:
    """Take in a receipt or a message. What cannot be done just now is answered with 503, so that the
    provider calls once more."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if request.method != "POST" or not length.isdecimal() or int(length) > MOST:
        raise NotFound
    replies.receive(secret, request.headers, request.body)
    return HttpResponse(status=204)
