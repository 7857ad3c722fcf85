from __future__ import annotations

import io
from typing import TextIO

import pytest

from bot.delivery.channel import NotSent
from bot.delivery.console import ConsoleChannel
from tests.bot.delivery.memory import Clock, composer, post


def channel(stream: TextIO, clock: Clock) -> ConsoleChannel:
    return ConsoleChannel("console", stream, composer(clock))


async def test_the_post_is_written_whole_and_at_once(clock: Clock) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    await channel(stream, clock).send(post())
    assert "Autorisation de vidéosurveillance algorithmique" in raw.getvalue().decode()
    assert raw.getvalue().endswith(b"#page=1\n\n")


async def test_a_terminal_without_accents_does_not_stop_the_bot(clock: Clock) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    await channel(stream, clock).send(post())
    assert b"Autorisation de vid?osurveillance" in raw.getvalue()


class _Broken(io.StringIO):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def write(self, text: str) -> int:
        raise self._error


@pytest.mark.parametrize(
    "error", [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space left on device"), ValueError("I/O operation on closed file")]
)
async def test_what_could_not_be_written_is_not_sent(clock: Clock, error: Exception) -> None:
    with pytest.raises(NotSent, match=r"Broken pipe|No space|closed file"):
        await channel(_Broken(error), clock).send(post())
