"""Reads what a recueil says of its acts: table of contents ("Sommaire"), separator pages, running titles, headings. Pure.

A running title, `<service> - <act id> - <title> <page>`, is often glued to its neighbours. It names the act of a page, and is removed
before any search. Identifiers: `83-2025-07-07-00001`, `2A-2024-…`, `D77-2025-…`, `2024-12-26-00002`; three last digits until about 2020.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from rapidfuzz import process
from rapidfuzz.distance import Hamming

from bot.domain.acts import Where
from bot.domain.text import PageText, end_of, fold_letters, one_line, start_of
from bot.reading.acts.cover import first_visa, is_cover
from bot.reading.pages.recognition import ACT_ID, BEFORE_ID, DASH, MARK

# The table of contents of the national template. An entry is `<id> - <title> (N pages) Page M`, cut anywhere by line ends, under headings
# `<service> / <sub-service>`.

_START = re.compile(rf"(?m)^[ \t]*{BEFORE_ID}(?P<id>{ACT_ID})\s+{DASH}\s+")
_PLACE = re.compile(r"\(\s*(?P<length>\d{1,4})\s*pages?\s*\)\s*Page\s*(?P<page>\d{1,4})")
_TAIL = re.compile(r"pages?\s*\)\s*Page\s*\d")
# The end of an entry that was cut just before it. A body page may say "Page 2" too, but not as its first words and with hardly any others.
_REST = re.compile(r"\s*Page\s+\d{1,4}[ \t]*(?:\n|\Z)")
_SHORT = 300
_PAGE_NUMBER = re.compile(r"\n[ \t]*\d{1,3}[ \t]*\Z")
_HEADING = re.compile(r"(?im)^[^\w\n]*sommaire[^\w\n]*$")
_LONE_NUMBER = re.compile(r"(?m)^[ \t]*\d{1,3}[ \t]*$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One act as the table of contents announces it. `page` is the printed number of its separator page, None where it is cut off."""

    id: str
    title: str
    service: str | None
    page: int | None


def is_contents(text: str, *, continued: bool) -> bool:
    """Return True for a page of the table of contents. On one that continues it, the end of an entry is enough."""
    if _HEADING.search(text[:400]):
        return True
    if continued:
        return bool(_TAIL.search(text) or _START.search(text) or (len(text) <= _SHORT and _REST.match(text)))
    return _PLACE.search(text) is not None and _START.search(text) is not None


def read_contents(pages: Sequence[str]) -> tuple[Entry, ...]:
    """Return the entries of these pages (those of the table of contents only), in order; an identifier comes once."""
    # The number of the page cuts the entry that runs over its end.
    text = "\n".join(_PAGE_NUMBER.sub("", f"\n{page.rstrip()}") for page in pages)
    heading = _HEADING.search(text)
    position = heading.end() if heading else 0
    starts = list(_START.finditer(text, position))
    entries: dict[str, Entry] = {}
    service: str | None = None
    expected = len(pages) + 2
    for index, start in enumerate(starts):
        service = one_line(_LONE_NUMBER.sub("", text[position : start.start()])).rstrip(" /") or service
        end = starts[index + 1].start() if index + 1 < len(starts) else len(text)
        place = _PLACE.search(text, start.end(), end)
        title = text[start.end() : place.start()] if place else "\n".join(text[start.end() : end].splitlines()[:6])
        position = place.end() if place else end
        page = _printed(place["page"], expected, len(pages)) if place else None
        if place and page is not None:
            expected = page + int(place["length"]) + 1
        entries.setdefault(start["id"], Entry(start["id"], one_line(title), service, page))
    return tuple(entries.values())


def _printed(figures: str, expected: int, contents: int) -> int:
    """Return the number of a page, without that of the page of the table glued to its end (`Page 532`: 53, on page 2 of the file)."""
    glued = {f"{expected}{own}" for own in range(2, contents + 2)}
    return expected if figures in glued else int(figures)


# Tables of contents outside the national template. Alpes-Maritimes: `- AP 20251856 du 12/12/2025 autorisant …`, without page numbers.
# Préfecture de police: four columns (decree, date, title, page), row by row with number and date first, or interleaved with glued words.

