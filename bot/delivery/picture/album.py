"""Makes the pictures of decrees with their alt texts, one at a time and when first wanted: all destinations of a decree want the same."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import structlog

from bot.delivery.picture.wire import COVERED, HIGHLIGHTED, Canvas, Draw, Drawing, Drawn, NoPicture, NoPictureReason, Picture, parse_answer
from bot.domain.acts import Decree, Evidence, Place, Where
from bot.domain.facts import POST_ROWS
from bot.domain.posts import Post
from bot.domain.recent import Recent
from bot.messages.lines import PostPart, line, place_for, reference_lines, row_lines, where_text
from bot.messages.words import Language, Table, Words, cut, inert, raw_file, topic_words, words_file, words_in
from bot.reading.pages.drawing import png
from bot.reading.pages.recognition import EngineKind, engine_kind, find_data
from bot.reading.sandbox.process import NotUnderstood, StartOrder
from bot.reading.sandbox.worker import Lost, carried_out

# Draw one page of a PDF in a confined process, which may crash, hang or fill its memory without harm.

_CHILD = "bot.delivery.picture.child"
_USUAL = Drawing()


async def draw(path: Path, page: int, phrases: tuple[str, ...] = (), drawing: Drawing = _USUAL) -> Drawn:
    """Draw a page (from 1) of a PDF with these phrases highlighted; reproducible on one machine. Raises NoPicture."""
    kind = await asyncio.to_thread(engine_kind)
    data = find_data() if kind is EngineKind.LIBRARY else None
    start = StartOrder(str(path), drawing.memory_bytes, max(1, round(drawing.seconds)), data=data)
    order = Draw(page, phrases, drawing.width, drawing.height)
    try:
        async with asyncio.timeout(drawing.seconds):
            try:
                canvas, pixels = await _ordered(start, order)
            except NoPicture as none:
                if none.why is not NoPictureReason.UNREAD or kind is not EngineKind.COMMAND:
                    raise
                # Only a page that must be recognised is given to a process that may start a program.
                canvas, pixels = await _ordered(replace(start, data=find_data(), commands=True), order)
    except TimeoutError as error:
        raise NoPicture(NoPictureReason.TOO_SLOW, f"more than {drawing.seconds:g} s") from error
    # In a thread: compressing takes some tenths of a second.
    png = await asyncio.to_thread(encode, pixels, canvas.width, canvas.height, drawing.most_bytes)
    return Drawn(png, canvas.width, canvas.height, canvas.found, canvas.covered)


async def _ordered(start: StartOrder, order: Draw) -> tuple[Canvas, bytes]:
    try:
        return await carried_out(start, _CHILD, order.line(), partial(parse_answer, order=order))
    except NotUnderstood as error:
        raise NoPicture(NoPictureReason.MISBEHAVED, str(error)) from error
    except Lost as error:
        raise NoPicture(NoPictureReason.LOST, str(error)) from error


# What is sent to platforms is of our own making, whatever the file it came from holds: a PNG with a palette.

_LEVELS = (64, 16, 8)
"""Grey levels (of 128) to try until a file is small enough; noise in 8 takes 0.87 MB for 1280 × 1810."""
_YELLOW = (255, 236, 64)
_SLATE = (70, 74, 82)


def encode(pixels: bytes, width: int, height: int, most_bytes: int) -> bytes:
    """Return the PNG of a picture, with as many levels of grey as fit in `most_bytes`; with the fewest where none fits."""
    encoded = b""
    for levels in _LEVELS:
        merged = pixels.translate(_merged(levels))
        rows = (merged[start : start + width] for start in range(0, width * height, width))
        encoded = png(rows, width, height, _PALETTE)
        if len(encoded) <= most_bytes:
            break
    return encoded


def _merged(levels: int) -> bytes:
    """Each grey to the one of these that stands for it, from black to white."""
    white = HIGHLIGHTED - 1

    def merged(value: int) -> int:
        if value == COVERED:
            return COVERED
        mark, grey = value & HIGHLIGHTED, value & white
        kept = round(grey * levels // HIGHLIGHTED * white / (levels - 1))
        # Highlighted white would be the value of what is covered.
        return mark + min(kept, white - (mark > 0))

    return bytes(merged(value) for value in range(256))


def _palette() -> bytes:
    colours: list[tuple[int, int, int]] = []
    for value in range(256):
        grey = round((value & (HIGHLIGHTED - 1)) * 255 / (HIGHLIGHTED - 1))
        if value == COVERED:
            colours.append(_SLATE)
        elif value < HIGHLIGHTED:
            colours.append((grey, grey, grey))
        else:
            # The marker lies over the page: black stays black.
            red, green, blue = (grey * part // 255 for part in _YELLOW)
            colours.append((red, green, blue))
    return b"".join(bytes(colour) for colour in colours)


_PALETTE = _palette()


log = structlog.get_logger()

_KEPT = 8
"""Pictures kept in memory, a fraction of a megabyte each: a decree goes to all its destinations within minutes, and is tried again."""
_REMEMBERED = 64
_TRIED_AGAIN_AFTER = 600.0
"""Seconds after which a page that gave no picture is tried again: its other destinations do not each wait for it to fail once more."""


class Album:
    """Makes pictures out of the PDFs that `locate` finds on disk; it is called in a thread, and gives None for what is not kept."""

    def __init__(
        self,
        *,
        locate: Callable[[Decree], Path | None],
        places: Mapping[str, Place],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seconds` is a clock that only goes forward: by it a page that gave no picture is tried again."""
        self._seconds = seconds
        self._locate = locate
        self._places = places
        self._one_at_a_time = asyncio.Lock()
        self._kept = Recent[tuple[Path, PageChoice], Drawn](_KEPT)
        self._failed = Recent[tuple[Path, PageChoice], tuple[float, NoPictureReason, str]](_REMEMBERED)

    def for_posts(self, language: Language) -> Callable[[Post], Awaitable[Picture | None]]:
        """For a channel of this language: the picture of a post, None where there is none, which is logged."""

        async def picture(post: Post) -> Picture | None:
            try:
                return await self.of(post.decree, language)
            except NoPicture as none:
                level = logging.INFO if none.why is NoPictureReason.NO_FILE else logging.WARNING
                log.log(level, "picture.missing", decree=post.decree.id, url=post.decree.url, why=str(none))
                return None

        return picture

    async def of(self, decree: Decree, language: Language) -> Picture:
        """Return the picture of a decree with its alt text. Raises NoPicture."""
        path = await asyncio.to_thread(self._locate, decree)
        if path is None:
            raise NoPicture(NoPictureReason.NO_FILE)
        choice = choose(decree)
        drawn = await self._drawn(path, choice)
        alt = alt_text(
            decree,
            place_for(self._places, decree.authority),
            language,
            page=choice.page,
            highlighted=[choice.phrases[position] for position in drawn.found],
            covered=drawn.covered > 0,
        )
        return Picture(drawn.png, drawn.width, drawn.height, alt)

    async def _drawn(self, path: Path, choice: PageChoice) -> Drawn:
        async with self._one_at_a_time:
            # A file is named by its content: the same name is the same picture.
            key = path, choice
            self._kept[key] = drawn = self._kept.get(key) or await self._draw(path, choice)
            return drawn

    async def _draw(self, path: Path, choice: PageChoice) -> Drawn:
        """Draw the page, unless that failed a short while ago. Raises NoPicture."""
        known = self._failed.get((path, choice))
        if known is not None and self._seconds() - known[0] < _TRIED_AGAIN_AFTER:
            raise NoPicture(known[1], known[2])
        try:
            return await draw(path, choice.page, choice.phrases)
        except NoPicture as none:
            self._failed[path, choice] = self._seconds(), none.why, none.more
            raise


