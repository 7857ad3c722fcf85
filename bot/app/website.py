"""Construct the public pages over a store of their own that is only read."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from bot.app.config.model import Settings
from bot.app.config.values import sqlite_file
from bot.app.inventory import Clock, folder_beside, places_of, report_sources, utc_now
from bot.app.wiring import open_archive, open_questions
from bot.domain.tasks import once_opened
from bot.ingest.health import PublicationHistory
from bot.operators.alerts import PagesState
from bot.queries.dossier import dossier_input
from bot.storage.database import masked, parse_url
from bot.storage.store import Store, open_store
from bot.web.documents import SiteContext, SiteSettings
from bot.web.open_data import ExportInput, OpenData
from bot.web.pictures import AT_ONCE, PagePictures
from bot.web.server import Application, Cache, ConnectionLimits, VisitorLimits, address_of_socket, bound, networks, serve
from bot.web.site import addresses
from sources.catalogue.authority import Authority

log = structlog.get_logger()

WEB_PAGE = 20
"""Decrees on one page of a list."""
_THREADS = 4
_MOST_PICTURES, _FEW_PICTURES = 1_000_000_000, 50_000_000
"""Bytes of pictures of decrees in a folder that lasts, and in a temporary one, which may be in memory."""
Sleep = Callable[[float], Awaitable[object]]


def site_of(settings: Settings, authorities: Mapping[str, Authority], store: Store, clock: Clock = utc_now) -> SiteContext:
    """Return what pages are made from, over one store."""
    places = places_of(authorities)
    overview = partial(report_sources, settings, authorities, store, PublicationHistory(store), clock=clock)
    return SiteContext(
        questions=open_questions(places, store, overview, settings, page_size=WEB_PAGE, clock=clock),
        decrees=store.decrees,
        browsing=store.browsing,
        overview=overview,
        places=places,
        revision=store.decrees.revision,
        settings=site_settings(settings),
        dossier=partial(dossier_input, store, places),
    )


def open_data_of(settings: Settings, authorities: Mapping[str, Authority], store: Store, folder: Path, clock: Clock = utc_now) -> OpenData:
    """Return what makes the whole files of one store, and keeps them in this folder."""
    places, site = places_of(authorities), site_settings(settings)
    about = {"source": site.address("/donnees") if site.public_url else site.name, "licence": site.licence_name}

    def given(at: datetime) -> ExportInput:
        return ExportInput(store.browsing.slices, places, at, about)

    return OpenData(folder, given, store.decrees.revision, clock)


def pictures_of(settings: Settings, folder: DataFolder, clock: Clock = utc_now, *, at_once: float = AT_ONCE) -> PagePictures:
    """Return the pictures of decrees, of which `at_once` seconds of drawing may be saved up."""
    most_bytes = _MOST_PICTURES if folder.lasts else _FEW_PICTURES
    return PagePictures(folder.path / "pictures", open_archive(settings).find, clock, most_bytes=most_bytes, at_once=at_once)


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A folder for what is made once for many visitors, and whether it is there at the next start."""

    path: Path
    lasts: bool


@contextmanager
def data_folder(database: str) -> Iterator[DataFolder]:
    """Yield a folder beside the database where this process may write there, else one that is removed at the end."""
    # Several databases of one server have one such place: each has a folder of its own there.
    of_server = "" if sqlite_file(database) else f"-{blake2b(masked(parse_url(database)).encode(), digest_size=4).hexdigest()}"
    folder = folder_beside(database, f"open-data{of_server}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if writable:
        yield DataFolder(folder, lasts=True)
    else:
        with TemporaryDirectory(prefix="vigie-open-data-") as temporary:
            yield DataFolder(Path(temporary), lasts=False)


def site_settings(settings: Settings) -> SiteSettings:
    """Return what the configuration says of the site."""
    web = settings.web
    return SiteSettings(
        name=web.name,
        public_url=web.public_url,
        telegram=web.telegram.removeprefix("@"),
        mastodon=web.mastodon,
        lists=dict(web.lists),
        licence=web.licence,
        contact=web.contact or settings.http.contact,
        mentions=web.mentions.strip(),
    )


@contextmanager
def open_pages(settings: Settings, authorities: Mapping[str, Authority], clock: Clock = utc_now) -> Iterator[Application]:
    """Open the store to read it, and the application over it. Raises StorageError."""
    limits = VisitorLimits(settings.web.requests_per_minute, time.monotonic, settings.web.proxies)
    with open_store(settings.database.url, read_only=True, existing=True) as store:
        executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="web")
        try:
            with data_folder(settings.database.url) as folder:
                files, pictures = open_data_of(settings, authorities, store, folder.path, clock), pictures_of(settings, folder, clock)
                pictures.tidy()
                site = replace(site_of(settings, authorities, store, clock), open_data=files.file, pictures=pictures)
                with files.kept():
                    yield Application(site, addresses(), clock, limits, executor, Cache())
        finally:
            # A page that is being made may wait for the database: the program does not wait for it.
            executor.shutdown(wait=False, cancel_futures=True)


async def serve_pages(settings: Settings, authorities: Mapping[str, Authority], listening: socket.socket) -> None:
    """Serve the pages on a socket that is bound already, until this is cancelled. Raises StorageError."""
    with open_pages(settings, authorities) as pages:
        await serve(pages, listening, ConnectionLimits(proxies=networks(settings.web.proxies)))


async def keep_serving(settings: Settings, authorities: Mapping[str, Authority], state: PagesState, sleep: Sleep = asyncio.sleep) -> None:
    """Serve the pages until cancelled. A failure to listen is logged once, noted in `state`, retried. Raises StorageError."""

    def failed(reason: str) -> None:
        state.fault = reason
        log.error("web.cannot_listen", listen=state.listen, error=reason)

    listening = await once_opened(partial(bound, state.listen), failed, sleep)
    state.fault = ""
    log.info("web.serving", address=address_of_socket(listening))
    with listening:
        await serve_pages(settings, authorities, listening)