_SUMMARY = re.compile(r"(?i)sommaire")
_BULLET = re.compile(
    r"(?m)^[ \t]*[-–—•▪●\uf0b7*][ \t]*"
    r"(?=(?:AP|A\.P\.|[Aa]rr[êe]t[ée]|ARR[ÊE]T[ÉE]|[Aa]vis|AVIS|[Dd][ée]cision|D[ÉE]CISION|[Rr][ée]c[ée]piss[ée])(?!\w))"
)
_BULLET_NUMBER = re.compile(r"\A(?:AP|A\.P\.|\w+)\s+(?:n\s?[°º]\s?)?(\d[\w/.-]{2,20})\s+du\b")
_COLUMNS = re.compile(r"(?i)\b(?:arr[êeé]t[ée]s?)\b[\s|]*dates?\b[^\n]{0,60}\s*(?:\n[^\n]{0,60}){0,3}?\bpages?(?=\W|[A-ZÀ-Þ]|\Z)")
# A page number ends its line, stands on its own, or is glued to the number of the next decree; a date or a department does not.
_PAGE = re.compile(r"(?<![\d.,/(°º-])(?<!\d )(?<!n° )\b(\d{1,3})(?=[ \t]*(?:\n|\Z|n\s?[°º]))")
_DATE = re.compile(r"\b\d{1,2}[./]\d{1,2}[./]\d{4}\b")
_ROW_NUMBER = re.compile(r"(?:n\s?[°º]\s?)?\b20\d\d[-–]\d{3,6}\b")
_ANNEX_ROW = re.compile(r"(?i)\A\W*annexe")
_ANY_VISA = re.compile(r"(?m)^[^\w\n]*(?:VU|Vu)\b")
_LONGEST_ROW = 500
_MOST_ROWS = 300


@dataclass(frozen=True, slots=True)
class TableRow:
    """One act as such a table announces it. `number` is as `title_number` gives it; `page` is the printed one, None where none is."""

    number: str | None
    title: str
    page: int | None = None


def begins_table(cover: str) -> bool:
    """Return True for a cover that goes on with the table of contents, and with no decree."""
    return _SUMMARY.search(cover) is not None and _ANY_VISA.search(cover) is None


def continues_table(text: str) -> bool:
    """Return True for a page that holds entries of such a table (and no decree), given that a recueil's cover or table comes before it."""
    if _ANY_VISA.search(text):
        return False
    return len(_BULLET.findall(text)) >= 2 or _COLUMNS.search(text) is not None or _looks_like_rows(text)


def _looks_like_rows(text: str) -> bool:
    dates, numbers = len(_DATE.findall(text)), len(_ROW_NUMBER.findall(text))
    return min(dates, numbers, len(_PAGE.findall(text))) >= 2


def read_table(pages: Sequence[str]) -> tuple[TableRow, ...]:
    """Return the entries of these pages (those of the table only), in order; none where they follow another pattern."""
    text = "\n".join(pages)
    heading = _SUMMARY.search(text)
    text = text[heading.end() :] if heading else text
    return _bullets(text) or _rows(text)


def _bullets(text: str) -> tuple[TableRow, ...]:
    starts = [(start.start(), start.end()) for start in islice(_BULLET.finditer(text), _MOST_ROWS)]
    rows = []
    for (_, start), (end, _) in pairwise([*starts, (len(text), len(text))]):
        # Below the last entry of a service come a blank line, or the name of the next one: the title is at most a few lines.
        title = one_line(text[start : min(end, start + _LONGEST_ROW)].split("\n\n", 1)[0])
        found = _BULLET_NUMBER.match(title)
        rows.append(TableRow(fold_letters(found[1]) if found else title_number(title), title))
    return tuple(rows)


def _rows(text: str) -> tuple[TableRow, ...]:
    columns = _COLUMNS.search(text)
    text = text[columns.end() :] if columns else text
    rows: list[TableRow] = []
    position = 0
    for page in _PAGE.finditer(text):
        if len(rows) == _MOST_ROWS:
            break
        cell = text[position : page.start()]
        position = page.end()
        number = _ROW_NUMBER.search(cell)
        title = one_line(_DATE.sub(" ", _ROW_NUMBER.sub(" ", cell[-2 * _LONGEST_ROW :])).replace("|", " "))[:_LONGEST_ROW].strip(" ;:-")
        if sum(map(str.isalpha, title)) >= 10 and not _ANNEX_ROW.match(title):
            rows.append(TableRow(fold_letters(number[0].lstrip("nN °º")) if number else None, title, int(page[1])))
    return tuple(rows)


