"""What a post says of a decree, before any platform's form: a value whose texts are clean and whose missing facts are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.domain import Decree, Place, Sighting, Standing
from bot.messages.advice import advice_lines, recourse_line
from bot.messages.changes import changed_lines, link_lines, notice_lines
from bot.messages.cleaning import inert, link_to
from bot.messages.lines import FactLine, PostPart, fact_lines, line, reference_lines, title_line
from bot.messages.message_input import MessageInput
from bot.messages.places import hashtags, place_for, where_text
from bot.messages.standings import flag_lines, post_timing
from bot.messages.words import Words

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


def announce(message: MessageInput) -> Announcement:
    """Say a decree in words."""
    decree, advice, context, words = message.decree, message.legal_advice, message.context, message.words
    said = _announce(message)
    notices = tuple(notice_lines(decree, words, context.below))
    recourse = () if advice is None else tuple(recourse_line(advice, message.today, words))
    # "Repealed as of 3 May" says less than the notice of what repealed it.
    timing = None if notices and advice is not None and advice.standing in _STOPPED else said.timing
    lines = (*notices, *_lines(message, context.publisher), *recourse)
    return replace(said, lines=lines, timing=timing, page=context.page_of(decree))


def announce_in_full(message: MessageInput, places: Mapping[str, Place] | None = None) -> Announcement:
    """Say a decree in the long form, for whoever requests this decree.

    Besides what a post says: who signed and who decided, what later decrees do to it, where else it was published (authorities are named
    from `places`, by code where that does not have them), and what one can do, with sources.
    """
    decree, words, known = message.decree, message.words, places or {}
    advice = () if message.legal_advice is None else advice_lines(message.legal_advice, message.today, words)
    return replace(
        _announce(message),
        lines=(
            *_lines(message, publisher_of(decree, known)),
            *_signatory(decree, words, known),
            *changed_lines(decree, words),
            *(FactLine(PostPart.ADVICE, "", (text,)) for text in advice),
            *sighting_lines(decree, words, known),
        ),
    )


def sighting_lines(decree: Decree, words: Words, places: Mapping[str, Place]) -> Iterator[FactLine]:
    """Return where else it was published, each as a link: nothing where it was seen once only."""
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


def _announce(message: MessageInput) -> Announcement:
    decree, place, words = message.decree, message.place, message.words
    number = inert(decree.facts.number or "")
    page = max(decree.page, 1)
    return Announcement(
        headline=getattr(words.kinds, decree.kind.value),
        where=where_text(place, words),
        timing=post_timing(message),
        lines=(),
        link=link_to(decree.url, decree.page),
        link_label=words.labels.link.format(page=page),
        button_label=words.labels.button.format(page=page, number=f" {words.labels.number.format(number=number)}" if number else ""),
        hashtags=hashtags(place, decree.facts.operators),
        label=words.label,
        page_label=words.labels.page,
    )


def publisher_of(decree: Decree, places: Mapping[str, Place]) -> Place | None:
    """Return the authority on whose site a decree of another one was found; None for a decree on its own authority's site."""
    return None if decree.publisher == decree.authority else place_for(places, decree.publisher)


def _lines(message: MessageInput, publisher: Place | None) -> Iterator[FactLine]:
    decree, words = message.decree, message.words
    if message.legal_advice is not None:
        yield from flag_lines(message.legal_advice, words)
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
