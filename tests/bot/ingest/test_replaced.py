"""What polls of today's list do not see: a PDF that is replaced, a zip to which recueils are added, a former month, a mere name."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.records import RecueilState
from bot.ingest.archive import PdfArchive
from bot.storage.store import Store
from sources.model import Gone, Unreachable
from tests.bot.ingest.test_poller import Bench, Site, files, reading, url, vsa
from tests.present import present
from tests.sources.markup import HOST, ROOT, download, page
from tests.sources.poller import AUGUST, YEAR, cards

DAY = timedelta(days=1)
ZIP = f"{HOST}/contenu/telechargement/1/2/file/RAA-aout-2026.zip"


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store, Site({ROOT: files(1)}))


async def test_a_pdf_that_is_replaced_under_its_address_is_read_again_and_only_what_is_new_in_it_is_posted(bench: Bench) -> None:
    bench.papers[url(1)] = reading(vsa("2026-1"))
    await bench.poll()
    bench.papers["an erratum"] = reading(vsa("2026-1"), vsa("2026-2"))
    bench.site.put[url(1)] = "an erratum"
    await bench.poll(DAY / 2)
    assert (bench.announced(), bench.site.checked) == (["2026-1"], [])

    await bench.poll(DAY / 2)

    assert bench.announced() == ["2026-1", "2026-2"]
    assert bench.row(url(1)).sha256 == hashlib.sha256(b"an erratum").hexdigest()
    assert bench.states() == {url(1): RecueilState.READ}


async def test_a_file_is_requested_again_seven_times_in_fifteen_days(bench: Bench) -> None:
    await bench.poll()
    days = []
    for day in range(1, 41):
        bench.site.checked.clear()
        await bench.poll(DAY)
        days += [day] * len(bench.site.checked)
    assert days == [1, 2, 3, 4, 7, 11, 15]


async def test_a_file_that_cannot_be_requested_again_stays_read_and_is_tried_later_unless_it_is_gone(bench: Bench) -> None:
    await bench.poll()
    bench.site.failures[url(1)] = Unreachable("timed out")
    report, _ = await bench.poll(DAY)
    assert report.ok
    await bench.poll(DAY / 2)
    bench.site.failures[url(1)] = Gone("404")
    await bench.poll(DAY / 2)
    await bench.poll(DAY)
    assert bench.site.checked == [url(1)] * 2
    assert bench.states() == {url(1): RecueilState.READ}


class ZipSite(Site):
    """`packed` are the texts of the PDFs in the one zip there is, by their names."""

    packed: dict[str, str]

    def held(self, url: str) -> bytes:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for name, text in self.packed.items():
                archive.writestr(name, text)
        return data.getvalue()


@pytest.mark.parametrize("has_archive", [True, False])
async def test_each_pdf_of_a_zip_is_read_and_so_is_what_is_added_or_replaced_later(store: Store, tmp_path: Path, has_archive: bool) -> None:
    site = ZipSite({ROOT: page(f'<p><a href="{ZIP}">RAA d\'août 2026, mis à jour le 14/08/2026</a></p>')})
    archive = PdfArchive(tmp_path / "unread", tmp_path / "kept", most_bytes=1 << 20) if has_archive else None
    bench = Bench(store, site, archive=archive)
    site.now = lambda: bench.now
    site.packed = {"août/RAA n°1.pdf": "one", "RAA-2.PDF": "two", "lisez-moi.txt": "nothing"}
    bench.papers = {"one": reading(vsa("2026-1")), "two": reading(vsa("2026-2")), "three": reading(vsa("2026-3"))}

    report, _ = await bench.poll()

    first, second = f"{ZIP}#ao%C3%BBt/RAA%20n%C2%B01.pdf", f"{ZIP}#RAA-2.PDF"
    assert report.ok
    assert bench.states() == {ZIP: RecueilState.RESOLVED, first: RecueilState.READ, second: RecueilState.READ}
    assert bench.announced() == ["2026-1", "2026-2"]
    assert site.downloads == [ZIP] * (1 if has_archive else 3)

    bench.papers["two, mended"] = reading(vsa("2026-2"), vsa("2026-4"))
    site.packed |= {"RAA-2.PDF": "two, mended", "RAA-3.pdf": "three"}
    await bench.poll(timedelta(hours=5))
    assert bench.announced() == ["2026-1", "2026-2", "2026-3", "2026-4"]
    assert site.checked == [ZIP]
    # What was added went online by the answer that brought the zip with it.
    [listed, unpacked, added] = (present(bench.row(address).online) for address in (ZIP, first, f"{ZIP}#RAA-3.pdf"))
    assert (unpacked.until, added.until) == (listed.until, listed.until + timedelta(hours=5))
    assert {present(each.file).url for each in (unpacked, added)} == {ZIP}
    assert (len(unpacked.replaced), len(present(bench.row(second).online).replaced)) == (0, 1)
    assert all(recueil.state in {RecueilState.READ, RecueilState.RESOLVED} for recueil in map(bench.row, bench.states()))


async def test_a_zip_without_a_pdf_is_reported(store: Store) -> None:
    site = ZipSite({ROOT: page(f'<p><a href="{ZIP}">RAA du 14/08/2026</a></p>')})
    site.packed = {"a.txt": "nothing"}
    report, _ = await Bench(store, site).poll()
    assert (report.error or "").endswith("a zip with no PDF in it")


async def test_a_recueil_that_is_named_and_leads_nowhere_is_reported_to_operators(bench: Bench) -> None:
    await bench.poll()
    bench.site.pages[ROOT] = page("<p>RAA n° 2 du 14 août 2026</p>", download(1, "14/08/2026"))
    report, _ = await bench.poll(DAY / 24)
    assert report.ok
    [alert] = bench.store.alerts.unfinished()
    assert (alert.subject, alert.cause, alert.detail) == ("99:site", "unlinked", f"RAA n° 2 du 14 août 2026: {ROOT}")


async def test_what_is_filed_under_a_former_month_is_read_within_a_day_and_what_was_there_before_the_first_poll_is_not(
    bench: Bench,
) -> None:
    june = f"{YEAR}/Juin-2026"
    bench.site.pages = {ROOT: cards(YEAR), YEAR: cards(june, AUGUST), june: files(8, day=None), AUGUST: files(1)}
    bench.papers = {url(8): reading(vsa("2026-8")), url(9): reading(vsa("2026-9"))}
    await bench.poll()
    await bench.poll(DAY)
    assert bench.states()[url(8)] is RecueilState.KNOWN

    bench.site.pages[june] = files(8, 9, day=None)
    await bench.poll(DAY / 2)
    assert bench.announced() == []
    report, _ = await bench.poll(DAY / 2)

    assert (bench.announced(), report.requests) == (["2026-9"], 4)
    await bench.poll(timedelta(minutes=30))
    assert bench.site.asked == [AUGUST], "read once a day"