# Cover and table of contents together.

_BEFORE_TABLE = 2
"""Pages that may come before a table of contents: the cover and its back."""
_LONGEST_COVER = 1500


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What comes before the acts: how many pages (cover, table of contents, empty or unread pages among them), and the table as read."""

    pages: int
    contents: tuple[PageText, ...]
    entries: tuple[Entry, ...]


def read_front_matter(pages: Sequence[PageText], separators: Container[int]) -> FrontMatter:
    """Return what comes before the acts. It ends where an act begins: on the page of a number in `separators`, or that looks like one."""
    contents: list[PageText] = []
    front = 0
    for index, page in enumerate(pages):
        text = page.text
        if page.number in separators or marked_ids(text) or opens_decree(text):
            break
        if is_contents(text, continued=bool(contents)) or (contents and continues_table(text)):
            if index and not front and not read_contents([text]) and not continues_table(text):
                break  # that of a report, of its chapters
            contents.append(page)
            front = index + 1
        elif index == 0 and is_cover(text) and first_visa(text) is None:
            # In some templates the table begins on the cover.
            contents += [page] if begins_table(text) else []
            front = 1
        elif text.strip() if front else not _may_be_cover(index, text):
            break
    return FrontMatter(front, tuple(contents), read_contents([page.text for page in contents]))


def _may_be_cover(index: int, text: str) -> bool:
    """Return whether it may be a cover that was not read, or is named in no way we know: the table of contents after it still is one."""
    return index < _BEFORE_TABLE and len(text) <= _LONGEST_COVER and first_visa(text) is None


# Separator pages and running titles of the national template.

ACT_ID_ALONE = re.compile(rf"(?m)^[ \t]*{BEFORE_ID}({ACT_ID})[ \t]*$")
_NUMBER = re.compile(r"[^\w\n]*\s*(\d{1,4})(?!\d)")
_LAST_ON_LINE = re.compile(r"[^\w\n]*[ \t]*\d{1,4}(?=[ \t]*(?:\n|\Z))")
_LAST_ON_PAGE = re.compile(r"[^\w\n]*\n[ \t]*\d{1,4}[ \t]*\Z")
_CLOSING = re.compile(r"[^\w\n]*(?=\n|\Z)")
_MOST_TITLE_LINES = 6
_LONGEST_SERVICE = 200
_LONGEST_TITLE = 2000
_MOST_MARKS = 10
"""Running titles looked at on one page, which has one or two: more is an attack on our time."""
_MOST_SERVICES = 200


@dataclass(frozen=True, slots=True)
class Separator:
    """The page that opens an act: service, identifier alone on its line, title."""

    id: str
    service: str | None
    title: str


@dataclass(frozen=True, slots=True)
class Names:
    """What running titles of one recueil may say: the services, and the titles of each act. All folded, longest first."""

    services: tuple[str, ...]
    titles: Mapping[str, tuple[str, ...]]


def marked_ids(text: str) -> tuple[str, ...]:
    """Return the identifiers of the running titles on a page, in order of appearance (the stamped one comes last)."""
    return tuple(found["id"] for found in MARK.finditer(text))


def read_separator(text: str) -> Separator | None:
    """Return the separator page this text is, or None."""
    alone = ACT_ID_ALONE.search(text)
    if alone is None:
        return None
    before = text[: alone.start()]
    # A separator holds nothing but the service above the identifier and the title below it.
    if len(before) > 400:
        return None
    after = text[alone.end() :]
    mark = MARK.search(after)
    title = after[: mark.start()].rpartition("\n")[0] if mark else after
    if len(title) > (_LONGEST_TITLE if mark else 800):
        return None
    service = one_line(before)
    return Separator(alone[1], service if 0 < len(service) <= _LONGEST_SERVICE else None, one_line(title))


def names(services: Iterable[str | None], titles: Iterable[tuple[str, str]], pages: Sequence[str], known: Collection[str]) -> Names:
    """Gather the possible parts of running titles: `services` and `titles` (by id) from the table of contents and separators; from `pages`
    the service as running titles print it: the shortest text before an identifier (longer ones have body text glued)."""
    folded = {fold_letters(service) for service in services if service}
    folded |= {fold_letters(service.rsplit(" / ", 1)[0]) for service in services if service}
    shortest: dict[str, str] = {}
    for page in pages:
        for found in islice(MARK.finditer(page), _MOST_MARKS):
            act = nearest(found["id"], known)
            line = fold_letters(page[page.rfind("\n", 0, found.start()) + 1 : found.start()])
            if act and line and (act not in shortest or len(line) < len(shortest[act])):
                shortest[act] = line
    # One that ends with a name already known is that name with body text glued to it.
    candidates = set(islice(folded, _MOST_SERVICES)) | set(islice(shortest.values(), _MOST_SERVICES))
    lines = islice(shortest.values(), _MOST_SERVICES)
    folded |= {line for line in lines if not any(line != other and line.endswith(other) for other in candidates if other)}
    by_id: dict[str, set[str]] = {}
    for act, title in titles:
        if fold_letters(title):
            by_id.setdefault(act, set()).add(fold_letters(title))
    return Names(
        services=tuple(sorted(filter(None, folded), key=len, reverse=True)[:_MOST_SERVICES]),
        titles={act: tuple(sorted(some, key=len, reverse=True)) for act, some in by_id.items()},
    )


def strip_running_titles(text: str, page: int, known: Collection[str], announced: Names) -> str:
    """Return a text without its running titles. `page` is the number printed at their end, when the recueil is numbered as its PDF."""
    kept, position = "", 0
    for found in islice(MARK.finditer(text), _MOST_MARKS):
        act = nearest(found["id"], known)
        if act is None or found.start() < position:
            continue
        start = max(position, _service_start(text, found.start("dash"), announced.services))
        kept += text[position:start]
        position = _title_end(text, found.end(), page, announced.titles.get(act, ()))
    kept += text[position:]
    return kept.rstrip() if position else kept


_LAST_NUMBER = re.compile(r"(?:\s+|(?<=[^\W\d]))\d{1,4}\Z")


def printed_titles(text: str, act: str, page: int) -> tuple[str, ...]:
    """Return the title that this act's running title prints on this page, without the page number: none without one, two if its last digits
    may be another numbering or the end of the act's number."""
    for found in MARK.finditer(text):
        if found["id"] == act:
            title = one_line("\n".join(text[found.end() :].splitlines()[:3]))
            bare = title.removesuffix(str(page))
            if bare != title and not re.search(r"[\d/.-]\Z", bare):
                return (bare.rstrip(),)
            glued = bare != title and bare[-1:].isdigit()
            return tuple(dict.fromkeys((title, bare if glued else _LAST_NUMBER.sub("", title))))
    return ()


