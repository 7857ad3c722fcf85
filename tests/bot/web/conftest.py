"""A site over decrees in memory, asked without a server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from bot.gazetteer.gazetteer import gazetteer
from bot.queries.questions import Questions
from bot.web.documents import Document, Site, SiteSettings
from bot.web.site import address_of, respond
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, overview

Get = Callable[..., Document]


def memory_site(decrees: MemoryDecrees, settings: SiteSettings | None = None, at: datetime = NOW) -> Site:
    """A site over these decrees, as of this time."""
    questions = Questions(decrees, PLACES, lambda: at, overview=overview, page_size=20)
    return Site(questions, decrees, overview, PLACES, gazetteer, settings or SiteSettings())


def get(site: Site, address: str, at: datetime = NOW) -> Document:
    """Return the document of an address such as `/recherche?q=gare`."""
    path, _, query = address.partition("?")
    return respond(site, address_of(path, query), at)


@pytest.fixture
def decrees() -> MemoryDecrees:
    return MemoryDecrees()
