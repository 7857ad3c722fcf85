"""List what an instance watches and where it posts, by its configuration and the catalogue, and report how all of that works."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from bot.app.config.destinations import destinations
from bot.app.config.errors import closest, printable
from bot.app.config.loading import is_seen_by_all, secret_files
from bot.app.config.model import DestinationSettings, Settings
from bot.app.config.values import sqlite_file
from bot.domain.acts import Place, deciding_in
from bot.domain.health import DestinationHealth, Overview
from bot.domain.lazily import lazily
from bot.domain.posts import OPERATORS, Destination
from bot.gazetteer.gazetteer import typographic
from bot.ingest.health import PublicationHistory, destinations_report, health_report
from bot.storage.store import Store
from sources.catalogue.authority import INDEX_HOSTS, Authority, hosts
from sources.http.browser.installed import find_chromium

log = structlog.get_logger()

_operator_names = lazily("bot.detection.facts.operators", "operator_names")
_may_name_an_operator = lazily("bot.detection.facts.operators", "may_name_an_operator")
_find_places = lazily("bot.gazetteer.finding", "find_places")

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time now: the clock of the real program, which everything else takes as an argument."""
    return datetime.now(UTC)


def watched_codes(settings: Settings, authorities: Mapping[str, Authority]) -> tuple[str, ...]:
    """Return the codes that the configuration names, all of them when it names none."""
    return settings.watch.authorities or tuple(authorities)


def places_of(authorities: Mapping[str, Authority]) -> dict[str, Place]:
    """Return the names by which people call the authorities."""
    return {
        code: Place(
            code,
            typographic(entry.name),
            typographic(entry.department),
            entry.time_zone,
            frozenset(entry.territory),
            next((source.root for source in entry.sources), ""),
            entry.madada,
        )
        for code, entry in authorities.items()
    }


def destination_of(entry: DestinationSettings, authorities: Mapping[str, Authority]) -> Destination:
    """Return an entry of the configuration as a destination; departments include all authorities that act there."""
    wanted = frozenset(code.upper() for code in entry.departments)
    acting = wanted | deciding_in(wanted, places_of(authorities))
    return Destination(entry.name, entry.platform, replace(entry.wanted, departments=acting), chat_of(entry.chat))


def listens(settings: Settings) -> bool:
    """Return whether people can write to the bot, and so follow something."""
    return settings.telegram.token is not None and settings.telegram.commands


def chat_of(text: str) -> int | str | None:
    """Return a chat as Telegram takes it: its number, or `@name`; None where the option is empty."""
    if not text:
        return None
    return int(text) if text.lstrip("-").isdigit() else text


def folder_beside(database: str, name: str) -> Path:
    """Return `vigie-<name>` beside the SQLite file `vigie.db`; for a server, in the user's own folder for the state of programs."""
    file = sqlite_file(database)
    if file is None:
        return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / f"vigie-{name}"
    path = Path(file).expanduser()
    return path.with_name(f"{path.stem}-{name}")


def folders_of(settings: Settings) -> tuple[Path, ...]:
    """Return the folders in which the bot writes: that of a SQLite file, that of temporary files, those of PDFs."""
    file, kept = sqlite_file(settings.database.url), settings.storage.pdfs_folder or folder_beside(settings.database.url, "archive")
    folders = (*([Path(file).parent] if file else []), Path(tempfile.gettempdir()), unread_folder(settings), kept)
    return tuple(folder.absolute() for folder in folders)


def unread_folder(settings: Settings) -> Path:
    """Return the folder of the PDFs that are not wholly read yet."""
    return settings.reading.kept_folder or folder_beside(settings.database.url, "pdfs")


_LEAST_TO_RECORD = 1_000_000
"""Bytes."""

LEAST_FREE = 300
"""MB that the bot wants on each disk. A day of recueils takes less; SQLite and the readers need some too."""


def least_room(settings: Settings) -> tuple[int, str]:
    """Return how many MB are free on the fullest disk that the bot writes to, and the folder there. Raises OSError."""
    return min(map(room_at, folders_of(settings)))


def room_at(folder: Path) -> tuple[int, str]:
    """Return how many MB are free on the disk of a folder, and that folder or the next one above it that is there. Raises OSError."""
    there = existing(folder)
    return shutil.disk_usage(there).free // 1_000_000, str(there)


def closed_folder(settings: Settings) -> tuple[str, str] | None:
    """Return in which folder this user cannot write or which one it cannot make, and what to do; None where there is none."""
    folders = folders_of(settings)
    taken = next((path for folder in folders for path in (folder, *folder.parents) if _seen(path.is_file)), None)
    if taken is not None:
        return f"{taken} is a file, and is to be a folder", "Move it away, or name another folder."
    closed = next((folder for folder in folders if not os.access(existing(folder), os.W_OK)), None)
    if closed is None:
        return None
    if is_read_only(existing(closed)):
        return f"{closed} is on a file system that is mounted read-only", READ_ONLY_REMEDY
    what, make = ("write in", "") if _seen(closed.is_dir) else ("make", f"mkdir -p {closed} && ")
    return f"this user cannot {what} {closed}", f"As root, with the user that runs the bot:  {make}chown USER {closed}"


