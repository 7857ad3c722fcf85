"""Composes what a post says of a decree: parts, order of shortening, and form on each platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.domain.acts import ALLOWING, Decree, Kind, Place
from bot.domain.facts import FULL_ROWS, POST_ROWS
from bot.domain.law import Standing
from bot.messages.legal import (
    advice_lines,
    changed_lines,
    current_period,
    first_link,
    flag_lines,
    link_lines,
    list_changes,
    list_standing,
    no_recourse_line,
    notice_lines,
    post_timing,
    recourse_line,
)
from bot.messages.lines import (
    PARTS,
    FactLine,
    MessageInput,
    PostPart,
    capital,
    followed_tags,
    hashtags,
    kind_text,
    line,
    period_text,
    place_for,
    reference_lines,
    row_lines,
    short_where,
    sighting_lines,
    where_text,
)
from bot.messages.online import advice_beside_looks, online_lines, timeliness_line
from bot.messages.words import (
    LANGUAGES,
    MASTODON,
    TEXT_LIMIT,
    Html,
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
    telegram_length,
    topic_words,
    unlinked,
    with_plain_spaces,
    words_in,
)

_STOPPED = frozenset({Standing.ENDED, Standing.SUSPENDED, Standing.IN_DOUBT})


@dataclass(frozen=True, slots=True)
class Announcement:
    """The card of one decree, which each face lays out in its room: title, standing, rows, advice, links. `link`: unique to
    the act's page, or None. `page`: own page on the operator's server, or None.
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

    def lines_of(self, *parts: str) -> tuple[FactLine, ...]:
        """Return its lines of these parts."""
        return tuple(line for line in self.lines if line.part in parts)


def announce(message: MessageInput) -> Announcement:
    """Say a decree in words, as posts do."""
    decree, advice, context = message.decree, message.legal_advice, message.context
    notices = tuple(notice_lines(decree, message.words, context.below))
    # "No longer in force since 3 May" says less than the notice of what repealed it.
    timing = None if notices and advice is not None and advice.standing in _STOPPED else post_timing(message)
    lines = (*notices, *_lines(message, context.publisher), *_recourse(message))
    return _announcement(message, timing, lines, context.page_of(decree))


def announce_in_full(message: MessageInput, places: Mapping[str, Place] | None = None) -> Announcement:
    """Compose the long form of a decree for who requests it: also who signed and decided, later changes, other publications (authorities
    named from `places`, else by code), legal advice with sources.
    """
    decree, words, known = message.decree, message.words, places or {}
    lines = (
        *_lines(message, publisher_of(decree, known)),
        *_signatory(decree, words, known),
        *online_lines(decree, message.place, words),
        *changed_lines(decree, words),
        *_recourse(message, in_full=True),
        *sighting_lines(decree, words, known),
    )
    return _announcement(message, capital(list_standing(message) or "") or None, lines)


def _recourse(message: MessageInput, *, in_full: bool = False) -> Iterator[FactLine]:
    advice, words = message.legal_advice, message.words
    if advice is None:
        return
    if message.decree.kind not in ALLOWING:
        yield from no_recourse_line(message.decree, words)
    elif in_full:
        yield from (FactLine(PostPart.ADVICE, "", (text,)) for text in advice_lines(advice, message.today, words))
    else:
        yield from recourse_line(advice, message.today, words)


def _announcement(message: MessageInput, timing: str | None, lines: tuple[FactLine, ...], own_page: str | None = None) -> Announcement:
    decree, place, words = message.decree, message.place, message.words
    number = inert(decree.facts.number or "")
    page = max(decree.page, 1)
    return Announcement(
        headline=topic_words(decree.topic, words.language).kinds[decree.kind],
        where=where_text(place, words),
        timing=timing,
        lines=lines,
        link=link_to(decree.url, decree.page),
        link_label=words.labels.link.format(page=page),
        button_label=words.labels.button.format(page=page, number=f" {words.labels.number.format(number=number)}" if number else ""),
        hashtags=hashtags(place, decree.topic, decree.facts.sure.operators),
        label=words.label,
        page=own_page,
        page_label=words.labels.page,
    )


