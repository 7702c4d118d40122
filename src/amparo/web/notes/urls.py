"""Addresses of the pages for people without an account; none of them says what it is about."""

from django.urls import path

from amparo.web import alarms, asked, links, turns
from amparo.web.notes import calendar, checkins, views

app_name = "notes"
urlpatterns = [
    path("", views.start, name="start"),
    path("new", views.new, name="new"),
    path("back", views.back, name="back"),
    path("n", views.step, name="step"),
    path("leave", views.leave, name="leave"),
    path("closed", views.closed, name="closed"),
    path("clear", views.clear, name="clear"),
    path("about", views.about, name="about"),
    path("language", views.language, name="language"),
    path("l/<str:token>", links.link, name="link"),
    path("p/<str:token>", alarms.press, name="press"),
    path("k/worker.js", alarms.worker, name="worker"),
    path("k/<str:token>", alarms.keep, name="keep"),
    path("a/<str:token>", alarms.called, name="called"),
    path("t/<str:token>", turns.turns, name="turns"),
    path("r/<str:token>", asked.helper, name="helper"),
    path("i/<str:token>", calendar.feed, name="calendar"),
    path("w/<str:token>", checkins.well, name="well"),
]