READ_ONLY_REMEDY = "Mount it for writing (mount -o remount,rw; dmesg says whether a fault of the disk closed it), or name another folder."


def is_read_only(folder: Path) -> bool:
    """Return whether the file system of a folder takes nothing from anybody."""
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def missing_extras(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield what is configured and cannot work without a package that is not installed: its name, what it needs, and the remedy."""
    if settings.web.listen and find_spec("starlette") is None:
        yield "pages", "[web] listen needs starlette", "pip install 'vigie-vsa[web]'"
    if settings.reading.engine == "procrastinate" and find_spec("procrastinate") is None:
        yield "workers", "reading.engine needs procrastinate", "pip install 'vigie-vsa[workers]'"


def cannot_record(settings: Settings) -> str | None:
    """Return why nothing can be recorded, whoever tries, None where it can, or where a server has to say it."""
    file = sqlite_file(settings.database.url)
    if file is None:
        return None
    folder = existing(Path(file).parent)
    if is_read_only(folder):
        return f"{folder}, where the database is, is on a file system that is mounted read-only"
    if shutil.disk_usage(folder).free < _LEAST_TO_RECORD:
        return f"the disk of {folder}, where the database is, is full"
    return None


def _seen(question: Callable[[], bool]) -> bool:
    """Return the answer about a path; False below a folder that this user may not enter."""
    try:
        return question()
    except PermissionError:
        return False


def existing(folder: Path) -> Path:
    """Return the folder, or the next one above it that is there."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if _seen(each.is_dir))


def report_sources(
    settings: Settings, authorities: Mapping[str, Authority], store: Store, history: PublicationHistory | None = None, *, clock: Clock
) -> Overview:
    """Judge every authority by what is stored. Raises StorageError."""
    return health_report(store, authorities, frozenset(watched_codes(settings, authorities)), clock(), history)


def report_destinations(settings: Settings, store: Store, *, clock: Clock) -> tuple[DestinationHealth, ...]:
    """Judge every destination, and the operators' chat, by what is stored. Raises StorageError."""
    names = [entry.name for entry in destinations(settings)]
    names += [OPERATORS] if settings.telegram.operators_chat and settings.telegram.token is not None else []
    return destinations_report(store, names, clock(), timedelta(hours=settings.delivery.tell_after_hours))


def log_doubts(settings: Settings, authorities: Mapping[str, Authority]) -> None:
    """Log what in the configuration can be used and is probably not meant."""
    for doubt in doubts(settings, authorities):
        log.warning("config.doubtful", doubt=doubt)


def doubts(settings: Settings, authorities: Mapping[str, Authority]) -> Iterator[str]:
    """Yield what in the configuration can be used and is probably not meant."""
    http, watch, known_hosts = settings.http, settings.watch, hosts(authorities) | INDEX_HOSTS
    for file in filter(is_seen_by_all, secret_files(settings)):
        yield f"{file}: every user of this machine can read this secret: chmod 600 {file}"
    if http.browser and find_chromium(http.browser) is None:
        yield f"http.browser: there is no program {http.browser!r}; the sites that need a browser cannot be read"
    yield from _doubts_of_destinations(settings)
    if watch.every_minutes > watch.slowest_minutes:
        longer, shorter = f"{watch.every_minutes:g}", f"{watch.slowest_minutes:g}"
        yield f"watch.every_minutes ({longer}) is more than watch.slowest_minutes ({shorter}), which therefore has no effect"
    for origin in http.origins:
        host = urlsplit(origin).netloc
        if host not in known_hosts:
            meant = closest(host, known_hosts, at_least=80)
            yield f"http.origins: {host} is not a site of the catalogue" + (f"; did you mean {meant}?" if meant else "")


def _doubts_of_destinations(settings: Settings) -> Iterator[str]:
    telegram, own = settings.telegram, settings.destinations
    if telegram.token is not None and not own and not telegram.channel and not settings.mastodon.token:
        yield 'telegram.token: there is no channel, and decrees are shown where the bot runs only; set telegram.channel = "@name"'
    chats = [("telegram.channel", telegram.channel), *((f"destinations[{place}].chat", entry.chat) for place, entry in enumerate(own))]
    for option, chat in chats:
        if chat.isdigit():
            yield f"{option}: {chat} is a person; the numbers of channels and supergroups begin with -100: did you mean -100{chat}?"
    for place, entry in enumerate(own):
        for wanted in entry.operators:
            if not _may_name_an_operator(wanted) and not _find_places(wanted).candidates:
                meant = closest(wanted, _operator_names())
                hint = f"did you mean {meant}?" if meant else f"those that are known: {', '.join(_operator_names())}, those of a town"
                yield f"destinations[{place}].operators: {printable(wanted)} is in the name of no operator that is known; {hint}"
