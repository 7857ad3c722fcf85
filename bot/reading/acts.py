"""Pages of text -> the acts of a document. Pure.

Three kinds of document: the national template (running titles, separator pages, table of contents), other recueils (cut at the headings of
their decrees), and a decree alone. Whatever the kind, every page after the table of contents belongs to an act.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, groupby, pairwise, takewhile
from statistics import mode

from bot.model import Act, PageText, TextOrigin
from bot.reading.contents import Entry, is_contents, read_contents
from bot.reading.cover import is_cover
from bot.reading.folding import one_line
from bot.reading.headings import decree_title, first_line, opens_decree
from bot.reading.identifiers import nearest
from bot.reading.running_titles import Names, Separator, marked_ids, names, printed_title, read_separator, strip_running_titles


@dataclass(frozen=True, slots=True)
class _Signs:
    """What the pages say of the acts: entries of the table of contents, and per page the act it is marked with."""

    entries: tuple[Entry, ...]
    separators: Mapping[int, Separator]
    marks: Mapping[int, str]

    @property
    def known(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(entry.id for entry in self.entries), *self.marks.values()]))


def cut_acts(pages: Sequence[PageText]) -> tuple[Act, ...]:
    """The acts of a document, in page order; `pages` are all its pages in order, numbered from 1."""
    if not pages:
        return ()
    front, entries = _front_matter(pages)
    body = pages[front:]
    signs = _read_signs(entries, body)
    if signs.known:
        return _national(body or pages[-1:], signs)
    if front or is_cover(pages[0].text):
        return _by_headings(body or pages)
    return (_one_act(pages),)


def _front_matter(pages: Sequence[PageText]) -> tuple[int, tuple[Entry, ...]]:
    """How many pages come before the acts (cover, table of contents, empty or unreadable pages among them), and the entries read."""
    contents: list[str] = []
    front = 0
    for index, page in enumerate(pages):
        if marked_ids(page.text) or read_separator(page.text):
            break
        if is_contents(page.text, continued=bool(contents)):
            contents.append(page.text)
            front = index + 1
        elif index == 0 and is_cover(page.text):
            front = 1
        elif not page.text.strip() and front:
            continue
        else:
            break
    return front, read_contents(contents)


def _read_signs(entries: tuple[Entry, ...], body: Sequence[PageText]) -> _Signs:
    separators = {page.number: found for page in body if (found := read_separator(page.text))}
    read = {page.number: _mark(page, separators.get(page.number)) for page in body}
    known = {entry.id for entry in entries}
    # Neighbours differ by one figure: only on a page read with OCR can an identifier close to a known one be a misreading of it.
    exact = {page.number for page in body if page.origin is TextOrigin.LAYER}
    if not known or _contents_doubtful(body, read):
        known |= {mark for number, mark in read.items() if mark and (number in exact or nearest(mark, known) is None)}
    else:
        # An identifier that a readable table of contents does not hold is a misreading or an older act quoted here, unless a page opens it.
        opened = {number: one.id for number, one in separators.items() if read[number] == one.id}
        known |= {act for number, act in opened.items() if number in exact or nearest(act, known) is None}
    marks = {number: act for number, mark in read.items() if mark and (act := nearest(mark, known)) is not None}
    return _Signs(entries, separators, marks)


def _contents_doubtful(body: Sequence[PageText], read: Mapping[int, str | None]) -> bool:
    """A page before the first marked one could not be read: part of the table of contents may be missing."""
    before = takewhile(lambda page: read[page.number] is None, body)
    return any(page.origin is TextOrigin.UNREADABLE for page in before)


def _mark(page: PageText, separator: Separator | None) -> str | None:
    ids = marked_ids(page.text)
    return ids[-1] if ids else (separator.id if separator else None)


def _national(body: Sequence[PageText], signs: _Signs) -> tuple[Act, ...]:
    starts = _starts(signs, first=body[0].number)
    separators = {separator.id: separator for separator in signs.separators.values()}
    said = _names(body, signs, separators)
    order = sorted(signs.known, key=lambda act: (starts[act], signs.known.index(act)))
    last = body[-1].number
    # An act announced beyond the end of the file has no page of its own, and takes none from the others.
    firsts = sorted({start for start in starts.values() if start <= last}) or [body[0].number]
    # Pages with words before the first start belong to the first act: none is lost.
    body = list(dropwhile(lambda page: page.number < firsts[0] and not page.text.strip(), body))
    begins = {start: (body[0].number if start == firsts[0] else start) for start in firsts}
    ends = {start: following - 1 for start, following in pairwise(firsts)}
    cleaned = {page.number: _clean(page, signs.known, said) for page in body}
    entries = {entry.id: entry for entry in signs.entries}
    acts = []
    for act in order:
        start = starts[act]
        missing = (PageText(last, "", TextOrigin.UNREADABLE),)
        own = missing if start > last else tuple(cleaned[number] for number in range(begins[start], ends.get(start, last) + 1))
        marked = [page for page in body if signs.marks.get(page.number) == act]
        acts.append(
            Act(
                id=act,
                title=_title(act, entries.get(act), separators.get(act), marked, own),
                service=_service(entries.get(act), separators.get(act)),
                first_page=own[0].number,
                last_page=own[-1].number,
                pages=own,
            )
        )
    return tuple(acts)


def _starts(signs: _Signs, first: int) -> dict[str, int]:
    """The page on which each act starts: where its marks start, else where the table of contents says.

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


def _shift(printed: Mapping[str, int], signs: _Signs) -> int:
    """How far the pages of the file are from the printed numbers: what most separator pages say, else 0 while no mark contradicts it."""
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


def _names(body: Sequence[PageText], signs: _Signs, separators: Mapping[str, Separator]) -> Names:
    services = [*(entry.service for entry in signs.entries), *(separator.service for separator in separators.values())]
    titles = [*((entry.id, entry.title) for entry in signs.entries), *((one.id, one.title) for one in separators.values())]
    return names(services, titles, [page.text for page in body], signs.known)


def _clean(page: PageText, known: Sequence[str], said: Names) -> PageText:
    return replace(page, text=strip_running_titles(page.text, page.number, known, said))


def _title(act: str, entry: Entry | None, separator: Separator | None, marked: Iterable[PageText], own: Sequence[PageText]) -> str:
    printed = (printed_title(page.text, act) for page in marked)
    candidates = (entry.title if entry else "", separator.title if separator else "", next(filter(None, printed), ""))
    return next(filter(None, candidates), "") or _title_of(own)


def _service(entry: Entry | None, separator: Separator | None) -> str | None:
    return (entry.service if entry else None) or (separator.service if separator else None)


def _by_headings(body: Sequence[PageText]) -> tuple[Act, ...]:
    cuts = [index for index, page in enumerate(body) if opens_decree(page.text)]
    bounds = [0, *(cut for cut in cuts[1:]), len(body)]
    return tuple(_one_act(body[start:end]) for start, end in pairwise(bounds) if start < end)


def _one_act(pages: Sequence[PageText]) -> Act:
    return Act(id=None, title=_title_of(pages), service=None, first_page=pages[0].number, last_page=pages[-1].number, pages=tuple(pages))


def _title_of(pages: Sequence[PageText]) -> str:
    texts = [page.text for page in pages]
    return next(filter(None, map(decree_title, texts)), "") or one_line(next(filter(None, map(first_line, texts)), ""))