def _service_start(text: str, dash: int, services: Sequence[str]) -> int:
    for service in services:
        start = start_of(service, text, dash)
        if start is not None:
            return start
    return text.rfind("\n", 0, dash) + 1


def _title_end(text: str, start: int, page: int, titles: Sequence[str]) -> int:
    for title in titles:
        end = end_of(title, text, start)
        if end is not None:
            return _after_number(text, end, page)
    # A title that was abridged or misread: the stamp is the last thing on a page, so a short rest belongs to it.
    rest = text[start:]
    longest = max(map(len, titles), default=200)
    if rest.count("\n") <= _MOST_TITLE_LINES and len(fold_letters(rest)) <= longest + 40:
        return len(text)
    line_end = text.find("\n", start)
    return len(text) if line_end < 0 else line_end


def _after_number(text: str, end: int, page: int) -> int:
    own = _NUMBER.match(text, end)
    if own and int(own[1]) == page:
        return own.end()
    found = _LAST_ON_LINE.match(text, end) or _LAST_ON_PAGE.match(text, end)
    if found:
        return found.end()
    closing = _CLOSING.match(text, end)
    return closing.end() if closing else end


# Identifiers that an OCR misread.

_MISREAD = 2
"""Characters an OCR may get wrong in an identifier that still differs from its neighbours."""
_MOST_KNOWN = 300
"""Identifiers of one recueil among which a misread one is looked for; real recueils hold a hundred, and more is an attack on our time."""


def nearest(found: str, known: Collection[str]) -> str | None:
    """Return the same known identifier, else the only one that differs by a misread character or two. `known` is best a set or a dict's
    keys, for a fast exact match."""
    if found in known:
        return found
    if len(known) > _MOST_KNOWN:
        return None
    same_length = [one for one in known if len(one) == len(found)]
    close = process.extract(found, same_length, scorer=Hamming.distance, score_cutoff=_MISREAD, limit=2)
    if not close or (len(close) > 1 and close[0][1] == close[1][1]):
        return None
    return str(close[0][0])


