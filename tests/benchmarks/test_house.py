"""The rules of the structure are found broken where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.house import broken

FILES = {
    "bot/__init__.py": "",
    "bot/loose.py": "import bot.queries.answers\n",
    "bot/queries/answers.py": "class Answers: ...\n",
    "bot/storage/store.py": "class Store: ...\n\n\nclass _Own: ...\n",
    "sources/__init__.py": "",
    "sources/model.py": "class Store: ...\n\n\nclass _Own: ...\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_what_breaks_a_rule_is_named(checkout: Path) -> None:
    assert list(broken(checkout)) == [
        "bot/loose.py stands loose: it belongs into a package",
        "the class name Store is defined in bot/storage/store.py and in sources/model.py: one name, one meaning",
    ]


def test_nothing_is_said_of_a_house_in_order(checkout: Path) -> None:
    (checkout / "bot/loose.py").unlink()
    (checkout / "sources/model.py").unlink()
    assert list(broken(checkout)) == []


def test_a_folder_without_the_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither bot nor sources"):
        list(broken(tmp_path))