def publisher_of(decree: Decree, places: Mapping[str, Place]) -> Place | None:
    """Return the authority on whose site a decree of another one was found; None for a decree on its own authority's site."""
    return None if decree.publisher == decree.authority else place_for(places, decree.publisher)


def _lines(message: MessageInput, publisher: Place | None) -> Iterator[FactLine]:
    decree, words, advice = message.decree, message.words, advice_beside_looks(message)
    if advice is not None:
        yield from flag_lines(advice, decree.topic, words)
    yield from timeliness_line(decree, message.place, words)
    yield from line(PostPart.TITLE, "", (decree.title,), words)
    if publisher is not None:
        yield from line(PostPart.PUBLISHER, words.labels.publisher, (publisher.name,), words)
    yield from link_lines(decree, words)
    yield from row_lines(POST_ROWS, decree, words)
    yield from reference_lines(decree, words)


def _signatory(decree: Decree, words: Words, places: Mapping[str, Place]) -> Iterator[FactLine]:
    facts = decree.facts
    yield from row_lines(FULL_ROWS, decree, words)
    if facts.authority is not None and facts.authority != decree.authority:
        yield from line(PostPart.DECIDED, words.facts["authority"], (place_for(places, facts.authority).name,), words)


# The order of the parts.

_REFERENCE_PARTS = (PostPart.NUMBER, PostPart.SIGNED, PostPart.PUBLISHED)
SEPARATOR = " · "
_APART = {
    PostPart.NOTICE,
    PostPart.FLAGS,
    PostPart.TIMELINESS,
    PostPart.TITLE,
    PostPart.LINKS,
    PostPart.CHANGED,
    PostPart.ONLINE,
    PostPart.RECOURSE,
    PostPart.ADVICE,
    PostPart.SIGHTINGS,
    *_REFERENCE_PARTS,
}
"""Parts that do not stand among the facts."""

_TELLING = {PostPart.PERIOD, PostPart.EVENT, PostPart.PLACES, PostPart.LINKS}

BRIEF = -1
"""In place of a number of characters: the line in its brief form, whole."""

TOLD_BELOW = -2
"""In place of a number of characters: the line is left out where the facts tell what is done, when and where."""


class PostExtra(StrEnum):
    """Optional parts of a post: more hashtags, time until the beginning, decree's own page, words of the link, facts to verify."""

    TAGS = "tags"
    TIMING = "timing"
    PAGE = "page"
    LABEL = "label"
    DOUBTS = "doubts"


def _without(*parts: str) -> tuple[tuple[str, int], ...]:
    """Leave these parts out, one after the other."""
    return tuple((part, 0) for part in parts)


# Applied from the top until the post fits: shorten that part to the number of characters; 0 leaves it out. First the title, repeated by the
# facts, then repetitions; legal parts are reworded or left out, as half a sentence would mislead. Never the link, nor the tags that people
# follow.
_OTHER_ROWS = tuple(row for row in (*POST_ROWS, *FULL_ROWS) if row not in PARTS)
SHORTENING: tuple[tuple[str, int], ...] = (
    (PostPart.TITLE, 160),
    (PostPart.TITLE, 90),
    (PostExtra.DOUBTS, 0),
    (PostPart.RECOURSE, BRIEF),
    (PostPart.PLACES, 120),
    (PostPart.PURPOSES, 80),
    (PostPart.OPERATORS, 80),
    (PostPart.EVENT, 60),
    (PostPart.TITLE, 60),
    (PostPart.NOTICE, BRIEF),
    (PostPart.PUBLISHED, 0),
    (PostPart.SIGNED, 0),
    (PostPart.FLAGS, BRIEF),
    (PostPart.LINKS, BRIEF),
    (PostPart.TITLE, TOLD_BELOW),
    (PostPart.PURPOSES, 40),
    (PostPart.SOFTWARE, 40),
    (PostPart.OFFICE, 60),
    (PostPart.PLACES, 40),
    (PostPart.TITLE, 40),
    *((row, floor) for floor in (40, 0) for row in _OTHER_ROWS),
    *_without(PostPart.PURPOSES, PostPart.CAMERAS, PostPart.PUBLISHER, PostPart.SOFTWARE, PostPart.TITLE),
    *_without(PostPart.OFFICE, PostPart.DECIDED, PostPart.SIGHTINGS, PostPart.ONLINE, PostPart.TIMELINESS),
    (PostExtra.TAGS, BRIEF),
    *_without(PostExtra.TIMING, PostExtra.PAGE, PostExtra.LABEL),
    (PostPart.OPERATORS, 30),
    *_without(PostPart.ADVICE, PostPart.RECOURSE, PostPart.FLAGS, PostPart.CHANGED, PostPart.PLACES),
    (PostPart.EVENT, 30),
    (PostPart.EVENT, 0),
    (PostPart.OPERATORS, 0),
    (PostPart.LINKS, 0),
    (PostPart.NUMBER, 40),
    (PostPart.PERIOD, 0),
    (PostPart.NOTICE, 0),
)


