"""HTML for Telegram, built only from escaped parts. There is no way to put in a tag that is not closed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from typing import Literal

from bot.messages.cleaning import unlinked

Tag = Literal["b", "i"]


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of valid HTML (`source`) and the text that readers see (`text`). Made by the functions below only."""

    source: str
    text: str
    entities: int = 0

    def __add__(self, other: Html) -> Html:
        return Html(self.source + other.source, self.text + other.text, self.entities + other.entities)


def text(words: str, commands: Collection[str] = ()) -> Html:
    """Return text for outside or inside of tags, escaped and `unlinked` but for these commands."""
    shown = unlinked(words, commands)
    return Html(escape(shown, quote=True), shown)


def tagged(tag: Tag, content: Html) -> Html:
    """Return bold or italic content; nothing at all where the content is empty (Telegram counts no empty entity)."""
    return Html(f"<{tag}>{content.source}</{tag}>", content.text, content.entities + 1) if content.text else content


def link(href: str, content: Html) -> Html:
    """Return content that leads to `href`."""
    return Html(f'<a href="{escape(href, quote=True)}">{content.source}</a>', content.text, content.entities + 1)


def join(separator: str, pieces: tuple[Html, ...]) -> Html:
    """Return the pieces with `separator` (text) between them."""
    joined = Html("", "")
    for position, piece in enumerate(pieces):
        joined = joined + text(separator) + piece if position else piece
    return joined