# Which page of a decree is shown, and which phrases are highlighted on it.


@dataclass(frozen=True, slots=True)
class PageChoice:
    """A page of the file (from 1), and the phrases to highlight on it, each once."""

    page: int
    phrases: tuple[str, ...]


class _Rules(Table):
    """See `telling.toml`."""

    page: tuple[Where, ...]
    body: frozenset[Where]
    highlighted: frozenset[str]
    deciding: frozenset[str]
    most: int
    shortest: int


def choose(decree: Decree) -> PageChoice:
    """Return the page with the strongest evidence, the first page of the act where there is none, and the telling phrases on that page."""
    rules = _rules()
    page = _page(decree, rules)
    phrases = dict.fromkeys(
        quote.text
        for quote in decree.evidence
        if quote.page == page and quote.about in rules.highlighted and len(re.findall(r"[^\W_]", quote.text)) >= rules.shortest
    )
    return PageChoice(page, tuple(phrases)[: rules.most])


def _page(decree: Decree, rules: _Rules) -> int:
    deciding = [quote for quote in decree.evidence if quote.about in rules.deciding and quote.page >= 1]
    whole = {quote.page for quote in decree.evidence if quote.where in rules.body}
    places = [(_part(quote, whole), quote.page) for quote in deciding]
    # The first in the order of the parts, then of the pages.
    ranked = [(rules.page.index(part), page) for part, page in places if part in rules.page]
    return min(ranked)[1] if ranked else next((quote.page for quote in deciding if quote.where is None), max(decree.page, 1))


