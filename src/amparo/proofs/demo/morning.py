"""An ordinary morning for whoever looks around afterwards: a queue with something in it."""

from amparo.proofs.demo import papers
from amparo.proofs.demo.browser import Browser
from amparo.proofs.demo.stage import Stage


def prepare(place: Stage) -> None:
    """Requests in four languages that nobody has taken yet."""
    visitor = Browser(place.port)
    for language, text in papers.MORNING:
        page = visitor.get("/new" if language == "en" else f"/{language}/new")
        visitor.send(page, page.form("what", "where"), what=text)
