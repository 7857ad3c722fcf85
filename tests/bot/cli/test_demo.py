"""The demonstration on a machine on which every reading is long."""

from __future__ import annotations

import io
from functools import partial

import pytest

from bot.cli.demo import play
from bot.ingest.reading_job import LocalReading, ReadingTimeouts
from bot.reading.pages.recognition import ocr_available
from sources.catalogue.authority import load_authorities


async def test_what_is_read_in_the_background_belongs_to_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.app.wiring.LocalReading", partial(LocalReading, pace=ReadingTimeouts(quick=0)))
    out = io.StringIO()
    assert await play(load_authorities(), out)
    number = 2 if ocr_available() else 1
    assert f": {number} decrees found, {number} posts." in out.getvalue()
    assert ": 1 decrees found, 1 posts." in out.getvalue()
    assert "Mis en ligne la veille" in out.getvalue()