class TooSmall(ValueError):
    """The platform's limit has no room for the link itself."""


@dataclass(frozen=True, slots=True)
class PostRow:
    """One line of a post. With `href`, `text` is the words of a link."""

    text: str
    strong: bool = False
    href: str | None = None


def paragraphs(said: Announcement) -> tuple[tuple[PostRow, ...], ...]:
    """Return the post as paragraphs of rows; none is empty."""
    head = [PostRow(said.headline, strong=True)] if said.headline else []
    head += [PostRow(said.where)] if said.where else []
    head += [PostRow(said.timing, strong=True)] if said.timing else []
    head += [PostRow(line.text, strong=True) for line in said.lines_of(PostPart.NOTICE)]
    head += _rows(said, PostPart.FLAGS, PostPart.TIMELINESS)
    facts = [PostRow(labelled(line, said.label)) for line in said.lines if line.part not in _APART]
    reference = SEPARATOR.join(line.text for line in said.lines_of(*_REFERENCE_PARTS))
    facts += [PostRow(reference)] if reference else []
    # The link that tells the post from others comes last.
    link = [PostRow(said.page_label, href=said.page)] if said.page else []
    link += [PostRow(said.link_label, href=said.link)] if said.link else []
    tags = [PostRow(" ".join(said.hashtags))] if said.hashtags else []
    return tuple(
        tuple(rows)
        for rows in (
            head,
            _rows(said, PostPart.TITLE, PostPart.LINKS, PostPart.CHANGED),
            facts,
            _rows(said, PostPart.ONLINE),
            _rows(said, PostPart.RECOURSE, PostPart.ADVICE),
            [*_rows(said, PostPart.SIGHTINGS), *link, *tags],
        )
        if rows
    )


def _rows(said: Announcement, *parts: PostPart) -> list[PostRow]:
    return [PostRow(line.text, href=line.href) for part in parts for line in said.lines_of(part)]


def plain(said: Announcement) -> str:
    """Return the post as plain text, each link in full after its words."""
    return "\n\n".join("\n".join(_plain_row(row, said.label) for row in rows) for rows in paragraphs(said))


def _plain_row(row: PostRow, label: str) -> str:
    if row.href is None:
        return row.text
    return label.format(label=row.text, text=row.href) if row.text else row.href


def labelled(line: FactLine, label: str) -> str:
    """Return the line after its label, if it has one."""
    return label.format(label=line.label, text=line.text) if line.label else line.text


def fit(said: Announcement, measure: Callable[[Announcement], int], limit: int) -> Announcement:
    """Shorten the announcement by `SHORTENING` until `measure` is at most `limit`. Raises TooSmall if the link exceeds it."""
    for part, floor in SHORTENING:
        overflow = measure(said) - limit
        if overflow <= 0:
            return said
        # Without its words a link may be shown in full, where it was not.
        said = min(_shorten(said, part, floor, overflow), said, key=measure)
    leaving: tuple[dict[str, Any], ...] = (
        {"page": None}, {"where": cut(said.where, 40)}, {"where": "", "lines": ()}, {"timing": None}, {"link_label": ""}, {"headline": ""},
        {"hashtags": ()},
    )  # fmt: skip
    for left_out in leaving:
        said = replace(said, **left_out)
        if measure(said) <= limit:
            return said
    raise TooSmall(f"{limit} characters have no room for the link")


