"""All addresses. The language is a prefix; none of them says what a page is about."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from amparo.web import errors, hooks
from amparo.web.standing import health

urlpatterns = [
    path("healthz", health),
    path("api/v1/", include("amparo.api.urls")),
    path("h/<str:secret>", hooks.hook),
    *i18n_patterns(
        path("desk/", include("amparo.web.desk.urls")),
        path("", include("amparo.web.notes.urls")),
        prefix_default_language=False,
    ),
]
handler400, handler404, handler500 = errors.bad_request, errors.not_found, errors.server_error
