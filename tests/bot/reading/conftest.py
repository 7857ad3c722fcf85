from __future__ import annotations

from pathlib import Path

import pytest

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
