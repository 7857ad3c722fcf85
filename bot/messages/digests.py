"""Composes one message of many decrees, a line and a link each; independent of the hour, so that retries are identical."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache

from bot.domain.acts import Decree, Place
from bot.domain.posts import FRANCE
from bot.domain.topics import topics
from bot.messages.announcement import BUTTON_TEXT_LIMIT, Button, TelegramText, TooSmall, subject_text
from bot.messages.lines import capital, days_text, followed_tags, hashtags, kind_text, period_text, place_for, short_where
from bot.messages.words import (
    LANGUAGES,
    TEXT_LIMIT,
    Language,
    StatusLimits,
    Words,
    cut,
    fitting,
    html_join,
    html_link,
    html_tag,
    html_text,
    inert,
    link_to,
    mastodon_length,
    of_topics,
    telegram_length,
    topic_words,
    unlinked,
    with_plain_spaces,
    words_file,
    words_in,
)

_MOST_LINKS = 90
"""Telegram takes 100 entities in a message: the links of a longer list would be lost."""

_LONGEST_SUBJECT = 130
"""Characters of what a subject says of one decree: mail programs show about half of it."""

DETAILS = (160, 80, 40)
"""Characters of a line, from the richest form to the shortest. How many fit is reckoned with the second."""


def telegram_digest(decrees: Sequence[Decree], places: Mapping[str, Place], language: Language, *, limit: int = TEXT_LIMIT) -> TelegramText:
    """Return a message within `limit`, HTML and plain text both; the button leads to the last decree. Raises TooSmall."""
    for longest in DETAILS:
        said = _telegram(decrees, places, language, longest)
        # The plain text shows addresses in full: it is the longer one wherever there are any.
        if telegram_length(said.plain) <= limit:
            return said
    raise TooSmall(f"no room for {len(decrees)} decrees in one message")


def telegram_room(decrees: Sequence[Decree], places: Mapping[str, Place], language: Language, *, limit: int = TEXT_LIMIT) -> int:
    """Return how many of these decrees, from the first on, one message holds."""
    return _room(
        decrees,
        lambda some: len(some) <= _MOST_LINKS and telegram_length(_telegram(some, places, language, DETAILS[1]).plain) <= limit,
    )


def digest_button(decrees: Sequence[Decree], language: Language) -> Button | None:
    """Return the button of a digest; None when its last decree has no usable address."""
    last = decrees[-1]
    link, called = link_to(last.url, last.page), inert(last.facts.number or "")
    number = f" {words_in(language).labels.number}".format(number=called) if called else ""
    text = _words(language).button.format(number=number, page=max(last.page, 1))
    return None if link is None else Button(cut(text, BUTTON_TEXT_LIMIT), link)


def mastodon_digest(
    decrees: Sequence[Decree], places: Mapping[str, Place], language: Language, limits: StatusLimits, *, is_mail: bool = False
) -> str:
    """Return a status within `limits`, or the text of a mail. Raises TooSmall."""
    for longest in DETAILS:
        said = _status(decrees, places, language, longest, is_mail=is_mail)
        if mastodon_length(said, limits) <= limits.characters:
            return said
    raise TooSmall(f"no room for {len(decrees)} decrees in one status")


def mastodon_room(
    decrees: Sequence[Decree], places: Mapping[str, Place], language: Language, limits: StatusLimits, *, is_mail: bool = False
) -> int:
    """Return how many of these decrees, from the first on, one such text holds."""
    return _room(
        decrees,
        lambda some: mastodon_length(_status(some, places, language, DETAILS[1], is_mail=is_mail), limits) <= limits.characters,
    )


def digest_subject(decrees: Sequence[Decree], places: Mapping[str, Place], language: Language, longest: int) -> str:
    """Return the subject of a mail about one decree or many, within `longest`: `VSA : gare de Valence · autorisation · Drôme (26)`."""
    words, topics = _words(language), dict.fromkeys(decree.topic for decree in decrees)
    short = capital(", ".join(topic_words(topic, language).short for topic in topics))
    if len(decrees) == 1:
        [decree] = decrees
        text = _text(decree, place_for(places, decree.authority), language, _LONGEST_SUBJECT)
        return cut(words.subject.format(short=short, text=text), longest)
    where = dict.fromkeys(short_where(place_for(places, decree.authority), words_in(language)) for decree in decrees)
    return fitting((words.subject_many.format(short=short, n=len(decrees)), *where), longest)


def plain_digest(decrees: Sequence[Decree], places: Mapping[str, Place], language: Language) -> str:
    """Return a text for terminals: as long as it takes."""
    return _lines(decrees, places, language, DETAILS[0])


def digest_links(decrees: Sequence[Decree]) -> tuple[str, ...]:
    """Return the addresses that a digest shows."""
    return tuple(link for link in (link_to(decree.url, decree.page) for decree in decrees) if link is not None)


def digest_language(text: str) -> Language | None:
    """Return in which language a message is a digest; None when it is none."""
    first = next(iter(with_plain_spaces(text).strip().splitlines()), "").strip()
    return next((language for language in LANGUAGES if _heading(language).fullmatch(first)), None)


def _telegram(decrees: Sequence[Decree], places: Mapping[str, Place], language: Language, longest: int) -> TelegramText:
    words = _words(language)
    heading, *intro = _heading_text(decrees, language).splitlines()
    rows = [html_tag("b", html_text(heading)), *map(html_text, intro), html_text("")]
    for text, link in _items(decrees, places, language, longest):
        before, _, after = words.item.partition("{text}")
        shown = html_text(text) if link is None else html_link(link, html_text(text))
        rows.append(html_text(before) + shown + html_text(after))
    plain = unlinked(_lines(decrees, places, language, longest))
    return TelegramText(html_join("\n", tuple(rows)).source, plain, digest_button(decrees, language))


def _lines(decrees: Sequence[Decree], places: Mapping[str, Place], language: Language, longest: int, between: str = "\n") -> str:
    words = _words(language)
    items = _items(decrees, places, language, longest)
    rows = ["\n".join(filter(None, (words.item.format(text=text), link))) for text, link in items]
    return f"{_heading_text(decrees, language)}\n\n{between.join(rows)}"


def _status(decrees: Sequence[Decree], places: Mapping[str, Place], language: Language, longest: int, *, is_mail: bool) -> str:
    """Return the lines, and the tags by which people follow each place; in a mail as paragraphs, without tags."""
    if is_mail:
        return _lines(decrees, places, language, longest, "\n\n")
    of_each = (followed_tags(hashtags(place_for(places, decree.authority), decree.topic)) for decree in decrees)
    tags = dict.fromkeys(tag for tags in of_each for tag in tags)
    return f"{_lines(decrees, places, language, longest)}\n\n{' '.join(tags)}"


def _items(decrees: Sequence[Decree], places: Mapping[str, Place], language: Language, longest: int) -> list[tuple[str, str | None]]:
    """Return a line for each decree, and the address of its page if it has one."""
    among = {decree.topic for decree in decrees}
    return [(_text(one, place_for(places, one.authority), language, longest, among), link_to(one.url, one.page)) for one in decrees]


def _text(decree: Decree, place: Place, language: Language, longest: int, among: Collection[str] = ()) -> str:
    """Return `Valence : Foire du port · autorisation · Drôme (26) · n° 2024-1 · du 19 au 22 avril 2024`: whole pieces are left out from
    the end until it fits."""
    words = words_in(language)
    number = inert(decree.facts.number or "")
    subject = subject_text(decree, words, longest // 4)
    pieces = [
        subject,
        kind_text(decree, words, among),
        short_where(place, words),
        words.labels.number.format(number=number) if number else None,
        period_text(decree.facts.sure, words),
        None if subject or number or decree.facts.starts else inert(decree.title),
    ]
    return fitting([piece for piece in pieces if piece], longest)


def _room(decrees: Sequence[Decree], fits: Callable[[Sequence[Decree]], bool]) -> int:
    """Return the greatest number that fits: a longer list is never shorter. At least one."""
    return 1 + bisect_left(range(2, len(decrees) + 1), True, key=lambda number: not fits(decrees[:number]))


def _heading_text(decrees: Sequence[Decree], language: Language) -> str:
    """Return `📚 12 arrêtés sur…`, and on which days they were found, which after a pause are many."""
    words, on = _words(language), of_topics((decree.topic for decree in decrees), language)
    if len(decrees) == 1:
        return words.heading_one.format(on=on)
    days = sorted({decree.found_at.astimezone(FRANCE).date() for decree in decrees if decree.found_at is not None})
    is_long = len(days) > 1
    intro = words.intro_days.format(days=days_text([(days[0], days[-1])], words_in(language))) if is_long else words.intro
    return f"{words.heading_many.format(n=len(decrees), on=on)}\n{intro}"


@cache
def _heading(language: Language) -> re.Pattern[str]:
    words = _words(language)
    forms = [
        with_plain_spaces(form.format(n="{n}", on=of_topics(some, language)))
        for some in ((), *zip(topics()))
        for form in (words.heading_many, words.heading_one)
    ]
    return re.compile("|".join(re.escape(form).replace(re.escape("{n}"), r"\d+") for form in forms))


@cache
def _words(language: Language) -> Words:
    return words_file("bot.messages", "digests.toml")[language]
