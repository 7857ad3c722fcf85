"""Where PDFs are kept: beside the database, unless the configuration says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.config.model import Settings
from bot.app.wiring import open_archive


@pytest.mark.parametrize(
    ("database", "kept", "expected"),
    [
        ("sqlite:////srv/vigie/vigie.db", "", "/srv/vigie/vigie-pdfs"),
        ("sqlite:////srv/vigie/other.sqlite", "/mnt/pdfs", "/mnt/pdfs"),
        ("postgresql://user@host/vigie", "", "/home/state/vigie-pdfs"),
    ],
)
def test_they_are_beside_the_database(database: str, kept: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/home/state")
    settings = Settings.model_validate({"database": {"url": database}, "reading": {"kept_folder": kept}})
    assert open_archive(settings).unread == Path(expected)
