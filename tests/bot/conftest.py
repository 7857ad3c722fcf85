"""What tests of several packages of the bot ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.reading import ocr_available
from bot.storage import Store
from tests.bot.storage.ready import ready_store


@pytest.fixture(scope="session")
def with_ocr() -> None:
    if not ocr_available():
        pytest.skip("no Tesseract with French data (fra.traineddata) on this machine")


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    """Puts a PDF in a file, as a download does."""

    def save(content: bytes) -> Path:
        path = tmp_path / "recueil.pdf"
        path.write_bytes(content)
        return path

    return save


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a file, `vigie.db` in the folder of the test."""
    with ready_store(tmp_path) as opened:
        yield opened
