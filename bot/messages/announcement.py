"""What a post says of a decree, before any platform's form: a value whose texts are clean and whose missing facts are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import Decree, LegalAdvice, Place, Sighting, Standing
from bot.messages.advice import advice_lines, recourse_line
from bot.messages.changes import changed_lines, link_lines, notice_lines
from bot.messages.cleaning import inert, link_to
from bot.messages.dispatch import MessageInput
from bot.messages.facts import fact_lines, reference_lines, title_line
from bot.messages.lines import FactLine, PostPart, line
from bot.messages.places import hashtags, place_for, where_text
from bot.messages.standings import flag_lines, post_timing
from bot.messages.words import Language, Words, words_in

_MOST_SIGHTINGS = 5
_STOPPED = frozenset({Standing.ENDED, Standing.SUSPENDED, Standing.IN_DOUBT})


@dataclass(frozen=True, slots=True)
class Announcement:
    """One decree, ready to be laid out. `link` is unique to the act's page; None when the decree has no usable address.

    `page` is the decree's own page on a server of the operator's, None where there is none.
    """

    headline: str
    where: str
    timing: str | None
    lines: tuple[FactLine, ...]
    link: str | None
    link_label: str
    button_label: str
    hashtags: tuple[str, ...]
    label: str
    page: str | None = None
    page_label: str = ""


def announce(dispatch: MessageInput) -> Announcement:
    """Say a decree in words."""
    decree, place, now, legal_advice, beside = dispatch.decree, dispatch.place, dispatch.now, dispatch.legal_advice, dispatch.beside
    words = words_in(dispatch.language)
    said = _announce(decree, place, now, words, legal_advice)
    notices = tuple(notice_lines(decree, words, beside.below))
    recourse = () if legal_advice is None else tuple(recourse_line(legal_advice, place, now, words))
    # "Repealed as of 3 May" says less than the notice of what repealed it.
    timing = None if notices and legal_advice is not None and legal_advice.standing in _STOPPED else said.timing
    lines = (*notices, *_lines(decree, words, legal_advice, beside.publisher), *recourse)
    return replace(said, lines=lines, timing=timing, page=beside.page_of(decree))


def announce_in_full(
    decree: Decree,
    place: Place,
    now: datetime,
    language: Language = "fr",
    legal_advice: LegalAdvice | None = None,
    places: Mapping[str, Place] | None = None,
) -> Announcement:
    """The long form, for whoever asks for this decree.

    Besides what a post says: who signed and who decided, what later decrees do to it, where else it was published (authorities are named
    from `places`, by code where that does not have them), and what one can do, with sources.
    """
    words, known = words_in(language), places or {}
    said = _announce(decree, place, now, words, legal_advice)
    advice = () if legal_advice is None else advice_lines(legal_advice, place, now, language)
    return replace(
        said,
        lines=(
            *_lines(decree, words, legal_advice, publisher_of(decree, known)),
            *_signatory(decree, words, known),
            *changed_lines(decree, words),
            *(FactLine(PostPart.ADVICE, "", (text,)) for text in advice),
            *sighting_lines(decree, words, known),
        ),
    )


def sighting_lines(decree: Decree, words: Words, places: Mapping[str, Place]) -> Iterator[FactLine]:
    """Where else it was published, each as a link: nothing where it was seen once only."""
    own = link_to(decree.url, decree.page)
    others: dict[str, Sighting] = {}
    for sighting in decree.sightings:
        link = link_to(sighting.url, sighting.page)
        if link is not None and link != own:
            others.setdefault(link, sighting)
    shown = list(others.items())[:_MOST_SIGHTINGS]
    for position, (link, sighting) in enumerate(shown, start=1):
        where = where_text(place_for(places, sighting.authority), words)
        said = words.labels.sighting.format(where=where, page=max(sighting.page, 1))
        left = len(others) - len(shown) if position == len(shown) else 0
        yield FactLine(PostPart.SIGHTINGS, "", (said,), hidden=left, more=words.more, href=link)


def _announce(decree: Decree, place: Place, now: datetime, words: Words, legal_advice: LegalAdvice | None) -> Announcement:
    number = inert(decree.facts.number or "")
    page = max(decree.page, 1)
    return Announcement(
        headline=getattr(words.kinds, decree.kind.value),
        where=where_text(place, words),
        timing=post_timing(decree, place, now, words, legal_advice),
        lines=(),
        link=link_to(decree.url, decree.page),
        link_label=words.labels.link.format(page=page),
        button_label=words.labels.button.format(page=page, number=f" {words.labels.number.format(number=number)}" if number else ""),
        hashtags=hashtags(place, decree.facts.operators),
        label=words.label,
        page_label=words.labels.page,
    )


def publisher_of(decree: Decree, places: Mapping[str, Place]) -> Place | None:
    """The authority on whose site a decree of another one was found; None for a decree on its own authority's site."""
    return None if decree.publisher == decree.authority else place_for(places, decree.publisher)


def _lines(decree: Decree, words: Words, legal_advice: LegalAdvice | None, publisher: Place | None) -> Iterator[FactLine]:
    if legal_advice is not None:
        yield from flag_lines(legal_advice, words)
    yield from title_line(decree, words)
    if publisher is not None:
        yield from line(PostPart.PUBLISHER, words.labels.publisher, (publisher.name,), words)
    yield from link_lines(decree, words)
    yield from fact_lines(decree, words)
    yield from reference_lines(decree, words)


def _signatory(decree: Decree, words: Words, places: Mapping[str, Place]) -> Iterator[FactLine]:
    facts = decree.facts
    yield from line(PostPart.OFFICE, words.labels.office, (facts.office,), words)
    if facts.authority is not None and facts.authority != decree.authority:
        yield from line(PostPart.DECIDED, words.labels.decided, (place_for(places, facts.authority).name,), words)
