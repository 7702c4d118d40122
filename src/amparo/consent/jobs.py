"""What is due by time in consent; the engine calls it every minute."""

from amparo.consent import links, services


def sweep() -> None:
    """Expired grants, overrides and releases that found no second person, links past their hours."""
    services.end_expired()
    services.end_overrides()
    services.forget_releases()
    links.sweep()
