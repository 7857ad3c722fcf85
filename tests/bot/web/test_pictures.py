"""The pictures of decrees on their pages: who gets one, what is drawn and how often, and what strangers can make it draw."""

from __future__ import annotations

import asyncio
import math
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from structlog.testing import capture_logs

from bot.delivery.picture.wire import Drawn, NoPicture, NoPictureReason
from bot.domain.acts import Decree, Evidence, Where
from bot.web import pictures as module
from bot.web.documents import Document, SiteSettings
from bot.web.pictures import MOST_WAITING, Busy, PagePictures
from bot.web.site import SiteFile, addresses, files_of
from tests.bot.delivery.picture.papers import DECREE, NAMES, PERIOD, TITLE
from tests.bot.queries.conftest import NOW, MemoryDecrees, decree
from tests.bot.web.conftest import Visitors, get, memory_site
from tests.standalone import build_standalone

SHA = "3f9a" * 16
FOUND = replace(
    decree(1), found_at=NOW, page=1, evidence=(Evidence("verdict", 1, TITLE, Where.HEADING), Evidence("period", 1, PERIOD, Where.OPERATIVE))
)


class Archive:
    """Decrees whose file is kept, and a clock."""

    def __init__(self, folder: Path, *decrees: Decree) -> None:
        self.folder = folder
        self.decrees = MemoryDecrees(list(decrees))
        self.path = folder / f"{SHA}.pdf"
        self.path.write_bytes(build_standalone([DECREE]))
        self.now = NOW
        self.seconds = 0.0

    def find(self, sha256: str) -> Path | None:
        path = self.folder / f"{sha256}.pdf"
        return path if path.exists() else None

    def pictures(self, *, most_bytes: int = 10_000_000, at_once: float = math.inf) -> PagePictures:
        return PagePictures(
            self.folder / "pictures", self.find, lambda: self.now, most_bytes=most_bytes, at_once=at_once, seconds=lambda: self.seconds
        )

    def visitors(self, executor: ThreadPoolExecutor, pictures: PagePictures | None = None) -> Visitors:
        return Visitors(self.decrees, executor, pictures=pictures or self.pictures())


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path, FOUND)


