"""Damaged downloads through whole polls, with the real reading process: what is left is announced, and the file is fetched again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.domain.records import Recueil, RecueilState
from bot.ingest.archive import PdfArchive
from bot.ingest.ingestor import IngestResult
from bot.ingest.poller import SourceReport
from bot.reading.model import ReadingLimits
from bot.reading.pages.additions import ATTACHED
from bot.reading.reader import stream_pdf
from bot.storage.store import Store
from sources.catalogue.authority import Authority
from sources.model import Download
from tests.bot.ingest.test_poller import NOON, NOTHING, files, source, url, vsa
from tests.bot.ingest.wired import make_poller
from tests.bot.reading.hostile_pages import attachments
from tests.bot.reading.test_damage import hit, in_stream
from tests.bot.storage.finding import all_recueils, posts_of
from tests.bot.storage.ready import ready_store
from tests.sources.markup import ROOT
from tests.sources.site import MemorySite


def content() -> bytes:
    acts = (
        ActSpec("Préfecture / Cabinet", "99-2026-08-13-00001", "Arrêté autorisant un traitement algorithmique", (vsa("2026-1"),)),
        ActSpec("Préfecture / Cabinet", "99-2026-08-13-00002", "Arrêté portant réglementation de la circulation", (NOTHING,)),
    )
    return build_recueil(RecueilSpec("TEST", "99-2026-120", date(2026, 8, 14), acts))


class Site(MemorySite):
    """Serves one PDF, as it is at the time."""

    def __init__(self, serves: bytes) -> None:
        super().__init__({ROOT: files(1)})
        self.serves = serves
        self.downloads = 0

    async def download(self, url: str, target: Path) -> Download:
        self.downloads += 1
        _write(target, self.serves)
        return Download(url, target, len(self.serves), hashlib.sha256(self.serves).hexdigest())


def _write(target: Path, data: bytes) -> None:
    target.write_bytes(data)


@dataclass
class World:
    store: Store
    site: Site
    archive: PdfArchive
    now: datetime = NOON

    def __post_init__(self) -> None:
        authorities = {"99": Authority("99", "Préfecture du Test", "Test", "Europe/Paris", (source(),))}
        read = partial(stream_pdf, limits=ReadingLimits(ocr=False))
        self.watcher = make_poller(authorities, self.site, read, self.store, lambda: self.now, archive=self.archive)

    async def poll(self) -> tuple[SourceReport, IngestResult]:
        return await self.watcher.poll(self.watcher.sources[0])

    @property
    def row(self) -> Recueil:
        [row] = all_recueils(self.store)
        return row

    def posted(self) -> list[str | None]:
        return [post.decree.facts.number for post in posts_of(self.store, range(1, 100))]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ready_store(tmp_path) as store:
        yield World(store, Site(content()), PdfArchive(tmp_path / "pdfs", tmp_path / "kept", most_bytes=10_000_000, which="none"))


def shortened(whole: bytes) -> bytes:
    """Cut in the last page."""
    return whole[: whole.rindex(b"stream\n") - 40]


def flipped(whole: bytes) -> bytes:
    """One byte of the last stream of text is hit."""
    place = in_stream(whole, -1)
    return hit(whole, place[len(place) // 2])


@pytest.mark.parametrize("damage", [shortened, flipped])
async def test_what_is_left_of_a_damaged_recueil_is_announced_and_the_rest_is_fetched_again(world: World, damage: object) -> None:
    assert callable(damage)
    world.site.serves = damage(content())
    with capture_logs() as logs:
        report, _ = await world.poll()
    assert (report.ok, report.incomplete, world.posted()) == (True, (url(1),), ["2026-1"])
    assert (world.row.state, world.row.next_try_at) == (RecueilState.INCOMPLETE, NOON + timedelta(hours=1))
    assert [line["damaged"] for line in logs if line["event"] == "recueil.incomplete"] == [True]
    assert list(world.archive.unread.glob("*.pdf")) == [], "read again, these bytes would give no more"

    world.site.serves = content()
    world.now += timedelta(hours=1)
    await world.poll()
    assert (world.site.downloads, world.row.state, world.posted()) == (2, RecueilState.READ, ["2026-1"])


async def test_a_file_that_stays_damaged_is_left_for_a_person_some_day(world: World) -> None:
    world.site.serves = shortened(content())
    await world.poll()
    while (again := world.row.next_try_at) is not None:
        world.now = again
        await world.watcher.read_due("99")
    assert (world.row.state, world.posted()) == (RecueilState.INCOMPLETE, ["2026-1"])
    [told] = world.store.recueils.given_up()
    assert told.reason.startswith("the file is cut short, or damaged")


async def test_a_decree_in_an_attached_recueil_is_announced(world: World) -> None:
    world.site.serves = attachments(content()).replace(b"/Annots", b"/Others")
    await world.poll()
    assert (world.row.state, world.posted()) == (RecueilState.READ, ["2026-1"])


async def test_a_recueil_with_an_attached_file_that_is_no_pdf_is_incomplete_and_says_why(world: World) -> None:
    world.site.serves = attachments(b"PK of an office program")
    with capture_logs() as logs:
        await world.poll()
    assert [line["damaged"] for line in logs if line["event"] == "recueil.incomplete"] == [False]
    while (again := world.row.next_try_at) is not None:
        world.now = again
        await world.watcher.read_due("99")
    [given_up] = world.store.recueils.given_up()
    assert given_up.reason == f"2 of 3 pages could not be read: 1, 3; {ATTACHED}"
