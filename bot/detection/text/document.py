"""Makes one text with views of an act that shows a sign; its quotes have page numbers and no persons' names. Finds the parts of its
decree: heading, visas, recitals (`Considérant…`), articles. Where acts begin and end was decided before (`bot/reading/acts`)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import Generic, TypeVar

from bot.detection.text.cues import Cues, Pattern, RewrittenText, cues, fold, load, repair, squeeze
from bot.detection.text.phrases import excerpt
from bot.domain.acts import Act, Evidence, Where
from bot.domain.text import PageText, bare, fold_letters, fold_words, one_line

_REACH = 14
"""Pages kept on each side of a sign: decrees have six or seven, annexes aside."""

_SURE_ENOUGH = 85
"""Mean confidence (0 to 100) of a recognised page below which accuracy falls under 99 %: a name of some words may be misread."""

HEADING_REACH = 400
"""Characters of a text in which its own title stands."""


def has_sign(text: str, topic: str) -> bool:
    """Return whether a text, in any spelling, may speak of a topic."""
    return cues(topic).signs_in(fold_letters(text))


def signs(act: Act, topics: Iterable[str]) -> tuple[str, ...]:
    """Return the topics of which the act has a sign anywhere, including in its title or across two pages."""
    heading = act.pages[0].text[:HEADING_REACH] if act.pages else ""
    head, tight = one_line(fold_words(f"{act.title}\n{heading}")), fold_letters("\n".join([act.title, *(page.text for page in act.pages)]))
    return tuple(topic for topic in topics if cues(topic)["jargon.title"].search(head) is not None or cues(topic).signs_in(tight))


def relevant_pages(act: Act, topic: str) -> tuple[PageText, ...]:
    """Return the pages worth a closer look: all, or in a bulk act of hundreds those around a sign, be it cut between two pages."""
    pages = act.pages
    if len(pages) <= 2 * _REACH:
        return pages
    near: set[int] = set()
    for index, page in enumerate(pages):
        following = pages[index + 1].text[:200] if index + 1 < len(pages) else ""
        if has_sign(page.text + "\n" + following, topic):
            near.update(range(max(index - _REACH, 0), min(index + _REACH + 1, len(pages))))
    return tuple(pages[index] for index in sorted(near)) or pages


_QUOTE_LIMIT = 240
"""Characters of a quoted phrase: enough for the sentence that decides, too little to carry a page along."""

_PAGE_NUMBER = re.compile(r"(?<!\s)\s*\(\d{1,3}\s+pages?\)(?:\s+page\s+\d{1,4}\b)?", re.IGNORECASE)

# The last line of a page that numbers it, in the middle of a sentence: "1/3", "- 2 -", "Page 2 sur 4".
_FOOTER = re.compile(
    r"(?<!\s)\s*\n[ \t]*(?:(?:page\s*)?\d{1,3}\s?(?:/|sur)\s?\d{1,3}|page\s*\d{1,3}|[-–—]\s?\d{1,3}\s?[-–—])\s*\Z", re.IGNORECASE
)

# Tables drawn with characters: an upright line parts two columns.
_DRAWN = {**dict.fromkeys(range(0x2500, 0x2580), " "), **dict.fromkeys(map(ord, "|│┃║"), "\t")}

_RULE = re.compile(r"^[ \t+:=_-]{5,}$", re.MULTILINE)

# An act as one text, and the parts of its decree.


class DecreePart(StrEnum):
    """Names the parts of a decree, in order."""

    TITLE = "title"
    HEADING = "heading"
    VISA = "visa"
    RECITAL = "recital"
    ARTICLE = "article"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Block:
    """Holds one part of a decree, as a stretch of the folded text."""

    part: DecreePart
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Holds the decree of an act, as a stretch of the folded text, with its parts."""

    start: int
    end: int
    blocks: tuple[Block, ...]

    def of(self, *parts: DecreePart) -> Iterable[Block]:
        """Return the blocks of these parts, in order."""
        return (block for block in self.blocks if block.part in parts)

    def at(self, position: int) -> Block:
        """Return the block that holds a position."""
        return self.blocks[max(bisect_right(self.blocks, position, key=lambda block: block.start) - 1, 0)]

    @property
    def is_formal(self) -> bool:
        """Return whether the text has visas or articles of an act."""
        return any(block.part in {DecreePart.VISA, DecreePart.ARTICLE} for block in self.blocks)

    @property
    def has_articles(self) -> bool:
        """Return False if the operative part was cut off or not found."""
        return any(block.part is DecreePart.ARTICLE for block in self.blocks)


