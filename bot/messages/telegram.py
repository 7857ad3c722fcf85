"""A post in Telegram's form.

Limits (Bot API, "Formatting options" and `sendMessage`): 4096 UTF-16 code units after entity parsing, 100 entities.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Literal

from bot.domain.acts import Decree, Place
from bot.messages.announcement import LONGEST_LINE, Announcement, PostRow, announce, announce_in_full, fit, line_pieces, paragraphs, plain
from bot.messages.cleaning import cut, fitting, inert, unlinked
from bot.messages.lines import MessageInput
from bot.messages.words import Language, former_words

# HTML, built only from escaped parts: there is no way to put in a tag that is not closed.

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
    return _fitted(announce(message), limit)


def telegram_decree(message: MessageInput, places: Mapping[str, Place] | None = None) -> TelegramText:
    """Return the long form (see `announce_in_full`) as one message, HTML and plain text both within `TEXT_LIMIT`."""
    return _fitted(announce_in_full(message, places), TEXT_LIMIT)


def _fitted(whole: Announcement, limit: int) -> TelegramText:
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
