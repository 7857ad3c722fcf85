"""Drafts a letter from a decree, purely; never signed or sent, without facts of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from io import BytesIO
from itertools import groupby
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.domain.acts import ALLOWING, Decree, Kind, Place
from bot.domain.facts import ValueKind, facts_of_row
from bot.domain.law import Flag, LegalAdvice, Recourse, Standing
from bot.domain.topics import topics
from bot.messages.lines import date_text, days_text, row_texts
from bot.messages.words import Table, Words, clean, cut, data_file, link_to, text_file, topic_data, topic_words, words_file, words_in

_TITLE = 500
_ITEM = 160
_ITEMS = 12
"""Of a list of places: a decree may name 46 stations."""

# Brackets mark what a person has to fill in and braces the fields of a template: nothing that a decree says may look like either.
_BRACKETS = str.maketrans("[]{}", "()()")


class LetterKind(StrEnum):
    """Kinds of letters. `CADA`: request of documents, and referral to the Commission d'accès aux documents administratifs (CRPA, articles
    L. 311-1, R. 343-1). `GRACIEUX`: request to the authority to withdraw (CRPA, article L. 411-2).
    """

    CADA = "cada"
    GRACIEUX = "gracieux"


class NoSuchLetter(ValueError):
    """Raised for a recours gracieux against a refusal or an end of authorisation."""


def draft(letter: LetterKind, decree: Decree, place: Place, now: datetime, legal_advice: LegalAdvice) -> str:
    """Return the letter in French, a line a paragraph, with a final newline; unknown facts are [blanks]. `place`: of the authority;
    `legal_advice` at `now` (aware). Raises NoSuchLetter.
    """
    if letter is LetterKind.GRACIEUX and decree.kind not in ALLOWING:
        raise NoSuchLetter(f"no {letter.value} letter against a decree of kind {decree.kind.value}")
    today = now.astimezone(ZoneInfo(place.time_zone)).date()
    filled = pieces(decree, place, legal_advice)
    limit = letter_words().limit
    dates = {"published": filled["published"], "last_day": "" if legal_advice.last_day is None else french_date(legal_advice.last_day)}
    passed = legal_advice.last_day is not None and legal_advice.last_day < today
    forms = (limit.remedy_passed, limit.passed) if passed else (limit.remedy, limit.in_time)
    forms = (limit.remedy_unknown, limit.unknown) if legal_advice.last_day is None else forms
    grounds = letter_grounds(decree.topic)
    text = template(letter.value).format_map(
        {
            **filled,
            "authority": grounds.authority,
            "area": grounds.area,
            "warnings": "\n".join(_warnings(letter, decree, legal_advice, passed=passed)).format_map(dates),
            "sources": "\n".join(_sources(letter, grounds)),
            "remedy_limit": forms[0].format_map(dates),
            "limit_line": (limit.unknown_line if legal_advice.last_day is None else limit.line).format_map(dates),
            "in_time": forms[1].format_map(dates),
            "documents": _documents(decree, filled),
            "facts": facts_list(decree, filled),
            "grounds": _grounds(grounds, legal_advice, filled),
        }
    )
    return _without_gaps(text)


def madada_address(decree: Decree, place: Place, legal_advice: LegalAdvice) -> str:
    """Return the address of a request for documents at MaDada, filled in (alaveteli.org/docs/developers/api); empty where MaDada's name of
    the authority is not known."""
    if not place.madada:
        return ""
    filled = pieces(decree, place, legal_advice)
    title, _, body = (
        template("madada")
        .format_map({**filled, "documents": _documents(decree, filled), "topic": topic_words(decree.topic, "fr").noun})
        .partition("\n")
    )
    return f"https://madada.fr/new/{place.madada}?{urlencode({'title': title, 'body': body}, quote_via=quote)}"


def _warnings(letter: LetterKind, decree: Decree, legal_advice: LegalAdvice, *, passed: bool) -> Iterator[str]:
    words = letter_words().warnings
    gracieux = letter is LetterKind.GRACIEUX
    if passed and gracieux:
        yield words.passed
    if legal_advice.standing is Standing.ENDED:
        yield words.ended
    if legal_advice.standing is Standing.IN_DOUBT:
        yield words.in_doubt
    if legal_advice.standing is Standing.SUSPENDED:
        yield words.suspended
    if any(change.kind is Kind.MODIFICATION for change in decree.changed_by):
        yield words.modified
    if gracieux and legal_advice.recourse is Recourse.OVER and not passed:
        yield words.over
    if gracieux and legal_advice.court.differs:
        yield words.differs


def _sources(letter: LetterKind, grounds: LetterGrounds) -> Iterator[str]:
    """Return what was read in the text of the codes, by the day of the copy, then all that was not."""
    words = letter_words()
    mine = [source for source in grounds.sources if letter.value in source.letters]
    read = sorted((source.read, source.text) for source in mine if source.read is not None)
    for day, texts in groupby(read, key=lambda item: item[0]):
        yield words.source_words.read.format(date=french_date(day), text=" ; ".join(text for _, text in texts))
    yield words.source_words.unread.format(texts=" ; ".join(source.text for source in mine if source.read is None))


def _documents(decree: Decree, filled: dict[str, str]) -> str:
    wanted = [one.text for one in letter_grounds(decree.topic).documents if not (one.applied and decree.kind is Kind.REFUSAL)]
    last = len(wanted)
    return "\n".join(f"{n}. {text.format_map(filled)}{'.' if n == last else ' ;'}" for n, text in enumerate(wanted, 1))


def _grounds(grounds: LetterGrounds, legal_advice: LegalAdvice, filled: dict[str, str]) -> str:
    words = letter_words()
    late = (
        ""
        if legal_advice.late is None
        else words.labels.one_day
        if legal_advice.late == 1
        else words.labels.days.format(n=legal_advice.late)
    )
    outside = days_text(legal_advice.outside, words_in("fr")) or words.labels.that_day
    told = [ground.text for ground in grounds.grounds if ground.flag is None or ground.flag in legal_advice.flags]
    return "\n\n".join(f"{n}. {text.format_map({**filled, 'late': late, 'outside': outside})}" for n, text in enumerate(told, 1))


def _without_gaps(text: str) -> str:
    """Leave no more than one empty line in a row, where a field had nothing to say."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).rstrip("\n") + "\n"


