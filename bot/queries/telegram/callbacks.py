"""What a paging button carries: the question itself where it fits, else the key of a question kept in memory.

Telegram gives a button 64 bytes (Bot API, `InlineKeyboardButton.callback_data`). Buttons thus survive a restart, except those
of long searches, which then ask to be asked again.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict

from bot.messages import Language
from bot.queries.answers import Question, Topic

LIMIT_BYTES = 64
_TOPICS = {"r": Topic.RECENT, "d": Topic.DEPARTMENT, "s": Topic.SEARCH, "f": Topic.IN_FORCE}
_LETTERS = {topic: letter for letter, topic in _TOPICS.items()}
_KEPT = "k"
_FORM = re.compile(r"1(?P<language>fr|en)(?P<topic>[rdsfk])(?P<page>[0-9]{1,6}):(?P<words>.*)", re.ASCII | re.DOTALL)


class Callbacks:
    """Turns questions into button data and back. Remembers at most `limit` long searches, the least used go first."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, str] = OrderedDict()

    def encode(self, question: Question, language: Language) -> str:
        """At most 64 bytes of UTF-8."""
        data = f"1{language}{_LETTERS[question.topic]}{question.page}:{question.words}"
        if len(data.encode()) <= LIMIT_BYTES:
            return data
        key = hashlib.blake2b(question.words.encode(), digest_size=16).hexdigest()
        self._remember(key, question.words)
        return f"1{language}{_KEPT}{question.page}:{key}"

    def decode(self, data: str) -> tuple[Question, Language] | None:
        """The question and its language; None for one forgotten since, or for data that no button of ours carries."""
        match = _FORM.fullmatch(data)
        if match is None:
            return None
        language: Language = "en" if match["language"] == "en" else "fr"
        page, words = int(match["page"]), match["words"]
        if match["topic"] != _KEPT:
            return Question(_TOPICS[match["topic"]], words, page), language
        kept = self._kept.get(words)
        if kept is None:
            return None
        self._remember(words, kept)
        return Question(Topic.SEARCH, kept, page), language

    def _remember(self, key: str, words: str) -> None:
        self._kept[key] = words
        self._kept.move_to_end(key)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
