"""The rules of the structure are found broken where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.house import main, survey

FILES = {
    "bot/__init__.py": "",
    "bot/loose.py": "import bot.queries.answers\n",
    "bot/queries/answers.py": (
        "from bot.storage.store import Store\n\n\nclass Answers:\n    def late(self):\n        import json\n\n        return json\n"
    ),
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


def test_what_breaks_a_rule_fails_the_check(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="1"):
        main(["--check", "--root", str(checkout)])
    assert capsys.readouterr().out.splitlines() == [
        "bot/loose.py stands loose: it belongs into a package",
        "the class name Store is defined in bot/storage/store.py and in sources/model.py: one name, one meaning",
    ]


def test_nothing_is_said_of_a_house_in_order(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "bot/loose.py").unlink()
    (checkout / "sources/model.py").unlink()
    with pytest.raises(SystemExit, match="0"):
        main(["--check", "--root", str(checkout)])
    assert capsys.readouterr().out == ""


def test_the_figures_are_counted(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--root", str(checkout)])
    lines = [line.rsplit(None, 1) for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert dict(lines) == {
        "files": "6",
        "lines": "17",
        "median lines of a file": "2",
        "longest file": "8",
        "loose modules": "1",
        "single importer and below 60 lines": "2",
        "class names defined twice": "1",
    }
    assert survey(checkout).single() == ["bot/queries/answers.py", "bot/storage/store.py"]


def test_a_folder_without_the_program_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--root", str(tmp_path)])
    assert "neither bot nor sources" in capsys.readouterr().err
