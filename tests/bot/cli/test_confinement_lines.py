from __future__ import annotations

import pytest

from bot.cli.status_report import confinement_json, confinement_lines, ocr_lines
from bot.reading.sandbox.probe import Confinement, OcrLack

WHOLE = Confinement(no_network=True, no_programs=True, no_writing=True, no_other_files=True, no_other_processes=True)
LOOSE = Confinement(
    no_network=False, no_programs=True, no_writing=True, no_other_files=False, no_other_processes=True, missing=("no Landlock\x1b[2J",)
)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (WHOLE, ["PDFs are read in confinement: no network, no other program, no other file, nothing written"]),
        (
            LOOSE,
            [
                "PDFS ARE NOT FULLY CONFINED HERE: one that takes over the process that reads it could reach the network, read other files",
                "    no Landlock[2J",
            ],
        ),
        ("it ended with 1", ["It could not be found out whether PDFs are read in confinement here: it ended with 1"]),
    ],
)
def test_what_is_said(found: Confinement | str, said: list[str]) -> None:
    assert list(confinement_lines(found)) == said


def test_of_scans_only_what_is_lacking_is_said() -> None:
    assert list(ocr_lines(None)) == []
    assert list(ocr_lines(OcrLack("no engine\x1b[2J", "type this"))) == ["SCANNED PAGES ARE NOT READ HERE: no engine[2J", "    type this"]


def test_what_scripts_are_told() -> None:
    told = confinement_json(LOOSE)
    assert told is not None
    assert (told["complete"], told["no_network"], told["no_writing"], told["missing"]) == (False, False, True, list(LOOSE.missing))
    assert confinement_json("it ended with 1") is None