@dataclass(frozen=True, slots=True)
class ActText:
    """Holds the title, then the pages. All positions are those of `folded.text`, `folded` alone leads to the printed text; cues are
    matched against the squeezed text with damaged words put back, by methods named as those of `re`."""

    source: str
    pages: tuple[PageText, ...]
    page_starts: tuple[int, ...]
    page_numbers: tuple[int, ...]
    """Positions of the title, then of each page."""
    folded: RewrittenText
    flat: str
    """`folded.text` with its line breaks as blanks: same positions."""
    tight: RewrittenText
    """The squeezed text of `folded.text`."""
    mended: RewrittenText
    """`tight.text` with damaged words put back. Its positions never leave this class, nor do those of `tight`."""
    title_end: int
    cues: Cues
    """Those of the topic for which it is judged."""
    title_from: Where = Where.TITLE
    """Where the title was read."""
    segment: Segment = Segment(0, 0, ())
    """The decree in it."""

    def page(self, position: int) -> int:
        """Return the page of the file on which this position is."""
        return self.page_numbers[max(bisect_right(self.page_starts, position) - 1, 0)]

    def where(self, position: int) -> Where:
        """Return the part of the act that holds this position."""
        part = self.segment.at(position).part
        return {DecreePart.TITLE: self.title_from, DecreePart.ARTICLE: Where.OPERATIVE}.get(part) or Where(part.value)

    def printed(self, start: int, end: int) -> str:
        """Return the original text of a stretch, with its blanks and line ends."""
        return self.source[slice(*self.folded.span(start, end))]

    def original(self, start: int, end: int) -> str:
        """Return the original text of a stretch on one line."""
        return one_line(self.printed(start, end), self.folded.text)

    def in_capitals(self, start: int, end: int) -> bool:
        """Return whether a stretch is all in capitals, in which a capital does not mark a name."""
        printed = self.original(start, end)
        return sum(map(str.islower, printed)) * 4 < sum(map(str.isupper, printed))

    def evidence(self, about: str, start: int, end: int, cue: str | None = None) -> Evidence:
        """Return a short quotation of the original, on whole words and without persons' names. `cue` is the name of the cue that it met."""
        first, last = self.folded.span(start, min(end, start + _QUOTE_LIMIT))
        while first > 0 and self.source[first - 1].isalnum() and self.source[first].isalnum():
            first -= 1
        while last < len(self.source) and self.source[last - 1].isalnum() and self.source[last].isalnum():
            last += 1
        return Evidence(about, self.page(start), one_line(excerpt(self.source, first, last), self.folded.text), self.where(start), cue)

    def is_poor(self, quote: Evidence) -> bool:
        """Return whether a phrase may be misread, on a bad page or with an unsure word: a number or an office may be cut."""
        page = next((page for page in self.pages if page.number == quote.page), PageText(quote.page, ""))
        unsure, words = page.unsure, [word for word in map(bare, quote.text.split()) if word]
        little = page.damaged or (page.confidence is not None and page.confidence < _SURE_ENOUGH)
        if little or not unsure.isdisjoint(words):
            return True
        if quote.about == "number" and words:
            return any(word.startswith(words[-1]) for word in unsure)
        after = r"\W+".join(map(re.escape, words)) + r"[^\w\n]+(\S+)"
        return quote.about == "office" and any(bare(match[1]) in unsure for match in re.finditer(after, self.source))

    def finditer(self, cue: Pattern, start: int, end: int, *, anchored: bool = False) -> Iterator[CueMatch]:
        """Yield the matches of a cue in a stretch. `anchored`: it is all that the cue sees, and "^" its beginning."""
        first, last = self._inside(start, end)
        if anchored:
            return (self._located(match, first) for match in cue.finditer(self.mended.text[first:last]))
        return map(self._located, cue.finditer(self.mended.text, first, last))

    def search(self, cue: Pattern, start: int, end: int, *, anchored: bool = False) -> CueMatch | None:
        """Return the first match of a cue in a stretch, as `finditer`."""
        return next(self.finditer(cue, start, end, anchored=anchored), None)

    def match(self, cue: Pattern, start: int, end: int) -> CueMatch | None:
        """Return the match of a cue at the beginning of a stretch, as `finditer`."""
        found = cue.match(self.mended.text, *self._inside(start, end))
        return None if found is None else self._located(found)

    def squeezed(self, start: int, end: int) -> str:
        """Return the squeezed text of a stretch, with damaged words put back."""
        return self.mended.text[slice(*self._inside(start, end))]

    def around(self, start: int, end: int, before: int, after: int, within: tuple[int, int] | None = None) -> tuple[int, int]:
        """Return a stretch with so many squeezed characters before and after it, of those within another stretch."""
        first, last = self._inside(start, end)
        first, last = self._outside(max(first - before, 0), last + after)
        return (first, last) if within is None else (max(first, within[0]), min(last, within[1]))

    def _located(self, match: re.Match[str], offset: int = 0) -> CueMatch:
        return TextMatch(match, *self._outside(match.start() + offset, match.end() + offset))

    def _inside(self, start: int, end: int) -> tuple[int, int]:
        return self.mended.position(self.tight.position(start)), self.mended.position(self.tight.position(end))

    def _outside(self, start: int, end: int) -> tuple[int, int]:
        return self.tight.span(*self.mended.span(start, end))


