"""PDFs on disk: those not wholly read yet, and those kept for good."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.ingest.archive import INCOMING_FOR, LEFT_FOR, TIDIED_EVERY, UNREAD_FOR, ArchivedFile, KeepPdfs, PdfArchive
from bot.storage.backup import file_digest
from tests.bot.ingest.test_long_readings import sha
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
