"""An act with what is known of it, and the form in which facts are labelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.acts import Act, Facts, Kind, Outcome, Reference, Where
from bot.domain.text import PageText

Value = str | int | tuple[str, ...]
"""A fact as labels write it. A tuple has no order that counts."""

FACTS = (
    "number", "signed", "starts", "ends", "operators", "cameras", "camera_types", "purposes", "software", "vendor",
    "event", "places", "court", "office", "references",
)  # fmt: skip
"""The facts that can be labelled, in the order in which they are told."""


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
    persons that no fact and no evidence may show. `at` is where the label stands (`labels/refusals.toml:12`), `writer` who wrote the act.
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


def as_labels(facts: Facts) -> dict[str, Value]:
    """The facts that detection found, as labels would write them. What was not found is left out."""
    single = ("number", "cameras", "software", "vendor", "event", "court", "office")
    found: dict[str, Value | None] = {name: getattr(facts, name) for name in single}
    found |= {name: tuple(map(str, getattr(facts, name))) for name in ("operators", "camera_types", "purposes", "places")}
    found["references"] = tuple(map(reference_label, facts.references))
    for name, when in (("signed", facts.signed), ("starts", facts.starts), ("ends", facts.ends)):
        found[name] = None if when is None else when.isoformat()
    return {name: value for name in FACTS if (value := found[name]) is not None and value != ()}


def reference_label(reference: Reference) -> str:
    """`abrogation n° 2024-00493 of 2024-04-18`, with what is known of it."""
    number = f" n° {reference.number}" if reference.number else ""
    signed = f" of {reference.signed.isoformat()}" if reference.signed else ""
    return f"{reference.change.value}{number}{signed}"
