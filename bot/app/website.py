"""Construct the public pages over a store of their own that is only read."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from bot.app.config import Settings
from bot.app.inventory import Clock, places_of, report_sources, utc_now
from bot.app.wiring import open_questions
from bot.gazetteer.gazetteer import gazetteer
from bot.storage.store import Store, open_store
from bot.web.documents import Site, SiteSettings
from bot.web.server import Application, serve
from sources.catalogue.authority import Authority

WEB_PAGE = 20
"""Decrees on one page of a list."""
_THREADS = 4


def site_of(settings: Settings, authorities: Mapping[str, Authority], store: Store, clock: Clock = utc_now) -> Site:
    """Return what pages are made from, over one store."""
    places = places_of(authorities)
    overview = partial(report_sources, settings, authorities, store, clock=clock)
    return Site(
        questions=open_questions(places, store, overview, page_size=WEB_PAGE, clock=clock),
        decrees=store.decrees,
        browsing=store.browsing,
        overview=overview,
        places=places,
        gazetteer=gazetteer,
        settings=site_settings(settings),
    )


def site_settings(settings: Settings) -> SiteSettings:
    """Return what the configuration says of the site."""
    web = settings.web
    return SiteSettings(
        name=web.name,
        public_url=web.public_url,
        telegram=web.telegram.removeprefix("@"),
        mastodon=web.mastodon,
        licence=web.licence,
        contact=web.contact or settings.http.contact,
        mentions=web.mentions.strip(),
    )


@contextmanager
def application(settings: Settings, authorities: Mapping[str, Authority], clock: Clock = utc_now) -> Iterator[Application]:
    """Open the store to read it, and the application over it. Raises StorageError."""
    with (
        open_store(settings.database.url, read_only=True) as store,
        ThreadPoolExecutor(_THREADS, thread_name_prefix="web") as executor,
    ):
        yield Application(site_of(settings, authorities, store, clock), clock, executor)


def bound(listen: str) -> socket.socket:
    """Return a socket that listens at `host:port` or `unix:/path`. Raises OSError where that cannot be."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    return socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128)


async def serve_pages(
    settings: Settings, authorities: Mapping[str, Authority], listening: socket.socket, stop: asyncio.Event, clock: Clock = utc_now
) -> None:
    """Serve the pages on a socket that is bound already, until `stop` is set. Raises StorageError."""
    with application(settings, authorities, clock) as pages:
        await serve(pages, listening, stop)
