"""A post in Telegram's form.

Limits (Bot API, "Formatting options" and `sendMessage`): 4096 UTF-16 code units after entity parsing, 100 entities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain import Decree, Place
from bot.messages import html
from bot.messages.announcement import Announcement, announce, announce_in_full
from bot.messages.cleaning import cut, unlinked
from bot.messages.layout import PostRow, fit, paragraphs, plain
from bot.messages.message_input import MessageInput
from bot.messages.words import Language

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


def telegram_text(message: MessageInput, *, limit: int = TEXT_LIMIT) -> TelegramText:
    """Return a decree as a Telegram post, HTML and plain text both within `limit`."""
    return _fitted(announce(message), limit)


def telegram_decree(message: MessageInput, places: Mapping[str, Place] | None = None, *, limit: int = TEXT_LIMIT) -> TelegramText:
    """Return the long form (see `announce_in_full`) as one message, HTML and plain text both within `limit`."""
    return _fitted(announce_in_full(message, places), limit)


def _fitted(whole: Announcement, limit: int) -> TelegramText:
    # Plain text shows links in full, HTML their words: each is shortened for itself, so that the one that is usually sent loses nothing.
    shown = fit(whole, lambda said: telegram_length(_html(said).text), limit)
    bare = fit(whole, lambda said: telegram_length(unlinked(plain(said))), limit)
    return TelegramText(html=_html(shown).source, plain=unlinked(plain(bare)), button=_button(shown))


def _button(said: Announcement) -> Button | None:
    return None if said.link is None else Button(cut(said.button_label, _BUTTON_TEXT_LIMIT), said.link)


def _html(said: Announcement) -> html.Html:
    return html.join("\n\n", tuple(html.join("\n", tuple(_row(row) for row in rows)) for rows in paragraphs(said)))


def _row(row: PostRow) -> html.Html:
    words = html.text(row.text or row.href or "")
    if row.href is not None:
        return html.link(row.href, words)
    return html.tagged("b", words) if row.strong else words
