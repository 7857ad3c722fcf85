from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.ingest.archive import INCOMING_FOR, KEPT_FOR, TIDIED_EVERY, Shelf, file_digest
from tests.bot.ingest.test_long_readings import sha

URL = "https://www.test.gouv.fr/recueil.pdf"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "beside" / "pdfs", most_bytes=100)


def put(shelf: Shelf, content: str, *, age: float = 0) -> Path:
    """A file that was kept and is not in use."""
    target = shelf.incoming("26", URL)
    assert target is not None
    target.write_text(content)
    kept = shelf.keep(target, sha(content))
    shelf.release(sha(content), keep=True)
    if kept.exists():
        os.utime(kept, (time.time() - age, time.time() - age))
    return kept


def names(shelf: Shelf) -> set[str]:
    return {file.stem for file in shelf.folder.glob("*.pdf")}


def test_a_download_has_the_same_place_at_each_try_and_no_other_recueil_has_it(shelf: Shelf) -> None:
    one = shelf.incoming("26", URL)
    assert one == shelf.incoming("26", URL)
    assert len({one, shelf.incoming("83", URL), shelf.incoming("26", URL + "?2")}) == 3


def test_what_is_kept_is_for_its_owner_only(shelf: Shelf) -> None:
    kept = put(shelf, "a")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (shelf.folder, shelf.folder / "incoming", kept)] == [0o700, 0o700, 0o600]
    assert kept.name == f"{sha('a')}.pdf"
    assert file_digest(kept) == sha("a")


def test_it_is_found_by_its_content_until_nobody_needs_it(shelf: Shelf) -> None:
    kept = put(shelf, "a")
    assert (shelf.take(sha("a")), shelf.take(sha("b"))) == (kept, None)
    shelf.release(sha("a"), keep=False)
    assert shelf.take(sha("a")) is None


def test_one_that_two_recueils_use_stays_until_the_second_is_done(shelf: Shelf) -> None:
    kept = put(shelf, "a")
    for _ in range(2):
        assert shelf.take(sha("a")) == kept
    shelf.release(sha("a"), keep=False)
    assert kept.exists()
    shelf.release(sha("a"), keep=False)
    assert not kept.exists()


def test_a_damaged_file_is_removed_and_told(shelf: Shelf) -> None:
    put(shelf, "a").write_text("rust")
    with capture_logs() as logs:
        assert shelf.take(sha("a")) is None
        assert shelf.take(sha("a")) is None
    assert [line["event"] for line in logs] == ["a kept file was damaged on the disk, it is fetched again"]


def test_the_one_used_longest_ago_goes_first_and_none_that_is_being_read(shelf: Shelf) -> None:
    used, old, new = ("u" * 40, "o" * 40, "n" * 40)
    put(shelf, used, age=300)
    assert shelf.take(sha(used)) is not None
    os.utime(shelf.folder / f"{sha(used)}.pdf", (1, 1))
    put(shelf, old, age=200)
    put(shelf, new)
    assert names(shelf) == {sha(used), sha(new)}
    shelf.release(sha(used), keep=True)
    put(shelf, "x" * 60)
    assert names(shelf) == {sha(new), sha("x" * 60)}


def test_a_file_larger_than_the_whole_shelf_is_kept_for_as_long_as_it_is_read(shelf: Shelf) -> None:
    target = shelf.incoming("26", URL)
    assert target is not None
    target.write_text("x" * 1000)
    kept = shelf.keep(target, sha("x" * 1000))
    assert kept.exists()
    shelf.release(sha("x" * 1000), keep=True)
    assert not kept.exists()


def test_what_was_given_up_long_ago_is_removed(shelf: Shelf) -> None:
    put(shelf, "old", age=KEPT_FOR + 60)
    put(shelf, "new", age=KEPT_FOR - 3600)
    cut, late = shelf.folder / "incoming" / f".raa.pdf.{'0' * 16}.part", shelf.folder / "incoming" / "late.part"
    for path, age in ((cut, INCOMING_FOR + 60), (late, 60.0)):
        path.write_text("")
        os.utime(path, (time.time() - age, time.time() - age))
    shelf.tidy()
    assert names(shelf) == {sha("new")}
    assert (cut.exists(), late.exists()) == (False, True)


def test_a_program_that_runs_for_months_tidies_too(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    put(shelf, "given up")
    part = shelf.folder / "incoming" / ".cut.pdf.0123456789abcdef.part"
    part.write_text("half")
    later = time.time() + INCOMING_FOR + 1
    monkeypatch.setattr(time, "time", lambda: later)
    shelf.release(sha("another"), keep=True)
    assert (names(shelf), part.exists()) == ({sha("given up")}, False)
    later += max(KEPT_FOR, TIDIED_EVERY)
    shelf.release(sha("another"), keep=True)
    assert names(shelf) == set()


def test_nothing_of_others_is_removed_for_want_of_room(shelf: Shelf) -> None:
    put(shelf, "a" * 90, age=60)
    mine = shelf.folder / "notes.txt"
    mine.write_text("n" * 200)
    os.utime(mine, (1, 1))
    put(shelf, "b" * 90)
    assert mine.exists()


def test_a_folder_that_cannot_be_used_is_told_once_and_again_after_it_could(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    shelf = Shelf(blocked / "pdfs", most_bytes=100)
    with capture_logs() as logs:
        assert [shelf.incoming("26", URL) for _ in range(3)] == [None] * 3
        blocked.unlink()
        assert shelf.incoming("26", URL) is not None
    assert [(line["log_level"], line["folder"]) for line in logs] == [("warning", str(blocked / "pdfs"))]
    shelf.tidy()


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64])
def test_only_a_digest_is_a_name(shelf: Shelf, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        shelf.take(name)
