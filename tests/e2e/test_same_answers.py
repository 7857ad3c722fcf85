"""One core, many faces: the same question gives the same decrees, in the same order, on Telegram, on the command line, and on Mastodon."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
import typer
from typer.testing import CliRunner

from bot.app.wiring import open_questions
from bot.cli import decrees as command_line
from bot.cli.context import Context
from bot.domain.acts import Decree, Facts, Kind, Moment
from bot.domain.mentions import StatusMention
from bot.messages.words import JOINER, StatusLimits
from bot.queries.answers import Question
from bot.queries.mastodon import MentionAnswers, answer_status
from bot.queries.plain_words import civil
from bot.queries.questions import Questions, RateLimiter
from bot.queries.telegram.commands import COMMANDS
from bot.queries.telegram.replies import LetterWanted, PressButton, Reply, telegram_reply
from bot.queries.vocabulary import vocabulary
from bot.storage.store import Store, open_store
from bot.web.documents import SiteContext, SiteSettings
from bot.web.site import addresses, respond
from tests.bot.storage.ready import NAME
from tests.e2e.recorded import NOW, overview, places, record, recorded

Face = Callable[[str, str], list[int]]
"""Takes the name of a question and its words, and returns the numbers of the decrees that it shows, from all pages."""

PLACES = places()
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", JOINER: None, "’": "’"})
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


class OneMention:
    """An account in memory that is mentioned once."""

    name = "compte"
    rest = None

    def __init__(self, words: str, limits: StatusLimits, language: str) -> None:
        content = f'<p><span class="h-card"><a href="https://ici.example/@vigie">@<span>vigie</span></a></span> {words}</p>'
        self._mention = StatusMention("1", "2", "3", "alice", content, "", language, "direct", is_reply=False, is_bot=False, made_at=NOW)
        self._limits = limits
        self.said: list[str] = []

    async def username(self) -> str:
        return "vigie"

    async def is_own(self, mention: StatusMention) -> bool:
        return False

    async def newest(self) -> str:
        return "0"

    async def since(self, newest: str) -> list[tuple[str, StatusMention | None]]:
        return [("1", self._mention)]

    async def is_blocked(self, account: str) -> bool:
        return False

    async def has_answered(self, mention: StatusMention) -> bool:
        return False

    async def answer(self, mention: StatusMention, language: str, write: Callable[[StatusLimits], str]) -> None:
        self.said.append(write(self._limits))


async def status(questions: Questions, store: Store, words: str, characters: int, language: str = "en") -> str:
    """Return what the account answers to these words on a server with this limit."""
    account = OneMention(words, StatusLimits(characters), language)
    store.mentions.record(account.name, "0")
    write = partial(answer_status, places=PLACES, contact="")
    await MentionAnswers(account, store.mentions, questions, write, RateLimiter(9, lambda: 0.0), lambda: NOW).answer_new()
    (said,) = account.said
    return said


@pytest.fixture
def printed(folder: Path, monkeypatch: pytest.MonkeyPatch, restored_logging: None) -> Callable[..., str]:
    """The command line in this process, over the same database at the same instant."""
    monkeypatch.setenv("VIGIE_DATABASE__URL", f"sqlite:///{folder / NAME}")
    monkeypatch.setattr(command_line, "open_questions", partial(open_questions, clock=lambda: NOW))
    app = typer.Typer()
    command_line.register(app)

    def run(name: str, words: str, *options: str) -> str:
        done = CliRunner().invoke(app, [*_CALLS[name](words), "-l", "en", *options], obj=Context(None, False))
        return done.stdout if "--json" in options else done.output

    return run


@pytest.mark.parametrize("words", sorted({words for _, words in QUESTIONS if words} | {"[2]", "n° 2026-0777"}))
async def test_plain_words_show_the_same_decrees_on_mastodon(words: str, folder: Path) -> None:
    with open_store(f"sqlite:///{folder / NAME}") as store:
        questions = Questions(store.decrees, PLACES, lambda: NOW, overview=lambda: overview(PLACES))
        on_telegram = telegram_reply(questions.plain(words), PLACES, "en")
        said = await status(questions, store, words, 100_000)
        short = await status(questions, store, words, 500)
        shown = numbers(on_telegram.plain)
        whole = next((store.decrees.get(number) for number in card(on_telegram)), None)
    assert numbers(said.removeprefix("@alice ")) == shown
    if whole is not None:
        assert whole.url in said
        assert whole.url in short
    few = iter(shown)
    assert all(number in few for number in numbers(short)), "some of them, in their order"


SENTENCES = [
    line.split("\t")
    for line in (Path(__file__).parent / "conversations" / "questions.tsv").read_text().splitlines()
    if line and not line.startswith("#")
]


def _august(authority: str, **facts: object) -> Decree:
    period = {"starts": Moment(date(2026, 8, 1)), "ends": Moment(date(2026, 8, 19))}
    said = Facts(number=f"2026-{authority}", signed=date(2026, 7, 30), **period, **facts)  # type: ignore[arg-type]  # of several types
    site = f"https://www.{authority.lower()}.gouv.fr/raa.pdf"
    return Decree(authority, Kind.AUTHORISATION, "Arrêté autorisant un traitement algorithmique", said, (), site, 5, date(2026, 7, 31))


NAMED = (
    _august("69", places=("1er, 2e et 5e arrondissements de Lyon",), event="Fête des Lumières"),
    _august("PP", places=("station Châtelet",), operators=("RATP",)),
    _august("67", places=("centre-ville de Strasbourg",), event="Marché de Noël", operators=("Police municipale de Strasbourg",)),
)
"""Decrees 11 to 13, for the questions below: arrondissements, an operator, an event."""
HOME = "https://vigie.example"


@pytest.fixture(scope="module")
def asked_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("asked")
    with recorded(path, PLACES) as store:
        for number, found in enumerate(NAMED, start=11):
            record(store, number, found)
        yield path


@pytest.mark.parametrize(("question", "wanted", "unwanted"), SENTENCES, ids=[line[0] for line in SENTENCES])
async def test_a_sentence_is_understood_the_same_on_four_faces(
    question: str, wanted: str, unwanted: str, asked_folder: Path, printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_DATABASE__URL", f"sqlite:///{asked_folder / NAME}")
    monkeypatch.setenv("VIGIE_WEB__PUBLIC_URL", HOME)
    with open_store(f"sqlite:///{asked_folder / NAME}") as store:
        questions = Questions(store.decrees, PLACES, lambda: NOW, overview=lambda: overview(PLACES), public_url=HOME)
        settings = SiteSettings(public_url=HOME)
        site = SiteContext(questions, store.decrees, store.browsing, lambda: overview(PLACES), PLACES, lambda: 1, settings)
        path = f"/recherche?{urlencode({'q': question})}"
        page = respond(site, addresses().find(*path.split("?")), NOW).body.decode()
        said = {
            "telegram": telegram_reply(questions.plain(question), PLACES, "fr").plain,
            "mastodon": await status(questions, store, question, 500, "fr"),
            "terminal": printed("search", question, "-l", "fr"),
            "web": unescape(re.sub(r"<(?:script|style).*?</(?:script|style)>|<[^>]*>", " ", page, flags=re.DOTALL)),
        }
    for face, text in said.items():
        plain = " ".join(text.translate(_SPACES).split())
        assert [one for one in wanted.split("|") if one not in plain] == [], (face, plain)
        assert [one for one in unwanted.split("|") if one and re.search(rf"\b{one}\b", plain)] == [], (face, plain)
    insult = civil(question) != question
    assert not insult or not any(one in page for one in unwanted.split("|") if one), "neither in its links"


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
