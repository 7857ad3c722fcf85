"""PDFs on disk: those not wholly read yet, and those kept for good."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.records import Recueil
from bot.domain.text import PageText
from bot.ingest.archive import INCOMING_FOR, LEFT_FOR, TIDIED_EVERY, UNREAD_FOR, ArchivedFile, KeepPdfs, PdfArchive
from bot.ingest.reading_job import RULES
from bot.storage.backup import file_digest
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Catalogue
from tests.bot.ingest.test_long_readings import sha
from tests.bot.ingest.wired import make_ingestor
from tests.bot.storage.building import one_recueil, to
from tests.present import present

CONTENT = b"%PDF-1.7 a decree"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
URL = "https://www.test.gouv.fr/recueil.pdf"


def archive_in(folder: Path, which: KeepPdfs = "decrees") -> PdfArchive:
    return PdfArchive(folder / "pdfs", folder / "archive", most_bytes=100, which=which)


@pytest.fixture
def archive(tmp_path: Path) -> PdfArchive:
    return archive_in(tmp_path / "beside")


def put(archive: PdfArchive, content: str, *, age: float = 0) -> Path:
    """A file that was kept and is not in use."""
    target = present(archive.incoming("26", URL))
    target.write_text(content)
    kept = archive.add(target, sha(content))
    archive.release(sha(content), wholly_read=False)
    if kept.exists():
        os.utime(kept, (time.time() - age, time.time() - age))
    return kept


def names(archive: PdfArchive) -> set[str]:
    return {file.stem for file in archive.unread.glob("*.pdf")}


def test_a_download_has_the_same_place_at_each_try_and_no_other_recueil_has_it(archive: PdfArchive) -> None:
    one = archive.incoming("26", URL)
    assert one == archive.incoming("26", URL)
    assert len({one, archive.incoming("83", URL), archive.incoming("26", URL + "?2")}) == 3


def test_what_is_kept_is_for_its_owner_only(archive: PdfArchive) -> None:
    kept = put(archive, "a")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (archive.unread, archive.unread / "incoming", kept)] == [0o700, 0o700, 0o600]
    assert kept.name == f"{sha('a')}.pdf"
    assert file_digest(kept) == sha("a")


def test_one_that_two_recueils_use_stays_until_the_second_is_done(archive: PdfArchive) -> None:
    kept = put(archive, "a")
    for _ in range(2):
        assert archive.use(sha("a")) == kept
    archive.release(sha("a"), wholly_read=True)
    assert kept.exists()
    archive.release(sha("a"), wholly_read=True)
    assert not kept.exists()


def test_the_one_used_longest_ago_goes_first_and_none_that_is_being_read(archive: PdfArchive) -> None:
    used, old, new = ("u" * 40, "o" * 40, "n" * 40)
    put(archive, used, age=300)
    assert archive.use(sha(used)) is not None
    os.utime(archive.unread / f"{sha(used)}.pdf", (1, 1))
    put(archive, old, age=200)
    put(archive, new)
    assert names(archive) == {sha(used), sha(new)}
    archive.release(sha(used), wholly_read=False)
    put(archive, "x" * 60)
    assert names(archive) == {sha(new), sha("x" * 60)}


def test_a_file_larger_than_the_whole_shelf_is_kept_for_as_long_as_it_is_read(archive: PdfArchive) -> None:
    target = present(archive.incoming("26", URL))
    target.write_text("x" * 1000)
    kept = archive.add(target, sha("x" * 1000))
    assert kept.exists()
    archive.release(sha("x" * 1000), wholly_read=False)
    assert not kept.exists()


def test_what_was_given_up_long_ago_is_removed(archive: PdfArchive) -> None:
    put(archive, "old", age=UNREAD_FOR + 60)
    put(archive, "new", age=UNREAD_FOR - 3600)
    cut, late = archive.unread / "incoming" / f".raa.pdf.{'0' * 16}.part", archive.unread / "incoming" / "late.part"
    for path, age in ((cut, INCOMING_FOR + 60), (late, 60.0)):
        path.write_text("")
        os.utime(path, (time.time() - age, time.time() - age))
    archive.tidy()
    assert names(archive) == {sha("new")}
    assert (cut.exists(), late.exists()) == (False, True)


def test_a_program_that_runs_for_months_tidies_too(archive: PdfArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    put(archive, "given up")
    part = archive.unread / "incoming" / ".cut.pdf.0123456789abcdef.part"
    part.write_text("half")
    later = time.time() + INCOMING_FOR + 1
    monkeypatch.setattr(time, "time", lambda: later)
    archive.release(sha("another"), wholly_read=False)
    assert (names(archive), part.exists()) == ({sha("given up")}, False)
    later += max(UNREAD_FOR, TIDIED_EVERY)
    archive.release(sha("another"), wholly_read=False)
    assert names(archive) == set()


def test_nothing_of_others_is_removed_for_want_of_room(archive: PdfArchive) -> None:
    put(archive, "a" * 90, age=60)
    mine = archive.unread / "notes.txt"
    mine.write_text("n" * 200)
    os.utime(mine, (1, 1))
    put(archive, "b" * 90)
    assert mine.exists()


def test_a_folder_that_cannot_be_used_is_told_once_and_again_after_it_could(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    archive = archive_in(blocked)
    with capture_logs() as logs:
        assert [archive.incoming("26", URL) for _ in range(3)] == [None] * 3
        blocked.unlink()
        assert archive.incoming("26", URL) is not None
    assert [(line["log_level"], line["folder"]) for line in logs] == [("warning", str(blocked / "pdfs"))]
    archive.tidy()


# For good


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    path = tmp_path / "incoming.pdf"
    path.write_bytes(CONTENT)
    return path


def test_a_file_is_kept_by_its_content_for_this_user_only(tmp_path: Path, fetched: Path) -> None:
    archive = archive_in(tmp_path)
    assert archive.find(SHA256) is None
    kept = archive.keep(fetched, SHA256)
    assert kept == archive.find(SHA256) == tmp_path / "archive" / f"{SHA256}.pdf"
    assert kept.read_bytes() == CONTENT
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(archive.kept.stat().st_mode) == 0o700
    at = datetime(2031, 4, 18, tzinfo=UTC)
    assert archive.describe(SHA256, at) == ArchivedFile(SHA256, at, kept)
    assert archive.describe("0" * 64, None) == ArchivedFile("0" * 64, None, None)


def test_what_becomes_of_the_file_that_was_given_does_not_matter(tmp_path: Path, fetched: Path) -> None:
    archive = archive_in(tmp_path)
    kept = archive.keep(fetched, SHA256)
    fetched.write_bytes(b"")
    assert kept is not None
    assert kept.read_bytes() == CONTENT
    assert archive.keep(fetched, SHA256) == kept, "it is there already"
    assert kept.read_bytes() == CONTENT


def test_a_file_with_another_content_is_not_kept_under_that_name(tmp_path: Path, fetched: Path) -> None:
    archive = archive_in(tmp_path)
    with capture_logs() as logs:
        assert archive.keep(fetched, "0" * 64) is None
        assert archive.keep(fetched, "0" * 64) is None
    assert list(archive.kept.iterdir()) == []
    assert [line["log_level"] for line in logs] == ["warning"], "told once"


def test_a_folder_that_cannot_be_used_costs_the_file_only(tmp_path: Path, fetched: Path) -> None:
    (tmp_path / "archive").write_bytes(b"a file is in its place")
    archive = archive_in(tmp_path)
    with capture_logs() as logs:
        assert archive.keep(fetched, SHA256) is None
        assert archive.find(SHA256) is None
    assert len(logs) == 1


def test_a_file_that_is_gone_is_told_again_once_another_was_kept(tmp_path: Path, fetched: Path) -> None:
    archive = archive_in(tmp_path)
    with capture_logs() as logs:
        assert archive.keep(tmp_path / "gone.pdf", "1" * 64) is None
        assert archive.keep(fetched, SHA256) is not None
        assert archive.keep(tmp_path / "gone.pdf", "1" * 64) is None
    assert len(logs) == 2


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_only_contents_are_names(name: str, tmp_path: Path, fetched: Path) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        archive_in(tmp_path).keep(fetched, name)
    with pytest.raises(ValueError, match="SHA-256"):
        archive_in(tmp_path).find(name)
    with pytest.raises(ValueError, match="SHA-256"):
        archive_in(tmp_path).use(name)


@pytest.mark.parametrize(
    ("name", "age", "stays"),
    [("tmpabc.part", LEFT_FOR + 60, False), ("tmpabc.part", LEFT_FOR - 60, True), (f"{SHA256}.pdf", 900 * LEFT_FOR, True)],
)
def test_only_copies_that_were_left_half_made_are_removed(name: str, age: float, stays: bool, tmp_path: Path) -> None:
    archive = archive_in(tmp_path)
    archive.kept.mkdir()
    path = archive.kept / name
    path.write_bytes(CONTENT)
    os.utime(path, (time.time() - age,) * 2)
    archive.tidy()
    assert path.exists() is stays


def test_where_nothing_was_kept_there_is_nothing_to_tidy(tmp_path: Path) -> None:
    archive_in(tmp_path / "nowhere").tidy()
    assert list(tmp_path.iterdir()) == []


# The PDF of a decree is kept before the decree is told, whatever stops the program in between.


NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PDF = b"%PDF-1.4 the very file"
PDF_SHA256 = hashlib.sha256(PDF).hexdigest()
DECREE = """Préfecture de la Drôme
Arrêté n° 26-2026-0012 portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection
Le préfet de la Drôme,
Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;
ARRÊTE
Article 1er : La commune de Valmont est autorisée à mettre en œuvre un traitement algorithmique des images de son système de
vidéoprotection, du 27 au 29 novembre 2026.
Fait à Valence, le 24 novembre 2026
"""
ROAD = """Préfecture de la Drôme
Arrêté n° 26-2026-0013 portant fermeture d'une route
Le préfet de la Drôme,
ARRÊTE
Article 1er : La route est fermée.
"""


def read_and_not_recorded(store: Store, archive: PdfArchive, text: str) -> Recueil:
    """A recueil whose program was killed when all its pages were stored and nothing else was."""
    recueil = one_recueil(store)
    download = present(archive.incoming(recueil.authority, recueil.url))
    download.parent.mkdir(parents=True, exist_ok=True)
    download.write_bytes(PDF)
    archive.add(download, PDF_SHA256)
    archive.release(PDF_SHA256, wholly_read=False)
    store.contents.fetched(recueil.id, PDF_SHA256, NOW)
    store.contents.begin(PDF_SHA256, len(PDF))
    store.contents.save(PDF_SHA256, [PageText(1, text)], page_count=1, complete=True, rules=RULES, now=NOW)
    return store.recueils.get(recueil.id)


async def go_on(archive: PdfArchive, folder: Path, text: str) -> tuple[int, bool]:
    """How many posts the next start queues, and whether the file is still among the unread ones."""
    nothing: Any = None  # neither a site nor a reader is asked
    with open_store(f"sqlite:///{folder / 'vigie.db'}") as store:
        recueil = read_and_not_recorded(store, archive, text)
        ingestor = make_ingestor(Catalogue({}), nothing, nothing, store, lambda: NOW, route=to("console"), archive=archive)
        ingested = await ingestor.ingest(recueil)
        return len(ingested.posts), archive.use(PDF_SHA256) is not None


@pytest.mark.parametrize(
    ("which", "text", "kept"), [("decrees", DECREE, True), ("decrees", ROAD, False), ("all", ROAD, True), ("none", DECREE, False)]
)
async def test_what_was_read_and_not_recorded_is_kept_at_the_next_start(tmp_path: Path, which: KeepPdfs, text: str, kept: bool) -> None:
    archive = PdfArchive(tmp_path / "unread", tmp_path / "keep", most_bytes=10**9, which=which)
    posts, is_unread = await go_on(archive, tmp_path, text)
    assert posts == (text is DECREE)
    assert (archive.find(PDF_SHA256) is not None) is kept
    assert not is_unread


async def test_what_cannot_be_kept_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "keep").write_text("a file where the folder should be")
    posts, is_unread = await go_on(PdfArchive(tmp_path / "unread", tmp_path / "keep", most_bytes=10**9), tmp_path, DECREE)
    assert posts == 1, "nobody waits for a disk to learn of a decree"
    assert is_unread
