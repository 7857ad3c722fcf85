"""How the tests of a run are handed out to its processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

CONFTEST = """
from tests.forking import Forks


def pytest_runtestloop(session):
    Forks(session, 2, lambda module: 0 if module == "test_dies.py" else 1).run()
    return True
"""
DIES = """
import os, signal
import pytest

@pytest.fixture(scope="module", autouse=True)
def left():
    yield
    print("left")

def test_before(tmp_path):
    (tmp_path / "file").touch()

def test_dies():
    os.kill(os.getpid(), signal.SIGKILL)

@pytest.mark.parametrize("number", range(3))
def test_after(number):
    assert number != 1, f"seen in process {os.getpid()}"
"""
OTHER = """
import os, weakref
from pathlib import Path
import pytest

class Kept:
    def __init__(self):
        self.path = Path(f"of-{{os.getpid()}}-{{id(self)}}")
        self.path.touch()
        weakref.finalize(self, self.path.unlink)

all_of_them = [Kept()]

@pytest.fixture(scope="session", autouse=True)
def kept():
    yield
    {end}

@pytest.mark.parametrize("number", range(2))
def test_other(number, tmp_path):
    assert not list(tmp_path.iterdir())
    all_of_them.append(Kept())
"""


ENDS = "os.kill(os.getpid(), signal.SIGKILL)"
ALL_BUT_TWO_PASS = {
    "test_dies.py::test_before": ["PASSED"],
    "test_dies.py::test_dies": ["FAILED"],
    "test_dies.py::test_after[0]": ["PASSED"],
    "test_dies.py::test_after[1]": ["FAILED"],
    "test_dies.py::test_after[2]": ["PASSED"],
    **{f"test_other{module}.py::test_other[{number}]": ["PASSED"] for module in range(3) for number in range(2)},
}


def run(folder: Path, *more: str, dies: str = DIES, end: str = "") -> tuple[int, str, dict[str, list[str]]]:
    """Run those tests in two processes: the exit code, all that is written, and what became of each test."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_dies.py").write_text(dies)
    for number in range(3):
        (folder / f"test_other{number}.py").write_text(OTHER.format(end=end))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-v",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        ".",
        *more,
    ]
    # Plugins that are installed for other tests take a second to import.
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120)
    found: dict[str, list[str]] = {}
    for outcome, test in re.findall(r"^\[\d+\] \[ *\d+%\] (\w+) (\S+)", done.stdout, re.MULTILINE):
        found.setdefault(test, []).append(outcome)
    return done.returncode, done.stdout + done.stderr, found


def test_every_test_is_run_once_though_a_process_dies(tmp_path: Path) -> None:
    code, said, found = run(tmp_path)
    assert code == 1
    assert found == ALL_BUT_TWO_PASS
    assert "the process that ran it ended with -9" in said
    assert "seen in process" in said
    assert "2 failed, 9 passed" in said


def test_what_a_process_made_goes_with_it_and_what_all_share_with_the_last(tmp_path: Path) -> None:
    code, said, _ = run(tmp_path, "--deselect=test_dies.py")
    assert code == 0, said
    assert "Error" not in said
    assert list(tmp_path.glob("of-*")) == []


def test_nothing_more_begins_after_as_many_failures_as_are_wanted(tmp_path: Path) -> None:
    code, said, found = run(tmp_path, "-x")
    assert code == 1
    assert found["test_dies.py::test_dies"] == ["FAILED"]
    assert not any("test_after" in test for test in found)
    assert "stopping after 1 failures" in said


def test_what_fails_when_a_process_ends_is_seen(tmp_path: Path) -> None:
    _, said, found = run(tmp_path, "--deselect=test_dies.py", end='raise OSError("no end")')
    assert sorted(outcome for outcomes in found.values() for outcome in outcomes) == ["FAILED", "FAILED", *["PASSED"] * 6]
    assert "OSError: no end" in said


def test_a_process_that_ends_as_if_all_were_well_is_seen(tmp_path: Path) -> None:
    code, said, found = run(tmp_path, dies=DIES.replace(ENDS, "os._exit(0)"))
    assert code == 1
    assert found == ALL_BUT_TWO_PASS
    assert "the process that ran it ended with 0" in said


def test_the_end_of_a_process_is_heard_though_one_that_it_forked_goes_on(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "heard")
    forks = "if os.fork() == 0:\n        open('heard').close()\n        os._exit(0)"
    dies = DIES.replace(ENDS, f"{forks}\n    {ENDS}") + "    if number == 0:\n        open('heard', 'w').close()\n"
    code, _, found = run(tmp_path, dies=dies)
    assert code == 1
    assert found == ALL_BUT_TWO_PASS


def test_a_run_that_a_test_stops_has_not_passed(tmp_path: Path) -> None:
    dies = DIES.replace("test_dies()", "test_dies(request)").replace(ENDS, "request.session.shouldstop = 'enough'")
    code, said, found = run(tmp_path, dies=dies)
    assert code == 2
    assert not any("test_after" in test for test in found)
    assert "Interrupted: a process stopped before its last test" in said


def test_what_tests_began_is_ended_when_the_run_is_killed(tmp_path: Path) -> None:
    dies = DIES.replace('print("left")', 'open("left", "w").close()').replace(
        ENDS, "parent = os.getppid()\n    os.kill(parent, signal.SIGKILL)\n    while os.getppid() == parent:\n        pass"
    )
    code, _, _ = run(tmp_path, dies=dies)
    assert code == -9
    assert (tmp_path / "left").exists()
