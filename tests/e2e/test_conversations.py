"""Every script of `conversations/` is held: see `conversing` for how they are written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from telegram.ext import Application

from bot.storage.store import Store
from tests.e2e.conversing import Conversation, InProcessTelegram, ScriptError, read_script
from tests.e2e.instance import Instance
from tests.e2e.recorded import places, recorded
from tests.servers.fake_bot_chats import Chats
from tests.servers.fake_bot_methods import Methods

FOLDER = Path(__file__).parent / "conversations"
PLACES = places()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with recorded(tmp_path_factory.mktemp("conversations"), PLACES) as opened:
        yield opened


async def hold(path: Path, store: Store, person: int) -> None:
    script = read_script(path)
    with ExitStack() as alone:
        if script.has_events:
            store = alone.enter_context(recorded(Path(alone.enter_context(TemporaryDirectory())), PLACES))
        chats = Chats()
        methods = Methods(chats, None)
        telegram = InProcessTelegram(methods)
        bot = Instance(store, PLACES, telegram)
        builder = Application.builder().token("1:x").request(telegram).get_updates_request(telegram)
        application = builder.updater(None).job_queue(None).build()
        bot.register(application)
        async with application:
            await Conversation(script, application, chats, methods, person, bot).hold()
        await bot.close()


SCRIPTS = sorted(FOLDER.glob("*.txt"))


# Each person is another one: what somebody follows is stored.
@pytest.mark.parametrize(("person", "path"), list(enumerate(SCRIPTS, start=1000)), ids=[path.stem for path in SCRIPTS])
async def test_the_conversation_goes_as_it_is_written(person: int, path: Path, store: Store) -> None:
    await hold(path, store, person)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("person: 26\nbot: Ariège", "1.txt:2: the bot did not say 'Ariège'"),
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
