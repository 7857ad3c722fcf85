"""Declares every fact of a decree once: its kind, the row that tells it, where rows are shown and in which order, who may settle it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum
from importlib.resources import files

from bot.domain.topics import purpose_codes


class ValueKind(Enum):
    """Of what kind the value of a fact is. `CODES`: members of a closed list, which have words of their own; `DECREES`: other decrees."""

    TEXT = "text"
    TEXTS = "texts"
    CODES = "codes"
    NUMBER = "number"
    DAY = "day"
    MOMENT = "moment"
    DECREES = "decrees"
    SLOTS = "slots"


@dataclass(frozen=True, slots=True)
class Fact:
    """Declares the field `name` of `bot.domain.acts.Facts`. `row`: what tells it, alone or with others (its name unless given); `about`: of
    its evidence, likewise; `codes`: gives the closed list. `from_page`: a badly read page makes it doubtful. `expected`: pages say where it
    was not found. `searched`: full-text search finds it. `labelled`: benchmarks have labels of it.
    """

    name: str
    kind: ValueKind
    row: str = ""
    about: str = ""
    codes: Callable[[], Collection[str]] | None = None
    from_page: bool = True
    expected: bool = False
    searched: bool = False
    labelled: bool = True

    def __post_init__(self) -> None:
        """Complete the names."""
        object.__setattr__(self, "row", self.row or self.name)
        object.__setattr__(self, "about", self.about or self.name)


CAMERA_TYPES = tuple(tomllib.loads(files("bot").joinpath("detection", "cameras.toml").read_text(encoding="utf-8")))
"""The sources of images, in the order in which they are told."""

FACTS = (
    Fact("number", ValueKind.TEXT, searched=True),
    Fact("signed", ValueKind.DAY),
    Fact("starts", ValueKind.MOMENT, row="period", about="period", expected=True),
    Fact("ends", ValueKind.MOMENT, row="period", about="period", expected=True),
    Fact("slots", ValueKind.SLOTS, row="period", about="period"),
    Fact("event", ValueKind.TEXT, searched=True),
    Fact("operators", ValueKind.TEXTS, searched=True, expected=True),
    Fact("places", ValueKind.TEXTS, searched=True, expected=True),
    Fact("communes", ValueKind.TEXTS, row="places", from_page=False),
    Fact("purposes", ValueKind.CODES, codes=purpose_codes, searched=True, from_page=False, expected=True),
    Fact("software", ValueKind.TEXT, searched=True, expected=True),
    Fact("vendor", ValueKind.TEXT, row="software", searched=True, expected=True),
    Fact("cameras", ValueKind.NUMBER, expected=True),
    Fact("camera_types", ValueKind.CODES, row="cameras", codes=lambda: CAMERA_TYPES, from_page=False, expected=True),
    Fact("legal_basis", ValueKind.TEXTS, from_page=False, labelled=False),
    Fact("court", ValueKind.TEXT, from_page=False),  # in JSON that of the law, which may be another
    Fact("office", ValueKind.TEXT),
    Fact("references", ValueKind.DECREES, from_page=False),
    Fact("authority", ValueKind.TEXT, from_page=False, labelled=False),
)
"""In the order in which `vigie read` tells them."""

# Where rows are shown, in the order of each face. What stands nowhere here is stored, and told by JSON and `vigie read`.

POST_ROWS = ("period", "event", "places", "operators", "purposes", "software", "cameras")
REFERENCE_ROWS = ("number", "signed")
"""The rows of a post that name the decree, in one line with the day of publication."""
FULL_ROWS = ("office",)
"""The rows that the long form adds."""
PAGE_ROWS = (
    "places", "event", "period", "operators", "purposes", "cameras", "software", "legal_basis", "office", "court", "number",
)  # fmt: skip

SETTLED_BY_PERSONS = ("places", "operators", "event", "software", "vendor", "office")
"""The facts, texts all, that people are asked about, the most useful first: where one is filmed, and by whom."""


def facts_of_row(row: str) -> tuple[Fact, ...]:
    """Return the facts that a row tells."""
    return tuple(fact for fact in FACTS if fact.row == row)


def posted_facts() -> tuple[Fact, ...]:
    """Return the facts that posts tell: what is found of them later is reason to edit a post."""
    return tuple(fact for fact in FACTS if fact.row in {*POST_ROWS, *REFERENCE_ROWS})
