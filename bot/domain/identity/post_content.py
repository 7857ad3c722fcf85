"""What a post says of its decree, which decides whether it is to be edited, and by what its message is recognised. Pure.

What later decrees do to it is to be said as it stands: one that a person withdrew ends no other, and one that was ended itself is said with
what ended it. So is the day of its publication, which another sighting may set earlier: the last day to contest follows it. But no fact is
said anew because it reads otherwise: which of two readings is right no program can tell, and a post that changes with every new rule, or
every new wording, would only tire its readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from bot.domain import CHANGING, Change, Decree, Moment
from bot.domain.folding import clean_or_none

COMPLETED_FOR = timedelta(days=7)
"""How long after it was sent a post is edited for more facts. Later nobody reads it for them, and a new rule of detection, which finds
one more fact in every decree of years, would have every post edited. What later decrees do is said however old the post is."""

CONTESTED_FOR = timedelta(days=62)
"""How long it is edited for the day of its publication: two months, the time for contesting a decree, run from that day
(article R. 421-1 of the code de justice administrative)."""

_FACTS = ("number", "signed", "event", "operators", "places", "purposes", "software", "vendor", "cameras", "camera_types")


@dataclass(frozen=True, slots=True)
class PostContent:
    """What a post says of its decree, as far as an edit may follow from it.

    `facts` are the names of those that it gives, `published` is the day of publication, `changes` are the later decrees that change its
    own, each as a chain of ids (`suspension:15`), with those that end these (`suspension:15:16`). Without `facts` it is taken to give all
    there are, and the day; without `changes` nobody knows what it says of later decrees.
    """

    facts: frozenset[str] | None = None
    published: date | None = None
    changes: frozenset[str] | None = None


UNRECORDED = PostContent(changes=frozenset())
"""Of a post that was sent before its content was recorded: every fact, and nothing of later decrees."""


def content_of(decree: Decree) -> PostContent:
    """Return what a post sent now says of the decree."""
    facts = {name for name in _FACTS if getattr(decree.facts, name) not in (None, ())}
    facts |= {*_moment("starts", decree.facts.starts), *_moment("ends", decree.facts.ends)}
    changes = (chain for change in decree.changed_by if change.kind in CHANGING for chain in _chains(change.kind.value, (change,)))
    return PostContent(frozenset(facts), decree.published, frozenset(changes))


def is_outdated(said: PostContent, decree: Decree, age: timedelta = timedelta()) -> bool:
    """Return whether a post that said this, so long ago, is to be edited."""
    now = content_of(decree)
    if now.changes != said.changes:
        return True
    if said.facts is None or now.facts is None:
        return False
    moved = now.published is not None and now.published != said.published
    return (moved and age <= CONTESTED_FOR) or (age <= COMPLETED_FOR and not now.facts <= said.facts)


def edited(said: PostContent, decree: Decree) -> PostContent:
    """Return what a post says once it was edited: a fact that it gave once stays given, even where it is not read any more."""
    now = content_of(decree)
    return replace(now, facts=(now.facts or frozenset()) | (said.facts or frozenset()), published=now.published or said.published)


def _chains(path: str, changes: Iterable[Change]) -> Iterator[str]:
    for change in changes:
        own = f"{path}:{change.decree}"
        yield own
        yield from _chains(own, change.undone_by)


def _moment(name: str, moment: Moment | None) -> tuple[str, ...]:
    if moment is None:
        return ()
    return (name,) if moment.time is None else (name, f"{name}.hour")


# A message whose answer was lost is looked for by its link (the page of a file) and its number. Both may be read anew meanwhile: another
# recueil gives the number, a better reading the page. Looked for by what is known now, the message would not be found, and sent twice. So
# every try of a post shows, and is looked for by, what the first one showed; an edit says what became known since.


def recognised_by(decree: Decree) -> dict[str, Any]:
    """Return what a message about this decree is recognised by: a JSON object."""
    return {"url": decree.url, "page": decree.page, "number": clean_or_none(decree.facts.number)}


def as_first_sent(decree: Decree, recognised: Mapping[str, Any] | None) -> Decree:
    """Return the decree with the link and the number that its message shows; as it is where nothing was noted."""
    if recognised is None:
        return decree
    number = recognised["number"]
    return replace(decree, url=recognised["url"], page=recognised["page"], facts=replace(decree.facts, number=number))
