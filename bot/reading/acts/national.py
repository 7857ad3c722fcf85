"""The acts of the national template: what its table of contents, separator pages and running titles say, put together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import dropwhile, groupby, pairwise, takewhile
from statistics import mode

from bot.domain.acts import Act, PageText, TextOrigin, Where
from bot.reading.acts.front_matter import Entry
from bot.reading.acts.headings import Title, best_title, title_of
from bot.reading.acts.running_titles import Names, Separator, marked_ids, names, nearest, printed_title, strip_running_titles

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
    meant = {mark: nearest(mark, known) for mark in set(read.values()) if mark}
    marks = {number: act for number, mark in read.items() if mark and (act := meant[mark]) is not None}
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
    said = _names(body, signs, separators)
    order = sorted(signs.known, key=lambda act: (starts[act], signs.known[act]))
    last = body[-1].number
    # An act announced beyond the end of the file has no page of its own, and takes none from the others.
    firsts = sorted({start for start in starts.values() if start <= last}) or [body[0].number]
    # Pages with words before the first start belong to the first act: none is lost.
    body = list(dropwhile(lambda page: page.number < firsts[0] and not _has_words(page.text), body))
    begins = {start: (body[0].number if start == firsts[0] else start) for start in firsts}
    ends = {start: following - 1 for start, following in pairwise(firsts)}
    cleaned = {page.number: _clean(page, signs.known, said) for page in body}
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
                service=_service(entry, separators.get(act)),
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
    """Return the page on which each act starts: where its marks start, else where the table of contents says.

    The position in the PDF is the truth; the printed numbers of the table are shifted to it when the two differ.
    """
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


def _clean(page: PageText, known: Mapping[str, int], said: Names) -> PageText:
    other = strip_running_titles(page.other, page.number, known, said) if page.other else ""
    return replace(page, text=strip_running_titles(page.text, page.number, known, said), other=other)


def _stamped(act: str, marked: Sequence[PageText]) -> Title:
    """Return the title that the first of these pages to print one has for its running title."""
    printed = (Title(text, Where.RUNNING_TITLE, page.number) for page in marked if (text := printed_title(page.text, act)))
    return next(printed, Title(""))


def _service(entry: Entry | None, separator: Separator | None) -> str | None:
    return (entry.service if entry else None) or (separator.service if separator else None)