# A text of which nobody knew the boxes of its words: wide blanks part the cells of a line.
_WIDE = re.compile(r"(?<=\S) {3,}(?=\S)")


def _with_cells(printed: str) -> str:
    return printed if "\t" in printed else _WIDE.sub(lambda blanks: "\t" + " " * (len(blanks.group()) - 1), printed)


def document(act: Act, topic: str) -> ActText:
    """Return the document made of the title of an act and its relevant pages, with the parts of its decree, to be judged for a topic."""
    pages = relevant_pages(act, topic)
    # Where an entry of a table of contents takes two lines, its page number stands between its last words.
    parts = [_PAGE_NUMBER.sub(" ", act.title).strip() + "\n"]
    printed = (_RULE.sub(lambda rule: " " * len(rule.group()), _with_cells(page.text).translate(_DRAWN)) for page in pages)
    parts += [_FOOTER.sub("", page) + "\n" for page in printed]
    source = "".join(parts)
    folded = fold(source)
    tight = squeeze(folded.text)
    mended = repair(tight.text, cues(topic).misreads)
    text = ActText(
        source,
        pages,
        tuple(map(folded.position, accumulate(map(len, parts[:-1]), initial=0))),
        (act.title_page if act.title_page is not None else act.first_page, *(page.number for page in pages)),
        folded,
        folded.text.replace("\n", " "),
        tight,
        mended,
        folded.position(len(parts[0]) - 1),
        cues(topic),
        act.title_from or Where.TITLE,
    )
    return replace(text, segment=_segment(text))


# A value read in a text, with the stretch of the folded text it was read from.

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TextMatch(Generic[T]):
    """`value`, read from `start:end` of the folded text."""

    value: T
    start: int
    end: int


