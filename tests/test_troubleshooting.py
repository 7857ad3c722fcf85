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


def page_of(language: str) -> str:
    return (CHECKOUT / "docs" / f"{PAGES[language]}.md").read_text("utf-8")


def rows(language: str) -> list[list[str]]:
    """The cells of every row of the page."""
    lines = page_of(language).splitlines()
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if line.startswith("| `")]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_warning_of_the_log_is_there(language: Literal["en", "fr"]) -> None:
    """In a table with its sentence and what to do, or among those that ask nothing; a fault of the program says itself that it is one."""
    found = [(row[0].strip("`"), row[1]) for row in rows(language) if re.fullmatch(r"`\w+\.\w+`", row[0])]
    assert dict(found).items() <= EVENTS.items()
    named = re.findall(r"`(\w+\.\w+)`", page_of(language))
    assert sorted(set(named)) == sorted(named)
    assert set(named) <= EVENTS.keys()
    faults = {event for event, sentence in EVENTS.items() if sentence.endswith("by a fault of the program")}
    assert EVENTS.keys() - FOR_THE_RECORD - faults - set(named) == set()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_cause_and_trouble_is_there_with_what_to_do(language: Literal["en", "fr"]) -> None:
    words = alert_words(language)
    expected = [(name, text.what, text.todo) for texts in (words.causes, words.posts.troubles) for name, text in texts.items()]
    found = [(row[0].strip("`"), *row[1:]) for row in rows(language) if re.fullmatch(r"`\w+`", row[0])]
    assert sorted(found) == sorted(expected)