# Headings of decrees outside the national template: `ARRÊTÉ n° 2025-01006 / portant …`, visas (`Vu le code …`), then the operative word
# (`ARRÊTE`). A heading alone does not begin a decree: decrees quote and annex others, and some repeat their own on every page.

_OPENING = re.compile(r"(?m)^[^\w\n]*(?:arr[êeé]t[ée]s?|d[ée]cision|ordonnance)\b(?=[^\n]*)", re.IGNORECASE)
_SUBJECT = re.compile(
    r"(?i)\bn\s?[°ºo]\s?\S|\b(?:portant|autorisant|r[ée]glementant|fixant|relatif|relative|modifiant|instituant|interdisant|prorogeant|abrogeant"
    r"|accordant|suspendant|refusant|renouvelant|d[ée]livrant)\b"
)
_ANNEX = re.compile(r"(?im)^[^\w\n]*annexes?\b")
_TITLE_STOP = re.compile(
    r"(?m)^[^\w\n]*(?:VU|Vu)\b|^[^\w\n]*(?:le|la|l['’]|les)\s*(?:pr[ée]f[èe]te?|ministre|directeur|directrice|secr[ée]taire|sous-pr[ée]f)",
    re.IGNORECASE,
)
_FAR = 4000
_LONGEST_HEADING = 500


def opens_decree(text: str) -> bool:
    """Return whether a decree starts on this page: heading and subject first, visas below, and no annex announced above."""
    start = _heading(text)
    return start is not None and _ANNEX.search(text, 0, start) is None


def decree_title(text: str) -> str:
    """Return the title of the decree that starts here, whitespace collapsed; empty when no heading is found."""
    start = _heading(text)
    if start is None:
        # A title only, not a place to cut: columns read in the wrong order put the visas first.
        lines = ((one.start(), one[0] + text[one.end() : one.end() + 200].partition("\n")[0]) for one in _OPENING.finditer(text[:_FAR]))
        start = next((begin for begin, line in lines if _SUBJECT.search(line)), None)
    if start is None:
        return ""
    rest = text[start:]
    first_line = rest.find("\n")
    stop = _TITLE_STOP.search(rest, first_line + 1) if first_line >= 0 else None
    return one_line(rest[: stop.start() if stop else _LONGEST_HEADING])[:_LONGEST_HEADING].strip(" -–—:;,*_")


def has_parts(text: str) -> bool:
    """Return whether a page has visas, articles or the end of a decree."""
    return first_visa(text) is not None or bool(_telling(text))


def first_line(text: str) -> str:
    """Return the first line with words in it, whitespace collapsed: a poor title, better than none."""
    return next((line for line in map(one_line, text.splitlines()) if sum(map(str.isalpha, line)) >= 4), "")[:_LONGEST_HEADING]


def _heading(text: str) -> int | None:
    head = text[:_FAR]
    limit = first_visa(head)
    for opening in _OPENING.finditer(head):
        if limit is None or opening.start() > limit:
            return None
        if _SUBJECT.search(head[opening.start() : min(limit, opening.start() + _LONGEST_HEADING)]):
            return opening.start()
    return None


# The title of an act, with the place where it was read.

_COMPARED = 40
"""Letters of a title by which its line is known again: the rest may be on the next page."""


@dataclass(frozen=True, slots=True)
class Title:
    """A title as read. `where` is None for words that merely stand in for one; `page` is that of the file, None where not known."""

    text: str
    where: Where | None = None
    page: int | None = None


def title_of(pages: Sequence[PageText]) -> Title:
    """Return the title of the decree that these pages hold, else their first line with words; empty where there is none."""
    headings = (Title(decree_title(page.text), Where.TITLE, page.number) for page in pages)
    lines = (Title(one_line(first_line(page.text)), None, page.number) for page in pages)
    return _first_given(headings) or _first_given(lines) or Title("")


def best_title(listed: str, opened: Title, stamped: Title) -> Title | None:
    """Return the first title of an act among those of the table of contents (`listed`), of the separator page (`opened`) and of a running
    title (`stamped`); None without any. If one of the act's own pages begins with the words of the table, the title counts as read
    there."""
    chosen = _first_given((Title(listed, Where.CONTENTS), opened, stamped))
    if chosen is None or chosen.where is not Where.CONTENTS:
        return chosen
    words = fold_letters(chosen.text)
    again = next((own for own in (opened, stamped) if words and fold_letters(own.text).startswith(words)), chosen)
    return Title(chosen.text, again.where, again.page)