CueMatch = TextMatch[re.Match[str]]
"""Where a cue stands in the folded text; the positions of the match itself are of no other use."""


def each_once(found: Iterable[TextMatch[str]]) -> dict[str, TextMatch[str]]:
    """Return the first of each value by that value, folded."""
    once: dict[str, TextMatch[str]] = {}
    for entry in found:
        once.setdefault(fold(entry.value).text, entry)
    return once


# The parts of a decree.

_HEADING_LIMIT = 2500
"""Characters before the first visa that still count as the heading: letterhead, service, title."""

_SAME_OPENING = 60
"""Characters between `ARRÊTE` and its first article."""

_VISA = re.compile(r"(?:^|(?<=[;.:,]))[ ]?\W{0,2}vu(?=[\s,]|l[ae']|les)(?! et approuve)", re.MULTILINE)
# "VISAS", "II. – Motifs": what stands below one of these lines has no "Vu" or "Considérant" of its own.
_HEADED = re.compile(
    r"^\W{0,3}(?:(?:[ivx]{1,4}|\d)\W{1,5})?(?:(?P<visa>visas?|textes(?: (?:et pieces|vises))?)|motifs?|considerants|faits|droit)\W{0,3}$",
    re.MULTILINE,
)
_RECITAL = re.compile(r"(?:^|(?<=[;.:,]))[ ]?\W{0,3}considerant(?=\b|qu)", re.MULTILINE)
# "Article l" is article 1 as OCR reads it, but "article L. 252-1" at a line's beginning is a code's.
# OCR reads "Atticle", "Artic1e", and "1er" as "ler" or "ter".
_WORD = r"(?:a[rt][tl]ic[l1i]e|art\.)"
# "ARTICLE DEUX", as solemn decrees number them.
_IN_LETTERS = (
    r"deux|trois|quatre|cinq|six|sept|huit|neuf|dix(?:-(?:sept|huit|neuf))?|onze|douze|treize|quatorze|quinze|seize"
    r"|vingt(?:(?:-| et )[a-z]{2,6})?|second|(?:deux|trois|quatr|cinqu|six|sept|huit|neuv|dix|onz|douz)ieme"
)
_ARTICLE = re.compile(
    rf"^\W{{0,3}}{_WORD}\s{{0,2}}(?:\d{{1,3}}|premier|unique|(?:un|{_IN_LETTERS})\b|[ivx]+\b|l\b(?!\s?\.?\s?\d)|[lt]er\b)", re.MULTILINE
)
_FIRST_ARTICLE = re.compile(
    rf"^\W{{0,3}}{_WORD}\s{{0,2}}(?:1\s?(?:er|\*|°|º)?|premier|unique|i|l(?!\s?\.?\s?\d)|[lt]er|i er|un)"
    r"(?=\s?[:.\-–/]|\s?(?:\([^()\n]{3,60}\))?$)",
    re.MULTILINE,
)
_NUMBERED_ARTICLE = re.compile(rf"^\W{{0,3}}{_WORD}\s{{0,2}}\d{{1,3}}\s?(?:er)?\s?[:.\-/]", re.MULTILINE)
_GLUED_ARTICLE = re.compile(r"(?<=[.;:])\s?article\s{0,2}(?:\d{1,3}|premier|unique)(?=\s?(?:er)?\s?[:.\-])")
# "TITRE III / TRAITEMENT DES IMAGES" speaks of the article that follows it, not of the one before.
_SECTION = re.compile(
    rf"^\W{{0,3}}(?:titre|chapitre|section)\s+(?:[ivx]{{1,5}}|\d{{1,2}}|premiere?|unique)\b[^\n]*\n(?:[^\n]{{0,120}}\n){{0,3}}?(?=\W{{0,3}}{_WORD}\s)",
    re.MULTILINE,
)
# Over the squeezed text: `ARRÊTE`, `A R R Ê T E`, `ARRE TE`, `ARRÊTENT`, `Décide` are all one here; the noun is never followed by this.
_OPERATIVE = re.compile(
    r"(?:arrete(?:nt)?|decide(?:nt)?)(?:cequisuit|conjointement)?.{0,12}?a[rt][tl]ic[l1i]e(?:1er|1(?!\d)|i(?![ivx])|l(?!\d)|ter|premier|unique)"
    r"|(?:arrete(?:nt)?|decide(?:nt)?)art1(?!\d)"
)
# A decision without the word "article": "Décide :" and a line that begins with "1°", "1er –", "A."; else its paragraphs.
# "Pour ces motifs, la préfète arrête :" ends a sentence too.
_SAYS = r"(?:prefete?s?\b[^\n.;:]{0,60}|\bmotifs,?|\bconsequence,?|\bj(?:e|'ai))\s(?:arrete|decide)(?:nt)?(?: ce qui suit)?\s?:\s?(?=\n)"
_FIRST_POINT = re.compile(
    rf"(?:^\W{{0,3}}(?:arrete|decide)(?:nt)?\b[^\n]{{0,30}}|{_SAYS})\n\s?"
    r"(?P<point>\W{0,3}(?:(?:\d\.1|1(?:\s?er)?|i)\s?(?:[°º]\s?\)|[°º.)/:-])|a\s?[.)/-])(?=\s))",
    re.MULTILINE,
)
_POINTS = tuple(
    re.compile(rf"^\W{{0,3}}{number}(?=\s)", re.MULTILINE)
    for number in (
        r"\d{1,2}\.\d{1,2}\s?[°º.)/:-]",
        r"\d{1,2}(?:\s?er)?\s?(?:[°º]\s?\)|[°º.)/:-])",
        r"[ivx]{1,5}\s?[.)/:-]",
        r"[a-z]\s?[.)/-]",
    )
)
_ORDERS = re.compile(
    rf"^\W{{0,3}}(?:a\s?r\s?r\s?e\s?t\s?e|d\s?e\s?c\s?i\s?d\s?e)(?:\s?n\s?t)?(?: ce qui suit)?\W{{0,4}}$|{_SAYS}"
    r"|\bj(?:'ai|e) decide(?: ce qui suit)?\s?:\s?(?=\n)"
    # A letter decides by its verb: what stands above only says what was asked for.
    r"|^(?=[^\n.;:]*\bj(?:'|e )(?:vous )?(?:autorise|abroge|mets fin|retire|suspends|refuse|rejette)\b)"
    # "IV. – Décision", "Chapitre B – Autorisation", below the recitals.
    r"|^\W{0,3}[ivx\d]{1,4}\W{1,5}(?:decision|dispositif)\W{0,3}$|^(?=\W{0,3}(?:titre|chapitre|section|partie)\s(?:[a-z]|[ivx\d]{1,4}|premiere?)\s?[:.–-])",
    re.MULTILINE,
)
# A form that is a decree has its facts in boxes above the visas or below the articles, which refer to them.
_BOX = re.compile(r"^\W{0,3}(?:cadre|rubrique|bloc)\s(?:n\s?[°o]\s?)?(?:\d{1,2}|[a-z]|[ivx]{1,4})\b", re.MULTILINE)
_PARAGRAPH = re.compile(r"(?<=\.)\s?\n")
# Where a decree is signed: what stands there is one closing.
_CLOSING = re.compile(
    r"(?:fait|signe|p/|pour l[ea] (?:sous-)?prefe|par delegation)|[a-z][a-z' -]{1,40}, (?:le|ce) \d"
    r"|l[ea] (?:sous-)?(?:prefet|direct|secretaire|commissaire)[a-z' ,-]{0,70}\n\W{0,3}(?:signe\b|[a-z' -]{3,40}(?:\n|$))"
)
_HEAD = re.compile(r"\b(?:arretes?|decision|a\s?r\s?r\s?e\s?t\s?e)\b")
_RESTART = re.compile(r"^arrete\s(?:prefectoral\s)?(?:[a-z]{2,6}\s)?n\s?[°ºo]?\s?(?:[a-z]{2,6}[ -])?\d", re.MULTILINE)
_QUOTED = re.compile(r"(?:\b(?:cet|la|les|des|du|de|dudit|ledit|dit|vu|present|ces|aux?|par)|l[' ]{0,2}|l)\s?\W{0,2}$")


