"""The pages that say what to do have every cause, every trouble and every warning of the log, in the words of the program."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Literal

import pytest

from bot.operators.text import alert_words

CHECKOUT = Path(__file__).resolve().parents[1]
PAGES = {"en": "troubleshooting", "fr": "depannage"}
EVENTS = {
    f"{section}.{key}": sentence
    for section, sentences in tomllib.loads((CHECKOUT / "bot/app/log_events.toml").read_text("utf-8")).items()
    for key, sentence in sentences.items()
}
LOGGED = [
    match.groups()
    for folder in ("bot", "sources")
    for path in (CHECKOUT / folder).rglob("*.py")
    for match in re.finditer(r'\.(debug|info|warning|error|exception)\(\s*"(\w+\.\w+)"', path.read_text("utf-8"))
]
FOR_THE_RECORD = {event for _, event in LOGGED} - {event for level, event in LOGGED if level not in {"debug", "info"}}


def rows(language: str) -> list[list[str]]:
    """The cells of every row of the page."""
    text = (CHECKOUT / "docs" / f"{PAGES[language]}.md").read_text("utf-8")
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_warning_of_the_log_is_there_once(language: Literal["en", "fr"]) -> None:
    """All but those that say themselves that the program is at fault, for which the page has one paragraph."""
    found = [(row[0].strip("`"), row[1]) for row in rows(language) if re.fullmatch(r"`\w+\.\w+`", row[0])]
    assert dict(found).items() <= EVENTS.items()
    assert len(found) == len(dict(found))
    warnings = {event for event, sentence in EVENTS.items() if not sentence.endswith("by a fault of the program")} - FOR_THE_RECORD
    assert warnings - dict(found).keys() == set()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_cause_and_trouble_is_there_with_what_to_do(language: Literal["en", "fr"]) -> None:
    words = alert_words(language)
    expected = [(name, text.what, text.todo) for texts in (words.causes, words.posts.troubles) for name, text in texts.items()]
    found = [(row[0].strip("`"), *row[1:]) for row in rows(language) if re.fullmatch(r"`\w+`", row[0])]
    assert sorted(found) == sorted(expected)
