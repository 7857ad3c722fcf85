"""Which page to recognise next: what may hold a decree on cameras first, everything in the end. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from functools import cache, lru_cache
from importlib.resources import files

from bot.domain.acts import Act, PageText, TextOrigin
from bot.domain.folding import fold_words
from bot.reading.acts.front_matter import is_contents
from bot.reading.acts.headings import opens_decree
from bot.reading.acts.running_titles import marked_ids, read_separator
from bot.reading.model import IsConcerned

Span = tuple[str | None, int, int]
"""What makes an act the same one from one cutting to the next: its identifier and its pages."""

_FRONT_PAGES = 3
"""The cover and the table of contents stand there; as scans they are worth more than any other page."""
_WHOLE_VIEW = 12
"""An act of more pages is shown in part: looking through a bulk act of 500 pages at each of them would take longer than reading it."""
_HEAD_VIEW = 2


class Rank(IntEnum):
    """When an act is opened, by its title and service."""

    FIRST = 0
    THEN = 1
    MUTE = 2
    LAST = 3


def span(act: Act) -> Span:
    """Return what makes the act the same one at the next cutting."""
    return act.id, act.first_page, act.last_page


def next_page(pages: Sequence[PageText], acts: Sequence[Act], concerned: Collection[Span], taken: Collection[int]) -> int | None:
    """Return the number of the pending page to recognise next, None when there is none left that is not `taken`.

    `pages` are all the pages of the file in order, as read so far; of `acts` only titles and ranges are looked at.
    """
    free = [page.number for page in pages if page.origin is TextOrigin.PENDING and page.number not in taken]
    if not free:
        return None
    rest = (number for act in acts if span(act) in concerned for number in _pending(act, pages))
    front = (number for number in free if number <= _FRONT_PAGES and not any(act.id and _holds(act, number) for act in acts))
    openings = (opening for act in sorted(acts, key=_order) if (opening := _opening(act, pages, taken)) is not None)
    return next(number for some in (rest, front, openings, free) for number in some if number not in taken)


@lru_cache(maxsize=2048)
def rank(title: str, service: str | None) -> Rank:
    """Return how early an act of this title and service is worth opening."""
    text = _folded(f"{service or ''} / {title}")
    first, then, last = _words()
    if first.search(text):
        return Rank.FIRST
    # The title speaks before the service: a prefect's cabinet signs medals too.
    own = _folded(title)
    for words, found in ((last, Rank.LAST), (then, Rank.THEN)):
        if words.search(own):
            return found
    return next((found for words, found in ((then, Rank.THEN), (last, Rank.LAST)) if words.search(text)), Rank.MUTE)


def whole(act: Act, pages: Sequence[PageText]) -> bool:
    """No page of this act is still to be recognised."""
    return next(_pending(act, pages), None) is None


def holding(acts: Iterable[Act], number: int) -> Iterator[Act]:
    """Yield the acts that hold this page: one, rarely two that start on the same."""
    return (act for act in acts if _holds(act, number))


def view(act: Act, pages: Sequence[PageText], number: int) -> Act:
    """Return the act as read so far, once page `number` has come in; of a long one its beginning and the surroundings of that page."""
    own = pages[act.first_page - 1 : act.last_page]
    if len(own) > _WHOLE_VIEW:
        own = [page for index, page in enumerate(own) if index < _HEAD_VIEW or abs(page.number - number) <= 1]
    return replace(act, pages=tuple(own))


def may_move_cuts(page: PageText, acts: Iterable[Act]) -> bool:
    """Return whether a page that was just recognised may show that acts start or end elsewhere than was thought."""
    if page.number <= _FRONT_PAGES or is_contents(page.text, continued=True):
        return True
    own = list(holding(acts, page.number))
    ids = marked_ids(page.text)
    if ids and not any(act.id in ids for act in own):
        return True
    separator = read_separator(page.text)
    if separator is not None:
        return all((act.id, act.first_page) != (separator.id, page.number) for act in own)
    # A heading on the first page of an act, or after its separator page, is its own.
    return opens_decree(page.text) and all(page.number > _first_content(act) for act in own)


def _first_content(act: Act) -> int:
    """Return the page after the separator page, which acts with an identifier have, but not the decrees inside one that holds many."""
    return act.first_page + (1 if act.id is not None and not act.part and act.last_page > act.first_page else 0)


def _order(act: Act) -> tuple[Rank, int]:
    return rank(act.title, act.service), act.first_page


def _holds(act: Act, number: int) -> bool:
    return act.first_page <= number <= act.last_page


def _pending(act: Act, pages: Sequence[PageText]) -> Iterator[int]:
    return (page.number for page in pages[act.first_page - 1 : act.last_page] if page.origin is TextOrigin.PENDING)


def _opening(act: Act, pages: Sequence[PageText], taken: Collection[int]) -> int | None:
    """Return the page that says most of an act of which nothing was read: the first, after the separator page if there is one."""
    content = pages[_first_content(act) - 1 : act.last_page]
    if any(page.number in taken or (page.origin in (TextOrigin.LAYER, TextOrigin.OCR) and page.text.strip()) for page in content):
        return None
    return next((page.number for page in content if page.origin is TextOrigin.PENDING), None)


@cache
def _words() -> tuple[re.Pattern[str], ...]:
    data = tomllib.loads(files(__package__).joinpath("telling.toml").read_text("utf-8"))
    # The first ones stand inside longer words too (vidéoprotection, algorithmique).
    first = re.compile("|".join(data["first"]))
    return first, *(re.compile(rf"\b(?:{'|'.join(data[name])})s?\b") for name in ("then", "last"))


def _folded(text: str) -> str:
    return " ".join(fold_words(text).replace("’", "'").split())


class PagePriority:
    """The acts as last cut while pages come in: which of them are concerned, which are read whole, and so which page is next."""

    def __init__(self, is_concerned: IsConcerned) -> None:
        self.stale = True
        """The acts may start or end elsewhere than was thought: they are to be cut again."""
        self._is_concerned = is_concerned
        self._acts: tuple[Act, ...] = ()
        self._judged: dict[Span, bool] = {}
        self._announced: set[Span] = set()

    def judge(self, acts: Sequence[Act]) -> Mapping[Span, bool]:
        """Judge the acts that were not judged yet. Changes nothing, so that it may run in a thread."""
        judged = self._judged
        return {span(act): self._is_concerned(act) for act in acts if span(act) not in judged}

    def take(self, acts: Sequence[Act], judged: Mapping[Span, bool]) -> None:
        """Take the acts as cut anew, and what the new ones among them were judged."""
        spans = {span(act) for act in acts}
        # Their texts are kept once, with the pages of the file.
        self._acts = tuple(replace(act, pages=()) for act in acts)
        self._judged = {key: verdict for key, verdict in {**self._judged, **judged}.items() if key in spans}
        self.stale = False

    def arrived(self, page: PageText, pages: Sequence[PageText]) -> None:
        """Take a page that was recognised; it is among `pages` already."""
        for act in holding(self._acts, page.number):
            if not self._judged.get(span(act), False):
                self._judged[span(act)] = self._is_concerned(view(act, pages, page.number))
        self.stale = self.stale or may_move_cuts(page, self._acts)

    def next_page(self, pages: Sequence[PageText], taken: Collection[int]) -> int | None:
        """Return the page to recognise next, None when none is left."""
        return next_page(pages, self._acts, {key for key, concerned in self._judged.items() if concerned}, taken)

    def newly_whole(self, pages: Sequence[PageText]) -> bool:
        """Return whether an act that is concerned has been read whole since this was last called."""
        fresh = {key for act in self._acts if self._judged.get(key := span(act)) and key not in self._announced and whole(act, pages)}
        self._announced |= fresh
        return bool(fresh)
