"""Recueils outside the national template, and decrees alone: cut at the headings of their decrees. Pure.

A table of contents, where there is one, tells of decrees whose heading could not be found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import dropwhile, pairwise

from rapidfuzz import fuzz

from bot.domain.acts import Act, PageText, Where
from bot.domain.folding import fold_letters
from bot.reading.acts.front_matter import TableRow
from bot.reading.acts.headings import decree_title, openings, title_number, title_of

_ALIKE = 80.0
_COMPARED = 120
"""Letters of two titles that are compared: tables abridge the end, and glue words, which folding undoes."""
_ENOUGH = 25
_TOP = 1000
"""Characters of a page in which the title of an act that begins there stands, below the letterhead."""
_AHEAD = 200
"""Headings among which the one of an entry is looked for, after that of the entry before."""
_SUBJECT = re.compile(
    r"(?i)\b(?:portant|autorisant|r[ée]glementant|fixant|relati\w+|modifiant|instituant|interdisant|prorogeant|abrogeant|accordant)"
)


def one_act(pages: Sequence[PageText]) -> Act:
    """These pages as one act, with the title of the first decree in them."""
    title = title_of(pages)
    return Act(None, title.text, None, pages[0].number, pages[-1].number, tuple(pages), title_from=title.where, title_page=title.page)


def cut_at_headings(body: Sequence[PageText], table: Sequence[TableRow], *, is_recueil: bool) -> tuple[Act, ...]:
    """Return the acts of these pages, one after the other; every page belongs to one of them, but for blank ones after a cover or table.

    Without cover (`is_recueil` False) a document is one decree unless it clearly holds several, each with its operative part and its end.
    """
    if is_recueil:
        body = list(dropwhile(lambda page: not page.text.strip() and not page.is_unread, body))
    heads = openings(body, closed=not is_recueil)
    announced = _place(table, body, heads) if table else {}
    cuts = sorted({*heads, *announced})
    # What comes before the first heading is part of the first act.
    bounds = pairwise([0, *cuts[1:], len(body)])
    acts = [one_act(body[start:end]) for start, end in bounds]
    rows = [announced.get(cut) for cut in cuts] or [None]
    own = [decree_title(body[cut].text) for cut in cuts] or [""]
    return tuple(
        replace(act, title=row.title, title_from=Where.CONTENTS, title_page=None) if row is not None and not title else act
        for act, row, title in zip(acts, rows, own, strict=True)
    )


def _place(table: Sequence[TableRow], body: Sequence[PageText], heads: Sequence[int]) -> Mapping[int, TableRow]:
    """Return the index of the page on which each announced act begins, for those of which that can be told."""
    placed = _by_title(table, body, heads)
    if len(placed) == len(table):
        return {start: table[rank] for rank, start in placed.items()}
    shift = _shift(table, body, placed)
    begun = frozenset(heads)
    tops = [fold_letters(page.text[:_TOP]) for page in body]
    found = {start: table[rank] for rank, start in placed.items()}
    bounds = [(-1, -1), *sorted(placed.items()), (len(table), len(body))]
    for (rank, start), (next_rank, next_start) in pairwise(bounds):
        # Headings that no entry announces stay cuts of their own; an entry goes to a page that has none.
        gap = [index for index in range(start + 1, next_start) if index not in begun]
        missing = table[rank + 1 : next_rank]
        for row in missing:
            index = _page_of(row, gap, body, shift) if row.page is not None and shift is not None else _top_with(row, gap, tops)
            if index is None and len(missing) == 1:
                index = _unread_end(gap, body)
            if index is not None:
                found[index] = row
                gap = [one for one in gap if one > index]
    return found


def _by_title(table: Sequence[TableRow], body: Sequence[PageText], heads: Sequence[int]) -> dict[int, int]:
    """For the rank of an entry, the heading that says the same, both in order."""
    titles = [(head, decree_title(body[head].text)) for head in heads]
    said = [(head, title_number(title), _subject(title)) for head, title in titles]
    numbers = {row.number for row in table} - {None}
    placed: dict[int, int] = {}
    position = 0
    for rank, row in enumerate(table):
        subject = _subject(row.title)
        rest = said[position : position + _AHEAD]
        same = next((index for index, (_, its_number, _) in enumerate(rest) if its_number in numbers and its_number == row.number), None)
        if same is None:
            # Another number is no objection (some tables print that of the order book), unless it is that of another entry.
            like = (index for index, (_, its, its_subject) in enumerate(rest) if its not in numbers and _alike(subject, its_subject))
            same = next(like, None)
        if same is not None:
            placed[rank] = rest[same][0]
            position += same + 1
    return placed


def _shift(table: Sequence[TableRow], body: Sequence[PageText], placed: Mapping[int, int]) -> int | None:
    """Return how far the pages of the file are from the printed ones, None where entries disagree about it or there is no number at all."""
    distances = {body[start].number - page for rank, start in placed.items() if (page := table[rank].page) is not None}
    if not distances and any(row.page is not None for row in table):
        return 0
    return distances.pop() if len(distances) == 1 else None


def _page_of(row: TableRow, gap: Sequence[int], body: Sequence[PageText], shift: int) -> int | None:
    index = (row.page or 0) + shift - body[0].number
    # A number read wrongly must not cut a decree in two.
    return index if index in gap and (body[index].is_unread or decree_title(body[index].text)) else None


def _top_with(row: TableRow, gap: Sequence[int], tops: Sequence[str]) -> int | None:
    subject = _subject(row.title)[: _COMPARED // 2]
    return next((index for index in gap if subject in tops[index]), None) if len(subject) >= _ENOUGH else None


def _unread_end(gap: Sequence[int], body: Sequence[PageText]) -> int | None:
    """Return the first of the pages not read just before the next heading: of one act nothing was read, and these are its own."""
    start = len(gap)
    while start and body[gap[start - 1]].is_unread and (start == len(gap) or gap[start - 1] + 1 == gap[start]):
        start -= 1
    return gap[start] if start < len(gap) else None


def _subject(title: str) -> str:
    found = _SUBJECT.search(title)
    return fold_letters(title[found.start() :] if found else title)[:_COMPARED]


def _alike(one: str, other: str) -> bool:
    most = min(len(one), len(other))
    return most >= _ENOUGH and fuzz.ratio(one[:most], other[:most], score_cutoff=_ALIKE) > 0
