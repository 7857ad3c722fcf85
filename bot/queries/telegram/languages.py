"""In which language a chat is answered: as it chose, else as its command is written, else as its Telegram is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from telegram import User

from bot.messages import Language

_Read = Callable[[int], str | None]
_Write = Callable[[int, str], None]


class ChatLanguages:
    """What chats chose. Stored (`read`, `write`) only of those of which something is stored anyway; else kept in memory, at most
    `limit` of them, those that wrote last."""

    def __init__(self, read: _Read = lambda chat: None, write: _Write = lambda chat, language: None, limit: int = 10_000) -> None:
        """`read` and `write` may take a moment: every method is called in a thread. `write` does nothing for a chat that is not stored."""
        self._read = read
        self._write = write
        self._limit = limit
        self._kept: OrderedDict[int, Language] = OrderedDict()

    def chosen(self, chat: int) -> Language | None:
        """Return what this chat chose, None where it did not."""
        stored = _known(self._read(chat))
        if stored is None and chat in self._kept:
            self._kept.move_to_end(chat)
        return stored or self._kept.get(chat)

    def choose(self, chat: int, language: Language) -> None:
        """Answer this chat in this language from now on."""
        self._write(chat, language)
        self._kept[chat] = language
        self._kept.move_to_end(chat)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def forget(self, chat: int) -> None:
        """Drop what this chat chose."""
        self._kept.pop(chat, None)


def spoken(person: User | None) -> Language | None:
    """Return the language of a person's Telegram, None where it is not given."""
    code = person.language_code if person else None
    if not code:
        return None
    return "fr" if code.lower().startswith("fr") else "en"


def _known(language: str | None) -> Language | None:
    return "fr" if language == "fr" else "en" if language == "en" else None
