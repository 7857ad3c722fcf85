"""Finds the lists of an article: the words that open them, and their items, each with a mark or a line of its own, or in one sentence; and
cuts the names that follow one word for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bot.detection.text.document import ActText
from bot.detection.text.tables import has_gap, lines_of

_LONGEST_ITEM = 160
"""Characters of one item: longer is a paragraph, not a name."""

MOST_ITEMS = 80
"""Lists of one article, and items of one: the largest decree known names 46 stations."""

_REACH = 6000
"""Characters of one list in a sentence."""

_LONGEST_LEAD = 300
"""Characters of a sentence that opens a list."""

_OPENING_WORDS = 201
"""Characters before a colon or dash in which the words stand that open a list without marks."""

_LABEL = r"(?:site|zone|secteur|lieu|point|camera|emplacement|perimetre)s?\s(?:n\s?[°o]\s?)?(?:\d{1,3}|[a-z]\d{0,2}|[ivx]{1,4})\s?[:,-]\s"
INLINE_MARK = rf"\(?\d{{1,2}}\s?[°)]\s?|\(?(?:[a-h]|[ivx]{{1,4}})\)\s|{_LABEL}"
"""Matches what begins an item in a sentence."""

_MARK = (
    r"(?:\"\s{0,3})?(?:(?:[^\w\s\"'(),.;:]|o)\s|[-•▪·](?=\w)|\(?\d{1,2}\s?[°)]\s?(?:-\s)?|\d{1,2}(?:\.\d{1,2}){0,3}\s?\.\s|\d{1,2}(?:\.\d{1,2}){1,3}\s"
    rf"|\d{{1,2}}\s-\s|\(?(?:[a-z]|[ivx]{{1,4}})\s?[.)]\s?|{_LABEL})"
)
"""Matches what begins an item, over the folded text: a bullet, a number, a letter, "site n° 1 :"."""

_MARKED, _NUMBERED = re.compile(rf"(?:^|\n)[ ]?(?:{_MARK}){{1,2}}"), re.compile(r"\w")
# A stop, but for one after an initial: "avenue Franklin D. Roosevelt ;".
_END = re.compile(r";|\.\s(?!(?<=\s[a-z]\.\s)[a-z'-]{3,20}\s?(?:[;,(.\n]|$))|\.$|\n(?=article\b|art\.|fait a\b)")
_BRACKET = re.compile(r"\([^()]*\Z")
"""Finds one that is open: "(lignes 1 et ⏎ 14) et X"."""
_LINE = re.compile(r"[^\n]+")
_ITEM_LINE = re.compile(r"[^\n.:,]{3,60}(?<! et)(?<! de)(?<! du)(?<! des)(?<! la)(?<! le)(?<! les)[;,.]?[ ]?")
_COUNTED = re.compile(r"\s\d{1,4}[ ]?(?=\n|$)")
_OTHER_LINE = re.compile(r"\W*(?:article|art\.|fait a|annexe|clause)\b")
_FEW_WORDS = r"[a-z][a-z' -]{2,40}[;,.]?"
# A sentence ends there, and before the next line of a form ("Motif : …").
_STOP = re.compile(r"\.(?:\s|$)|\n(?=article\b|art\.|fait a\b|[a-z][^\n.;:]{1,40}\s:\s)")
# The colon or dash after words that open a list without marks.
_COLON = re.compile(r"(?:\s?:|(?<!\d)\s-)(?=\s)")
_ENDS_IN_NAME = re.compile(r"[a-zà-ÿ]\s(?:[dl]['’])?[A-ZÀ-Þ][\w'’-]*$")
_BEFORE = re.compile(r"[.;:](?=\s)|\n(?=article\b)")


@dataclass(frozen=True, slots=True)
class PrintedList:
    """Holds a list in the folded text: its words end at `opened`, where its items begin. `marked`: each has a mark or a line of its own."""

    start: int
    opened: int
    items: tuple[tuple[int, int], ...]
    marked: bool


def lists(document: ActText, start: int, end: int, whole_line: str = _FEW_WORDS) -> Iterator[PrintedList]:
    """Yield the lists of a part of the folded text, in order. Lines without marks are items where several in a row are a `whole_line`; the
    rows of a table are none."""
    text = document.folded.text
    lined = re.compile(rf"(?:(?:^|\n)[ ]?{whole_line}(?=\n|$)){{2,}}", re.MULTILINE)
    position = start
    first: re.Match[str] | None = None
    for _ in range(MOST_ITEMS):
        if position == start or (first is not None and first.start() < position):
            found = [match for match in (_MARKED.search(text, position, end), lined.search(text, position, end)) if match is not None]
            first = min(found, key=lambda match: match.start(), default=None)
        opening = _opening(document, position, end if first is None else first.start() + 1)
        if opening is not None and opening < (end if first is None else first.start()):
            opened = position = opening
            limit = min(end, opened + _REACH)
            closing = _STOP.search(text, opened, limit)
            items = _own_lines(document, opened, limit) or [(opened, closing.start() if closing is not None else limit)]
            position = items[-1][1] if items[1:] else position
        elif first is not None:
            opened, position = first.span()
            of_lines = islice(_LINE.finditer(text, opened, position), MOST_ITEMS) if first.re is lined else ()
            items = [line.span() for line in of_lines] or list(islice(_marked(text, opened, end), MOST_ITEMS))
            if items and (items[1:] or ":" not in text[slice(*items[0])]):  # else that may open a list of its own
                position = max(position, items[-1][1])
        else:
            return
        earliest = max(start, opened - _LONGEST_LEAD)
        lead = max((match.end() for match in _BEFORE.finditer(text, earliest, max(opened - 2, earliest))), default=earliest)
        marked = bool(items[1:]) or (first is not None and opened == first.start())
        bare = text.startswith("\n", opened) and not (marked and _MARKED.match(text, opened))
        tabular = bare and any(has_gap(line.printed) for item in items[:1] for line in islice(lines_of(document, *item), 1))
        if items and not tabular:
            yield PrintedList(lead, opened, tuple(items), marked)


def _own_lines(document: ActText, start: int, limit: int) -> list[tuple[int, int]]:
    """Return the short lines below words that open a list, each an item; none where they are a sentence or a table."""
    text = document.folded.text
    found: list[tuple[int, int]] = []
    for line in islice(_LINE.finditer(text, start, limit), MOST_ITEMS) if text.startswith("\n", start) else ():
        if _ITEM_LINE.fullmatch(line.group()) is None or _OTHER_LINE.match(line.group()):
            break
        if has_gap(document.source[slice(*document.folded.span(*line.span()))]):
            return []
        found.append(line.span())
        if line.group().rstrip().endswith("."):
            break
    counted = sum(_COUNTED.search(text, *line) is not None for line in found)
    return found if found[1:] and counted < 2 else []


def _opening(document: ActText, start: int, end: int) -> int | None:
    """Return where the first words of a sentence end that open a list without a mark, with their colon or dash; but for a dash after a name
    in the sentence: "des stations Ivry – Porte d'Italie et Louvre"."""
    text = document.folded.text
    for colon in _COLON.finditer(text, start, end):
        low = max(start, colon.start() - _OPENING_WORDS)
        sentence = max(low, *(text.rfind(sign, low, colon.start()) + 1 for sign in ".;:"))
        named = text[colon.start() : colon.end()].strip() == "-" and _ENDS_IN_NAME.search(document.original(sentence, colon.start()))
        if text[sentence : colon.start()].strip() and not named:
            return colon.end()
    return None


def _marked(text: str, start: int, limit: int) -> Iterator[tuple[int, int]]:
    """Yield items up to one that ends with a colon, or above a bullet has a letter or number: it opens a list of its own."""
    while (item := _MARKED.match(text, start, limit)) is not None:
        marks = _MARKED.finditer(text, item.end(), min(item.end() + _LONGEST_ITEM, limit))
        following = next((mark for mark in marks if _BRACKET.search(text, item.end(), mark.start()) is None), None)
        closing = _END.search(text, item.end(), min(item.end() + _LONGEST_ITEM, limit))
        stop = min(following.start() if following else limit, closing.start() if closing else limit)
        headed = following is not None and stop == following.start() and (_NUMBERED.search(item[0]) and not _NUMBERED.search(following[0]))
        if headed or (text[stop - 1] == ":" and following is not None):
            return
        yield item.end(), stop
        ended = closing is not None and text[closing.start()] != ";" and following is not None and closing.start() < following.start()
        if following is None or ended or text[following.start() - 1] == ":":
            return
        start = following.start()


# Names after one word for all of them: "les gares de Lyon et de Bercy", "les polices municipales de Lens, Liévin et du Marin".

_NAME = (
    r"(?!RER|SNCF|RATP|(?:UNE?|MM?|Mmes?|MMES?|Mlle|Me|Dr|Monsieur|Madame|Messieurs|Mesdames|MONSIEUR|MADAME)\b)"
    r"(?:(?:L[ea]s?|L['’]|Saint|Sainte)[ -]?)?(?:[A-ZÀ-ÖØ-Þ]|\d{1,2}-(?=[A-ZÀ-ÖØ-Þ]))[\w'’\-]*"
    r"(?:(?!\set\s)(?:[ -](?:sur|sous|en|les|lès|la|le|de|du|des|aux?|d['’]|l['’]|et)){0,2}(?:[ -]|\s[dl]['’])"
    # In capitals, a sentence goes on: "LA POLICE MUNICIPALE DE NICE EST AUTORISEE DU…".
    r"(?!RER|SNCF|RATP|(?:ET|EST(?! ENSEMBLE)|SONT|PEUT|PEUVENT|MET|METTENT|POUR|DANS|AFIN|LORS|PAR|DISPOSE|AUTORIS\w*|QUI)\b)"
    r"[A-ZÀ-ÖØ-Þ][\w'’\-]+){0,4}"
)
_LINKED = re.compile(rf"\s?(?:(?i:{INLINE_MARK}))?(?P<link>(?i:de |du |des |d['’] ?)(?:la |l['’])?)?(?P<name>{_NAME})")
_JOINED = re.compile(
    r"\s?(?:[,;/](?: et\b| ainsi que\b)?|[–—-](?= )|(?P<last>et|ainsi qu(?:e|['’]))\b)(?P<that> celles?\b)?(?=\s)", re.IGNORECASE
)
_UNFINISHED = re.compile(r"\s(?!et\b|ainsi\b)[a-zà-ÿ]")


def names_of_one_kind(text: str, start: int = 0, *, several: bool = True, listed: bool = False) -> list[tuple[str, str, int]]:
    """Return the names of an enumeration as printed: what joins each to the word before all of them, "" where nothing does, and its end. In
    a sentence names without a preposition go on up to an "et" (in "de Lens, Pas-de-Calais, sont" they do not), and only after a plural
    (`several`), as do those with "du", which also begins "et du Département". Names that are `listed` are nothing else than names."""
    found: list[tuple[str, str, int]] = []
    sure, last, free = 1, listed, True
    one = _LINKED.match(text, start)
    while one is not None and (free or (one["link"] or "").lower() in {"de ", "d'"}):
        found.append((one["link"] or "", one["name"], one.end()))
        sure = len(found) if one["link"] or last else sure
        joining = _JOINED.match(text, one.end())
        if joining is None:
            break
        last, free = listed or joining["last"] is not None, several or joining["that"] is not None
        one = _LINKED.match(text, joining.end())
    return [] if listed and found and _UNFINISHED.match(text, found[-1][2]) else found[:sure]
