"""Keep the whole files up to date in a folder, and answer their addresses."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog

from bot.domain.routing import FRANCE
from bot.queries.json_shapes import plain
from bot.storage.errors import StorageError
from bot.web.documents import Document, PageRequest, Route, SiteContext
from bot.web.exports import CSV, JSONL, SQLITE, ExportInput, columns, write_files
from bot.web.rendering import missing

log = structlog.get_logger()

AT_MOST_EVERY = timedelta(minutes=10)
"""How often the files are made at most."""
_LOOKED_EVERY = 60.0
"""Seconds after which it is asked again whether they are out of date."""
_PAUSE = 0.02
"""Seconds after each slice, in which others work."""
_MANIFEST = "manifest.json"
_MEDIA = {CSV: "text/csv; charset=utf-8", JSONL: "application/jsonl", SQLITE: "application/vnd.sqlite3"}


class _Stopped(Exception):
    """The program ends while files are being made."""


class OpenData:
    """The files in one folder, which several processes may share: each replaces them as a whole."""

    def __init__(
        self,
        folder: Path,
        given: Callable[[datetime], ExportInput],
        revision: Callable[[], object],
        clock: Callable[[], datetime],
    ) -> None:
        """`given` returns what files are made from at an instant; `revision` is another value wherever decrees have changed."""
        self._folder = folder
        self._given = given
        self._revision = revision
        self._clock = clock
        self._stop = threading.Event()

    def file(self, name: str) -> Path | None:
        """Return the newest file of this name, None while there is none."""
        path = self._folder / name
        return path if path.is_file() else None

    def refresh(self) -> bool:
        """Make the files anew where they are out of date, and return whether they were made. Raises OSError and StorageError: then those
        of before stay."""
        at = self._clock()
        given = self._given(at)
        state = _state(self._revision(), given)
        if not is_due(self._manifest(), state, at) and all(map(self.file, _MEDIA)):
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        # The state is that of before reading: what changes meanwhile makes them out of date again.
        count = write_files(self._folder, given, self._pause)
        part = self._folder / f".{_MANIFEST}.{os.getpid()}.part"
        part.write_text(json.dumps({"made_at": plain(at), "decrees": count, **state}), encoding="utf-8")
        part.replace(self._folder / _MANIFEST)
        return True

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the files up to date in a thread of their own, until the end of the block."""
        thread = threading.Thread(target=self._keep, name="open-data", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _keep(self) -> None:
        while not self._stop.is_set():
            try:
                self.refresh()
            except _Stopped:
                return
            except (OSError, StorageError) as error:
                log.warning("web.no_open_data", error=str(error))
            self._stop.wait(_LOOKED_EVERY)

    def _pause(self) -> None:
        if self._stop.wait(_PAUSE):
            raise _Stopped

    def _manifest(self) -> Mapping[str, Any]:
        try:
            found = json.loads((self._folder / _MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _state(revision: object, given: ExportInput) -> dict[str, str]:
    """Return what the files depend on. Of the time it is the day: a standing that changes within it shows on the next."""
    rest = json.dumps([dict(given.about), [column.model_dump() for column in columns()], sorted(given.places)])
    return {"revision": str(revision), "day": str(given.at.astimezone(FRANCE).date()), "rest": blake2b(rest.encode()).hexdigest()[:16]}


def is_due(made: Mapping[str, Any], state: Mapping[str, str], at: datetime) -> bool:
    """Return whether files that were made so are to be made anew at this instant (aware)."""
    if all(made.get(name) == value for name, value in state.items()):
        return False
    try:
        since = at - datetime.fromisoformat(made["made_at"])
    except (KeyError, TypeError, ValueError):
        return True
    return not timedelta() <= since < AT_MOST_EVERY


def _offered(name: str) -> Callable[[SiteContext, PageRequest], Document]:
    def made(site: SiteContext, request: PageRequest) -> Document:
        path = None if site.open_data is None else site.open_data(name)
        if path is None:
            document = missing(site, request, status=HTTPStatus.SERVICE_UNAVAILABLE)
            return replace(document, headers={**document.headers, "Retry-After": "60"})
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Access-Control-Allow-Origin": "*"}
        return Document(b"", _MEDIA[name], headers=headers, file=path)

    return made


OPEN_DATA: tuple[Route, ...] = tuple(Route(f"/donnees/{name}", _offered(name), twins=False) for name in _MEDIA)
