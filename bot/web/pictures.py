"""Keeps the pictures of decrees, as in posts, in a folder; each is drawn at its first request. As strangers may request any, one is drawn
at a time, few wait, and all have a budget, half of it for recent decrees, so that a walk through all others cannot use it up."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import structlog

from bot.delivery.picture.album import PageChoice, choose, draw
from bot.delivery.picture.wire import Drawing, Drawn, NoPicture
from bot.domain.acts import Decree
from bot.queries.dossier import DossierInput, dossier, with_pages

log = structlog.get_logger()

MOST_WAITING = 8
"""Pictures that are drawn or wait for it; whoever wants one more is to come again."""
AT_ONCE = 60.0
"""Seconds of drawing that may be saved up."""
_SHARE = 0.25
"""Fraction of the elapsed time that is added to the budget for drawing."""
_TRIED_AGAIN_AFTER = timedelta(days=1)
_LATE = timedelta(days=14)
_USUAL = Drawing()
_DECIDE = ("bot.delivery.picture", "bot.detection.text", "bot.reading.pages")
"""The packages whose code decides what a picture shows: above all which names are covered."""


class Busy(Exception):
    """Others wait for their pictures already, or enough were drawn a short while ago: it may be asked again after so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"pictures may be drawn again in {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class ShownPage:
    """Describes the picture of a page of a decree. `file` is None until it is drawn: the size is then that of most pages, highlights and
    covers are unknown."""

    page: int
    width: int
    height: int
    highlighted: tuple[str, ...] = ()
    covered: bool = False
    file: Path | None = None