# What a decree says, as the pieces of a letter: clean text where it is known, a blank in brackets where it is not.


def pieces(decree: Decree, place: Place, legal_advice: LegalAdvice) -> dict[str, str]:
    """Return every field of the templates that comes from the decree. `place` is that of the authority that took it."""
    words = letter_words()
    facts, labels, blanks = decree.facts.sure, words.labels, _blanks(decree)
    published = blanks.published if decree.published is None else french_date(decree.published)
    link = link_to(decree.url, decree.page)
    return {
        "addressee": _addressee(place, blanks, labels),
        "reference": labels.reference.format(
            number=safe(facts.number, blanks.number), signed=blanks.signed if facts.signed is None else french_date(facts.signed)
        ),
        "title": labels.quoted.format(title=cut(title, _TITLE)) if (title := safe(decree.title)) else blanks.heading,
        "published": published,
        "publication": labels.publication.format(published=published, link=blanks.link if link is None else safe(link, blanks.link)),
        "operators": _listed(facts.operators, blanks.operators, labels),
        "software": _software(decree, blanks),
        "court": _court(legal_advice, blanks, labels),
        "starts": blanks.period if facts.starts is None else french_date(facts.starts.day),
        "ends": blanks.period if facts.ends is None else french_date(facts.ends.day),
    }


def facts_list(decree: Decree, filled: dict[str, str]) -> str:
    """Return the facts of the decree, one a line, each known or a blank. `filled` is what `pieces` gave."""
    labels, sure = letter_words().labels, replace(decree, facts=decree.facts.sure)
    known = ((label, filled[row] if row in filled else _row(row, sure)) for row, label in _labels(decree).items())
    return "\n".join(labels.fact.format(label=label, text=text) for label, text in known)


def _row(row: str, decree: Decree) -> str:
    """Return what a row of the table of facts tells, or its blank."""
    words, fact = letter_words(), facts_of_row(row)[0]
    blank: str = _blanks(decree)[row]
    if row == "cameras":  # the blank asks for their number
        return blank if decree.facts.cameras is None else str(decree.facts.cameras)
    texts = row_texts(row, decree, words_in("fr"))
    several = fact.kind in {ValueKind.TEXTS, ValueKind.CODES}
    return _listed(texts, blank, words.labels) if several else safe("".join(texts), blank)


def french_date(day: date) -> str:
    """Return `17 avril 2024`."""
    return date_text(day, words_in("fr").dates)


def safe(text: str | None, blank: str = "") -> str:
    """Return one line of visible text that no bracket or brace of its own can confuse; the blank where nothing is left of it."""
    return clean(text or "").translate(_BRACKETS) or blank


def _addressee(place: Place, blanks: Words, labels: Words) -> str:
    """Return `Préfecture de la Drôme – à l’attention de la préfète ou du préfet`, `Préfet de police`: the office, whoever holds it."""
    name = safe(place.name)
    before, _, rest = name.partition(" ")
    if before != "Préfecture" or not rest:
        return blanks.addressee
    return labels.police if rest == "de police" else labels.attention.format(name=name)


