"""An act with what is known of it, and the form in which facts are labelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.domain.acts import Act, Facts, Kind, Moment, Outcome, Reference, Where
from bot.domain.facts import FACTS
from bot.domain.text import PageText
from bot.domain.topics import first_topic

Value = str | int | tuple[str, ...]
"""A fact as labels write it. A tuple has no order that counts."""

LABELLED = tuple(fact for fact in FACTS if fact.labelled)


@dataclass(frozen=True, slots=True)
class Printed:
    """An act as a PDF gives it: the title of the table of contents ("" where there is none), and the text of its pages.

    `id` is the identifier of the national template, where the pages bear one.
    """

    title: str
    pages: tuple[str, ...]
    id: str | None = None

    def act(self) -> Act:
        """The act that reading would cut out."""
        pages = tuple(PageText(number, text) for number, text in enumerate(self.pages, start=1))
        return Act(self.id, self.title, None, 1, max(len(pages), 1), pages, title_from=Where.CONTENTS if self.title else None)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One act of the corpus.

    `facts` has what the act says; a fact that is not in it must not be found, unless the labels are `partial`. `absent` are names of
    persons that no fact and no evidence may show. `topic` is what `outcome` and `kind` are about. `at` is where the label stands
    (`labels/refusals.toml:12`), `writer` who wrote the act.
    """

    file: str
    printed: Printed
    outcome: Outcome
    kind: Kind | None = None
    facts: Mapping[str, Value] = field(default_factory=dict)
    partial: bool = False
    absent: tuple[str, ...] = ()
    note: str = ""
    at: str = ""
    writer: str = ""
    topic: str = field(default_factory=first_topic)


def as_labels(facts: Facts) -> dict[str, Value]:
    """The facts that detection found, as labels would write them. What was not found is left out."""
    values = {fact.name: getattr(facts, fact.name) for fact in LABELLED}
    return {name: as_label(value) for name, value in values.items() if value not in (None, ())}


def as_label(value: Any) -> Value:
    """A value as labels write it."""
    match value:
        case date() | Moment():
            return value.isoformat()
        case tuple():
            return tuple(reference_label(each) if isinstance(each, Reference) else str(each) for each in value)
        case _:
            return value  # type: ignore[no-any-return]


def reference_label(reference: Reference) -> str:
    """`abrogation n° 2024-00493 of 2024-04-18`, with what is known of it."""
    number = f" n° {reference.number}" if reference.number else ""
    signed = f" of {reference.signed.isoformat()}" if reference.signed else ""
    return f"{reference.change.value}{number}{signed}"