class Pen:
    """Draws nothing real, and counts. Each takes `seconds` of the archive's clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, archive: Archive) -> None:
        self.pages: list[int] = []
        self.refuses: NoPictureReason | None = None
        self.archive, self.seconds = archive, 0.0
        self.began, self.free = asyncio.Event(), asyncio.Event()
        self.free.set()
        monkeypatch.setattr(module, "draw", self.draw)

    async def draw(self, _path: Path, page: int, _phrases: tuple[str, ...]) -> Drawn:
        self.pages.append(page)
        self.began.set()
        await self.free.wait()
        self.archive.seconds += self.seconds
        if self.refuses is not None:
            raise NoPicture(self.refuses)
        return Drawn(b"\x89PNG" + bytes(1000), 900, 1273, (0,), 2)


@pytest.fixture
def pen(monkeypatch: pytest.MonkeyPatch, archive: Archive) -> Pen:
    return Pen(monkeypatch, archive)


async def test_a_page_shows_the_page_of_the_decree_as_posts_do(archive: Archive, executor: ThreadPoolExecutor) -> None:
    visitors = archive.visitors(executor)
    before = await visitors.ask("/arretes/1")
    assert '<img src="/arretes/1/page.png"' in before.text
    assert 'width="1280" height="1810" loading="lazy"' in before.text, "not drawn yet: as most pages are"
    picture = await visitors.ask("/arretes/1/page.png")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.content.startswith(b"\x89PNG")
    assert "img-src 'self'" in picture.headers["content-security-policy"]
    width, height = struct.unpack(">II", picture.content[16:24])
    visitors.now += timedelta(seconds=20)
    for address in ("/arretes/1", "/en/arretes/1"):
        page = (await visitors.ask(address)).text
        assert f'width="{width}" height="{height}"' in page
        assert PERIOD in page.partition("<img")[2].partition(">")[0], "the alt text has what is highlighted"
        assert not any(name in page for name in NAMES)
    same = await visitors.ask("/arretes/1/page.png", if_none_match=picture.headers["etag"])
    assert (same.status_code, same.content) == (304, b"")


async def test_it_is_drawn_once_whoever_asks_and_after_a_restart_too(archive: Archive, executor: ThreadPoolExecutor, pen: Pen) -> None:
    visitors = archive.visitors(executor)
    pen.free.clear()
    asking = [asyncio.create_task(visitors.ask("/arretes/1/page.png", peer=f"198.51.100.{number}")) for number in range(20)]
    await pen.began.wait()
    pen.free.set()
    assert {answer.status_code for answer in await asyncio.gather(*asking)} == {200}
    again = archive.visitors(executor)
    for revision in (1, 2):
        again.revision = revision
        assert (await again.ask("/arretes/1/page.png")).status_code == 200
    assert pen.pages == [1]


async def test_a_page_offers_the_dossier_of_its_decree_with_its_pages(archive: Archive, executor: ThreadPoolExecutor) -> None:
    visitors = archive.visitors(executor)
    assert 'href="/arretes/1/preuve.zip"' in (await visitors.ask("/arretes/1")).text
    made = await visitors.ask("/arretes/1/preuve.zip")
    assert (made.status_code, made.headers["content-type"]) == (200, "application/zip")
    assert made.headers["content-disposition"] == 'attachment; filename="vigie-preuve-1.zip"'
    with ZipFile(BytesIO(made.content)) as files:
        assert files.read("arrete.pdf").startswith(b"%PDF-")
    assert (await visitors.ask("/arretes/1/preuve.zip")).content == made.content
    assert (await visitors.ask("/arretes/2/preuve.zip")).status_code == 404
    spent = archive.visitors(executor, archive.pictures(at_once=-1))
    busy = await spent.ask("/arretes/1/preuve.zip")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "4")
    gone = Archive(archive.folder, replace(FOUND, withdrawn_at=NOW)).visitors(executor)
    assert (await gone.ask("/arretes/1/preuve.zip")).status_code == 410


@pytest.mark.parametrize(
    "address", ["/arretes/2/page.png", "/arretes/x/page.png", "/arretes/99999999999/page.png", "/en/arretes/1/page.png"]
)
async def test_what_is_no_decree_has_no_picture(archive: Archive, executor: ThreadPoolExecutor, pen: Pen, address: str) -> None:
    assert (await archive.visitors(executor).ask(address)).status_code == 404
    assert pen.pages == []


async def test_a_decree_that_was_withdrawn_shows_none(archive: Archive, executor: ThreadPoolExecutor, pen: Pen) -> None:
    archive.decrees.stored[:] = [replace(FOUND, withdrawn_at=NOW)]
    visitors = archive.visitors(executor)
    assert (await visitors.ask("/arretes/1/page.png")).status_code == 410
    assert "<img" not in (await visitors.ask("/arretes/1")).text
    assert pen.pages == []


async def test_without_the_file_the_page_is_as_it_was(archive: Archive, executor: ThreadPoolExecutor, pen: Pen) -> None:
    archive.path.unlink()
    visitors = archive.visitors(executor)
    page = await visitors.ask("/arretes/1")
    assert (page.status_code, "<img" in page.text) == (200, False)
    assert (await visitors.ask("/arretes/1/page.png")).status_code == 404
    assert pen.pages == []


async def test_a_file_that_gives_no_picture_is_tried_again_on_the_next_day(
    archive: Archive, executor: ThreadPoolExecutor, pen: Pen
) -> None:
    pen.refuses = NoPictureReason.UNREAD
    with capture_logs() as logs:
        for _ in range(2):  # also after a restart
            visitors = archive.visitors(executor)
            assert (await visitors.ask("/arretes/1/page.png")).status_code == 404
            assert "<img" not in (await visitors.ask("/arretes/1")).text
    assert (pen.pages, [line["event"] for line in logs]) == ([1], ["picture.missing"])
    archive.now += timedelta(days=1)
    pen.refuses = None
    assert (await archive.visitors(executor).ask("/arretes/1/page.png")).status_code == 200


async def test_a_hostile_file_costs_no_more_than_its_picture(archive: Archive, executor: ThreadPoolExecutor) -> None:
    archive.path.write_bytes(b"%PDF-1.7\n" + b"/Kids" * 1000)
    with capture_logs() as logs:
        assert (await archive.visitors(executor).ask("/arretes/1/page.png")).status_code == 404
    assert [(line["event"], line["decree"]) for line in logs] == [("picture.missing", 1)]


def _many(count: int) -> list[Decree]:
    return [replace(FOUND, id=number, evidence=(Evidence("verdict", number, TITLE),)) for number in range(1, count + 1)]


async def test_one_is_drawn_at_a_time_and_few_wait(archive: Archive, pen: Pen) -> None:
    pictures, several = archive.pictures(), _many(MOST_WAITING + 1)
    pen.free.clear()
    waiting = [asyncio.create_task(pictures.drawn(one, SHA)) for one in several[:-1]]
    await pen.began.wait()
    with pytest.raises(Busy):
        await pictures.drawn(several[-1], SHA)
    assert pen.pages == [1]
    pen.free.set()
    assert all(await asyncio.gather(*waiting))
    assert await pictures.drawn(several[-1], SHA)


async def test_drawing_has_a_budget_that_comes_back_with_time(archive: Archive, executor: ThreadPoolExecutor, pen: Pen) -> None:
    several = _many(9)
    archive.decrees.stored[:] = several
    visitors = archive.visitors(executor, archive.pictures(at_once=60))
    pen.seconds = 20
    answers = [await visitors.ask(f"/arretes/{one.id}/page.png") for one in several]
    drawn = [answer.status_code for answer in answers].count(200)
    # 60 s were saved up, each takes 20 s, and earns a quarter of that meanwhile.
    assert drawn == len(pen.pages) == 5
    assert answers[-1].status_code == 503
    wait = int(answers[-1].headers["retry-after"])
    assert (await visitors.ask("/arretes/1/page.png")).status_code == 200, "what is drawn costs nothing"
    assert (await visitors.ask("/arretes/9")).status_code == 200
    for passed, status in ((wait - 1, 503), (1, 200)):
        archive.seconds += passed
        assert (await visitors.ask("/arretes/9/page.png")).status_code == status


async def test_a_walk_through_old_decrees_leaves_half_of_the_budget(archive: Archive, executor: ThreadPoolExecutor, pen: Pen) -> None:
    old = [replace(one, found_at=NOW - timedelta(days=15)) for one in _many(9)[1:]]
    archive.decrees.stored += old
    visitors = archive.visitors(executor, archive.pictures(at_once=60))
    pen.seconds = 20
    answers = [(await visitors.ask(f"/arretes/{one.id}/page.png")).status_code for one in old]
    assert answers == [200] * 3 + [503] * 5
    assert (await visitors.ask("/arretes/1/page.png")).status_code == 200


async def test_whoever_leaves_does_not_keep_a_place(archive: Archive, pen: Pen) -> None:
    pictures = archive.pictures()
    pen.free.clear()
    leaving = [asyncio.create_task(pictures.drawn(one, SHA)) for one in _many(MOST_WAITING)]
    await pen.began.wait()
    for task in leaving:
        task.cancel()
    await asyncio.gather(*leaving, return_exceptions=True)
    pen.free.set()
    assert await pictures.drawn(FOUND, SHA)


async def test_the_folder_keeps_to_its_size(archive: Archive, pen: Pen) -> None:
    pictures, several = archive.pictures(most_bytes=3_100), _many(5)
    await pictures.draw_all((one, SHA) for one in several)
    names = sorted(path.suffix for path in (archive.folder / "pictures").rglob("*") if path.is_file())
    assert names == [".json"] * 3 + [".png"] * 3
    known = pictures.look(several[-1], SHA)
    assert known is not None
    assert known.file is not None


async def test_pictures_of_another_version_are_removed_and_drawn_anew(archive: Archive, pen: Pen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_drawn_by", lambda: "older")
    await archive.pictures().drawn(FOUND, SHA)
    monkeypatch.undo()
    monkeypatch.setattr(module, "draw", pen.draw)
    pictures = archive.pictures()
    known = pictures.look(FOUND, SHA)
    assert known is not None
    assert known.file is None
    pictures.tidy()
    assert not list((archive.folder / "pictures").rglob("*.png"))


async def test_a_damaged_note_is_no_picture(archive: Archive, pen: Pen) -> None:
    pictures = archive.pictures()
    for text in ("", "{}", "[1]", '{"width": 9}', '{"width": 9, "height": 9, "found": [7], "covered": 0}', '{"failed_at": "x"}'):
        await pictures.drawn(FOUND, SHA)
        (note,) = (archive.folder / "pictures").rglob("*.json")
        note.write_text(text)
        known = pictures.look(FOUND, SHA)
        assert known is not None, text
        assert known.file is None, text


def test_a_picture_is_under_the_path_of_the_site(archive: Archive) -> None:
    site = replace(memory_site(archive.decrees, SiteSettings(public_url="https://exemple.fr/vigie")), pictures=archive.pictures())
    assert '<img src="/vigie/arretes/1/page.png"' in get(site, "/arretes/1").body.decode()


async def test_a_site_of_files_has_those_that_are_drawn(archive: Archive, pen: Pen) -> None:
    other = replace(decree(2), found_at=None)
    archive.decrees.stored.append(other)
    pictures = archive.pictures()
    await pictures.draw_all([(FOUND, SHA)])
    site = replace(memory_site(archive.decrees, SiteSettings(public_url="https://exemple.fr", files=True)), pictures=pictures)
    found: dict[str, Document] = {}
    for one in files_of(site, addresses(), NOW):
        if isinstance(one, SiteFile):
            found[one.name] = one.document
        else:
            assert not one.link.endswith(".png"), one
    assert {name for name in found if name.endswith("page.png")} == {"arretes/1/page.png"}
    picture = found["arretes/1/page.png"].file
    assert picture is not None
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert b"<img" not in found["arretes/2/index.html"].body
