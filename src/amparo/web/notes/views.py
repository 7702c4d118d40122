"""The steps of a person without an account; each parses, calls one service, renders."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    return render(request, "notes/start.html")


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    return render(request, "notes/new.html")


@require_http_methods(["GET", "HEAD", "POST"])
def back(request: HttpRequest) -> HttpResponse:
    return render(request, "notes/back.html")


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest) -> HttpResponse:
    return render(request, "notes/closed.html")


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    return render(request, "notes/closed.html")


@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    return render(request, "notes/closed.html")


@require_safe
def clear(request: HttpRequest) -> HttpResponse:
    return render(request, "notes/clear.html")


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "notes/about.html")


@require_safe
def language(request: HttpRequest) -> HttpResponse:
    return render(request, "notes/language.html")
