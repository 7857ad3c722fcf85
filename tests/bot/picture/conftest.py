from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.reading import ocr_available


@pytest.fixture(scope="session")
def with_ocr() -> None:
    if not ocr_available():
        pytest.skip("no Tesseract with French data (fra.traineddata) on this machine")


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    """Puts a PDF in a file, as a download does."""

    def save(content: bytes) -> Path:
        path = tmp_path / "kept.pdf"
        path.write_bytes(content)
        return path

    return save
