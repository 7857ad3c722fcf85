"""What is known of a document of the corpus. Kept apart from its drawing: whoever measures must stay a small process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

NAMES = ("text", "scan", "mixed", "scanned-recueil", "scanned-recueil-mute")
_INDEX = "corpus.json"


@dataclass(frozen=True, slots=True)
class Sample:
    """One PDF: its pages, which of them are scans, which phrase stands on which page (from 1), and where the decree on VSA starts."""

    name: str
    path: str
    pages: int
    scans: tuple[int, ...]
    phrases: tuple[tuple[int, str], ...]
    decree_page: int | None = None


def save(folder: Path, samples: Sequence[Sample], fonts: Sequence[str]) -> None:
    """Write the index of a corpus."""
    index = {"fonts": list(fonts), "samples": [asdict(sample) for sample in samples]}
    (folder / _INDEX).write_text(json.dumps(index, ensure_ascii=False, indent=1), encoding="utf-8")


def load(folder: Path) -> tuple[list[Sample], list[str]]:
    """The index of a corpus: its documents, and the fonts they are written in."""
    index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
    return [Sample(**one) for one in index["samples"]], index["fonts"]
