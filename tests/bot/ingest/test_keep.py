"""PDFs kept for good, by content."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.ingest.archive import LEFT_FOR, FileTold, Keep, KeepPdfs

CONTENT = b"%PDF-1.7 a decree"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    path = tmp_path / "incoming.pdf"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize(
    ("which", "with_decrees", "without"), [("decrees", True, False), ("all", True, True), ("none", False, False)]
)  # fmt: skip
def test_which_are_kept(which: KeepPdfs, with_decrees: bool, without: bool, tmp_path: Path) -> None:
    keep = Keep(tmp_path, which=which)
    assert (keep.wants(decrees=True), keep.wants(decrees=False)) == (with_decrees, without)


def test_a_file_is_kept_by_its_content_for_this_user_only(tmp_path: Path, fetched: Path) -> None:
    keep = Keep(tmp_path / "archive")
    assert keep.find(SHA256) is None
    kept = keep.put(fetched, SHA256)
    assert kept == keep.find(SHA256) == tmp_path / "archive" / f"{SHA256}.pdf"
    assert kept.read_bytes() == CONTENT
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(keep.folder.stat().st_mode) == 0o700
    at = datetime(2031, 4, 18, tzinfo=UTC)
    assert keep.told(SHA256, at) == FileTold(SHA256, at, kept)
    assert keep.told("0" * 64, None) == FileTold("0" * 64, None, None)


def test_what_becomes_of_the_file_that_was_given_does_not_matter(tmp_path: Path, fetched: Path) -> None:
    keep = Keep(tmp_path / "archive")
    kept = keep.put(fetched, SHA256)
    fetched.write_bytes(b"")
    assert kept is not None
    assert kept.read_bytes() == CONTENT
    assert keep.put(fetched, SHA256) == kept, "it is there already"
    assert kept.read_bytes() == CONTENT


def test_a_file_with_another_content_is_not_kept_under_that_name(tmp_path: Path, fetched: Path) -> None:
    keep = Keep(tmp_path / "archive")
    with capture_logs() as logs:
        assert keep.put(fetched, "0" * 64) is None
        assert keep.put(fetched, "0" * 64) is None
    assert list(keep.folder.iterdir()) == []
    assert [line["log_level"] for line in logs] == ["warning"], "told once"


def test_a_folder_that_cannot_be_used_costs_the_file_only(tmp_path: Path, fetched: Path) -> None:
    (tmp_path / "archive").write_bytes(b"a file is in its place")
    keep = Keep(tmp_path / "archive")
    with capture_logs() as logs:
        assert keep.put(fetched, SHA256) is None
        assert keep.find(SHA256) is None
    assert len(logs) == 1


def test_a_file_that_is_gone_is_told_again_once_another_was_kept(tmp_path: Path, fetched: Path) -> None:
    keep = Keep(tmp_path / "archive")
    with capture_logs() as logs:
        assert keep.put(tmp_path / "gone.pdf", "1" * 64) is None
        assert keep.put(fetched, SHA256) is not None
        assert keep.put(tmp_path / "gone.pdf", "1" * 64) is None
    assert len(logs) == 2


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_only_contents_are_names(name: str, tmp_path: Path, fetched: Path) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        Keep(tmp_path).put(fetched, name)
    with pytest.raises(ValueError, match="SHA-256"):
        Keep(tmp_path).find(name)


@pytest.mark.parametrize(
    ("name", "age", "stays"),
    [("tmpabc.part", LEFT_FOR + 60, False), ("tmpabc.part", LEFT_FOR - 60, True), (f"{SHA256}.pdf", 900 * LEFT_FOR, True)],
)
def test_only_copies_that_were_left_half_made_are_removed(name: str, age: float, stays: bool, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(CONTENT)
    os.utime(path, (time.time() - age,) * 2)
    assert Keep(tmp_path).tidy() == (0 if stays else 1)
    assert path.exists() is stays


def test_where_nothing_was_kept_there_is_nothing_to_tidy(tmp_path: Path) -> None:
    assert Keep(tmp_path / "nowhere").tidy() == 0
