"""What an act calls itself, and what it does: its title, the verb of a title, that of an article."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.detection.facts.references import CHANGES
from bot.detection.text.cues import Pattern, cues
from bot.detection.text.document import ActText
from bot.detection.text.segments import Block, DecreePart, Segment, own_heading
from bot.domain.acts import Kind

_ASKED = 40
"""Squeezed characters before a verb that tell whether it was only asked for."""

USE = "use"
"""The cue of a title that names the use of VSA and has no verb: its articles tell more."""

_SECOND = 20
"""Squeezed characters after the beginning of a verb in which it is whole."""

_BESIDE = 90
"""Squeezed characters beside what forbids in which its object is told."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb and what it makes of the act. `start:end` are positions in the text that was searched; `cue` names what it met."""

    kind: Kind
    start: int
    end: int
    cue: str


def first_verb(text: str, start: int, stop: int) -> Verb | None:
    """The first verb of a title; of two that begin together, the longer. What was only asked for ("demande d'autorisation") is none."""
    matches = [
        Verb(kind, match.start(), match.end(), kind.value)
        for kind, verb in cues().titles.items()
        if (match := next((found for found in verb.finditer(text, start, stop) if not _asked(text, start, found)), None))
    ]
    return min(matches, key=lambda verb: (verb.start, -(verb.end - verb.start)), default=None)


def title_verb(text: str, start: int, said: int, stop: int) -> Verb | None:
    """Return what a title does. Beyond `said` it names the event: only what bears on another decree counts there."""
    decision = first_verb(text, start, said)
    if decision is None and (amending := cues().amending.search(text, said, stop)) is not None:
        decision = first_verb(text, amending.start(), stop)
    related = cues().related.search(text, start, said)
    if decision is not None:
        return None if related is not None and related.start() < decision.start else decision
    use = cues().use.search(text, start, said)
    if use is not None and cues().asked.search(text, start, use.start()) is None and (related is None or use.start() < related.start()):
        return Verb(Kind.AUTHORISATION, *use.span(), USE)
    return None


def plainly_used(text: str, start: int, verb: Verb) -> bool:
    """Return True where the use that a title names is its whole purport: "relatif à l'emploi…", "portant mise en œuvre…"."""
    return cues().plainly.search(text, start, verb.start) is not None


def stopped(text: str, start: int, stop: int) -> re.Match[str] | None:
    """What an article says to forbid or stop a use, unless it is of what no decree allows ("la reconnaissance faciale est interdite")."""
    for found in cues().otherwise.finditer(text, start, stop):
        if cues().never_allowed.search(text, max(found.start() - _BESIDE, start), min(found.end() + _BESIDE, stop)) is None:
            return found
    return None


def unsettled(text: str, start: int, stop: int, end: int) -> re.Match[str] | None:
    """Return what a title (`start:end`) says, beginning by `stop`, that leaves it to a person what becomes of VSA."""
    found = cues().unsettled.search(text, start, end)
    if found is None or found.start() > stop or cues().settled.search(text, found.end(), min(stop + _SECOND, end)) is not None:
        return None
    return found


def _asked(text: str, start: int, verb: re.Match[str]) -> bool:
    """Return True for a verb right after the words of a request."""
    return any(match.end() == verb.start() for match in cues().asked.finditer(text, max(start, verb.start() - _ASKED), verb.start()))


def article_verb(text: str, start: int, stop: int) -> Verb | None:
    """Return what an article decides: its first verb."""
    matches = [
        Verb(kind, match.start(), match.end(), kind.value)
        for kind, verb in cues().articles.items()
        if (match := verb.search(text, start, stop))
    ]
    return min(matches, key=lambda verb: (verb.start, verb.kind.value), default=None)


def decides_before(text: str, start: int, stop: int) -> bool:
    """Return True when a title decides before it mentions what is never a decree ("portant autorisation … et délégation")."""
    never = cues().never.search(text, start, stop)
    decision = first_verb(text, start, stop)
    return never is not None and decision is not None and decision.start < never.start()


# What is left of a title without these says what the act is about; nothing left: "AP signé", "Arrêté n° 2026-12 du 3 mai 2026".
_EMPTY_WORDS = re.compile(
    r"\b(?:arretes?|prefectora(?:l|ux)|interprefectoral|decisions?|actes?|raa|recueil|signee?s?|publiee?s?|portant|numero|annexes?|version|projet|scan\w*|"
    r"documents?|pdf|vu|date|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|prefecture|prefet|police|special|"
    r"sans|titre|objet|avec|page|pages|numerise|anonymise|caviarde|non|nominatif)\b"
)

_AUTHOR = re.compile(r"^\W{0,3}(?:la |le |les |l')?prefete?s?\b", re.MULTILINE)