def _shorten(said: Announcement, part: str, floor: int, overflow: int) -> Announcement:
    match part:
        case PostExtra.TAGS:
            return replace(said, hashtags=followed_tags(said.hashtags))
        case PostExtra.TIMING:
            return replace(said, timing=None) if PostPart.PERIOD in {line.part for line in said.lines} else said
        case PostExtra.PAGE:
            return replace(said, page=None)
        case PostExtra.LABEL:
            return replace(said, link_label="")
    if floor == TOLD_BELOW:
        if not _TELLING & {line.part for line in said.lines}:
            return said
        floor = 0
    unsure = part is PostExtra.DOUBTS
    lines = (_shorter(line, floor, overflow) if (line.is_doubtful if unsure else line.part == part) else line for line in said.lines)
    return replace(said, lines=tuple(line for line in lines if line is not None))


def _shorter(line: FactLine, floor: int, overflow: int) -> FactLine | None:
    """Shorten a line: whole items go first; a single item is cut between words."""
    if floor == 0:
        return None
    if floor == BRIEF:
        return line if line.brief is None else replace(line, items=(line.brief,), brief=None)
    return _within(line, max(floor, len(line.text) - overflow), floor)


def _within(line: FactLine, longest: int, least: int = 0) -> FactLine:
    while len(line.text) > longest and len(line.items) > 1:
        line = replace(line, items=line.items[:-1], hidden=line.hidden + 1)
    if len(line.text) > longest:
        room = longest - (len(line.text) - len(line.items[0]))
        line = replace(line, items=(cut(line.items[0], max(room, least // 2)),))
    return line


# A post for terminals and files: nothing in it can move a cursor or hide a word.


def plain_post(message: MessageInput) -> str:
    """Return a decree in plain text, several lines, no newline at the end."""
    return plain(replace(announce(message), hashtags=()))


def plain_decree(message: MessageInput, places: Mapping[str, Place] | None = None) -> str:
    """Return the long form (see `announce_in_full`) in plain text, several lines, no newline at the end."""
    return plain(replace(announce_in_full(message, places), hashtags=()))


# Is this text the post of that decree? For whoever looks for a post whose answer was lost.


def shows_number(text: str, number: str) -> bool:
    """Return whether a post, in any language, shows `number` (inert) as its decree's own, in the row of the decree's names."""
    own = tuple(with_plain_spaces(words_in(language).labels.number.format(number=number)) for language in LANGUAGES)
    rows = (row.strip() for row in with_plain_spaces(text).splitlines())
    return any(row == called or row.startswith((called + SEPARATOR, called + " (")) for row in rows for called in own)


# One line per decree, for lists of answers.

LONGEST_LINE = 300
"""Characters a reader sees of one line: a page of ten stays far below what a platform takes."""

LONGEST_PIECE = 80
_LONGEST_DOUBT = 160
"""Of what a decree is said to be, which may take two others to say."""


def subject_text(decree: Decree, words: Words, longest: int = LONGEST_PIECE) -> str:
    """Return `gare de Valence : Foire du Dauphiné`: where, and the event, each within `longest`; empty where neither is sure."""
    sure = replace(decree, facts=decree.facts.sure)
    lines = [_within(line, longest) for line in row_lines((PostPart.PLACES, PostPart.EVENT), sure, words)]
    return words.label.format(label=lines[0].text, text=lines[1].text) if len(lines) == 2 else "".join(line.text for line in lines)


def decree_line(message: MessageInput) -> str:
    """Return `[12] Valence : Foire du Dauphiné · autorisation · Drôme (26) · du 19 au 22 avril 2024 · commence dans 14 h · SNCF · n° 2`,
    then standing and flags.
    """
    mark, first, _, rest = _line_pieces(message)
    return fitting((mark + first, *rest), LONGEST_LINE)


def decree_line_html(message: MessageInput) -> str:
    """Return the same for Telegram: escaped, its first piece in bold and linked to the PDF."""
    mark, first, link, rest = _line_pieces(message)
    words = html_tag("b", html_text(first))
    linked = words if link is None else html_link(link, words)
    tail = fitting(("", *rest), LONGEST_LINE - len(mark) - len(first))
    return (html_text(mark) + linked + html_text(tail)).source


def _line_pieces(message: MessageInput) -> tuple[str, str, str | None, tuple[str, ...]]:
    """Return a line's mark, the subject (else the kind), the link of the PDF, and what follows."""
    decree, advice, words = message.decree, message.legal_advice, message.words
    card = announce(replace(message, legal_advice=None))
    mark = "" if decree.id is None else f"[{decree.id}] "
    texts = {line.part: line.text for line in card.lines if not line.is_doubtful}
    standing = list_standing(message)
    changes = ", ".join(list_changes(decree, words))
    flags = () if advice is None else tuple(line.brief for line in flag_lines(advice, decree.topic, words))
    bond = None if decree.kind is Kind.AUTHORISATION else first_link(decree, words)
    period = period_text(current_period(message), words)
    known = (bond, period, standing, changes, *flags, texts.get(PostPart.OPERATORS), texts.get(PostPart.NUMBER))
    facts = [cut(text, _LONGEST_DOUBT if text is standing else LONGEST_PIECE) for text in known if text]
    subject, kind = subject_text(decree, words), kind_text(decree, words, message.context.topics)
    told = {PostPart.PERIOD, PostPart.OPERATORS, PostPart.NUMBER} & texts.keys()
    if not told and not subject and bond is None and PostPart.TITLE in texts:
        facts.insert(0, cut(texts[PostPart.TITLE], 120))
    first, *rest = filter(None, (subject, kind, cut(short_where(message.place, words), LONGEST_PIECE), *facts))
    return mark, first, card.link, tuple(rest)


# A post on Telegram.

BUTTON_TEXT_LIMIT = 64
"""Characters; phones show about half of it."""


@dataclass(frozen=True, slots=True)
class Button:
    """The button under a post. Address and words together (page, number) are unique to the decree: a post is recognised by it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class TelegramText:
    """A post: HTML for `parse_mode=HTML`, the same in plain text for when the platform cannot parse it, and its button."""

    html: str
    plain: str
    button: Button | None


def telegram_link(decree: Decree, place: Place, now: datetime, language: Language) -> tuple[str, Button] | None:
    """Return the words of the link in the text of a decree's post, and its button, whatever the hour; None where it has no link."""
    said = announce(MessageInput(decree, place, now, language))
    button = _button(said)
    return None if button is None else (said.link_label, button)


def telegram_text(message: MessageInput, *, limit: int = TEXT_LIMIT) -> TelegramText:
    """Return a decree as a Telegram post, HTML and plain text both within `limit`."""
    return _fitting_message(announce(message), limit)


def telegram_decree(message: MessageInput, places: Mapping[str, Place] | None = None) -> TelegramText:
    """Return the long form (see `announce_in_full`) as one message, HTML and plain text both within `TEXT_LIMIT`."""
    return _fitting_message(announce_in_full(message, places), TEXT_LIMIT)


def _fitting_message(whole: Announcement, limit: int) -> TelegramText:
    # Plain text shows links in full, HTML their words: each is shortened for itself, so that the one that is usually sent loses nothing.
    shown = fit(whole, lambda said: telegram_length(_html(said).text), limit)
    bare = fit(whole, lambda said: telegram_length(unlinked(plain(said))), limit)
    return TelegramText(html=_html(shown).source, plain=unlinked(plain(bare)), button=_button(shown))


def _button(said: Announcement) -> Button | None:
    return None if said.link is None else Button(cut(said.button_label, BUTTON_TEXT_LIMIT), said.link)


def _html(said: Announcement) -> Html:
    return html_join("\n\n", tuple(html_join("\n", tuple(_row(row) for row in rows)) for rows in paragraphs(said)))


def _row(row: PostRow) -> Html:
    words = html_text(row.text or row.href or "")
    if row.href is not None:
        return html_link(row.href, words)
    return html_tag("b", words) if row.strong else words


# A post on Mastodon.


def mastodon_status(message: MessageInput, *, limits: StatusLimits = MASTODON) -> str:
    """Return a decree as a status within `limits`. Raises TooSmall when an instance leaves no room for a link."""
    return plain(fit(announce(message), lambda said: mastodon_length(plain(said), limits), limits.characters))