def _segment(document: ActText) -> Segment:
    """Return the decree of a document: the title of the act, its heading, what stands between it and the first visa, then part by part."""
    start, heading, end = 0, document.title_end, len(document.folded.text)
    marks = [mark for mark in _marks(document, start, end) if mark[0] >= heading]
    limit = min(marks[0][0] if marks else end, heading + _HEADING_LIMIT)
    parts = [(start, DecreePart.TITLE), (heading, DecreePart.HEADING), (limit, DecreePart.BODY), *marks, (end, DecreePart.BODY)]
    blocks = (Block(part, position, following) for (position, part), (following, _) in pairwise(parts) if following > position)
    return Segment(start, end, tuple(blocks))


def own_heading(text: str, start: int, end: int) -> int:
    """Return the position of the decree's own title in a heading: its last `arrêté` that is not quoted (`l'arrêté`)."""
    return max((match.start() for match in unquoted(_HEAD, text, start, end)), default=start)


def unquoted(words: re.Pattern[str], text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern outside quotes of another decree."""
    return (match for match in words.finditer(text, start, end) if not _QUOTED.search(text[max(match.start() - 12, start) : match.start()]))


def _operative_starts(document: ActText) -> list[int]:
    """Return where operative parts begin: at `ARRÊTE … Article 1er`, or at a line that begins with a first article."""
    found: list[int] = []
    marked = [found.start for found in document.finditer(_OPERATIVE, 0, len(document.folded.text))]
    bare = [match.start() for match in _FIRST_ARTICLE.finditer(document.folded.text)]
    for position in sorted([*marked, *bare, *(match.start("point") for match in _FIRST_POINT.finditer(document.folded.text))]):
        if not found or position - found[-1] >= _SAME_OPENING:
            found.append(position)
    return found


def _marks(document: ActText, start: int, end: int) -> list[tuple[int, DecreePart]]:
    """Return where visas, recitals and articles begin, in order."""
    text = document.folded.text
    visas = [match.end() - 2 for match in _VISA.finditer(text, start, end)]
    operative = _operative(text, start, end, visas, _operative_starts(document))
    marks: list[tuple[int, DecreePart]] = [(position, DecreePart.VISA) for position in visas if position < operative]
    marks += [(match.start(), DecreePart.RECITAL) for match in _RECITAL.finditer(text, start, operative)]
    headed = list(_HEADED.finditer(text, start, operative))
    marks += [(match.start(), DecreePart.VISA if match["visa"] else DecreePart.RECITAL) for match in headed]
    spans = ((start, visas[0] if visas else operative), (operative, end)) if operative < end else ()
    boxes = [match.start() for span in spans for match in _BOX.finditer(text, *span)]
    marks += [(position, DecreePart.ARTICLE) for position in {*(boxes if len(boxes) > 2 else ()), *_articles(document, operative, end)}]
    # Two layers of text interleaved: the heading comes again, or only, among the visas.
    restarts = unquoted(_RESTART, text, marks[0][0], operative) if marks and not any(match["visa"] for match in headed) else ()
    return sorted([*marks, *((match.start(), DecreePart.HEADING) for match in restarts)])


def _operative(text: str, start: int, end: int, visas: list[int], first_articles: list[int]) -> int:
    """Return where the operative part begins: at the first article after a visa; `end` where there is none."""
    first = next((position for position in first_articles if (visas[0] if visas else start) <= position < end), None)
    if first is not None:
        return first
    if (numbered := _NUMBERED_ARTICLE.search(text, visas[-1] if visas else start, end)) is not None:
        return numbered.start()  # an extract, or a first article that could not be read
    # "Arrêté" may be the title too, and stands above all recitals then.
    above = max([start + 1, *visas[-1:], *(match.start() for match in _RECITAL.finditer(text, start, end))])
    orders = _ORDERS.search(text, above, end)
    return end if orders is None else orders.end()


def _articles(document: ActText, operative: int, end: int) -> list[int]:
    """Return where each article begins, with the title of its section where one stands above it."""
    if operative == end:
        return []
    text = document.folded.text
    articles = {match.start() for found in (_ARTICLE, _GLUED_ARTICLE) for match in found.finditer(text, operative, end)}
    point = next((point for point in _POINTS if point.match(text, operative) is not None), None)
    if not articles:
        points = (match.start() for match in point.finditer(text, operative, end)) if point is not None else ()
        articles = set(points or _paragraphs(document, operative, end))
    headed = {match.end(): match.start() for match in _SECTION.finditer(text, operative, end)}
    return [headed.get(position, position) for position in sorted({operative, *articles})]


_ROW = re.compile(r"[^\n]*\S *\t")


def _paragraphs(document: ActText, start: int, end: int) -> Iterator[int]:
    """Yield where each paragraph below a blank line begins, up to the closing."""
    text = document.folded.text
    for match in _PARAGRAPH.finditer(text, start, end):
        if _CLOSING.match(text, match.end(), end) is not None:
            return
        first, last = document.folded.origin(match.start()), document.folded.origin(match.end())
        if document.source.count("\n", first, last) < 2 or _ROW.match(document.source, last):
            continue  # a table is of the paragraph that tells of it
        if not document.original(match.end(), match.end() + 1).islower():
            yield match.end()


_OPENING_REACH = 400
"""Characters of a text in which it calls itself an erratum: after the letterhead, before what it corrects."""

# Letters may be spaced: "E R R A T U M".
_OPENINGS = "|".join(r"\s?".join(words) for words in load("references.toml")["erratum"])
_ERRATUM = re.compile(rf"^\W{{0,3}}(?P<word>{_OPENINGS})(?!\w)", re.MULTILINE)
# "Arrêté préfectoral\nrectificatif n° …" has a number of its own.
_ERRATUM_QUALIFIES = re.compile(r"\b(?:arretes?|decisions?|(?:inter-?)?prefectora(?:l|ux)|ap)\s*$")
_CORRECTS = re.compile(r"\blire\b|\bau lieu de\b")


def erratum_in(text: str, start: int = 0, end: int | None = None) -> re.Match[str] | None:
    """Return the first word of an early line of a folded text that calls the whole an erratum."""
    limit = min(start + _OPENING_REACH, len(text) if end is None else end)
    found = _ERRATUM.finditer(text, start, limit)
    return next((match for match in found if _ERRATUM_QUALIFIES.search(text, max(match.start() - 30, start), match.start()) is None), None)


def erratum(document: ActText, segment: Segment) -> re.Match[str] | None:
    """Return the word by which an act calls itself an erratum and does not repeat the corrected decree. In a text without a correction such
    a line belongs to a table of contents."""
    text = document.folded.text
    own = (re.match(r"[^\w\"]{0,3}\w", text[block.start : block.start + 4]) for block in segment.of(DecreePart.ARTICLE))
    if any(segment.of(DecreePart.VISA)) or any(own):  # those in quotation marks are of the decree that is corrected
        return None
    for block in segment.of(DecreePart.TITLE, DecreePart.HEADING):
        if (found := erratum_in(text, block.start, block.end)) is not None:
            begins = block.part is DecreePart.TITLE and not text[block.start : found.start()].strip()
            if begins or _CORRECTS.search(text, found.end(), segment.end) is not None:
                return found
    return None
