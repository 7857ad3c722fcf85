"""The mutants are where the table says, and the tests that catch one are told from those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.mutants import CHECKOUT, Mutant, NotFound, failing, load, locate, mutated

FAULT = Mutant("one and one are two", "*.py", "1 + 1", "1 + 2", ("test_sum.py",))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "total.py").write_text("TOTAL = 1 + 1\n", "utf-8")
    (tmp_path / "test_sum.py").write_text("import total\n\n\ndef test_two():\n    assert total.TOTAL == 2\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize("mutant", load(), ids=lambda mutant: mutant.breaks)
def test_every_mutant_is_found(mutant: Mutant) -> None:
    """Where this fails the code was written anew: write the mutant of `benchmarks/mutants.toml` anew too."""
    assert locate(mutant, CHECKOUT).is_relative_to(CHECKOUT)
    assert mutant.old != mutant.new
    assert all((CHECKOUT / test).exists() for test in mutant.tests if test.startswith("tests/"))


def test_no_promise_is_there_twice() -> None:
    assert len({mutant.breaks for mutant in load()}) == len(load())


def test_a_fault_is_caught_and_taken_back(root: Path) -> None:
    before = (root / "total.py").read_text("utf-8")
    assert failing(FAULT.tests, root, first=False) == []
    with mutated(FAULT, root):
        assert failing(FAULT.tests, root, first=True) == ["test_sum.py::test_two"]
    assert (root / "total.py").read_text("utf-8") == before


@pytest.mark.parametrize("text", ["TOTAL = 2\n", "TOTAL = 1 + 1\nMORE = 1 + 1\n"])
def test_a_text_that_is_not_there_once_is_told(root: Path, text: str) -> None:
    (root / "total.py").write_text(text, "utf-8")
    with pytest.raises(NotFound, match=r"one and one are two: the text to change is [02] times in"):
        locate(FAULT, root)
