from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

from bot.messages.words import words_in


def _fields(data: Any, path: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _fields(value, f"{path}.{key}")
    elif isinstance(data, str):
        yield path, frozenset(name for _, name, _, _ in string.Formatter().parse(data) if name is not None)


def test_both_languages_fill_in_the_same_fields() -> None:
    french, english = (dict(_fields(words_in(language).model_dump())) for language in ("fr", "en"))
    assert french == english
    assert len(french) > 40


def test_no_text_is_empty() -> None:
    for language in ("fr", "en"):
        for table in words_in(language).model_dump().values():
            assert all(table.values() if isinstance(table, dict) else [table])
