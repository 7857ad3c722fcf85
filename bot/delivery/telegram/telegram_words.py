"""What the posts of one Telegram chat say, and what they are recognised by there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from bot.delivery.composing import Desk, composing
from bot.delivery.telegram.search import shows_decree, shows_digest
from bot.domain import Decree, Post
from bot.messages import LANGUAGES, Button, Dispatch, TelegramText, announce, shows_number, telegram_button, telegram_text
from bot.messages.cleaning import JOINER, inert
from bot.messages.digests import digest_button, digest_language, digest_links, telegram_digest, telegram_room
from bot.messages.layout import TooSmall

CAPTION_LIMIT = 1024
"""UTF-16 code units of a photo's caption, after entity parsing (Bot API, `sendPhoto`)."""

Shows = Callable[[str, Collection[str]], bool]
"""Whether a message with this text and these links is the one that is looked for."""


class TelegramWords:
    """Of a decree as its dispatch has it; of a digest as its decrees are."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def text(self, post: Post) -> TelegramText:
        """The message. Raises Refused."""
        with composing("Telegram"):
            if post.digest is not None:
                return telegram_digest(post.decrees, self._desk.places, self._desk.language)
            return telegram_text(self._desk.dispatch(post))

    def caption(self, post: Post) -> TelegramText | None:
        """The post shortened to a caption, as long posts are; None where not even its link fits, and the text goes out alone."""
        with composing("Telegram"):
            try:
                return telegram_text(self._desk.dispatch(post), limit=CAPTION_LIMIT)
            except TooSmall:
                return None

    def room(self, decrees: Sequence[Decree]) -> int:
        """How many of these decrees one message holds."""
        return telegram_room(decrees, self._desk.places, self._desk.language)

    def marks(self, post: Post) -> tuple[Button | None, Shows]:
        """The button of the message, and what tells it by its text and links."""
        if post.digest is not None:
            return digest_button(post.decrees, self._desk.language), partial(shows_digest, digest_links(post.decrees), self._desk.language)
        button = telegram_button(post.decree, self._desk.place(post.decree), self._desk.clock(), self._desk.language)
        number = inert(post.decree.facts.number or "") or None
        return button, partial(shows_decree, "" if button is None else button.url, number)

    def button_in(self, text: str, decrees: Sequence[Decree]) -> Button | None:
        """The button of the message with this text, which leads to one of these decrees; None where it tells of none of them."""
        digest = digest_language(text)
        for decree in decrees:
            number = inert(decree.facts.number or "")
            if digest is not None and number in text.replace(JOINER, ""):
                return digest_button([decree], digest)
            if digest is not None or (number and not shows_number(text, number)):
                continue
            place, now = self._desk.place(decree), self._desk.clock()
            for language in LANGUAGES:
                if announce(Dispatch(decree, place, now, language)).link_label in text:
                    return telegram_button(decree, place, now, language)
        return None

    def twins(self, post: Post) -> dict[str, Button]:
        """The buttons of the same decree in the other languages, by the words of the link in the text. Digests say their language."""
        if post.digest is not None:
            return {}
        decree, place, now = post.decree, self._desk.place(post.decree), self._desk.clock()
        others = [language for language in LANGUAGES if language != self._desk.language]
        said = {language: announce(Dispatch(decree, place, now, language)).link_label for language in others}
        buttons = {label: telegram_button(decree, place, now, language) for language, label in said.items()}
        return {label: button for label, button in buttons.items() if button is not None}
