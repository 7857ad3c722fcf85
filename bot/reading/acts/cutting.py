"""Cuts the pages of a document into acts: by the national template (running titles, separator pages, table of contents), else at the
headings of decrees, or as a decree alone. Pure. Every page after the table of contents belongs to an act."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import dropwhile, groupby, pairwise, takewhile
from statistics import mode

from rapidfuzz import fuzz

from bot.domain.acts import Act, Cover, Reading, Where
from bot.domain.text import PageText, TextOrigin, fold_letters
from bot.reading.acts.cover import is_cover, read_cover
from bot.reading.acts.titles import (
    Entry,
    FrontMatter,
    Names,
    Separator,
    TableRow,
    Title,
    best_title,
    decree_title,
    first_line,
    has_parts,
    listed_on,
    marked_ids,
    names,
    nearest,
    openings,
    pieces_of,
    printed_titles,
    read_front_matter,
    read_separator,
    read_table,
    strip_running_titles,
    title_number,
    title_of,
)

# Recueils outside the national template, and decrees alone: cut at the headings of decrees. A table of contents lists decrees whose heading
# was not found.

_ALIKE = 80.0
_COMPARED = 120
"""Letters of two titles that are compared: tables abridge the end, and glue words, which folding undoes."""
_ENOUGH_LETTERS = 25
_TOP = 1000
"""Characters of a page in which the title of an act that begins there stands, below the letterhead."""
_LONGEST_SEPARATOR = 800
"""Characters of a page that holds a service and a title."""
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
    """Return the acts of these pages in order; every page belongs to one, except blank ones after a cover or table. Without cover
    (`is_recueil` False) a document is one decree unless it clearly holds several, each with its operative part and its end."""
    if is_recueil:
        body = list(dropwhile(lambda page: not page.text.strip() and not page.is_unread, body))
    heads = openings(body, closed=not is_recueil)
    opened = {head: head - 1 for head in heads if head and head - 1 not in heads and _announces(body[head - 1], body[head])}
    announced = {opened.get(start, start): row for start, row in _place(table, body, heads).items()} if table else {}
    cuts = sorted({*(opened.get(head, head) for head in heads), *announced})
    # What comes before the first heading is part of the first act.
    bounds = pairwise([0, *cuts[1:], len(body)])
    acts = [one_act(body[start:end]) for start, end in bounds]
    rows = [announced.get(cut) for cut in cuts] or [None]
    own = [decree_title(body[cut].text) for cut in cuts] or [""]
    return tuple(
        replace(act, title=row.title, title_from=Where.CONTENTS, title_page=None) if row is not None and not title else act
        for act, row, title in zip(acts, rows, own, strict=True)
    )


def _announces(page: PageText, following: PageText) -> bool:
    """Return whether a page holds nothing but the title of the decree on the next one, as separator pages without an identifier do."""
    title = decree_title(following.text)
    words = fold_letters(page.text)
    same = _subject(title)[: _COMPARED // 2] in words or (title_number(title) or "-") in words
    return len(page.text) <= _LONGEST_SEPARATOR and len(_subject(title)) >= _ENOUGH_LETTERS and same and not has_parts(page.text)


def _place(table: Sequence[TableRow], body: Sequence[PageText], heads: Sequence[int]) -> Mapping[int, TableRow]:
    """Return the index of the page on which each announced act begins, for those of which that can be told."""
    placed = _by_title(table, body, heads)
    if len(placed) == len(table):
        return {start: table[rank] for rank, start in placed.items()}
    shift = _shift_of_table(table, body, placed)
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
    headings = [(head, title_number(title), _subject(title)) for head, title in titles]
    numbers = {row.number for row in table} - {None}
    placed: dict[int, int] = {}
    position = 0
    for rank, row in enumerate(table):
        subject = _subject(row.title)
        rest = headings[position : position + _AHEAD]
        same = next((index for index, (_, its_number, _) in enumerate(rest) if its_number in numbers and its_number == row.number), None)
        if same is None:
            # Another number is no objection (some tables print that of the order book), unless it is that of another entry.
            like = (index for index, (_, its, its_subject) in enumerate(rest) if its not in numbers and _alike(subject, its_subject))
            same = next(like, None)
        if same is not None:
            placed[rank] = rest[same][0]
            position += same + 1
    return placed


def _shift_of_table(table: Sequence[TableRow], body: Sequence[PageText], placed: Mapping[int, int]) -> int | None:
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
    return next((index for index in gap if subject in tops[index]), None) if len(subject) >= _ENOUGH_LETTERS else None


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
    return most >= _ENOUGH_LETTERS and fuzz.ratio(one[:most], other[:most], score_cutoff=_ALIKE) > 0


def cut_acts(pages: Sequence[PageText]) -> tuple[Act, ...]:
    """Return the acts of a document, in page order; `pages` are all its pages in order, numbered from 1. Some may be `PENDING`: the table
    of contents and running titles already count."""
    if not pages:
        return ()
    separators = {page.number: found for page in pages if (found := read_separator(page.text))}
    front = read_front_matter(pages, separators)
    body = pages[front.pages :]
    # A recueil that is attached to another document begins with its own cover and table of contents.
    inner = next((rank for rank, page in enumerate(pages) if rank and not front.pages and is_cover(page.text)), None)
    if inner is not None and read_front_matter(pages[inner:], separators).entries:
        return (*cut_acts(pages[:inner]), *cut_acts(pages[inner:]))
    if not any(page.text.strip() or page.is_unread for page in body) and front.pages:
        return _listed_alone(pages, front)
    signs = read_signs(front.entries, body, separators)
    if signs.known:
        acts = national_acts(body, signs)
    else:
        table = read_table([page.text for page in front.contents])
        acts = cut_at_headings(body, table, is_recueil=front.pages > 0)
    return tuple(part for act in acts for part in cut_inner(_placed(act, front)))


def _listed_alone(pages: Sequence[PageText], front: FrontMatter) -> tuple[Act, ...]:
    """Return the acts of a file with only a cover or a table of contents: one for each entry, which may be all that is left of it; one for
    the whole where there are none, or where the table begins with the name of a recueil and its acts are on pages that the file lacks."""
    first = front.contents[0] if front.contents else pages[0]
    title = first_line(first.text)
    if not front.entries or (is_cover(title) and max(entry.page or 0 for entry in front.entries) > len(pages)):
        where = Where.CONTENTS if front.contents else None
        return (replace(one_act(pages), title=title, title_from=where, title_page=first.number),)
    listed = ((entry, listed_on(entry.id, entry.title, front.contents) or first.number) for entry in front.entries)
    return tuple(
        Act(entry.id, entry.title, entry.service, page, page, (PageText(page, entry.title),), title_from=Where.CONTENTS, title_page=page)
        for entry, page in listed
    )


def _placed(act: Act, front: FrontMatter) -> Act:
    """Return the act with the page on which its line of the table of contents stands, where its title comes from there."""
    if act.title_from is not Where.CONTENTS:
        return act
    return replace(act, title_page=listed_on(act.id, act.title, front.contents))


# One act of the pages for several decrees: an act for each. "164 arrêtés préfectoraux … (492 pages)": a separator page, perhaps a table of
# contents without page numbers, then the decrees, each on pages of its own or several on one.

# `164 arrêtés …`, `Arrêtés préfectoraux issus de …`, `VIDEOPROTECTION - arrêtés du 12 mai`: the plural comes first, before any singular.
_MANY = re.compile(r"(?i)\b(?:arr[êe]t[ée]s|d[ée]cisions|arr[êe]t[ée]\s?\(s\))(?!\w)")
_ONE = re.compile(
    r"(?i)\b(?:arr[êe]t[ée]|d[ée]cision|d[ée]l[ée]gations?|subd[ée]l[ée]gations?|avis|r[ée]c[ée]piss[ée]s?|convention|portant|abrog\w*|modifi\w*)"
    r"(?![\w(])"
)
_NUMBER_SIGN = re.compile(r"(?i)(?=\bn\s?[°º])")
_HOW_MANY = re.compile(r"(?i)\b(\d{1,3})\s+(?:arr[êe]t[ée]s|d[ée]cisions)(?!\w)")


def cut_inner(act: Act) -> tuple[Act, ...]:
    """Return the decrees of an act that holds several, each with its title and its share of the pages, else the act alone. Under the title
    of one decree only those with other numbers are cut out. Pages before the first decree of a bulk act (separator, table) are part 0."""
    pieces = [piece for page in act.pages for piece in pieces_of(page)]
    cuts = openings(pieces, closed=True)
    announced = _HOW_MANY.search(act.title)
    if announced is not None and len(cuts) < int(announced[1]):
        cuts = openings(pieces, closed=False)  # short decrees may have no signature
    many, one = _MANY.search(act.title), _ONE.search(act.title)
    if one is not None and (many is None or one.start() < many.start()):
        cuts = (0, *_of_other_numbers(act, pieces, cuts))
    if len(cuts) < 2:
        return (act,)
    front = (_part(act, 0, pieces[: cuts[0]]),) if cuts[0] else ()
    parts = (_part(act, rank, pieces[start:end]) for rank, (start, end) in enumerate(pairwise([*cuts, len(pieces)]), 1))
    return (*front, *(_titled(part) for part in parts))


def _of_other_numbers(act: Act, pieces: Sequence[PageText], cuts: Sequence[int]) -> Iterator[int]:
    """Yield where decrees begin whose number is another than that of the one before, and none that the title names: what an act modifies or
    ends may be annexed to it."""
    numbers = [title_number(decree_title(pieces[cut].text)) for cut in cuts]
    named = tuple(number for number in map(title_number, _NUMBER_SIGN.split(act.title)[1:]) if number)
    for (one, two), cut in zip(pairwise(numbers), cuts[1:], strict=True):
        if one and two and one != two and not two.startswith(named):
            yield cut


def _part(act: Act, part: int, pieces: Sequence[PageText]) -> Act:
    """Return a share of an act; pieces of one page are one page again."""
    pages = tuple(
        replace(own[0], text="".join(piece.text for piece in own))
        for _, some in groupby(pieces, key=lambda piece: piece.number)
        for own in [list(some)]
    )
    return replace(act, first_page=pages[0].number, last_page=pages[-1].number, pages=pages, part=part)


def _titled(part: Act) -> Act:
    """Return a decree under its own title, or under that of the whole where it has none."""
    title = decree_title(part.pages[0].text)
    return replace(part, title=title, title_from=Where.TITLE, title_page=part.first_page) if title else part


# The pages of a PDF, read -> what is in it.


def assemble(pages: Sequence[PageText], *, salvaged: bool = False) -> Reading:
    """Put the pages of one document together (all of them, in order, numbered from 1; ValueError otherwise). `salvaged` as in `Reading`."""
    if [page.number for page in pages] != list(range(1, len(pages) + 1)):
        raise ValueError("the pages of a document are numbered from 1, in order, without a gap")
    return Reading(
        page_count=len(pages),
        cover=read_cover(pages[0].text) if pages else Cover(),
        acts=cut_acts(pages),
        ocr_pages=tuple(page.number for page in pages if page.origin is TextOrigin.OCR),
        unreadable_pages=tuple(page.number for page in pages if page.origin is not TextOrigin.PENDING and not page.is_whole),
        pending_pages=tuple(page.number for page in pages if page.origin is TextOrigin.PENDING),
        pages=tuple(pages),
        salvaged=salvaged,
    )


# The acts of the national template: what its table of contents, separator pages and running titles say, put together.

_LONGEST_NUMBER = 8


@dataclass(frozen=True, slots=True)
class Signs:
    """What the pages say of the acts: entries of the table of contents, and per page number the separator and the act it is marked with."""

    entries: tuple[Entry, ...]
    separators: Mapping[int, Separator]
    marks: Mapping[int, str]
    known: Mapping[str, int] = field(default_factory=dict)
    """The identifiers of all acts, each with its rank: the order of the table of contents, then that of the pages."""


def read_signs(entries: tuple[Entry, ...], body: Sequence[PageText], separators: Mapping[int, Separator]) -> Signs:
    """Return the signs on the pages after the table of contents, of which these are the `entries`; `separators` by page number."""
    read = {page.number: _mark(page, separators.get(page.number)) for page in body}
    known = {entry.id for entry in entries}
    # Neighbours differ by one figure: only on a page read with OCR can an identifier close to a known one be a misreading of it.
    exact = {page.number for page in body if page.origin is not TextOrigin.OCR}
    candidates: Mapping[int, str | None] = read
    if known and not _contents_doubtful(body, read):
        # An identifier that a readable table of contents does not hold is a misreading or an older act quoted here, unless a page opens it.
        candidates = {number: one.id for number, one in separators.items() if read[number] == one.id}
    known |= {mark for number, mark in candidates.items() if mark and (number in exact or nearest(mark, known) is None)}
    nearest_known = {mark: nearest(mark, known) for mark in set(read.values()) if mark}
    marks = {number: act for number, mark in read.items() if mark and (act := nearest_known[mark]) is not None}
    order = dict.fromkeys([*(entry.id for entry in entries), *marks.values()])
    return Signs(entries, separators, marks, {act: rank for rank, act in enumerate(order)})


def _contents_doubtful(body: Sequence[PageText], read: Mapping[int, str | None]) -> bool:
    """Return whether a page before the first marked one was not read: part of the table of contents may be missing."""
    before = takewhile(lambda page: read[page.number] is None, body)
    return any(page.is_unread for page in before)


def _mark(page: PageText, separator: Separator | None) -> str | None:
    ids = marked_ids(page.text)
    return ids[-1] if ids else (separator.id if separator else None)


def national_acts(body: Sequence[PageText], signs: Signs) -> tuple[Act, ...]:
    """Return the acts with their titles, services and cleaned pages, in page order. `body` is not empty."""
    starts = _starts(signs, first=body[0].number)
    separators = {separator.id: separator for separator in signs.separators.values()}
    opened = {separator.id: Title(separator.title, Where.TITLE, number) for number, separator in signs.separators.items()}
    announced = _names(body, signs, separators)
    order = sorted(signs.known, key=lambda act: (starts[act], signs.known[act]))
    last = body[-1].number
    # An act announced beyond the end of the file has no page of its own, and takes none from the others.
    firsts = sorted({start for start in starts.values() if start <= last}) or [body[0].number]
    # Pages with words before the first start belong to the first act: none is lost.
    body = list(dropwhile(lambda page: page.number < firsts[0] and not _has_words(page.text), body))
    begins = {start: (body[0].number if start == firsts[0] else start) for start in firsts}
    ends = {start: following - 1 for start, following in pairwise(firsts)}
    cleaned = {page.number: _clean(page, signs.known, announced) for page in body}
    entries = {entry.id: entry for entry in signs.entries}
    marked: dict[str, list[PageText]] = {}
    for page in body:
        if page.number in signs.marks:
            marked.setdefault(signs.marks[page.number], []).append(page)
    acts = []
    for act in order:
        start = starts[act]
        missing = (PageText(last, "", TextOrigin.UNREADABLE),)
        own = missing if start > last else tuple(cleaned[number] for number in range(begins[start], ends.get(start, last) + 1))
        entry = entries.get(act)
        title = best_title(entry.title if entry else "", opened.get(act, Title("")), _stamped(act, marked.get(act, ()))) or title_of(own)
        acts.append(
            Act(
                id=act,
                title=title.text,
                service=(entry.service if entry else None) or (separators[act].service if act in separators else None),
                first_page=own[0].number,
                last_page=own[-1].number,
                pages=own,
                title_from=title.where,
                title_page=title.page,
            )
        )
    return tuple(acts)


def _has_words(text: str) -> bool:
    """Return False for a blank page, and for one that has nothing but its number: a scanned table of contents, for one."""
    return len(text.strip()) > _LONGEST_NUMBER or any(map(str.isalpha, text))


def _starts(signs: Signs, first: int) -> dict[str, int]:
    """Return the first page of each act: where its marks start, else by the table of contents, whose printed numbers are shifted to the
    positions in the PDF."""
    runs: dict[str, list[tuple[int, int]]] = {}
    for act, numbers in groupby(sorted(signs.marks), key=lambda number: signs.marks[number]):
        run = list(numbers)
        runs.setdefault(act, []).append((run[0], len(run)))
    longest = {act: max(some, key=lambda run: run[1])[0] for act, some in runs.items()}
    printed = {entry.id: entry.page for entry in signs.entries if entry.page is not None}
    shift = _shift(printed, signs)
    starts: dict[str, int] = {}
    previous = first
    for act in signs.known:
        announced = printed[act] + shift if act in printed else None
        if act in runs:
            start = _best_run(runs[act], announced, longest[act])
            # Pages just before that bear no mark are the act's own, when the table says so: an unreadable separator page.
            if announced is not None and announced < start and not any(n in signs.marks for n in range(announced, start)):
                start = announced
        else:
            start = announced if announced is not None else previous
        starts[act] = previous = max(start, first)
    return starts


def _shift(printed: Mapping[str, int], signs: Signs) -> int:
    """Return how far pages of the file are from the printed numbers: what most separator pages say, else 0 while no mark contradicts it."""
    opened = [
        number - printed[one.id] for number, one in signs.separators.items() if signs.marks.get(number) == one.id and one.id in printed
    ]
    if opened:
        return mode(opened)
    firsts: dict[str, int] = {}
    for number in sorted(signs.marks):
        firsts.setdefault(signs.marks[number], number)
    distances = [firsts[act] - page for act, page in printed.items() if act in firsts]
    # The first page that could be read of an act may come after its start, never before.
    return min(distances) if any(distance < 0 for distance in distances) else 0


def _best_run(runs: Sequence[tuple[int, int]], announced: int | None, longest: int) -> int:
    if announced is None:
        return longest
    return min((start for start, _ in runs), key=lambda start: abs(start - announced))


def _names(body: Sequence[PageText], signs: Signs, separators: Mapping[str, Separator]) -> Names:
    services = [*(entry.service for entry in signs.entries), *(separator.service for separator in separators.values())]
    titles = [*((entry.id, entry.title) for entry in signs.entries), *((one.id, one.title) for one in separators.values())]
    return names(services, titles, [page.text for page in body], signs.known)


def _clean(page: PageText, known: Mapping[str, int], announced: Names) -> PageText:
    other = strip_running_titles(page.other, page.number, known, announced) if page.other else ""
    return replace(page, text=strip_running_titles(page.text, page.number, known, announced), other=other)


def _stamped(act: str, marked: Sequence[PageText]) -> Title:
    """Return the title that these pages have for their running title: where it may be two, the one that all of them have."""
    printed = {page.number: titles for page in marked if (titles := printed_titles(page.text, act, page.number))}
    for number, titles in printed.items():
        agreed = [title for title in titles if len(printed) > 1 and all(title in others for others in printed.values())]
        if agreed or len(titles) == 1:
            return Title((agreed or titles)[0], Where.RUNNING_TITLE, number)
    return Title("")
