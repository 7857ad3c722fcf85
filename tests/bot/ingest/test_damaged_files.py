"""Damaged downloads through whole polls, with the real reading process: what is left is announced, and the file is fetched again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.domain.records import FailedRecueil, Recueil, RecueilState
from bot.domain.text import PageText
from bot.ingest.archive import PdfArchive
from bot.reading.model import IsConcerned, ReadingEvent, ReadingLimits
from bot.reading.pages.additions import ATTACHED
from bot.reading.reader import stream_pdf
from tests.bot.ingest.test_poller import NOON, NOTHING, Bench, Site, files, url, vsa
from tests.bot.reading.hostile_pages import attachments
from tests.bot.reading.test_damage import hit, in_stream
from tests.bot.storage.ready import ready_store
from tests.present import present
from tests.sources.markup import ROOT


def content() -> bytes:
    acts = (
        ActSpec("Préfecture / Cabinet", "99-2026-08-13-00001", "Arrêté autorisant un traitement algorithmique", (vsa("2026-1"),)),
        ActSpec("Préfecture / Cabinet", "99-2026-08-13-00002", "Arrêté portant réglementation de la circulation", (NOTHING,)),
    )
    return build_recueil(RecueilSpec("TEST", "99-2026-120", date(2026, 8, 14), acts))


class OnePdf(Site):
    """Serves one PDF, as it is at the time."""

    serves: bytes

    def held(self, url: str) -> bytes:
        return self.serves


@dataclass
class World(Bench):
    site: OnePdf

    def read(self, path: Path, *, known: Sequence[PageText], is_concerned: IsConcerned) -> AsyncGenerator[ReadingEvent, None]:
        return stream_pdf(path, known=known, is_concerned=is_concerned, limits=ReadingLimits(ocr=False))

    @property
    def only(self) -> Recueil:
        return self.row(url(1))

    async def read_to_the_end(self) -> FailedRecueil:
        """Poll, and read again each time that is due. What was given up in the end."""
        await self.poll()
        while self.only.next_try_at is not None:
            await self.read_next()
        [given_up] = self.store.recueils.given_up()
        return given_up


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ready_store(tmp_path) as store:
        archive = PdfArchive(tmp_path / "pdfs", tmp_path / "kept", most_bytes=10_000_000, which="none")
        yield World(store, OnePdf({ROOT: files(1)}), archive=archive)


def shortened(whole: bytes) -> bytes:
    """Cut in the last page."""
    return whole[: whole.rindex(b"stream\n") - 40]


def flipped(whole: bytes) -> bytes:
    """One byte of the last stream of text is hit."""
    place = in_stream(whole, -1)
    return hit(whole, place[len(place) // 2])


@pytest.mark.parametrize("damage", [shortened, flipped])
async def test_what_is_left_of_a_damaged_recueil_is_announced_and_the_rest_is_fetched_again(
    world: World, damage: Callable[[bytes], bytes]
) -> None:
    world.site.serves = damage(content())
    with capture_logs() as logs:
        report, _ = await world.poll()
    assert (report.ok, report.incomplete, world.announced()) == (True, (url(1),), ["2026-1"])
    assert (world.only.state, world.only.next_try_at) == (RecueilState.INCOMPLETE, NOON + timedelta(hours=1))
    assert [line["damaged"] for line in logs if line["event"] == "recueil.incomplete"] == [True]
    assert list(present(world.archive).unread.glob("*.pdf")) == [], "read again, these bytes would give no more"

    world.site.serves = content()
    await world.poll(timedelta(hours=1))
    assert (world.site.downloads, world.only.state, world.announced()) == ([url(1)], RecueilState.READ, ["2026-1"])


async def test_a_file_that_stays_damaged_is_left_for_a_person_some_day(world: World) -> None:
    world.site.serves = shortened(content())
    assert (await world.read_to_the_end()).reason.startswith("the file is cut short, or damaged")
    assert (world.only.state, world.announced()) == (RecueilState.INCOMPLETE, ["2026-1"])


async def test_a_decree_in_an_attached_recueil_is_announced(world: World) -> None:
    world.site.serves = attachments(content()).replace(b"/Annots", b"/Others")
    await world.poll()
    assert (world.only.state, world.announced()) == (RecueilState.READ, ["2026-1"])


async def test_a_recueil_with_an_attached_file_that_is_no_pdf_is_incomplete_and_says_why(world: World) -> None:
    world.site.serves = attachments(b"PK of an office program")
    with capture_logs() as logs:
        given_up = await world.read_to_the_end()
    assert {line["damaged"] for line in logs if line["event"] == "recueil.incomplete"} == {False}
    assert given_up.reason == f"2 of 3 pages could not be read: 1, 3; {ATTACHED}"
