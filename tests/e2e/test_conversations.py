"""Every script of `conversations/` is held: see `conversing` for how they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from telegram.ext import Application

from bot.app.inventory import departments_of_region, find_places, follow_names, topics_in
from bot.domain.follows import Follow
from bot.queries.following import read_times
from bot.queries.questions import Questions
from bot.queries.rate_limit import RateLimiter
from bot.queries.telegram.callbacks import Callbacks
from bot.queries.telegram.following import FollowCommands, FollowContext
from bot.queries.telegram.handlers import TelegramCommands
from bot.queries.telegram.languages import ChatLanguages
from bot.storage.store import Store
from tests.e2e.conversing import Conversation, InProcessTelegram, ScriptError, read_script, scripts
from tests.e2e.recorded import NOW, overview, places, recorded
from tests.servers.fake_bot_chats import Chats
from tests.servers.fake_bot_methods import Methods

FOLDER = Path(__file__).parent / "conversations"
PLACES = places()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with recorded(tmp_path_factory.mktemp("conversations"), PLACES) as opened:
        yield opened


async def hold(path: Path, store: Store, person: int) -> None:
    questions = Questions(store.decrees, PLACES, lambda: NOW, overview=lambda: overview(PLACES))
    limiter, follows = RateLimiter(60, lambda: 0.0), store.follows
    languages = ChatLanguages(follows.language_of, follows.set_language)
    commands = TelegramCommands(questions, PLACES, limiter, Callbacks(), languages)
    context = FollowContext(follow_names(), find_places, read_at, topics_in(PLACES))
    following = FollowCommands(follows, context, languages, limiter, lambda: NOW, lambda chat, message: None)
    chats = Chats()
    methods = Methods(chats, None)
    telegram = InProcessTelegram(methods)
    application = Application.builder().token("1:x").request(telegram).get_updates_request(telegram).updater(None).job_queue(None).build()
    following.register(application)
    commands.register(application)
    async with application:
        await Conversation(read_script(path), application, chats, methods, person).hold()


def read_at(wanted: Sequence[Follow]) -> Mapping[Follow, datetime | None]:
    return read_times(wanted, overview(PLACES), departments_of_region, PLACES)


SCRIPTS = scripts(FOLDER)


# Each person is another one: what somebody follows is stored.
@pytest.mark.parametrize(("person", "path"), list(enumerate(SCRIPTS, start=1000)), ids=[path.stem for path in SCRIPTS])
async def test_the_conversation_goes_as_it_is_written(person: int, path: Path, store: Store) -> None:
    await hold(path, store, person)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("person: 26\nbot: Isère", "1.txt:2: the bot did not say 'Isère'"),
        ("person: 26\nbot: (nothing)", "1.txt:1: after '26' the bot said: "),
        ("chat: group\nperson: 26\nbot: Drôme", "1.txt:2: after '26' the bot said: (nothing)"),
        ("person: 26\nbot: Drôme\n[Nice]\nbot: Nice", "1.txt:3: there is no button [Nice]"),
        ("person: 26\nbot: Drôme\nbuttons: [99]", "1.txt:3: no buttons ['[99]']"),
        ("person: 26", "1.txt: every turn of the person needs an answer"),
        ("bot: 26", "1.txt:1: the bot speaks first"),
        ("robot: 26", "1.txt:1: not a line of a script"),
    ],
)
async def test_a_script_that_is_wrong_is_told_with_its_line(script: str, problem: str, tmp_path: Path, store: Store) -> None:
    path = tmp_path / "1.txt"
    path.write_text(script)
    with pytest.raises(ScriptError) as raised:
        await hold(path, store, 7)
    assert str(raised.value).startswith(problem)
