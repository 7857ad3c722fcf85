"""How the data of `bot.gazetteer` is packed from the npm package."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bot.gazetteer.gazetteer import Gazetteer
from tools.gazetteer import main

REGIONS = [{"code": "84", "nom": "Auvergne-Rhône-Alpes"}]
DEPARTMENTS = [{"code": "26", "nom": "Drôme", "region": "84"}]
COMMUNES: list[dict[str, Any]] = [
    {"code": "26362", "nom": "Valence", "type": "commune-actuelle", "departement": "26", "population": 64_000, "codesPostaux": ["26000"]},
    {"code": "26020", "nom": "Neuve", "type": "commune-actuelle", "departement": "26", "population": 9, "anciensCodes": ["26021", "26022"]},
    {"code": "26021", "nom": "Vieille", "type": "commune-deleguee", "departement": "26", "chefLieu": "26020"},
    {"code": "26020", "nom": "Neuve", "type": "commune-deleguee", "departement": "26", "chefLieu": "26020"},
]


def _package(folder: Path, communes: list[dict[str, Any]]) -> Path:
    files = {
        "package.json": {"name": "@etalab/decoupage-administratif", "version": "6.0.0"},
        "data/regions.json": REGIONS,
        "data/departements.json": DEPARTMENTS,
        "data/communes.json": communes,
    }
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, value in files.items():
            content = json.dumps(value).encode()
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def test_what_is_packed_is_what_the_program_reads(tmp_path: Path) -> None:
    target = tmp_path / "france.txt.gz"
    assert main([str(_package(tmp_path, COMMUNES)), str(target)]) == 0
    places = Gazetteer(target.read_bytes())
    assert places.source == "@etalab/decoupage-administratif 6.0.0"
    assert [(places.at(row).code, places.at(row).population) for row in range(len(places))] == [("26020", 9), ("26362", 64_000)]
    assert [found.name for code in ("26020", "26021", "26022", "26362") if (found := places.commune(code))] == [
        "Neuve",
        "Neuve",
        "Neuve",
        "Valence",
    ]
    assert places.former == (("Vieille", 0),)
    assert places.departments["26"].population == 64_009


def test_the_same_package_gives_the_same_bytes(tmp_path: Path) -> None:
    package = _package(tmp_path, COMMUNES)
    targets = [tmp_path / "one.gz", tmp_path / "two.gz"]
    assert [main([str(package), str(target)]) for target in targets] == [0, 0]
    assert targets[0].read_bytes() == targets[1].read_bytes()


@pytest.mark.parametrize(
    "communes",
    [
        [{**COMMUNES[0], "departement": "07"}],
        [{**COMMUNES[0], "nom": "Val\tence"}],
        [{key: value for key, value in COMMUNES[0].items() if key != "nom"}],
    ],
)
def test_data_that_does_not_hold_together_is_refused_and_nothing_written(
    tmp_path: Path, communes: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "france.txt.gz"
    target.write_bytes(gzip.compress(b"before"))
    assert main([str(_package(tmp_path, communes)), str(target)]) == 1
    assert gzip.decompress(target.read_bytes()) == b"before"
    assert "package.tgz" in capsys.readouterr().err