class PagePictures:
    """The pictures in one folder, which several processes may share: each file is written as a whole."""

    def __init__(
        self,
        folder: Path,
        kept: Callable[[str], Path | None],
        clock: Callable[[], datetime],
        *,
        most_bytes: int,
        at_once: float = AT_ONCE,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`kept` returns the kept PDF of a SHA-256. The least recently used picture is removed when there are too many bytes. `at_once`:
        most seconds of drawing saved up; `seconds`: a clock that only goes forward."""
        self._folder = folder / _drawn_by()
        self._kept = kept
        self._clock = clock
        self._most_bytes = most_bytes
        self._at_once = self._left = at_once
        self._seconds, self._earned_at = seconds, seconds()
        self._waiting = 0
        self._one_at_a_time = asyncio.Lock()

    def tidy(self) -> None:
        """Remove the pictures that another version of the program drew: it may have covered less. Never fails."""
        with suppress(OSError):
            for other in self._folder.parent.iterdir():
                if other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)

    def look(self, decree: Decree, sha256: str) -> ShownPage | None:
        """Return what is known of the picture of a decree that was read in the file of this content; None where there is none."""
        choice = choose(decree)
        known = self._known(sha256, choice)
        if known is not None or self._failed_lately(sha256, choice) or self._kept(sha256) is None:
            return known
        return ShownPage(choice.page, _USUAL.width, _USUAL.height)

    async def drawn(self, decree: Decree, sha256: str) -> ShownPage | None:
        """Return the picture, drawn now where it is not yet; None where there is none. Raises Busy, and OSError where it cannot be kept."""
        async with self._turn():
            found = await asyncio.to_thread(self.look, decree, sha256)
            if found is None or found.file is not None:
                return found
            return await self._draw(decree, sha256)

    async def dossier(self, given: DossierInput) -> bytes:
        """Return the dossier of a decree, with its pages where its PDF is kept, in the same turn and budget. Raises Busy."""
        async with self._turn():
            path = None if given.sha256 is None else self._kept(given.sha256)
            with self._spending(given.decree):
                return dossier(await with_pages(given, path))

    async def draw_all(self, wanted: Iterable[tuple[Decree, str]]) -> None:
        """Draw all that are not drawn yet. Raises Busy, and OSError where they cannot be kept."""
        for decree, sha256 in wanted:
            await self.drawn(decree, sha256)

    async def _draw(self, decree: Decree, sha256: str) -> ShownPage | None:
        choice, path = choose(decree), self._kept(sha256)
        with self._spending(decree):
            try:
                made = None if path is None else await draw(path, choice.page, choice.phrases)
            except NoPicture as none:
                log.warning("picture.missing", decree=decree.id, url=decree.url, why=str(none))
                made = None
        await asyncio.to_thread(self._keep, sha256, choice, made)
        return self._known(sha256, choice)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until nobody else is served. Raises Busy where too many wait."""
        if self._waiting >= MOST_WAITING:
            raise Busy(_USUAL.seconds)
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                yield
        finally:
            self._waiting -= 1

    @contextmanager
    def _spending(self, decree: Decree) -> Iterator[None]:
        """Take what the block lasts from the budget. Raises Busy where too little is left for this decree."""
        began = self._earn()
        is_late = decree.found_at is not None and self._clock() - decree.found_at < _LATE
        least = 0 if is_late else self._at_once / 2
        if self._left < least:
            raise Busy((least - self._left) / _SHARE)
        try:
            yield
        finally:
            self._left -= self._seconds() - began

    def _earn(self) -> float:
        now = self._seconds()
        self._left = min(self._at_once, self._left + (now - self._earned_at) * _SHARE)
        self._earned_at = now
        return now

    # The folder: a picture, and beside it what is known of it or when there was none.

    def _known(self, sha256: str, choice: PageChoice) -> ShownPage | None:
        said, picture = self._said(sha256, choice), self._file(sha256, choice, "png")
        try:
            phrases = tuple(choice.phrases[index] for index in said["found"])
            shown = ShownPage(choice.page, said["width"], said["height"], phrases, bool(said["covered"]), picture)
            picture.stat()
            # Used now: the last to go. The picture itself keeps its time, by which visitors know it again.
            os.utime(self._file(sha256, choice, "json"))
        except (KeyError, IndexError, TypeError, OSError):
            return None
        return shown

    def _failed_lately(self, sha256: str, choice: PageChoice) -> bool:
        try:
            since = self._clock() - datetime.fromisoformat(self._said(sha256, choice)["failed_at"])
        except (KeyError, TypeError, ValueError):
            return False
        return timedelta() <= since < _TRIED_AGAIN_AFTER

    def _said(self, sha256: str, choice: PageChoice) -> Mapping[str, Any]:
        try:
            found = json.loads(self._file(sha256, choice, "json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _keep(self, sha256: str, choice: PageChoice, made: Drawn | None) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        said: dict[str, object] = {"failed_at": self._clock().isoformat()}
        if made is not None:
            said = {"width": made.width, "height": made.height, "found": made.found, "covered": made.covered}
            _write(self._file(sha256, choice, "png"), made.png)
        _write(self._file(sha256, choice, "json"), json.dumps(said).encode())
        self._make_room()

    def _make_room(self) -> None:
        pictures = sorted(_pictures(self._folder))
        size = sum(size for _, size, _ in pictures)
        for _, freed, path in pictures[:-1]:
            if size <= self._most_bytes:
                return
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)
            size -= freed

    def _file(self, sha256: str, choice: PageChoice, ending: str) -> Path:
        name = blake2b(json.dumps([sha256, choice.page, choice.phrases]).encode(), digest_size=16).hexdigest()
        return self._folder / f"{name}.{ending}"


def _pictures(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Yield when each picture was last used, its size and its path."""
    for path in folder.glob("*.png"):
        with suppress(OSError):  # removed meanwhile by another process
            yield path.with_suffix(".json").stat().st_mtime, path.stat().st_size, path


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


@cache
def _drawn_by() -> str:
    """Return a name for what draws: another one after each change of it."""
    digest = blake2b(version("vigie-vsa").encode(), digest_size=6)
    for package in _DECIDE:
        for file in sorted(files(package).iterdir(), key=lambda one: one.name):
            if file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()