# Over the squeezed text. A number may have letters inside, or before its digits.
_ONLY_A_CHANGE = re.compile(
    r"(?:arretes?|decisions?|prefectora(?:l|ux)|portant|modificatif|rectificatif|retrait|erratum|erreur|materielle|correction|fin"
    r"|(?:abrog|suspen|modifi|prorog|prolong|renouvel|retir|annul|remplac|complet|rectifi|reconduc|mett)(?:eant|ant|ation|sion|dant|cation|lement)?"
    r"|susvises?|en|date|de|du|des|dans|a|au|aux|et|la(?!rrete)|les|le|l|n|er|\d+(?:[a-z]{1,12}(?=\d))?|[a-z]{2,8}(?=\d))*+"
)


@dataclass(frozen=True, slots=True)
class OwnTitle:
    """The squeezed title of an act. `start` is where it begins in the mended view of its document."""

    text: str
    start: int

    @property
    def speaks(self) -> bool:
        """True for a title that names algorithmic video surveillance, in whatever words."""
        return any(cue.search(self.text) for cue in (*cues().strong, *cues().bare, *cues().medium))


def is_generic(title: str) -> bool:
    """Return True for a folded title that does not say what the act is about ("ap signe", "arrete n° 2026-12")."""
    left = re.sub(r"[^a-z ]", " ", _EMPTY_WORDS.sub(" ", title))
    return not any(len(word) >= 4 for word in left.split())


def tells_only_a_change(title: OwnTitle) -> bool:
    """Return True for a title that changes or ends another decree and does not say what that is about ("abrogeant l'arrêté n° 2026-12")."""
    decision = first_verb(title.text, 0, len(title.text))
    return decision is not None and decision.kind in CHANGES and _ONLY_A_CHANGE.fullmatch(title.text) is not None


def own_title(document: ActText, segment: Segment, *, stand_alone: bool) -> OwnTitle | None:
    """Return the title: of the act, or where that is missing, generic or a mere file name, the heading's; None if there is none."""
    text = document.folded.text
    for block in segment.of(DecreePart.TITLE, DecreePart.HEADING):
        start = own_heading(text, block.start, block.end)
        folded = text[start : block.end]
        if (block.part is DecreePart.TITLE and stand_alone) or is_generic(folded):
            continue
        if block.part is DecreePart.HEADING and re.match(r"(?:arretes?|decision)\b", folded) is None:
            continue
        # A visa that could not be told as one, because its "Vu" was misread, is no part of a title.
        author = _AUTHOR.search(text, start, block.end) if block.part is DecreePart.HEADING else None
        if author is not None and is_generic(text[start : author.start()]):
            continue
        first, last = document.mended_span(start, block.end if author is None else author.start())
        return OwnTitle(document.mended.text[first:last], first)
    return None


def notice_at_opening(text: str, start: int, stop: int) -> re.Match[str] | None:
    """Return what a title is that begins as something else and goes on with an act ("Avis de consultation : projet d'arrêté…")."""
    return cues().never.match(text, start, stop) or cues().related.match(text, start, stop)


_OWN_LINE = re.compile(r"^\W{0,3}(?:arretes?|decision)\b", re.MULTILINE)


def notice_opening(document: ActText, segment: Segment) -> re.Match[str] | None:
    """Return the word with which a text begins, in its title or in a line of its heading, that tells of what is decided elsewhere.

    None where an act follows it ("Information du public : arrêté…"), or a line of its own that begins one.
    """
    for block in segment.of(DecreePart.TITLE, DecreePart.HEADING):
        found = _line_opening(document, block, cues().notices)
        if found is not None and _OWN_LINE.search(document.folded.text, document.loose(*found.span())[1], segment.end) is None:
            title_end = document.mended_span(block.start, block.end)[1]
            if block.part is DecreePart.HEADING or not cues().act.search(document.mended.text, found.end(), title_end):
                return found
    return None


def lists_acts(document: ActText, segment: Segment) -> re.Match[str] | None:
    """Return the word with which a text begins that lists acts published before: their titles, line by line, decide nothing here."""
    openings = (_line_opening(document, block, cues().lists) for block in segment.of(DecreePart.TITLE, DecreePart.HEADING))
    return next((found for found in openings if found is not None), None)


def _line_opening(document: ActText, block: Block, cue: Pattern) -> re.Match[str] | None:
    """Return where a line of a title or heading begins with this cue."""
    text = document.folded.text
    position = block.start
    while position < block.end:
        end = text.find("\n", position, block.end)
        end = block.end if end < 0 else end
        found = cue.match(document.mended.text, *document.mended_span(position, block.end))
        if found is not None:
            return found
        position = end + 1
    return None


def notice_in(title: OwnTitle) -> re.Match[str] | None:
    """Return what makes a title one that decides nothing on VSA ("donnant subdélégation", "fixant la liste…"), where a word says so."""
    decision = first_verb(title.text, 0, len(title.text))
    spoken = cues().never.search(title.text) or cues().related.search(title.text)
    return spoken if spoken is not None and (decision is None or spoken.start() < decision.start) else None


def is_notice(title: OwnTitle) -> bool:
    """Return True for a title that says that the act decides nothing on VSA, by a word or by having neither verb nor object."""
    if (cues().never.search(title.text) or cues().related.search(title.text)) is not None:
        return notice_in(title) is not None
    return first_verb(title.text, 0, len(title.text)) is None and not title.speaks
