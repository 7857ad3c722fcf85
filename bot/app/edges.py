"""The outside edges of reading: the polite client, and the folder of kept PDFs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from bot.app.config import Settings
from bot.app.config.errors import closest
from bot.app.config.values import sqlite_file
from bot.ingest.archive import Keep, Shelf
from bot.storage.politeness import open_politeness
from sources.catalogue.authority import Authority, browser_hosts, hosts
from sources.crawl.index import INDEX_HOSTS
from sources.http import Client, ClientOptions, user_agent
from sources.http.browser.process import find_chromium

_MEGABYTE = 1_000_000


@asynccontextmanager
async def open_client(settings: Settings, authorities: Mapping[str, Authority]) -> AsyncIterator[Client]:
    """The polite client for the hosts of the catalogue and of the national index. Raises ValueError when an option cannot be used.

    Whatever command opens it, it keeps the pace and the rest of each address that all others on the database keep.
    """
    http = settings.http
    options = ClientOptions(
        hosts=hosts(authorities) | INDEX_HOSTS,
        user_agent=user_agent(version("vigie-vsa"), http.contact or None),
        interval_seconds=http.interval_seconds,
        origins=dict(http.origins),
        timeout_seconds=http.timeout_seconds,
        max_file_bytes=http.max_pdf_megabytes * _MEGABYTE,
        respect_robots=http.respect_robots,
        browsers=browser_hosts(authorities),
        browser_path=http.browser or None,
    )
    with open_politeness(settings.database.url) as politeness:
        async with Client(options, politeness=politeness) as client:
            yield client


def doubts(settings: Settings, authorities: Mapping[str, Authority]) -> Iterator[str]:
    """What in the configuration can be used and is hardly meant, one sentence each."""
    http, watch = settings.http, settings.watch
    if http.browser and find_chromium(http.browser) is None:
        yield f"http.browser: there is no program {http.browser!r}; the sites that need a browser cannot be read"
    if watch.every_minutes > watch.slowest_minutes:
        longer, shorter = f"{watch.every_minutes:g}", f"{watch.slowest_minutes:g}"
        yield f"watch.every_minutes ({longer}) is more than watch.slowest_minutes ({shorter}), which therefore counts for nothing"
    known = hosts(authorities) | INDEX_HOSTS
    for origin in http.origins:
        host = urlsplit(origin).netloc
        if host not in known:
            meant = closest(host, known, at_least=80)
            yield f"http.origins: {host} is not a site of the catalogue" + (f"; did you mean {meant}?" if meant else "")


def open_shelf(settings: Settings) -> Shelf:
    """Where PDFs are kept until they are wholly read: the configured folder, or one beside the database."""
    reading = settings.reading
    return Shelf(reading.kept_folder or _beside(settings.database.url, "pdfs"), most_bytes=reading.kept_megabytes * _MEGABYTE)


def open_keep(settings: Settings) -> Keep:
    """Where the PDFs of decrees are kept for good: the configured folder, or one beside the database."""
    storage = settings.storage
    return Keep(storage.pdfs_folder or _beside(settings.database.url, "archive"), which=storage.keep_pdfs)


def _beside(database: str, what: str) -> Path:
    """`vigie-pdfs` for the file `vigie.db`; a server has no folder of ours, so the user's own for what programs keep."""
    name = sqlite_file(database)
    if name is None:
        return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / f"vigie-{what}"
    file = Path(name).expanduser()
    return file.with_name(f"{file.stem}-{what}")
