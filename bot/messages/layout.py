"""The order of a post's parts, the same on every platform, and what gives way first when it is too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.messages.announcement import Announcement, Line, Part
from bot.messages.cleaning import cut

_REFERENCE_PARTS = (Part.NUMBER, Part.SIGNED, Part.PUBLISHED)

# Applied from top to bottom until the post fits: shorten that part, to no fewer characters than given; 0 leaves it out.
# The title goes first since the facts below it say the same more precisely. The link is never touched.
SHORTENING: tuple[tuple[Part, int], ...] = (
    (Part.TITLE, 160),
    (Part.PLACES, 120),
    (Part.PURPOSES, 80),
    (Part.TITLE, 90),
    (Part.OPERATORS, 80),
    (Part.EVENT, 60),
    (Part.TITLE, 60),
    (Part.PUBLISHED, 0),
    (Part.SIGNED, 0),
    (Part.PURPOSES, 40),
    (Part.SOFTWARE, 40),
    (Part.PLACES, 40),
    (Part.PURPOSES, 0),
    (Part.CAMERAS, 0),
    (Part.SOFTWARE, 0),
    (Part.TITLE, 40),
    (Part.OPERATORS, 30),
    (Part.EVENT, 0),
    (Part.TITLE, 0),
    (Part.PLACES, 0),
    (Part.OPERATORS, 0),
    (Part.NUMBER, 40),
    (Part.PERIOD, 0),
)


class TooSmall(ValueError):
    """The platform's limit has no room for the link itself."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a post. With `href`, `text` is the words of a link."""

    text: str
    strong: bool = False
    href: str | None = None


def paragraphs(said: Announcement) -> tuple[tuple[Row, ...], ...]:
    """The post as paragraphs of rows; none is empty."""
    head = [Row(said.headline, strong=True)] if said.headline else []
    head += [Row(said.where)] if said.where else []
    head += [Row(said.timing, strong=True)] if said.timing else []
    title = [Row(line.text) for line in said.lines if line.part is Part.TITLE]
    facts = [Row(_labelled(line, said.label)) for line in said.lines if line.part is not Part.TITLE and line.part not in _REFERENCE_PARTS]
    reference = " · ".join(line.text for line in said.lines if line.part in _REFERENCE_PARTS)
    facts += [Row(reference)] if reference else []
    tail = [Row(said.link_label, href=said.link)] if said.link else []
    tail += [Row(" ".join(said.hashtags))] if said.hashtags else []
    return tuple(tuple(rows) for rows in (head, title, facts, tail) if rows)


def plain(said: Announcement) -> str:
    """The post as plain text, each link in full after its words."""
    return "\n\n".join("\n".join(_plain_row(row, said.label) for row in rows) for rows in paragraphs(said))


def _plain_row(row: Row, label: str) -> str:
    if row.href is None:
        return row.text
    return label.format(label=row.text, text=row.href) if row.text else row.href


def _labelled(line: Line, label: str) -> str:
    return label.format(label=line.label, text=line.text) if line.label else line.text


def fit(said: Announcement, measure: Callable[[Announcement], int], limit: int) -> Announcement:
    """The announcement, shortened in the order of `SHORTENING` until `measure` gives at most `limit`.

    Raises TooSmall when the link alone is longer than the limit.
    """
    for part, floor in SHORTENING:
        overflow = measure(said) - limit
        if overflow <= 0:
            return said
        said = _shorten(said, part, floor, overflow)
    for bare in (
        replace(said, hashtags=said.hashtags[:1]),
        replace(said, hashtags=()),
        replace(said, hashtags=(), where=cut(said.where, 40)),
        replace(said, hashtags=(), where="", lines=()),
        replace(said, hashtags=(), where="", lines=(), timing=None),
        replace(said, hashtags=(), where="", lines=(), timing=None, link_label=""),
        replace(said, hashtags=(), where="", lines=(), timing=None, link_label="", headline=""),
    ):
        if measure(bare) <= limit:
            return bare
    message = f"{limit} characters have no room for the link"
    raise TooSmall(message)


def _shorten(said: Announcement, part: Part, floor: int, overflow: int) -> Announcement:
    lines = (_shorter(line, floor, overflow) if line.part is part else line for line in said.lines)
    return replace(said, lines=tuple(line for line in lines if line is not None))


def _shorter(line: Line, floor: int, overflow: int) -> Line | None:
    """Whole items go first; a single item is cut between words."""
    if floor == 0:
        return None
    longest = max(floor, len(line.text) - overflow)
    while len(line.text) > longest and len(line.items) > 1:
        line = replace(line, items=line.items[:-1], hidden=line.hidden + 1)
    if len(line.text) > longest:
        room = longest - (len(line.text) - len(line.items[0]))
        line = replace(line, items=(cut(line.items[0], max(room, floor // 2)),))
    return line
