"""Collects the evidence of one segment, its title and verbs, and its findings. `about`: `verdict` for a phrase that names the topic, `verb`
for the act's effect, `support` and `against` for context, `doubt`, `contradiction` for an article against the title, `sign` for a word
without result. `cue`: from `cues.toml`, a legal basis of `law.toml`, or a constant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from bot.detection.facts.operators import beside_formality, only_told, operators_within
from bot.detection.text.cues import Cues, VerdictReason, name_of
from bot.detection.text.document import ActText, Block, CueMatch, DecreePart, Segment, TextMatch, own_heading
from bot.detection.text.mentions import EXCLUDED, Mention, Mentions, legal_bases, purposes_named, rests_on_the_law, sentence
from bot.domain.acts import CHANGING, GRANTS, Evidence, Kind, Outcome
from bot.domain.topics import topics

EVENT = "predetermined event"
PRODUCT = "known product or maker"
SIGN = "a word that could be a sign"

_ALIEN = frozenset({"medical images", "wildlife or photographs", "aerial surveys", "land or taxes", "water levels"})
"""Cues of images that no public space has. Number plates are not among them: people drive."""
_ENOUGH = 3
"""Most quoted phrases of one kind."""
_AFTER_VERB = 24
"""Characters quoted after a verb, so that one sees what it bears on."""
_PURPOSE = 20
"""Squeezed characters after a mention in which a title says what it is for."""
_BUT_FOR = re.compile(r"\b(?:autres?|au-dela|en dehors|hors|sauf|reconnaissance|identification|biometri\w*|facial\w*)\b")
_PORTANT = "portant "


@dataclass(frozen=True, slots=True)
class Finding:
    """Holds the finding on one segment; `evidence` quotes the act and names the matched cues."""

    outcome: Outcome
    kind: Kind | None
    evidence: tuple[Evidence, ...]
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentEvidence:
    """Holds one segment with its mentions. `unreadable`: some pages of the act could not be read."""

    document: ActText
    segment: Segment
    mentions: Mentions
    title: OwnTitle
    unreadable: bool

    @property
    def cues(self) -> Cues:
        """Return the cues of the topic for which it is judged."""
        return self.document.cues

    @property
    def found(self) -> tuple[Mention, ...]:
        """Return the phrases that name the topic, in order."""
        return self.mentions.found

    def search(self, name: str, start: int, end: int) -> CueMatch | None:
        """Return the first match of the cue of this name in a stretch."""
        return self.document.search(self.cues[name], start, end)

    def sentence(self, said: Mention | TextMatch[str]) -> tuple[int, int]:
        """Return the sentence of a mention, or of a phrase that was set aside, in the folded text."""
        return sentence(self.document.flat, self.segment.at(said.start), said.start, said.end)

    def said(self, name: str, *parts: DecreePart) -> CueMatch | None:
        """Return the first match of the cue of this name in these parts, by default in the whole segment."""
        blocks = self.segment.of(*parts) if parts else [self.segment]
        return next((found for block in blocks if (found := self.search(name, block.start, block.end)) is not None), None)

    def sees_nothing(self) -> bool:
        """Return whether no word of a whole act is about images, or only about animals, land and the like, or their absence."""
        if self.unreadable or not self.segment.has_articles or self.supported():
            return False
        firm = [mention for mention in self.found if mention.strong]
        alien = any(entry.value in _ALIEN for entry in self.mentions.set_aside)
        if alien and not any(mention.part in {DecreePart.TITLE, DecreePart.HEADING} for mention in firm):
            return True
        titled = (mention for mention in self.found if mention.part is DecreePart.TITLE)
        purpose = (self.search("around.purpose", *self.document.around(mention.start, mention.end, 0, _PURPOSE)) for mention in titled)
        if firm or not all(purpose):
            return False
        span = self.segment.start, self.segment.end
        unseen = {match.end for match in self.document.finditer(self.cues["around.unseen"], *span)}
        return all(match.end in unseen for match in self.document.finditer(self.cues["around.seen"], *span))

    def supported(self) -> bool:
        """Return whether medium words have enough context: the law itself, its decree, or two of the predetermined events."""
        return rests_on_the_law(self.document, self.segment)

    def looks_for_events(self) -> bool:
        """Return whether its articles name several of the predetermined events."""
        named = (purposes_named(self.document, block.start, block.end) for block in self.segment.of(DecreePart.ARTICLE))
        return len({purpose for each in named for purpose, *_ in each}) > 1

    def decisions(self) -> Iterator[tuple[Block, Verb]]:
        """Yield the articles that decide, each with its verb."""
        for block in self.segment.of(DecreePart.ARTICLE):
            if (verb := article_verb(self.document, block.start, block.end)) is not None:
                yield block, verb

    def denied(self) -> bool:
        """Return whether an article states that the act authorises no such use, without limiting this to others, elsewhere or another
        time."""
        aside = (entry for entry in self.mentions.set_aside if entry.value == EXCLUDED)
        said = (self.sentence(entry) for entry in aside if self.segment.at(entry.start).part is DecreePart.ARTICLE)
        return any(_BUT_FOR.search(self.document.flat, *span) is None for span in said)

    # Evidence.

    def phrase(self, mention: Mention) -> Evidence:
        """Quote a mention from the beginning of its sentence or title where that is near."""
        return self.document.evidence("verdict", *_around(self.document.folded.text, self.segment.at(mention.start), mention), mention.cue)

    def phrases(self) -> tuple[Evidence, ...]:
        """Quote the first mentions, each by its bare words."""
        return tuple(self.document.evidence("verdict", mention.start, mention.end, mention.cue) for mention in self.found[:_ENOUGH])

    def verb(self, verb: Verb) -> Evidence:
        """Quote the verb of the act."""
        start, block = verb.start, self.segment.at(verb.start)
        if self.document.flat.startswith(_PORTANT, max(start - len(_PORTANT), block.start)):
            start -= len(_PORTANT)
        end = max(verb.end, min(verb.end + _AFTER_VERB, block.end))
        return self.document.evidence("verb", start, end, "use" if verb.of_use else verb.kind.value)

    def because(self, about: str, why: VerdictReason, phrase: Mention | Block | Segment | CueMatch) -> Evidence:
        """Quote the phrase that requires a person (`doubt`, `contradiction`) or excludes the act (`against`), with the reason."""
        return self.document.evidence(about, phrase.start, phrase.end, why.value)

    def against(self, found: CueMatch) -> Evidence:
        """Quote the match of a cue against it."""
        return self.document.evidence("against", found.start, found.end, name_of(found.value))

    def set_aside(self) -> tuple[Evidence, ...]:
        """Quote the rejected phrases, with the cues against them."""
        return tuple(self.document.evidence("against", entry.start, entry.end, entry.value) for entry in self.mentions.set_aside[:_ENOUGH])

    def texts_cited(self) -> Iterator[Evidence]:
        """Quote the laws and decrees on the topic that it cites, each once."""
        for basis, start, end in legal_bases(self.document, self.segment.start, self.segment.end):
            yield self.document.evidence("support", start, end, basis.label)

    def sign(self) -> tuple[Evidence, ...]:
        """Quote the word that led to the act, if nothing else was found in it."""
        match = self.said("gate")
        return () if match is None else (self.document.evidence("sign", match.start, match.end, SIGN),)

    # Findings.

    def decree(self, kind: Kind, verb: Evidence, mention: Mention) -> Finding:
        """Return a decree of this kind by the verb and the mention; for a person where nothing shows that it looks at the public, or its
        software is only set or taught."""
        parts = DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE
        if kind is Kind.AUTHORISATION and (rehearsal := self.said("around.rehearsal", *parts)) is not None:
            return self.doubted(mention, VerdictReason.UNSETTLED, self.against(rehearsal))
        needs_law = kind in GRANTS or topics()[self.cues.topic].shares_words
        if needs_law and self.segment.has_articles and not (self.supported() or self._of_the_public(kind)):
            return self.doubted(mention, VerdictReason.OTHER_WORDS)
        named = (self.phrase(mention), verb, *self._named_again(mention), *self._supports())
        return Finding(Outcome.DECREE, kind, named, self.found)

    def _of_the_public(self, kind: Kind) -> bool:
        """Return whether it names a person, a purpose or an operator, which in what grants is not only informed."""
        document, parts = self.document, (DecreePart.TITLE, DecreePart.HEADING, DecreePart.VISA, DecreePart.ARTICLE)
        blocks = list(beside_formality(document, self.segment.of(*parts)))
        if self.said("around.of_the_public", *parts) is not None or any(purposes_named(document, each.start, each.end) for each in blocks):
            return True
        named = operators_within(document, ((block.start, block.end) for block in blocks))
        return bool(set(named) - (only_told(document, self.segment) if kind in GRANTS else set()))

    def uncertain(self, *evidence: Evidence) -> Finding:
        """Return that a person must look; the context is added to the evidence."""
        return Finding(Outcome.UNCERTAIN, None, (*evidence, *self.set_aside(), *self._supports()), self.found)

    def not_concerned(self, *evidence: Evidence) -> Finding:
        """Return that the act is not concerned; the context is added to the evidence."""
        return Finding(Outcome.NOT_CONCERNED, None, (*evidence, *self.set_aside(), *self._supports()), self.found)

    def doubted(self, mention: Mention, why: VerdictReason, *beside: Evidence) -> Finding:
        """Return that a person must look at a mention, for this reason."""
        return self.uncertain(self.phrase(mention), self.because("doubt", why, mention), *beside)

    def left_open(self, why: VerdictReason, *beside: Evidence) -> Finding:
        """Return that a person must look, for this reason, at the first mentions."""
        return self.uncertain(*self.phrases(), self.because("doubt", why, self.found[0]), *beside)

    def passed_over(self, why: VerdictReason) -> Finding:
        """Return that the act is not concerned, for this reason, though it has these mentions."""
        return self.not_concerned(*self.phrases(), self.because("against", why, self.found[0]))

    def _named_again(self, decided: Mention) -> Iterator[Evidence]:
        """Return mentions in other parts than the deciding one: one for each part, without repeated words of a page."""
        quoted = self.phrase(decided)
        seen = {DecreePart.VISA, DecreePart.RECITAL, decided.part}
        for mention in self.found:
            if mention.strong and not mention.citation and mention.part not in seen:
                quote = replace(self.phrase(mention), about="support")
                if (quote.page, quote.text) != (quoted.page, quoted.text):
                    seen.add(mention.part)
                    yield quote

    def _supports(self) -> Iterator[Evidence]:
        """Yield the texts cited and the predetermined events."""
        yield from self.texts_cited()
        events = purposes_named(self.document, self.segment.start, self.segment.end)
        # One alone proves nothing: "bagage abandonné" is said of any station.
        for _, start, end in events[:_ENOUGH] if len(events) >= 2 else ():
            yield self.document.evidence("support", start, end, EVENT)


def _around(text: str, block: Block, mention: Mention) -> tuple[int, int]:
    if block.part in {DecreePart.TITLE, DecreePart.HEADING}:
        title = own_heading(text, block.start, mention.start)
        if title > block.start and mention.start - title < 200:
            return title, min(block.end, mention.end + 40)
    start = max(block.start, mention.start - 130)
    breaks = [text.rfind(mark, start, mention.start) for mark in (". ", ";", ":\n", ".\n")]
    return max(start, *(position + 1 for position in breaks)), min(block.end, mention.end + 40)


# What an act calls itself, and what it does: its title, the verb of a title, that of an article.

_ASKED = 40
"""Squeezed characters before a verb that may show that it was only requested."""

_SECOND = 20
"""Most squeezed characters of a verb."""

_BESIDE = 90
"""Squeezed characters beside a prohibition that may have its object."""


@dataclass(frozen=True, slots=True)
class Verb:
    """Holds a verb and the kind of act that it makes. `of_use`: the title has no verb and names the use; its articles say more."""

    kind: Kind
    start: int
    end: int
    of_use: bool = False


def first_verb(document: ActText, start: int, stop: int, *, anchored: bool = False) -> Verb | None:
    """Return the first verb of a title, of two that begin together the longer; none that is only applied for ("demande d'autorisation")."""
    every = ((kind, document.cues[f"titles.{kind.value}"]) for kind in Kind)
    found = ((kind, match) for kind, cue in every for match in document.finditer(cue, start, stop, anchored=anchored))
    matches = [Verb(kind, match.start, match.end) for kind, match in found if not _asked(document, start, match.start)]
    return min(matches, key=lambda verb: (verb.start, -(verb.end - verb.start)), default=None)


def title_verb(document: ActText, start: int, said: int, stop: int) -> Verb | None:
    """Return the verb of a title. Beyond `said` it names the event: there only a verb on another decree counts."""
    cues, decision = document.cues, first_verb(document, start, said)
    if decision is None and (amending := document.search(cues["around.amending"], said, stop)) is not None:
        decision = first_verb(document, amending.start, stop)
    related = document.search(cues["related"], start, said)
    if decision is not None:
        return None if related is not None and related.start < decision.start else decision
    use = document.search(cues["titles.use"], start, said)
    if use is None or (related is not None and related.start <= use.start):
        return None
    asked = document.search(cues["around.asked"], start, use.start)
    return Verb(Kind.AUTHORISATION, use.start, use.end, of_use=True) if asked is None else None


def stopped(document: ActText, start: int, stop: int) -> CueMatch | None:
    """Return the words with which an article forbids or stops a use, except what no decree allows ("la reconnaissance faciale est
    interdite") or what may follow ("la préfète peut y mettre fin")."""
    for found in document.finditer(document.cues["around.forbidden_or_stopped"], start, stop):
        beside = document.around(found.start, found.end, _BESIDE, _BESIDE, (start, stop))
        if not any(document.search(document.cues[f"around.{key}"], *beside) for key in ("never_allowed", "power")):
            return found
    return None


def unsettled(document: ActText, start: int, stop: int, end: int) -> CueMatch | None:
    """Return the words of a title (`start:end`) by `stop` after which a person must decide."""
    found = document.search(document.cues["unsettled"], start, end)
    if found is None or found.start > stop:
        return None
    beyond = document.around(stop, stop, 0, _SECOND, (start, end))[1]
    return found if document.search(document.cues["around.settled"], found.end, beyond) is None else None


def _asked(document: ActText, start: int, verb: int) -> bool:
    """Return whether a verb at this position follows the words of a request."""
    near = document.around(verb, verb, _ASKED, 0, (start, verb))
    return any(not document.squeezed(match.end, verb) for match in document.finditer(document.cues["around.asked"], *near))


def article_verb(document: ActText, start: int, stop: int) -> Verb | None:
    """Return the first deciding verb of an article."""
    found = ((kind, document.search(document.cues[f"articles.{kind.value}"], start, stop)) for kind in Kind)
    matches = [Verb(kind, match.start, match.end) for kind, match in found if match is not None]
    return min(matches, key=lambda verb: (verb.start, verb.kind.value), default=None)


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
    """Holds where the title of an act stands in its folded text; an empty stretch if there is none."""

    document: ActText
    start: int = 0
    end: int = 0

    @property
    def text(self) -> str:
        """Return its squeezed text."""
        return self.document.squeezed(self.start, self.end)

    @property
    def verb(self) -> Verb | None:
        """Return the first verb."""
        return first_verb(self.document, self.start, self.end, anchored=True)

    @property
    def speaks(self) -> bool:
        """Return whether the title names the topic, in any words."""
        return self.document.cues.name(self.text)

    def search(self, name: str) -> CueMatch | None:
        """Return the first match of the cue of this name."""
        return self.document.search(self.document.cues[name], self.start, self.end, anchored=True)


def is_generic(title: str) -> bool:
    """Return True for a folded title that does not say what the act is about ("ap signe", "arrete n° bsi-2026-12")."""
    left = re.sub(r"[^a-z ]", " ", _EMPTY_WORDS.sub(" ", re.sub(r"\bn\s?[°º]\s?\S+", " ", title)))
    return not any(len(word) >= 4 for word in left.split())


def tells_only_a_change(title: OwnTitle) -> bool:
    """Return True for a title that changes or ends another decree and does not say what that is about ("abrogeant l'arrêté n° 2026-12")."""
    return (verb := title.verb) is not None and verb.kind in CHANGING and _ONLY_A_CHANGE.fullmatch(title.text) is not None


def own_title(document: ActText, segment: Segment, *, stand_alone: bool) -> OwnTitle:
    """Return the title: of the act, or where that is missing, generic or a mere file name, the heading's."""
    text = document.folded.text
    for block in segment.of(DecreePart.TITLE, DecreePart.HEADING):
        heading = block.part is DecreePart.HEADING
        start = own_heading(text, block.start, block.end)
        # A visa that could not be recognised as one, because its "Vu" was misread, is no part of a title.
        author = _AUTHOR.search(text, start, block.end) if heading else None
        end = block.end if author is None else author.start()
        trusted = re.match(r"(?:arretes?|decision)\b", text[start:end]) is not None if heading else not stand_alone
        if trusted and not is_generic(text[start:end]):
            return OwnTitle(document, start, end)
    return OwnTitle(document)


_LINE = re.compile(r"[^\n]+")
_OWN_LINE = re.compile(r"^\W{0,3}(?:arretes?|decision)\b", re.MULTILINE)


def notice_opening(document: ActText, segment: Segment) -> CueMatch | None:
    """Return the first word of a title or a heading line that announces a decision made elsewhere; None if an act follows it ("Information
    du public : arrêté…"), or a line that begins one."""
    for block, found in _openings(document, segment, "around.public_notice"):
        heads = block.part is DecreePart.HEADING or document.search(document.cues["around.act"], found.end, block.end) is None
        if heads and _OWN_LINE.search(document.folded.text, found.end, segment.end) is None:
            return found
    return None


# "… (4 pages) Page 9", "…, p. 9", "… ........ 9", and the end of a table of contents below which nothing else is said.
_LISTED = re.compile(r"(?:\)\s*page\s+(?P<page>\d{1,4})\b|(?:\bp(?:age\b|\.)|\.{3}|…)\s?(?P<last>\d{1,4})[ ]?$)", re.MULTILINE)
_TAIL = 80
"""Most characters after the last line of a table of contents that ends a text."""


def lists_acts(document: ActText, segment: Segment) -> CueMatch | None:
    """Return the first word of a text that lists earlier acts, or acts on pages that this recueil, by its title, does not have: their
    titles decide nothing here."""
    pages = {listed.end(): int(listed["page"] or listed["last"]) for listed in _LISTED.finditer(document.folded.text)}
    elsewhere = bool(pages) and max(pages.values()) > document.page_numbers[-1] and len(document.folded.text) - max(pages) < _TAIL
    contents = (found for block, found in _openings(document, segment, "contents") if elsewhere and block.part is DecreePart.TITLE)
    return next(chain((found for _, found in _openings(document, segment, "lists")), contents), None)


def _openings(document: ActText, segment: Segment, name: str) -> Iterator[tuple[Block, CueMatch]]:
    """Yield where a line of a title or heading begins with the cue of this name."""
    for block in segment.of(DecreePart.TITLE, DecreePart.HEADING):
        for line in _LINE.finditer(document.folded.text, block.start, block.end):
            if (found := document.match(document.cues[name], line.start(), block.end)) is not None:
                yield block, found
