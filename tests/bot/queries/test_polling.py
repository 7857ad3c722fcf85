from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import structlog
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.queries.telegram.bot import PollingRetries, StopRequested
from bot.queries.telegram.commands import answered, pause_after


def retry_after(seconds: int, monkeypatch: pytest.MonkeyPatch) -> RetryAfter:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    return RetryAfter(timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("error", "failures", "seconds"),
    [
        (NetworkError("x"), 1, 1),
        (NetworkError("x"), 2, 2),
        (TimedOut(), 5, 16),
        (NetworkError("x"), 7, 60),
        (NetworkError("x"), 10_000, 60),
        (Conflict("x"), 1, 60),
        (ValueError("x"), 1, 1),
        (InvalidToken("x"), 1, 1),
        (InvalidToken("x"), 10_000, 900),
    ],
)
def test_pauses_grow_up_to_a_minute(error: Exception, failures: int, seconds: float) -> None:
    assert pause_after(error, failures) == seconds


def test_what_telegram_asks_is_obeyed_whatever_form_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    error = retry_after(90, monkeypatch)
    assert pause_after(error, 1) == 90.5
    monkeypatch.setattr(RetryAfter, "retry_after", 90)
    assert pause_after(error, 1) == 90.5


class Script:
    """A call that plays a list of errors, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.naps: list[float] = []

    async def __call__(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "up"

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)


def network() -> NetworkError:
    error = NetworkError("httpx.ConnectError: http://h/bot1:secret/getMe")
    error.__cause__ = ConnectionRefusedError("secret")
    return error


async def test_an_outage_is_waited_out_and_told_at_its_start_and_end_only() -> None:
    script = Script(*(network() for _ in range(4)))
    patience = PollingRetries(asyncio.Event(), script.sleep)
    with structlog.testing.capture_logs() as logs:
        assert await patience.attempt("getMe", script) == "up"
        assert await patience.attempt("getUpdates", script) == "up"
    assert script.naps == [1, 2, 4, 8]
    assert [(entry["event"], entry.get("error")) for entry in logs] == [
        ("telegram.unreachable", "network error (ConnectionRefusedError)"),
        ("telegram.recovered", None),
    ]
    assert "secret" not in str(logs)


async def test_a_second_poller_is_told_once_although_both_take_turns() -> None:
    script = Script()
    patience = PollingRetries(asyncio.Event(), script.sleep)
    with structlog.testing.capture_logs() as logs:
        for _ in range(5):
            script.errors.append(Conflict("Conflict: terminated by other getUpdates request"))
            await patience.attempt("getUpdates", script)
        assert len(logs) == 1
        for _ in range(10):
            await patience.attempt("getUpdates", script)
    assert script.naps == [60] * 5
    assert [entry["event"] for entry in logs] == ["telegram.unreachable", "telegram.recovered"]
    assert "another program polls" in logs[0]["error"]


async def test_answers_that_cannot_be_digested_are_waited_out_too() -> None:
    script = Script(TypeError("x"), TelegramError("Invalid server response"))
    assert await PollingRetries(asyncio.Event(), script.sleep).attempt("getUpdates", script) == "up"


async def test_a_refused_token_is_waited_out_without_showing_it() -> None:
    script = Script(*(InvalidToken("The token `1:secret` was rejected by the server.") for _ in range(3)))
    with structlog.testing.capture_logs() as logs:
        assert await PollingRetries(asyncio.Event(), script.sleep).attempt("getMe", script) == "up"
    assert script.naps == [1, 2, 4]
    assert [entry["log_level"] for entry in logs] == ["error", "info"]
    assert "secret" not in str(logs)


async def test_an_answer_is_tried_a_few_times_and_not_where_that_is_useless(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(network(), retry_after(9, monkeypatch), InvalidToken("x"))
    assert await answered(script, script.sleep) == "up"
    assert script.naps == [1, 9.5, 4]
    for useless in (BadRequest("message is too long"), Forbidden("bot was blocked by the user"), retry_after(3600, monkeypatch)):
        script = Script(useless)
        with pytest.raises(type(useless)):
            await answered(script, script.sleep)
        assert script.naps == []
    script = Script(*(network() for _ in range(5)))
    with pytest.raises(NetworkError):
        await answered(script, script.sleep)
    assert len(script.errors) == 1


async def test_a_long_pause_ends_at_once_when_told_to_stop() -> None:
    stop, resting = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        resting.set()
        await asyncio.Event().wait()

    waiting = asyncio.create_task(PollingRetries(stop, sleep).attempt("getMe", Script(network())))
    await resting.wait()
    stop.set()
    with pytest.raises(StopRequested):
        await asyncio.wait_for(waiting, 60)
