"""The marks by which a message is recognised, as they were when it was first about to be sent. Pure.

A message whose answer was lost is looked for by its link (the page of a file) and its number. Both may be read anew meanwhile: another
recueil tells the number, a better reading the page. Looked for by what is known now, the message would not be found, and sent twice. So
every try of a post shows, and is looked for by, what the first one showed; an edit tells what became known since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.domain import Decree
from bot.domain.folding import clean_or_none


def shown_by(decree: Decree) -> dict[str, Any]:
    """What a message about this decree is recognised by: a JSON object."""
    return {"url": decree.url, "page": decree.page, "number": clean_or_none(decree.facts.number)}


def as_shown(decree: Decree, shown: Mapping[str, Any] | None) -> Decree:
    """The decree with the link and the number that its message shows; as it is where nothing was noted."""
    if shown is None:
        return decree
    return replace(decree, url=shown["url"], page=shown["page"], facts=replace(decree.facts, number=shown["number"]))
