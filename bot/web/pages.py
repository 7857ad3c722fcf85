"""Make the pages that people read."""

from __future__ import annotations

from bot.messages import MessageInput, decree_line, place_for
from bot.queries.answers import DecreeList
from bot.web.documents import Document, Route, Site, Visit
from bot.web.rendering import page


def home(site: Site, visit: Visit) -> Document:
    """Return the first page: the decrees found last."""
    answer = site.questions.recent()
    decrees = answer.decrees if isinstance(answer, DecreeList) else ()
    lines = [decree_line(MessageInput(decree, place_for(site.places, decree.authority), visit.at, visit.language)) for decree in decrees]
    return page(site, visit, "home.html", lines=lines)


PAGES: tuple[Route, ...] = (Route("/", home),)
