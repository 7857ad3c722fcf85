"""Construct the public pages over a store of their own that is only read."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import structlog

from bot.app.config import Settings
from bot.app.inventory import Clock, places_of, report_sources, utc_now
from bot.app.wiring import open_questions
from bot.gazetteer.gazetteer import gazetteer
from bot.storage.database import in_memory, masked, parse_url
from bot.storage.errors import Unavailable
from bot.storage.store import Store, open_store
from bot.web.cache import Cache
from bot.web.documents import Site, SiteSettings
from bot.web.listening import address_of_socket, bound, serve
from bot.web.server import Application
from bot.web.site import addresses
from bot.web.visitors import VisitorLimits
from sources.catalogue.authority import Authority

log = structlog.get_logger()

WEB_PAGE = 20
"""Decrees on one page of a list."""
_THREADS = 4
Sleep = Callable[[float], Awaitable[object]]
_AGAIN = 60.0
"""Seconds until an address is tried again at which nothing can listen."""


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
        revision=store.decrees.revision,
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
def open_pages(settings: Settings, authorities: Mapping[str, Authority], clock: Clock = utc_now) -> Iterator[Application]:
    """Open the store to read it, and the application over it. Raises StorageError."""
    limits = VisitorLimits(settings.web.requests_per_minute, time.monotonic, settings.web.proxies)
    with open_store(settings.database.url, read_only=True) as store:
        if in_memory(store.database.engine.url):
            raise Unavailable(f"there is no database at {masked(parse_url(settings.database.url))} yet: `vigie run` makes it")
        executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="web")
        try:
            yield Application(site_of(settings, authorities, store, clock), addresses(), clock, limits, executor, Cache())
        finally:
            # A page that is being made may wait for the database: the program does not wait for it.
            executor.shutdown(wait=False, cancel_futures=True)


async def serve_pages(settings: Settings, authorities: Mapping[str, Authority], listening: socket.socket) -> None:
    """Serve the pages on a socket that is bound already, until this is cancelled. Raises StorageError."""
    with open_pages(settings, authorities) as pages:
        await serve(pages, listening)


async def keep_serving(settings: Settings, authorities: Mapping[str, Authority], sleep: Sleep = asyncio.sleep) -> None:
    """Serve the pages where the configuration says, beside whatever else the program does, until this is cancelled. An address at which it
    cannot listen is logged once, and tried again. Raises StorageError."""
    listening = await _listening(settings.web.listen, sleep)
    log.info("web.serving", address=address_of_socket(listening))
    with listening:
        await serve_pages(settings, authorities, listening)


async def _listening(listen: str, sleep: Sleep) -> socket.socket:
    logged = None
    while True:
        try:
            return bound(listen)
        except OSError as error:
            reason = error.strerror or str(error)
            if reason != logged:
                log.error("web.cannot_listen", listen=listen, error=reason)
            logged = reason
        await sleep(_AGAIN)