def _listed(items: Sequence[str], blank: str, labels: Words) -> str:
    shown = [cut(text, _ITEM) for item in items if (text := safe(item))]
    if not shown:
        return blank
    text = ", ".join(shown[:_ITEMS])
    return labels.more.format(shown=text, n=len(shown) - _ITEMS) if len(shown) > _ITEMS else text


def _software(decree: Decree, blanks: Words) -> str:
    known = [text for part in (decree.facts.sure.software, decree.facts.sure.vendor) if (text := cut(safe(part), _ITEM))]
    return f"{known[0]} ({known[1]})" if len(known) > 1 else next(iter(known), blanks.software)


def _court(legal_advice: LegalAdvice, blanks: Words, labels: Words) -> str:
    court = legal_advice.court
    if court.differs:
        return labels.courts.format(named=_of_court(court.named), by_seat=_of_court(court.by_seat))
    return labels.court.format(court=_of_court(court.name) or blanks.court)


def _of_court(name: str | None) -> str:
    """Return `tribunal administratif de Paris`, within a sentence."""
    text = safe(name)
    return text[:1].lower() + text[1:]


# The words of the letters and their templates, from this package's data files.


class RequestedDocument(Table):
    """A document to ask for. `applied`: it exists only where something was allowed."""

    text: str
    applied: bool = False


class LegalGround(Table):
    """A ground to complete; with `flag`, only for decrees that bear it."""

    text: str
    flag: Flag | None = None


class LegalSource(Table):
    """A rule that letters rest on. `read` is the day of the consolidation of the copy it was read in, None where it is to be verified."""

    text: str
    letters: tuple[str, ...]
    read: date | None = None


class LetterGrounds(Table):
    """What letters on a topic ask for, contest and rest on: the content of its `letters.toml`, with the sources of all letters."""

    area: str
    authority: str
    facts: dict[str, str] = Field(default_factory=dict)
    blanks: dict[str, str] = Field(default_factory=dict)
    documents: tuple[RequestedDocument, ...]
    grounds: tuple[LegalGround, ...]
    sources: tuple[LegalSource, ...]


@cache
def letter_words() -> Words:
    """Return the words, read once."""
    return words_file("bot.messages.letters", "letters.toml")


@cache
def letter_grounds(topic: str) -> LetterGrounds:
    """Return what letters on a topic ask for, contest and rest on, read once."""
    own = topic_data(topic, "letters.toml")
    return LetterGrounds.model_validate(own | {"sources": own["sources"] + data_file("bot.messages.letters", "sources.toml")["sources"]})


def _blanks(decree: Decree) -> Words:
    """Return what stands where a decree says nothing, in the words of its topic where it has some."""
    return Words("letters.toml: blanks", {**dict(letter_words().blanks.items()), **letter_grounds(decree.topic).blanks})


def _labels(decree: Decree) -> dict[str, str]:
    """Return what the facts of a decree are called, in the words of its topic where it has some, without those that it never has."""
    labels = {**dict(letter_words().labels.facts.items()), **letter_grounds(decree.topic).facts}
    return {row: label for row, label in labels.items() if row not in topics()[decree.topic].without}


@cache
def template(letter: str) -> str:
    """Return the text of one letter with its fields in braces, read once."""
    return text_file("bot.messages.letters", "templates", f"{letter}.txt")


# A letter as a text document for a word processor: paragraphs only, no macro, nothing loaded from elsewhere.

ODT = "application/vnd.oasis.opendocument.text"

_URN = "urn:oasis:names:tc:opendocument:xmlns"
_MANIFEST = (
    f'<?xml version="1.0" encoding="UTF-8"?><m:manifest xmlns:m="{_URN}:manifest:1.0" m:version="1.2">'
    f'<m:file-entry m:full-path="/" m:media-type="{ODT}"/><m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>'
)
_CONTENT = (
    f'<?xml version="1.0" encoding="UTF-8"?><o:document-content xmlns:o="{_URN}:office:1.0" xmlns:t="{_URN}:text:1.0" o:version="1.2">'
    "<o:body><o:text>{paragraphs}</o:text></o:body></o:document-content>"
)
_NOT_IN_XML = re.compile("[^\\t\\n\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def odt(text: str) -> bytes:
    """Return a document with a paragraph for each line; the same text gives the same bytes."""
    lines = (escape(_NOT_IN_XML.sub("", line)) for line in text.rstrip("\n").split("\n"))
    content = _CONTENT.format(paragraphs="".join(f"<t:p>{line}</t:p>" for line in lines))
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        # The first file tells what the archive is, and stands there uncompressed.
        for name, part, how in (("mimetype", ODT, ZIP_STORED), ("META-INF/manifest.xml", _MANIFEST, None), ("content.xml", content, None)):
            archive.writestr(ZipInfo(name), part.encode(), ZIP_DEFLATED if how is None else how)
    return made.getvalue()
