"""The demonstration on a machine on which every reading is long."""

from __future__ import annotations

from functools import partial

import pytest

from bot.cli.demo import play
from bot.ingest.reading_job import LocalReading, ReadingTimeouts
from bot.reading.pages.recognition import ocr_available
from sources.catalogue.authority import load_authorities


@pytest.mark.parametrize(
    ("topics", "number", "last"),
    [
        (("vsa",), 2 if ocr_available() else 1, "Mis en ligne la veille"),
        (("drones", "perimeters"), 2, "⏹️ Fin d’une autorisation de filmer par drone"),
    ],
)
async def test_what_is_read_in_the_background_belongs_to_the_round(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], topics: tuple[str, ...], number: int, last: str
) -> None:
    monkeypatch.setattr("bot.app.wiring.LocalReading", partial(LocalReading, pace=ReadingTimeouts(quick=0)))
    assert await play(load_authorities(), topics)
    _, second = capsys.readouterr().out.split(f": {number} decrees found, {number} posts.")
    assert ": 1 decrees found, 1 posts." in second
    assert last in second
