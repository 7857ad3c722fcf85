"""One core, many faces: the same question gives the same decrees, in the same order, on Telegram and on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.app.wiring import open_questions
from bot.cli import decrees as command_line
from bot.cli.context import Context
from bot.queries.answers import Question
from bot.queries.questions import Questions
from bot.queries.telegram.callbacks import LetterWanted
from bot.queries.telegram.commands import COMMANDS
from bot.queries.telegram.replies import PressButton, Reply, telegram_reply
from bot.queries.vocabulary import vocabulary
from bot.storage.store import open_store
from tests.bot.storage.ready import NAME
from tests.e2e.recorded import NOW, overview, places, recorded

Face = Callable[[str, str], list[int]]
"""Takes the name of a question and its words, and returns the numbers of the decrees that it shows, from all pages."""

PLACES = places()
QUESTIONS = (
    ("recent", ""),
    ("department", "26"),
    ("department", "la Drôme"),
    ("department", "26, 07"),
    ("department", "93"),
    ("department", "auvergne-rhône-alpes"),
    ("department", "06"),
    ("department", "74"),
    ("inforce", ""),
    ("inforce", "Drôme"),
    ("today", ""),
    ("today", "07"),
    ("search", "gare"),
    ("search", "festval"),
    ("search", "téléphérique"),
    ("decree", "2"),
    ("decree", "2026-1104"),
    ("decree", "26-2026-08-18-00001"),
    ("town", "Valence 26"),
    ("town", "26000"),
    ("town", "Montélimar"),
    ("town", "Romans-sur-Isère"),
    ("town", "Saint-Denis 93"),
    ("town", "Paris"),
    ("town", "romans"),
)
EMPTY = frozenset({("department", "74"), ("search", "téléphérique"), ("town", "romans")})
"""Questions that no decree answers: nothing is recorded, or it is asked which town is meant."""
_CALLS: dict[str, Callable[[str], list[str]]] = {
    "recent": lambda words: ["recent"],
    "department": lambda words: ["recent", "-d", words],
    "inforce": lambda words: ["recent", "--in-force", *(["-d", words] if words else [])],
    "today": lambda words: ["recent", "--today", *(["-d", words] if words else [])],
    "search": lambda words: ["search", words],
    "decree": lambda words: ["show", words],
    "town": lambda words: ["town", words],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("same")
    with recorded(path, PLACES):
        yield path


@pytest.fixture(scope="module")
def telegram(folder: Path) -> Iterator[Face]:
    asked = {command.name: command.ask for command in COMMANDS if command.language == "en"}
    with open_store(f"sqlite:///{folder / NAME}", read_only=True) as store:
        questions = Questions(store.decrees, PLACES, lambda: NOW, overview=lambda: overview(PLACES))

        def face(name: str, words: str) -> list[int]:
            reply = telegram_reply(asked[name](questions, words), PLACES, "en")
            shown = numbers(reply.plain) or card(reply)
            while (turn := older(reply)) is not None:
                reply = telegram_reply(questions.ask(turn), PLACES, "en")
                shown += numbers(reply.plain)
            return shown

        yield face


def card(reply: Reply) -> list[int]:
    """Return the number of a decree that is shown whole: its letters bear it."""
    asked = [button.asked for row in reply.rows for button in row if isinstance(button, PressButton)]
    return list(dict.fromkeys(one.number for one in asked if isinstance(one, LetterWanted)))


def older(reply: Reply) -> Question | None:
    """Return what the button to the next page asks."""
    buttons = [button for row in reply.rows for button in row if isinstance(button, PressButton) and button.text == vocabulary("en").next]
    return next((button.asked for button in buttons if isinstance(button.asked, Question)), None)


@pytest.fixture
def printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The command line in this process, over the same database at the same instant."""
    monkeypatch.setenv("VIGIE_DATABASE__URL", f"sqlite:///{folder / NAME}")
    monkeypatch.setattr(command_line, "open_questions", partial(open_questions, clock=lambda: NOW))
    app = typer.Typer()
    command_line.register(app)

    def run(name: str, words: str, *options: str) -> str:
        done = CliRunner().invoke(app, [*_CALLS[name](words), "-l", "en", *options], obj=Context(None, False))
        return done.output

    return run


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"^\[(\d+)\]", text, re.MULTILINE)]


@pytest.mark.parametrize(("name", "words"), QUESTIONS)
def test_the_same_question_shows_the_same_decrees(name: str, words: str, telegram: Face, printed: Callable[..., str]) -> None:
    on_telegram = telegram(name, words)
    assert bool(on_telegram) == ((name, words) not in EMPTY)
    document = json.loads(printed(name, words, "--json"))
    found = document if isinstance(document, list) else [document]
    if name == "town":
        found = [*document.get("decrees", ()), *document.get("naming_no_commune", {}).get("newest", ())]
    assert [one["id"] for one in found] == on_telegram
    text = printed(name, words)
    assert numbers(text) == (on_telegram if len(found) > 1 or name != "decree" else [])
