"""What is due by time in consent; the engine calls it every minute."""

from amparo.consent import links, services


def sweep() -> None:
    """Expired grants, overrides that nobody confirmed, links whose hours are over."""
    services.end_expired()
    services.end_overrides()
    links.sweep()
