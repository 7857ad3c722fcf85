from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.reading import ocr_available

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="session")
def real_recueils() -> Path:
    folder = SHARED / "raa"
    if not folder.is_dir():
        pytest.skip("the recorded recueils (../shared/data/raa) are not on this machine")
    return folder


@pytest.fixture(scope="session")
def real_texts() -> Path:
    folder = SHARED / "texts" / "var-2025"
    if not folder.is_dir():
        pytest.skip("the recorded texts (../shared/data/texts) are not on this machine")
    return folder


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
