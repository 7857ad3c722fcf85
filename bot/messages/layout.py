"""The order of a post's parts, the same on every platform, and what gives way first when it is too long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain import Place
from bot.messages.announcement import Announcement, announce, announce_in_full
from bot.messages.cleaning import JOINER, cut
from bot.messages.lines import FactLine, PostPart
from bot.messages.message_input import MessageInput
from bot.messages.words import LANGUAGES, words_in

_REFERENCE_PARTS = (PostPart.NUMBER, PostPart.SIGNED, PostPart.PUBLISHED)
SEPARATOR = " · "
_APART = {
    PostPart.NOTICE,
    PostPart.FLAGS,
    PostPart.TITLE,
    PostPart.LINKS,
    PostPart.CHANGED,
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


class Frame(StrEnum):
    """What stands around the lines: all hashtags but one, which repeat where and who; how long until it begins, which the period says too;
    the link to the decree's own page; the words of the link.
    """

    TAGS = "tags"
    TIMING = "timing"
    PAGE = "page"
    LABEL = "label"


# Applied from top to bottom until the post fits: shorten that part, to no fewer characters than given; 0 leaves it out.
# What a reader needs stays longest: what is done, where, when, by whom, for which event. The title goes first since the facts below it say
# the same more precisely; then whatever says a thing again. What is said of the law is told briefly or not at all: half a sentence on a
# time limit would mislead. The link is never touched.
SHORTENING: tuple[tuple[PostPart | Frame, int], ...] = (
    (PostPart.TITLE, 160),
    (PostPart.TITLE, 90),
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
    (PostPart.PURPOSES, 0),
    (PostPart.CAMERAS, 0),
    (PostPart.PUBLISHER, 0),
    (PostPart.SOFTWARE, 0),
    (PostPart.TITLE, 0),
    (PostPart.OFFICE, 0),
    (PostPart.DECIDED, 0),
    (PostPart.SIGHTINGS, 0),
    (Frame.TAGS, 1),
    (Frame.TIMING, 0),
    (Frame.PAGE, 0),
    (Frame.LABEL, 0),
    (PostPart.OPERATORS, 30),
    (PostPart.ADVICE, 0),
    (PostPart.RECOURSE, 0),
    (PostPart.FLAGS, 0),
    (PostPart.CHANGED, 0),
    (PostPart.PLACES, 0),
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
    head += [PostRow(row.text, strong=True) for row in _rows(said, PostPart.NOTICE)]
    head += _rows(said, PostPart.FLAGS)
    facts = [PostRow(labelled(line, said.label)) for line in said.lines if line.part not in _APART]
    reference = SEPARATOR.join(line.text for line in said.lines if line.part in _REFERENCE_PARTS)
    facts += [PostRow(reference)] if reference else []
    # The link that tells the post from others comes last.
    link = [PostRow(said.page_label, href=said.page)] if said.page else []
    link += [PostRow(said.link_label, href=said.link)] if said.link else []
    tags = [PostRow(" ".join(said.hashtags))] if said.hashtags else []
    return tuple(
        tuple(rows)
        for rows in (
            head,
            [*_rows(said, PostPart.TITLE), *_rows(said, PostPart.LINKS), *_rows(said, PostPart.CHANGED)],
            facts,
            [*_rows(said, PostPart.RECOURSE), *_rows(said, PostPart.ADVICE)],
            [*_rows(said, PostPart.SIGHTINGS), *link, *tags],
        )
        if rows
    )


def _rows(said: Announcement, part: PostPart) -> list[PostRow]:
    return [PostRow(line.text, href=line.href) for line in said.lines if line.part is part]


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
    """Shorten the announcement in the order of `SHORTENING` until `measure` gives at most `limit`.

    Raises TooSmall when the link alone is longer than the limit.
    """
    for part, floor in SHORTENING:
        overflow = measure(said) - limit
        if overflow <= 0:
            return said
        # Without its words a link may be shown in full, where it was not.
        said = min(_shorten(said, part, floor, overflow), said, key=measure)
    for bare in (
        replace(said, hashtags=()),
        replace(said, hashtags=(), page=None),
        replace(said, hashtags=(), page=None, where=cut(said.where, 40)),
        replace(said, hashtags=(), page=None, where="", lines=()),
        replace(said, hashtags=(), page=None, where="", lines=(), timing=None),
        replace(said, hashtags=(), page=None, where="", lines=(), timing=None, link_label=""),
        replace(said, hashtags=(), page=None, where="", lines=(), timing=None, link_label="", headline=""),
    ):
        if measure(bare) <= limit:
            return bare
    message = f"{limit} characters have no room for the link"
    raise TooSmall(message)


def _shorten(said: Announcement, part: PostPart | Frame, floor: int, overflow: int) -> Announcement:
    match part:
        case Frame.TAGS:
            return replace(said, hashtags=said.hashtags[:floor])
        case Frame.TIMING:
            return replace(said, timing=None) if PostPart.PERIOD in {line.part for line in said.lines} else said
        case Frame.PAGE:
            return replace(said, page=None)
        case Frame.LABEL:
            return replace(said, link_label="")
    if floor == TOLD_BELOW:
        if not _TELLING & {line.part for line in said.lines}:
            return said
        floor = 0
    lines = (_shorter(line, floor, overflow) if line.part is part else line for line in said.lines)
    return replace(said, lines=tuple(line for line in lines if line is not None))


def _shorter(line: FactLine, floor: int, overflow: int) -> FactLine | None:
    """Shorten a line: whole items go first; a single item is cut between words."""
    if floor == 0:
        return None
    if floor == BRIEF:
        return line if line.brief is None else replace(line, items=(line.brief,), brief=None)
    longest = max(floor, len(line.text) - overflow)
    while len(line.text) > longest and len(line.items) > 1:
        line = replace(line, items=line.items[:-1], hidden=line.hidden + 1)
    if len(line.text) > longest:
        room = longest - (len(line.text) - len(line.items[0]))
        line = replace(line, items=(cut(line.items[0], max(room, floor // 2)),))
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
    """Return whether a post, in any language, gives `number` (inert) as its decree's own: in the row that says how the decree is called.

    Elsewhere it may be that of another decree: the one that this decree ends, or one that its title quotes.
    """
    own = tuple(words_in(language).labels.number.format(number=number) for language in LANGUAGES)
    rows = (row.strip() for row in text.replace(JOINER, "").splitlines())
    return any(row == called or row.startswith(called + SEPARATOR) for row in rows for called in own)