def _part(quote: Evidence, whole: Container[int]) -> Where | None:
    return Where.HEADING if quote.where is Where.TITLE and quote.page in whole else quote.where


@cache
def _rules() -> _Rules:
    return _Rules.model_validate(raw_file("bot.delivery.picture", "telling.toml"))


# A picture in words, for those who do not see it: the essential facts first, then what is highlighted.

ALT_LIMIT = 1500
"""Characters that Mastodon takes (`media_attachments.description_limit`)."""
_LONGEST_FACT = 240
_LONGEST_QUOTE = 160
_SHORTEST_QUOTE = 12


def alt_text(
    decree: Decree, place: Place, language: Language = "fr", *, page: int, highlighted: Sequence[str] = (), covered: bool = False
) -> str:
    """Return the alt text of a page, cut at its end to `ALT_LIMIT` characters, whatever the day. `highlighted`: phrases found."""
    own, words = _own_words(language), words_in(language)
    text = ""
    for sentence in _sentences(decree, place, own, words, page=page, covered=covered):
        if len(text) + 1 + len(sentence) <= ALT_LIMIT:
            text = f"{text} {sentence}".lstrip()
    return text + _quotes(highlighted, own, ALT_LIMIT - len(text) - 1)


def _sentences(decree: Decree, place: Place, own: Words, words: Words, *, page: int, covered: bool) -> Iterator[str]:
    # The sign before a kind is read out by its name.
    kind = re.sub(r"^\W+", "", topic_words(decree.topic, words.language).kinds[decree.kind])
    yield own.kind.format(page=own.page.format(page=page), kind=kind[:1].lower() + kind[1:])
    yield own.bare.format(text=cut(where_text(place, words), _LONGEST_FACT))
    title = line(PostPart.TITLE, "", (decree.title,), words)
    for one in (*row_lines(POST_ROWS, decree, words), *reference_lines(decree, words), *title):
        fact = cut(one.text, _LONGEST_FACT)
        yield (own.fact.format(label=one.label, text=fact) if one.label else own.bare.format(text=fact[:1].upper() + fact[1:]))
    if covered:
        yield own.covered


def _quotes(highlighted: Sequence[str], own: Words, room: int) -> str:
    """Return what is highlighted, each passage once, as many as there is room for."""
    cleaned = [cut(inert(text), _LONGEST_QUOTE) for text in highlighted]
    kept: list[str] = []
    for position, text in enumerate(cleaned):
        others = cleaned[:position] + [other for other in cleaned[position + 1 :] if other != text]
        if len(text) < _SHORTEST_QUOTE or any(text in other for other in others):
            continue
        more = [*kept, own.quote.format(text=text)]
        if len(own.highlighted.format(quotes=own.between.join(more))) > room:
            break
        kept = more
    return " " + own.highlighted.format(quotes=own.between.join(kept)) if kept else ""


@cache
def _own_words(language: Language) -> Words:
    return words_file("bot.delivery.picture", "words", f"{language}.toml")
