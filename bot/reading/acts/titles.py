"""The title of an act, with the place where it was read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain import PageText, Where
from bot.domain.folding import fold_letters, one_line
from bot.reading.acts.headings import decree_title, first_line

_COMPARED = 40
"""Letters of a title by which its line is known again: the rest may be on the next page."""


@dataclass(frozen=True, slots=True)
class Title:
    """A title as read. `where` is None for words that merely stand in for one; `page` is that of the file, None where not known."""

    text: str
    where: Where | None = None
    page: int | None = None


def title_of(pages: Sequence[PageText]) -> Title:
    """The title of the decree that these pages hold, else their first line with words; empty where there is none."""
    headings = (Title(decree_title(page.text), Where.TITLE, page.number) for page in pages)
    lines = (Title(one_line(first_line(page.text)), None, page.number) for page in pages)
    return _first_told(headings) or _first_told(lines) or Title("")


def best_title(listed: str, opened: Title, stamped: Title) -> Title | None:
    """The title of an act that is told in up to three places, the first that tells it; None where none does.

    `listed` is that of the table of contents, `opened` that of the separator page, `stamped` that of a running title. Where one of the
    act's own pages begins with the words of the table, they count as read there: that is where a reader finds them again.
    """
    chosen = _first_told((Title(listed, Where.CONTENTS), opened, stamped))
    if chosen is None or chosen.where is not Where.CONTENTS:
        return chosen
    words = fold_letters(chosen.text)
    again = next((own for own in (opened, stamped) if words and fold_letters(own.text).startswith(words)), chosen)
    return Title(chosen.text, again.where, again.page)


def listed_on(act_id: str | None, title: str, contents: Sequence[PageText]) -> int | None:
    """The page of the table of contents that holds the line of this act; None where its beginning stands on none of them."""
    if act_id is not None:
        return next((page.number for page in contents if act_id in page.text), None)
    words = fold_letters(title)[:_COMPARED]
    return next((page.number for page in contents if words and words in fold_letters(page.text)), None)


def _first_told(titles: Iterable[Title]) -> Title | None:
    return next((title for title in titles if title.text), None)
