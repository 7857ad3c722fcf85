"""The labelled corpus of this project as acts to judge, and damage by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.detection import noises as damage
from benchmarks.detection.corpus import load_corpus
from benchmarks.detection.labelled import Labelled
from bot.domain.acts import Act
from bot.domain.text import PageText

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
ABOUT = ("verdict", "verb", "support", "against", "doubt", "contradiction", "sign", "unreadable")
"""What of the evidence names the cue that it met."""
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def act(text: str = "", title: str = "", **changes: Any) -> Act:
    """An act of one page, or of none where there is no text."""
    pages = (PageText(1, text),) if text else ()
    values: dict[str, Any] = {"id": None, "service": None, "first_page": 1, "last_page": 1, "pages": pages}
    return Act(title=title, **(values | changes))


@cache
def corpus() -> tuple[Labelled, ...]:
    return load_corpus(CORPUS)


def _seeded(damaged: damage.Damage, seed: int) -> Callable[[str], str]:
    chance = Random(seed)
    return lambda text: damaged(text, chance)


STEADY: dict[str, Callable[[str], str]] = {name: _seeded(damaged, 0) for name, damaged in damage.STEADY.items()}
SEEDED: dict[str, Callable[[int], Callable[[str], str]]] = {name: partial(_seeded, damaged) for name, damaged in damage.SEEDED.items()}
