"""Time zones by cities that people know: somebody who looks for theirs sees what the clock shows there.

A zone stands for all that keep the same hours the year round, so the list stays short enough to be
sent to a slow phone.
"""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

CITIES: dict[str, str | Promise] = {
    "America/Los_Angeles": pgettext_lazy("cities", "Los Angeles, Tijuana"),
    "America/Denver": pgettext_lazy("cities", "Denver"),
    "America/Guatemala": pgettext_lazy("cities", "Mexico City, Guatemala, Managua"),
    "America/Chicago": pgettext_lazy("cities", "Chicago"),
    "America/Bogota": pgettext_lazy("cities", "Bogotá, Lima, Quito"),
    "America/New_York": pgettext_lazy("cities", "New York, Toronto"),
    "America/Caracas": pgettext_lazy("cities", "Caracas, La Paz, Manaus"),
    "America/Santiago": pgettext_lazy("cities", "Santiago de Chile"),
    "America/Sao_Paulo": pgettext_lazy("cities", "São Paulo, Buenos Aires"),
    "UTC": pgettext_lazy("cities", "UTC, Dakar, Accra"),
    "Europe/London": pgettext_lazy("cities", "London, Lisbon"),
    "Africa/Casablanca": pgettext_lazy("cities", "Casablanca"),
    "Africa/Lagos": pgettext_lazy("cities", "Lagos, Kinshasa, Algiers, Tunis"),
    "Europe/Paris": pgettext_lazy("cities", "Paris, Madrid, Berlin"),
    "Africa/Johannesburg": pgettext_lazy("cities", "Johannesburg, Harare, Khartoum"),
    "Africa/Cairo": pgettext_lazy("cities", "Cairo"),
    "Asia/Beirut": pgettext_lazy("cities", "Beirut"),
    "Asia/Gaza": pgettext_lazy("cities", "Gaza, Hebron"),
    "Asia/Jerusalem": pgettext_lazy("cities", "Jerusalem"),
    "Europe/Kyiv": pgettext_lazy("cities", "Kyiv, Athens, Bucharest"),
    "Europe/Istanbul": pgettext_lazy("cities", "Istanbul, Moscow, Damascus"),
    "Africa/Nairobi": pgettext_lazy("cities", "Nairobi, Addis Ababa, Baghdad"),
    "Asia/Tehran": pgettext_lazy("cities", "Tehran"),
    "Asia/Dubai": pgettext_lazy("cities", "Dubai, Baku, Tbilisi"),
    "Asia/Kabul": pgettext_lazy("cities", "Kabul"),
    "Asia/Karachi": pgettext_lazy("cities", "Karachi, Tashkent"),
    "Asia/Kolkata": pgettext_lazy("cities", "Delhi, Colombo"),
    "Asia/Kathmandu": pgettext_lazy("cities", "Kathmandu"),
    "Asia/Dhaka": pgettext_lazy("cities", "Dhaka, Bishkek"),
    "Asia/Yangon": pgettext_lazy("cities", "Yangon"),
    "Asia/Bangkok": pgettext_lazy("cities", "Bangkok, Hanoi, Jakarta"),
    "Asia/Shanghai": pgettext_lazy("cities", "Beijing, Manila, Singapore"),
    "Asia/Tokyo": pgettext_lazy("cities", "Tokyo, Seoul"),
    "Australia/Sydney": pgettext_lazy("cities", "Sydney"),
    "Pacific/Auckland": pgettext_lazy("cities", "Auckland"),
}


def clocks(now: datetime, *, also: str = "") -> list[tuple[str, str]]:
    """(zone, what its clock shows and where) at `now`, from west to east; `also` is added where a
    plan names a zone that is not among them."""
    found = []
    for zone in [*CITIES, *([also] if also and also not in CITIES else [])]:
        try:
            here = now.astimezone(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
        found.append((here.utcoffset(), zone, f"{here:%H:%M} {CITIES.get(zone, zone)}"))
    return [(zone, words) for _, zone, words in sorted(found, key=lambda one: (one[0], one[1]))]
