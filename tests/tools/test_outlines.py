"""How the outlines of the departments are taken from the npm package."""

from __future__ import annotations

import io
import json
import tarfile
from importlib.resources import files
from pathlib import Path

import pytest

from tools.npm import BadPackage
from tools.outlines import main, path, rings

CODES = [f"{number:02}" for number in range(1, 96) if number != 20] + ["2A", "2B", "971", "972", "973", "974", "976"]


def _package(folder: Path, drawn: dict[str, str]) -> Path:
    style = "\n        style: D({ display: n.config.displayDep }),"
    entries = (
        f'w("path", {{\n        class: "FR-{code}",{style if len(code) == 2 else ""}\n        d: "{data}"' for code, data in drawn.items()
    )
    about = json.dumps({"name": "@gouvfr/dsfr-chart", "version": "2.0.4"})
    contents = {"package.json": about, "dist/MapChart/MapChart.js": "\n".join(entries)}
    target = folder / "package.tgz"
    with tarfile.open(target, "w:gz") as archive:
        for name, text in contents.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return target


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("M1 2h3v4H1z", ["M1 2h3v4h-3z"]),
        ("m1 2 3-4l-1-1z", ["M1 2l3-4-1-1z"]),
        ("M0 0h9v9zm1 1h2v2z", ["M0 0h9v9z", "M1 1h2v2z"]),  # what follows a ring starts from where that began
        ("M0 0s-2-1-3-1v5z", ["M0 0l-3-1v5z"]),
        ("M0 0c9 9 9 9 4 0v.4V5z", ["M0 0h4v5z"]),  # rounded: a point twice in a row is one
        ("M0 0h9z", []),  # no area
    ],
)
def test_a_path_becomes_closed_rings_in_whole_numbers(data: str, expected: list[str]) -> None:
    assert [path(ring) for ring in rings(data, 1)] == expected


def test_tenths_become_whole_numbers() -> None:
    assert [path(ring) for ring in rings("m22.8 0-.2.2v1z", 10)] == ["M228 0l-2 2v10z"]


@pytest.mark.parametrize("data", ["M0 0a1 1 0 0 1 2 2z", "M0 0l1 1 2z"])
def test_what_is_not_understood_is_refused(data: str) -> None:
    with pytest.raises(BadPackage):
        list(rings(data, 1))


def test_a_package_without_a_department_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "outlines.txt"
    assert main([str(_package(tmp_path, dict.fromkeys(CODES, "M0 0h9v9z"))), str(target)]) == 0
    assert target.read_text().splitlines()[:2] == ["@gouvfr/dsfr-chart 2.0.4", "01\tM0 0h9v9z"]
    target.unlink()
    assert main([str(_package(tmp_path, dict.fromkeys(CODES[1:], "M0 0h9v9z"))), str(target)]) == 1
    assert "100 outlines, not 101" in capsys.readouterr().err
    assert not target.exists()


def test_what_is_packaged_was_written_by_this_tool() -> None:
    source, *lines = files("bot.gazetteer").joinpath("outlines.txt").read_text().splitlines()
    assert source == "@gouvfr/dsfr-chart 2.0.4"
    for line in lines:
        code, data = line.split("\t")
        assert "".join(path(ring) for ring in rings(data, 1)) == data, code
