"""Temporary folders: gone in the end, and after a kill at the next start; nobody else's is ever touched."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sources.http.scratch import ScratchFolder, remove_abandoned


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system's temporary folder, for this process and those it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield tmp_path
    tempfile.tempdir = None


def abandoned() -> None:
    """What a program leaves that is killed while it has a folder."""
    program = "import os, sources.http.scratch as s; f = s.ScratchFolder('dead'); (f.path / 'a').touch(); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode < 0


def test_it_is_there_for_this_user_only_and_gone_in_the_end(temporary: Path) -> None:
    with ScratchFolder("name") as folder:
        assert folder.parent == temporary
        assert folder.name.startswith("vigie-name-")
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "file").write_text("x")
    assert list(temporary.iterdir()) == []


def test_only_what_is_abandoned_is_removed(temporary: Path) -> None:
    abandoned()
    (left,) = temporary.iterdir()
    with ScratchFolder() as in_use:
        assert remove_abandoned() == 1
        assert list(temporary.iterdir()) == [in_use]
    assert not left.exists()


def test_what_has_no_mark_of_ours_is_left_alone(temporary: Path) -> None:
    abandoned()
    (left,) = temporary.iterdir()
    elsewhere = left.rename(temporary / "elsewhere")
    (temporary / "vigie-mine").mkdir()
    (temporary / "vigie-file").touch()
    (temporary / "vigie-link").symlink_to(elsewhere)
    (temporary / "vigie-linked-mark").mkdir()
    (temporary / "vigie-linked-mark" / ".in-use").symlink_to(elsewhere / ".in-use")
    before = sorted(temporary.rglob("*"))
    assert remove_abandoned() == 0
    assert sorted(temporary.rglob("*")) == before


def test_what_belongs_to_another_user_is_left_alone(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    abandoned()
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert remove_abandoned() == 0
    assert len(list(temporary.iterdir())) == 1


def test_what_another_program_made_for_ours_goes_with_it(temporary: Path) -> None:
    profile = temporary / "of-the-browser"
    for ends in ("removed", "killed"):
        profile.mkdir()
        (profile / "cookies").touch()
        if ends == "removed":
            made = ScratchFolder("name")
            made.take_along(profile)
            made.remove()
        else:
            program = (
                "import os, signal, sys, pathlib, sources.http.scratch as s; f = s.ScratchFolder('dead');"
                "f.take_along(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), signal.SIGKILL)"
            )
            assert subprocess.run([sys.executable, "-c", program, str(profile)], check=False, timeout=60).returncode < 0
            assert remove_abandoned() == 1
        assert list(temporary.iterdir()) == []


def test_a_folder_that_is_taken_along_is_not_followed_through_a_link(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (temporary / "link").symlink_to(elsewhere)
    made = ScratchFolder()
    made.take_along(temporary / "link")
    made.remove()
    assert (elsewhere / "kept").exists()
