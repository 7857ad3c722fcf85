"""How many files of the program one decree enters, from a prefecture's page to an answer: `python -m benchmarks.path`.

A prefecture site and Telegram are served on loopback. One poll finds a recueil, reads it and judges its acts; one delivery posts the
decree; one `/recents` shows it. Entered is a file of `bot` or `sources` of which a function runs meanwhile, here or in a process that opens
a PDF or draws a picture. Start and stop are not part of the way, nor is what runs when a module is imported.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.entered import Entered
from bot.app.demo.replay import Replay
from bot.app.logs import set_up_logging
from sources.catalogue.authority import load_authorities
from tests.e2e.world import CHANNEL, NOON, World, posts_in
from tests.servers.fake_bot_api import FakeBotApi
from tests.skipping import until
from tests.small_france import published

AUTHORITY = "26"
READER = 7
"""The number of the person who asks."""
SITES = "bot/app/demo/"
"""Serves the prefecture: not a part of the way."""


async def follow_a_decree() -> list[str]:
    """Return the files that one decree enters, in order of their first entry."""
    [source] = load_authorities()[AUTHORITY].sources
    with tempfile.TemporaryDirectory() as name, Replay(published(NOON.date())) as replay:
        folder = Path(name)
        async with FakeBotApi() as telegram:
            telegram.add_channel(CHANNEL, "vsa")
            world = World(replay, folder / "vigie.db", telegram, commands=True)
            entered = Entered(without=SITES)
            # From before the start: Python 3.11 does not follow threads that exist already.
            with entered.watching(folder):
                async with world.bot([AUTHORITY]) as parts:
                    if parts.telegram is None:
                        raise RuntimeError("commands are on, and nobody answers them")
                    stop = asyncio.Event()
                    answering = asyncio.create_task(parts.telegram.run(stop))
                    await until(lambda: telegram.calls_of("getUpdates"))
                    with entered.noting():
                        await parts.poller.poll(source)
                        await parts.deliverer.deliver_due()
                        if len(posts_in(telegram, CHANNEL)) != 1:
                            raise RuntimeError("not one decree was posted")
                        telegram.say(READER, READER, "/recents")
                        await until(lambda: posts_in(telegram, READER))
                    stop.set()
                    await answering
    return entered.files


def main(arguments: Sequence[str] | None = None) -> None:
    """Follow a decree and print the files, then their number."""
    argparse.ArgumentParser(prog="python -m benchmarks.path", description=(__doc__ or "").partition("\n\n")[0]).parse_args(arguments)
    set_up_logging("WARNING", "console", sys.stderr)
    files = asyncio.run(follow_a_decree())
    print(*files, sep="\n")
    print(f"{len(files)} files, from the page to /recents")


if __name__ == "__main__":
    main(sys.argv[1:])