def listed_on(act_id: str | None, title: str, contents: Sequence[PageText]) -> int | None:
    """Return the page of the table of contents that holds the line of this act; None where its beginning stands on none of them."""
    if act_id is not None:
        return next((page.number for page in contents if act_id in page.text), None)
    words = fold_letters(title)[:_COMPARED]
    return next((page.number for page in contents if words and words in fold_letters(page.text)), None)


def _first_given(titles: Iterable[Title]) -> Title | None:
    return next((title for title in titles if title.text), None)


# Where one decree ends and the next one begins, in a run of pages without running titles.

_OPERATIVE = re.compile(
    r"(?m)^[^\w\n]*(?:A ?R ?R ?[EÊÉ] ?T ?[EÉ](?: ?N ?T)?|[Aa]rr[êe]te(?:nt)?|D ?[EÉ] ?C ?I ?D ?E|[Dd][ée]cide)[^\w\n]*$"
    r"|^[^\w\n]*(?i:art(?:icle|\.)[ \t]{0,3}(?:1(?!\d)|premier|unique|I(?![IVXivx])))"
)
# Their first letters are spelt out: the search then skips ten times faster over what begins otherwise.
_CLOSING_WORDS = re.compile(r"\b[FfSsTt](?i:(?<=f)ait[ \t]{1,3}(?:à|a|en)\b|(?<=s)ign[ée]\b|(?<=t)ribunal[ \t]{1,3}administratif)")
_ARTICLE_LINE = re.compile(r"(?im)^[^\w\n]*art(?:icle\b|\.)")
_DECREE_NUMBER = re.compile(r"(?i)\bn(?:\s?[°º]|o?(?=\s\d))\s?((?=[\w./-]*\d)[\w.]{1,30}(?:[/_-][\w.]{1,30}|\s?[/-]\s?\d[\w.]{0,30}){0,8})")


def pieces_of(page: PageText) -> list[PageText]:
    """Return a page cut before each decree that begins below the operative part or the end of another, else the page alone."""
    text, starts, visas = page.text, [0], 0
    for start in (opening.start() for opening in _OPENING.finditer(text) if not page.other):
        if start < visas or _heading(text[start:]) != 0:
            continue
        end = start + (first_visa(text[start:]) or 0)
        if _ARTICLE_LINE.search(text, start, end) is not None:
            continue
        visas = end
        if _telling(text[starts[-1] : start]):
            starts.append(start)
    return [replace(page, text=text[start:end]) for start, end in pairwise([*starts, len(text)])]


def openings(pages: Sequence[PageText], *, closed: bool) -> tuple[int, ...]:
    """Return the indices, in order, of the pages on which a decree begins: the first heading, and each later one after a decree with an
    operative part or another number. With `closed`, that decree must have its operative part and its end (signature, remedies), so that a
    quoted decree cuts nothing. An unread page may hold what is missing."""
    found: list[int] = []
    since = ""
    unread = False
    for index, page in enumerate(pages):
        if opens_decree(page.text) and (not found or _is_next(pages[found[-1]].text, page.text, since, unread=unread, closed=closed)):
            found.append(index)
            since, unread = "", False
        since += "\n" + _telling(page.text)
        unread = unread or page.is_unread
    return tuple(found)


def _is_next(earlier: str, later: str, since: str, *, unread: bool, closed: bool) -> bool:
    one, two = decree_title(earlier), decree_title(later)
    numbers = [title_number(one), title_number(two)]
    if numbers[0] is not None and numbers[0] == numbers[1]:
        return False
    if closed:
        return unread or ("operative" in since and "closing" in since)
    same = fold_letters(one) == fold_letters(two)
    return "operative" in since or (unread and not same) or (None not in numbers and numbers[0] != numbers[1])


def title_number(title: str) -> str | None:
    """Return the number in a title, as compared (`n° 2025-01006 ` -> `202501006`); None where it has none."""
    found = _DECREE_NUMBER.search(title)
    return (fold_letters(found[1]) or None) if found else None


def _telling(text: str) -> str:
    return ("operative " if _OPERATIVE.search(text) else "") + ("closing" if _CLOSING_WORDS.search(text) else "")
