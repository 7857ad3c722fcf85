"""Real pages kept beside the checkout, for those who have them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "pages"

needs_pages = pytest.mark.skipif(not (FOLDER / "expected.json").is_file(), reason=f"no recorded pages in {FOLDER}")


def expected() -> list[dict[str, Any]]:
    """One entry per document that must be found."""
    entries: list[dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text("utf-8")) if FOLDER.is_dir() else []
    return entries


def addresses() -> dict[tuple[str, str], str]:
    """(code, file) -> the address it was read from."""
    if not FOLDER.is_dir():
        return {}
    with (FOLDER / "urls.tsv").open(encoding="utf-8", newline="") as lines:
        return {(row["code"], row["file"]): row["real_url"] for row in csv.DictReader(lines, delimiter="\t")}


def html(code: str, file: str) -> str:
    """One recorded page."""
    return (FOLDER / code / file).read_text("utf-8")


def site(code: str) -> dict[str, str]:
    """All recorded pages of an authority by address."""
    return {url: html(owner, file) for (owner, file), url in addresses().items() if owner == code}
