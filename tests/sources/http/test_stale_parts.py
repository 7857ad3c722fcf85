"""Parts that nobody came back for go; those in use, and everything else in the folder, stay."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sources.http import remove_stale_parts
from sources.http.download.part import Left, PartialFile, stale
from sources.http.download.part_files import claim, note_of, stable_path
from sources.http.download.resuming import Version

NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
DAY = timedelta(days=1)
URL = "https://www.var.gouv.fr/a.pdf"


def left(name: str, size: int, hours: float) -> Left:
    return Left(Path(name), size, NOW - timedelta(hours=hours))


@pytest.mark.parametrize(
    ("parts", "at_most", "removed"),
    [
        ([], 100, []),
        ([left("a", 60, 1), left("b", 40, 2)], 100, []),
        ([left("a", 60, 1), left("b", 41, 2)], 100, ["b"]),
        ([left("b", 41, 2), left("a", 60, 1)], 100, ["b"]),
        ([left("a", 1, 24), left("b", 1, 24.1)], 100, ["b"]),
        ([left("a", 60, 1), left("b", 60, 2), left("c", 10, 3)], 100, ["b", "c"]),  # room for c, but b is newer
        ([left("a", 101, 0)], 100, ["a"]),
        ([left("a", 0, 0)], 0, []),
    ],
)
def test_which_parts_are_removed(parts: list[Left], at_most: int, removed: list[str]) -> None:
    assert [str(part.path) for part in stale(parts, now=NOW, older_than=DAY, at_most=at_most)] == removed


def make_part(folder: Path, name: str, hours: float) -> Path:
    with PartialFile(folder / name, URL, may_resume=True) as part:
        part.begin(Version(URL, '"1"', None))
        part.write(b"x" * 10_000)
    path = stable_path(folder / name, URL)
    _age(path, hours)
    _age(note_of(path), hours)
    return path


def _age(path: Path, hours: float) -> None:
    then = (NOW - timedelta(hours=hours)).timestamp()
    os.utime(path, (then, then))


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_folder_is_cleaned(tmp_path: Path) -> None:
    old, new, used = (make_part(tmp_path, name, hours) for name, hours in (("old.pdf", 30), ("new.pdf", 1), ("used.pdf", 30)))
    others = {".old.pdf.part", "old.part", ".hidden", "a.pdf", ".a.pdf.0123456789abcdef.part.bak"}
    for name in others:
        (tmp_path / name).write_bytes(b"x")
        _age(tmp_path / name, 99)
    killed = tmp_path / ".a.pdf.abcd_123.part"
    orphans = [tmp_path / f".a.pdf.0123456789abcdef.{suffix}" for suffix in ("note", "new")]
    for path in (killed, *orphans):
        path.write_bytes(b"x")
        _age(path, 30)
    link = tmp_path / ".link.0123456789abcdee.part"
    link.symlink_to(tmp_path / "a.pdf")
    with PartialFile(tmp_path / "used.pdf", URL, may_resume=True):
        _age(used, 30)
        assert remove_stale_parts(tmp_path, now=NOW, older_than=DAY, at_most=10**9) == 2
    assert names_in(tmp_path) == others | {new.name, note_of(new).name, used.name, note_of(used).name, link.name}
    assert old.name not in names_in(tmp_path)
    assert remove_stale_parts(tmp_path, now=NOW, older_than=DAY, at_most=9_999) == 2
    assert names_in(tmp_path) == others | {link.name}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert remove_stale_parts(tmp_path / "missing", now=NOW, older_than=DAY, at_most=0) == 0


def test_names_of_any_length_and_alphabet(tmp_path: Path) -> None:
    for name in ("é" * 120 + ".pdf", "𝔄" * 60, "a\nb.pdf", "x" * 255, os.fsdecode(b"\xff.pdf")):
        path = make_part(tmp_path, name, 30)
        assert path.exists()
        with PartialFile(tmp_path / name, URL, may_resume=True) as first, PartialFile(tmp_path / name, URL, may_resume=True) as second:
            first.look()
            second.look()
            assert first.kept is not None
            assert second.kept is None
    assert remove_stale_parts(tmp_path, now=NOW, older_than=DAY, at_most=10**9) == 5
    assert names_in(tmp_path) == set()


def test_what_is_claimed_is_what_has_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever had it renames it, and another makes a new one, between our opening it and our locking it."""
    path = tmp_path / ".a.pdf.0123456789abcdef.part"

    def renamed() -> None:
        path.rename(tmp_path / "a.pdf")

    def replaced() -> None:
        path.unlink()
        path.touch()

    def left_alone() -> None:
        pass

    steps: Iterator[Callable[[], None]] = iter([renamed, replaced, left_alone])
    lock = fcntl.flock

    def late(descriptor: int, how: int) -> None:
        next(steps)()
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    descriptor = claim(path, create=True)
    assert descriptor is not None
    try:
        assert os.path.samestat(os.fstat(descriptor), path.stat())
        assert list(steps) == []
    finally:
        os.close(descriptor)
