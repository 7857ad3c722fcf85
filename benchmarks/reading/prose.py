"""Administrative French that speaks of nobody, and the phrases that are looked for in it. Seeded: the same seed gives the same words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, product
from pathlib import Path
from random import Random


def lines_of(name: str) -> tuple[str, ...]:
    """Return the lines of a text of this folder."""
    return tuple(Path(__file__).with_name("texts").joinpath(name).read_text(encoding="utf-8").splitlines())


_THINGS, _STATES, _WHERE = lines_of("things.txt"), lines_of("states.txt"), lines_of("where.txt")
_CARRIERS = lines_of("carriers.txt")
_PARAGRAPHS = lines_of("paragraphs.txt")
DECREE = lines_of("decree.txt")
"""A decree on VSA, as the scanned recueil holds it among its other acts."""


def phrases(random: Random, count: int) -> tuple[str, ...]:
    """So many distinct phrases of five to nine words, each findable for itself. There are 1,152 of them."""
    return tuple(" ".join(words) for words in random.sample(list(product(_THINGS, _STATES, _WHERE)), count))


def carriers(random: Random, wanted: tuple[str, ...]) -> list[str]:
    """One paragraph round each phrase."""
    return [random.choice(_CARRIERS).format(phrase, n=random.randint(2, 19)) for phrase in wanted]


def paragraphs(random: Random) -> Iterator[str]:
    """Paragraphs without end, in an order of their own."""
    order = random.sample(_PARAGRAPHS, len(_PARAGRAPHS))
    for paragraph in cycle(order):
        yield paragraph.format(n=random.randint(2, 99))
