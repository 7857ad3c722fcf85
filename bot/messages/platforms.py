"""A post in the form of each platform: Telegram, Mastodon."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Literal

from bot.domain.acts import Decree, Place
from bot.messages.announcement import (
    LONGEST_LINE,
    Announcement,
    PostRow,
    announce,
    announce_in_full,
    fit,
    labelled,
    line_pieces,
    paragraphs,
    plain,
)
from bot.messages.lines import MessageInput
from bot.messages.words import Language, cut, fitting, former_words, inert, unlinked

# Telegram. Limits (Bot API, "Formatting options" and `sendMessage`): 4096 UTF-16 code units after entity parsing, 100 entities. HTML is
# built only from escaped parts: there is no way to put in a tag that is not closed.

Tag = Literal["b", "i"]


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of valid HTML (`source`) and the text that readers see (`text`). Made by the functions below only."""

    source: str
    text: str
    entities: int = 0

    def __add__(self, other: Html) -> Html:
        return Html(self.source + other.source, self.text + other.text, self.entities + other.entities)


def html_text(words: str, commands: Collection[str] = ()) -> Html:
    """Return text for outside or inside of tags, escaped and `unlinked` but for these commands."""
    shown = unlinked(words, commands)
    return Html(escape(shown, quote=True), shown)


def html_tag(tag: Tag, content: Html) -> Html:
    """Return bold or italic content; nothing at all where the content is empty (Telegram counts no empty entity)."""
    return Html(f"<{tag}>{content.source}</{tag}>", content.text, content.entities + 1) if content.text else content


def html_link(href: str, content: Html) -> Html:
    """Return content that leads to `href`."""
    return Html(f'<a href="{escape(href, quote=True)}">{content.source}</a>', content.text, content.entities + 1)


def html_join(separator: str, pieces: tuple[Html, ...]) -> Html:
    """Return the pieces with `separator` (text) between them."""
    joined = Html("", "")
    for position, piece in enumerate(pieces):
        joined = joined + html_text(separator) + piece if position else piece
    return joined


# A post.

TEXT_LIMIT = 4096
_BUTTON_TEXT_LIMIT = 64
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


def telegram_length(text: str) -> int:
    """Return the length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def telegram_button(decree: Decree, place: Place, now: datetime, language: Language = "fr") -> Button | None:
    """Return the button of a decree's post; it does not depend on `now`."""
    return _button(announce(MessageInput(decree, place, now, language)))


def telegram_forms(decree: Decree, place: Place, now: datetime, language: Language) -> tuple[tuple[str, Button], ...]:
    """Return the words of the link in the text and the button of a decree's post, as they are now, then as earlier versions had them; none
    where it has no link."""
    said = announce(MessageInput(decree, place, now, language))
    if said.link is None:
        return ()
    number, page = inert(decree.facts.number or ""), max(decree.page, 1)
    forms = [(said.link_label, said.button_label)]
    for former in former_words(language):
        called = former.number.format(number=number) if number else ""
        forms.append((former.link.format(page=page), former.button.format(page=page, number=called)))
    return tuple((label, Button(cut(button, _BUTTON_TEXT_LIMIT), said.link)) for label, button in forms)


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
    return None if said.link is None else Button(cut(said.button_label, _BUTTON_TEXT_LIMIT), said.link)


def _html(said: Announcement) -> Html:
    return html_join("\n\n", tuple(html_join("\n", tuple(_row(row) for row in rows)) for rows in paragraphs(said)))


def _row(row: PostRow) -> Html:
    words = html_text(row.text or row.href or "")
    if row.href is not None:
        return html_link(row.href, words)
    return html_tag("b", words) if row.strong else words


# A line of a list.


def decree_line_html(message: MessageInput) -> str:
    """Return the same for Telegram: escaped, the kind in bold and linked to the PDF."""
    mark, kind, rest = line_pieces(message)
    link = announce(replace(message, legal_advice=None)).link
    words = html_tag("b", html_text(kind))
    linked = words if link is None else html_link(link, words)
    tail = fitting(("", *rest), LONGEST_LINE - len(mark) - len(kind))
    return (html_text(mark) + linked + html_text(tail)).source


# Mastodon: plain text in which every link counts the same, whatever its length.

_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class StatusLimits:
    """What an instance allows (`configuration.statuses` of its instance document; the defaults are Mastodon's own).

    `per_url` is what a link counts for, None on servers that count links in full.
    """

    characters: int = 500
    per_url: int | None = 23


def mastodon_length(text: str, limits: StatusLimits = StatusLimits()) -> int:
    """Return the length as the instance counts it. Code points are counted, never fewer than the grapheme clusters that Mastodon counts."""
    if limits.per_url is None:
        return len(text)
    return len(text) + sum(limits.per_url - len(link) for link in _LINK.findall(text))


def mastodon_status(message: MessageInput, *, limits: StatusLimits = StatusLimits()) -> str:
    """Return a decree as a status within `limits`. Raises `announcement.TooSmall` when an instance leaves no room for a link."""
    return plain(_fitting_status(announce(message), limits))


def mastodon_thread(message: MessageInput, *, limits: StatusLimits = StatusLimits()) -> tuple[str, ...]:
    """Return the status as `mastodon_status` gives it, then what it had no room for, each text within `limits`. Raises
    `announcement.TooSmall`.
    """
    whole = announce(message)
    shown = _fitting_status(whole, limits)
    more = further(left_out(whole, shown), lambda text: mastodon_length(text, limits), limits.characters)
    return (plain(shown), *more)


def _fitting_status(whole: Announcement, limits: StatusLimits) -> Announcement:
    def measure(said: Announcement) -> int:
        return mastodon_length(plain(said), limits)

    return fit(whole, measure, limits.characters)


# What a post had no room for, in further texts of a thread. Lines are cut between words, and only where they do not fit as a whole.

_MOST_TEXTS = 20
"""Texts of one thread: nobody reads more."""

_COUNTER = " (20/20)"


def left_out(whole: Announcement, shown: Announcement) -> tuple[str, ...]:
    """Return the lines of the whole that are not shown as they are, in their order."""
    return tuple(labelled(line, whole.label) for line in whole.lines if line not in shown.lines)


def further(lines: Sequence[str], measure: Callable[[str], int], limit: int) -> tuple[str, ...]:
    """Return these lines as texts that `measure` finds within `limit`, each with its place in the thread, of which the first is the post
    itself.

    Empty where there are no lines, or the limit has no room for a word.
    """
    room = limit - len(_COUNTER) - 1
    texts: list[str] = []
    for piece in _pieces(lines, measure, room):
        joined = f"{texts[-1]}\n{piece}" if texts else piece
        if texts and measure(joined) <= room:
            texts[-1] = joined
        else:
            texts.append(piece)
    texts = texts[: _MOST_TEXTS - 1]
    return tuple(f"{text}\n({number}/{len(texts) + 1})" for number, text in enumerate(texts, start=2))


def _pieces(lines: Sequence[str], measure: Callable[[str], int], room: int) -> Iterator[str]:
    if room < len(_COUNTER):
        return
    for line in lines:
        rest = line
        while measure(rest) > room:
            space = rest.rfind(" ", 1, room + 1)
            end = space if space > 0 else room
            yield rest[:end].rstrip()
            rest = rest[end:].lstrip()
        if rest:
            yield rest
