"""The addresses of the API. One that is none answers like the rest of them."""

from django.urls import path

from amparo.api.site import api, nothing_here

urlpatterns = [
    path("", api.urls),
    path("<path:rest>", nothing_here),
]
