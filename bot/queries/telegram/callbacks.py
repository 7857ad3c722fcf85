"""What a button under an answer carries: all of the question where it fits in 64 bytes, else the key of a search kept in memory.

Telegram gives a button 64 bytes (Bot API, `InlineKeyboardButton.callback_data`). Buttons thus survive a restart, except those of long
searches, which then ask to be asked again.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass

from bot.messages import Language
from bot.messages.letters import LetterKind
from bot.queries.answers import Question, Topic

LIMIT_BYTES = 64
_TOPICS = {
    "r": Topic.RECENT,
    "d": Topic.DEPARTMENT,
    "s": Topic.SEARCH,
    "f": Topic.IN_FORCE,
    "t": Topic.TODAY,
    "n": Topic.NUMBER,
    "c": Topic.TOWN,
}
_LETTERS = {topic: letter for letter, topic in _TOPICS.items()}
_DRAFTS = {"l": LetterKind.CADA, "g": LetterKind.GRACIEUX}
_KEPT, _LANGUAGE = "k", "w"
_FORM = re.compile(r"1(?P<language>fr|en)(?P<topic>[rdsftncklgw])(?P<page>[0-9]{1,6}):(?P<words>.*)", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class LetterWanted:
    """A draft of a letter about the decree of this number (of Vigie)."""

    letter: LetterKind
    number: int


@dataclass(frozen=True, slots=True)
class LanguageWanted:
    """Answers in the language that the button carries."""


@dataclass(frozen=True, slots=True)
class FollowWanted:
    """To follow a place by its code in links (`c26198`, `d26`): answered by `bot.queries.telegram.following`."""

    code: str


Pressed = Question | LetterWanted | LanguageWanted


class Callbacks:
    """Turns what buttons ask into their data and back. Remembers at most `limit` long searches, the least used go first."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, str] = OrderedDict()

    def encode(self, asked: Pressed | FollowWanted, language: Language) -> str:
        """Return at most 64 bytes of UTF-8."""
        match asked:
            case FollowWanted():
                return f"2{language}a:{asked.code}"
            case LanguageWanted():
                return f"1{language}{_LANGUAGE}1:"
            case LetterWanted():
                letter = next(key for key, kind in _DRAFTS.items() if kind is asked.letter)
                return f"1{language}{letter}1:{asked.number}"
            case Question():
                data = f"1{language}{_LETTERS[asked.topic]}{asked.page}:{asked.words}"
                return data if len(data.encode()) <= LIMIT_BYTES else self._short(asked, language)

    def decode(self, data: str) -> tuple[Pressed, Language] | None:
        """Return what is asked and in which language; None for what was forgotten since, or for data that no button of ours carries."""
        match = _FORM.fullmatch(data)
        if match is None:
            return None
        language: Language = "en" if match["language"] == "en" else "fr"
        topic, page, words = match["topic"], int(match["page"]), match["words"]
        asked: Pressed | None = None
        if topic == _LANGUAGE:
            asked = LanguageWanted()
        elif topic in _DRAFTS:
            asked = LetterWanted(_DRAFTS[topic], int(words)) if re.fullmatch("[0-9]{1,18}", words) else None
        elif topic == _KEPT:
            kept = self._kept.get(words)
            if kept is not None:
                self._remember(words, kept)
                asked = Question(Topic.SEARCH, kept, page)
        else:
            asked = Question(_TOPICS[topic], words, page)
        return None if asked is None else (asked, language)

    def _short(self, question: Question, language: Language) -> str:
        key = hashlib.blake2b(question.words.encode(), digest_size=16).hexdigest()
        self._remember(key, question.words)
        return f"1{language}{_KEPT}{question.page}:{key}"

    def _remember(self, key: str, words: str) -> None:
        self._kept[key] = words
        self._kept.move_to_end(key)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
