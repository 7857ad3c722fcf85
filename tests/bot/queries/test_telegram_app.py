"""The whole Telegram face over a Bot API on loopback: commands, paging, outages, stopping."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest
import structlog
from pydantic import SecretStr

from bot.app.logs import set_up_logging
from bot.queries.questions import Questions
from bot.queries.telegram.bot import TelegramBot
from bot.queries.telegram.commands import COMMANDS
from tests.bot.queries.conftest import commands_for
from tests.servers.fake_bot_api import FakeBotApi

ANN = 7


@pytest.fixture(autouse=True)
def log_levels() -> Iterator[None]:
    """The bot silences loggers: put them back for the tests after it."""
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore", "telegram.Bot", "telegram.ext.ExtBot")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as server:
        yield server


class Naps:
    """A sleep that does not: remembers how long it was asked for."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)


def a_bot(api: FakeBotApi, questions: Questions, sleep: Callable[[float], object] | None = None, token: str | None = None) -> TelegramBot:
    naps: Any = sleep or Naps()
    return TelegramBot(SecretStr(token or api.token), api.url, commands_for(questions, naps), sleep=naps)


@asynccontextmanager
async def running(bot: TelegramBot) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(bot.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that happens in the server's thread, which has no event to wait for."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.01)


async def test_its_commands_are_published(api: FakeBotApi, questions: Questions) -> None:
    async with running(a_bot(api, questions)):
        await until(lambda: len(api.calls_of("setMyCommands")) == 6)
    assert [call.get("language_code") for call in api.calls_of("setMyCommands")] == [None, "fr", "en"] * 2


async def test_telegram_being_down_at_start_is_waited_out(api: FakeBotApi, questions: Questions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # else the library warns, and warnings are errors here
    naps = Naps()
    api.drop("getMe", stored=False, count=3)
    api.fail("deleteWebhook", 502, "Bad Gateway")
    api.fail("setMyCommands", 500, "Internal Server Error")
    api.fail("getUpdates", 429, "Too Many Requests: retry after 7", {"retry_after": 7})
    api.garble("getUpdates", b"<html>")
    api.say(ANN, ANN, "/aide")
    with structlog.testing.capture_logs() as logs:
        async with running(a_bot(api, questions, naps)):
            await until(lambda: api.messages)
    assert naps.asked == [1, 2, 4, 1, 7.5, 2]
    assert [entry["event"] for entry in logs].count("telegram.menu_failed") == 1
    assert api.token not in str(logs)


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("style", ["console", "json"])
async def test_what_people_write_is_not_logged_where_an_answer_is_cut(
    api: FakeBotApi, questions: Questions, style: Literal["console", "json"]
) -> None:
    stream = io.StringIO()
    set_up_logging("debug", style, stream)
    api.say(ANN, ANN, "Camille Untel, 3 rue du Port")
    api.say(ANN, ANN, "/aide")
    api.cut("getUpdates", after=b"rue du Port")
    # Whole, and not what an update looks like.
    api.garble("getUpdates", b'{"ok": true, "result": [{"update_id": 5, "message": "Camille Untel, 3 rue du Port"}]}')
    async with running(a_bot(api, questions)):
        await until(lambda: api.messages)
    logged = stream.getvalue()
    assert "Can not load invalid JSON data" in logged
    assert "Error while parsing updates" in logged
    assert [word for word in ("Camille", "Untel", "rue du Port", "Lectrice", "update_id") if word in logged] == []


@pytest.mark.parametrize("method", ["getMe", "deleteWebhook", "getUpdates"])
async def test_it_stops_at_once_while_telegram_does_not_answer(api: FakeBotApi, questions: Questions, method: str) -> None:
    gate = api.hold(method, stored=False)
    stop = asyncio.Event()
    task = asyncio.create_task(a_bot(api, questions).run(stop))
    await until(lambda: api.calls_of(method))
    stop.set()
    await asyncio.wait_for(task, 60)
    gate.open()


@pytest.mark.parametrize("method", ["getMe", "deleteWebhook", "getUpdates"])
async def test_one_401_does_not_silence_the_commands(api: FakeBotApi, questions: Questions, method: str) -> None:
    naps = Naps()
    api.fail(method, 401, "Unauthorized", count=2)
    api.say(ANN, ANN, "/aide")
    with structlog.testing.capture_logs() as logs:
        async with running(a_bot(api, questions, naps)):
            await until(lambda: api.messages)
    assert naps.asked == [1, 2]
    assert [entry["event"] for entry in logs] == ["telegram.unreachable", "telegram.recovered"]
    assert "check telegram.token" in logs[0]["error"]
    assert logs[0]["log_level"] == "error"


@pytest.mark.parametrize("token", ["123456:another", "nonsense"])
async def test_a_wrong_token_is_tried_less_and_less_often_and_told_once(api: FakeBotApi, questions: Questions, token: str) -> None:
    stop, naps = asyncio.Event(), Naps()

    async def sleep(seconds: float) -> None:
        await naps(seconds)
        if len(naps.asked) == 12:
            stop.set()

    with structlog.testing.capture_logs() as logs:
        await asyncio.wait_for(a_bot(api, questions, sleep, token=token).run(stop), 60)
    assert naps.asked == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert [entry["event"] for entry in logs] == ["telegram.unreachable", "telegram.stopped_early"]
    assert token not in str(logs)


async def test_a_page_that_met_an_outage_is_turned_all_the_same(api: FakeBotApi, questions: Questions) -> None:
    async with running(a_bot(api, questions)):
        api.say(ANN, ANN, "/recents")
        await until(lambda: api.messages)
        (answer,) = api.messages
        api.drop("editMessageText", stored=True)
        api.press(answer, answer.buttons[-1]["callback_data"], ANN)
        await until(lambda: api.callback_answers)
    assert "page 2 sur 3" in answer.text


async def test_what_was_answered_is_not_sent_again_after_a_restart(api: FakeBotApi, questions: Questions) -> None:
    async with running(a_bot(api, questions)):
        api.say(ANN, ANN, "/aide")
        await until(lambda: api.messages)
    async with running(a_bot(api, questions)):
        api.say(ANN, ANN, "/help")
        await until(lambda: len(api.messages) == 2)
    assert [message.text[:9] for message in api.messages] == ["Vigie lit", "Vigie rea"]


async def test_an_answer_on_its_way_is_sent_before_it_stops(api: FakeBotApi, questions: Questions) -> None:
    gate = api.hold("sendMessage", stored=False)
    stop = asyncio.Event()
    task = asyncio.create_task(a_bot(api, questions).run(stop))
    api.say(ANN, ANN, "/aide")
    await until(lambda: api.calls_of("sendMessage"))
    stop.set()
    await until(lambda: any(call.get("limit") for call in api.calls_of("getUpdates")))
    assert not task.done()
    gate.open()
    await asyncio.wait_for(task, 60)
    assert len(api.messages) == 1


async def test_the_token_is_in_no_log_at_any_level(api: FakeBotApi, questions: Questions, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api.drop("getMe", stored=False)
    api.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")
    with structlog.testing.capture_logs() as logs:
        async with running(a_bot(api, questions)):
            api.say(ANN, ANN, "/recents")
            await until(lambda: api.calls_of("sendMessage"))
            api.say(ANN, ANN, "/aide")
            await until(lambda: api.messages)
    assert caplog.records
    assert api.token not in caplog.text
    assert api.token not in str(logs)


async def test_what_others_write_in_a_channel_is_noted_and_not_answered(api: FakeBotApi, questions: Questions) -> None:
    api.add_channel(-1001, "canal")
    seen: list[tuple[list[str], int]] = []

    def note(chats: Collection[str], message_id: int) -> None:
        seen.append((list(chats), message_id))
        raise OSError("no room")

    bot = TelegramBot(SecretStr(api.token), api.url, commands_for(questions), sleep=Naps(), seen=note)
    async with running(bot):
        api.person_posts(-1001, "bonjour")
        api.person_posts(-1001, "/recents")
        await until(lambda: len(seen) == 2)
    assert sorted(seen) == [(["-1001", "@canal"], 2), (["-1001", "@canal"], 3)]
    assert api.messages == []


@pytest.mark.parametrize(
    ("text", "acted_on"),
    [
        ("/recherche t.me/canal /start www.mechant.fr", []),
        ("/aide", None),
    ],
)
async def test_only_commands_of_its_own_act(api: FakeBotApi, questions: Questions, text: str, acted_on: list[str] | None) -> None:
    async with running(a_bot(api, questions)):
        api.say(ANN, ANN, text)
        await until(lambda: api.messages)
    own = {f"/{name}" for command in COMMANDS for name in command.names} | {"/aide", "/langue", "/suivre", "/suivis"}
    shown = api.messages[0].acted_on
    assert (
        shown == acted_on
        if acted_on is not None
        else {command.name for command in COMMANDS if command.language == "fr"} <= {name.removeprefix("/") for name in shown}
    )
    assert set(shown) <= own
