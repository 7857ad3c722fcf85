"""Lets the program wait for a fortnight in which nothing is published: `python -m benchmarks.soak.idle`.

It is `vigie run` as a service has it, with a channel and the commands of Telegram, over sites and a Bot API on loopback; only its clocks
hurry (`benchmarks.soak.hurried`). Exit code 1 where memory, objects, handles, threads or the log of the database grow, or anything failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.app.demo.replay import Replay
from tests.clock import today
from tests.servers.fake_bot_api import FakeBotApi
from tests.small_france import published

CHANNEL = -1001111
_MEGABYTE = 1_000_000
_MAY_GROW = {"memory": 8 * _MEGABYTE, "objects": 20_000, "handles": 3, "threads": 2, "tasks": 3, "log": 4 * _MEGABYTE}
"""From when it has warmed up: what the allocator and connections that come and go make of it. A leak of a fortnight is more."""
_FAILED = frozenset({"error", "critical"})
_LONGEST = 90 * 60.0
Sample = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Idle:
    """What became of an idle time."""

    samples: Sequence[Sample]
    events: Counter[str]
    """Lines of the log, by their id."""
    failed: Counter[str]
    """Those of them that tell of a failure."""
    requests: int
    posts: int
    code: int


def let_pass(days: float, hours: float, minutes: float, folder: Path) -> Idle:
    """Let the program run for so many simulated days, and look at it after every so many hours. It looks around every so
    many minutes."""
    with Replay(published(today())) as sites, FakeBotApi() as telegram:
        telegram.add_channel(CHANNEL, "vsa")
        (folder / "config.toml").write_text(_configuration(sites, telegram), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.soak.hurried", "samples", str(days), str(hours), str(minutes), "run"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command, without a shell
                command, cwd=folder, env=_environ(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            ends, requests = time.monotonic() + _LONGEST, 0
            while time.monotonic() < ends:
                try:
                    process.wait(1.0)
                    break
                except subprocess.TimeoutExpired:
                    # A fortnight of requests is not kept.
                    requests += len(sites.requests)
                    sites.requests.clear()
                    telegram.calls.clear()
        finally:
            process.kill()
        posts = sum(message.from_bot and message.chat_id == CHANNEL for message in telegram.messages)
        return _read(folder, requests + len(sites.requests), posts, process.wait())


def _configuration(sites: Replay, telegram: FakeBotApi) -> str:
    origins = "".join(f'"{origin}" = "{base}"\n' for origin, base in sites.origins.items())
    return (
        f'[log]\nformat = "json"\n[watch]\nauthorities = ["26", "06", "02"]\n[telegram]\ntoken = "{telegram.token}"\n'
        f'api_url = "{telegram.url}"\nchannel = "@vsa"\n[http.origins]\n{origins}'
    )


def _environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2])}


def _read(folder: Path, requests: int, posts: int, code: int) -> Idle:
    samples = folder / "samples"
    events, failed = Counter[str](), Counter[str]()
    for line in (folder / "log").read_text("utf-8", "replace").splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            failed[line] += 1
            continue
        events[told["event"]] += 1
        if told["level"] in _FAILED:
            failed[told["event"]] += 1
    return Idle(
        [json.loads(line) for line in samples.read_text("ascii").splitlines()] if samples.exists() else [],
        events,
        failed,
        requests,
        posts,
        code,
    )


def faults(idle: Idle) -> Iterator[str]:
    """What is not as it should be. Pure."""
    if idle.code:
        yield f"it ended with {idle.code}"
    if len(idle.samples) < 3:
        yield f"there are {len(idle.samples)} samples"
        return
    for name, most in _MAY_GROW.items():
        # Its first days are not counted: it warms up, and posts what it finds at its start.
        warm, last = idle.samples[len(idle.samples) // 3][name], idle.samples[-1][name]
        if last - warm > most:
            yield f"{name} grew from {warm:,} to {last:,}"
    if not idle.requests:
        yield "no site was requested"
    if not idle.posts or idle.posts != idle.events["post.sent"]:
        yield f"{idle.posts} posts are there, and {idle.events['post.sent']} were sent"
    yield from (f"{count} times in the log: {event}" for event, count in idle.failed.items())


def report(idle: Idle) -> str:
    """A line for each sample, and what was done meanwhile. Pure."""
    names = ("hours", "memory", "objects", "handles", "threads", "tasks", "database", "log")
    rows: list[tuple[str, ...]] = [("days", "memory, MB", "objects", "handles", "threads", "tasks", "database, MB", "log, MB")]
    for sample in idle.samples:
        found = {**sample, "hours": sample["hours"] / 24} | {name: sample[name] / _MEGABYTE for name in ("memory", "database", "log")}
        rows.append(tuple(f"{found[name]:,.1f}" if isinstance(found[name], float) else f"{found[name]:,}" for name in names))
    widths = [max(len(row[column]) for row in rows) for column in range(len(names))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    told = ", ".join(f"{event} {count}" for event, count in sorted(idle.events.items()))
    return "\n".join([*lines, f"{idle.requests:,} requests to sites, {idle.posts} posts; in the log: {told}"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Let pass, report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak.idle", description=__doc__)
    parser.add_argument("--days", type=float, default=14, help="simulated days (%(default)s)")
    parser.add_argument("--hours", type=float, default=24, help="simulated hours between two samples (%(default)s)")
    parser.add_argument("--look", type=float, default=1, metavar="MINUTES", help="how often the program looks around (%(default)s)")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the database and the log there")
    options = parser.parse_args(arguments)
    before = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vigie-idle-") as name:
        folder = Path(options.keep or name)
        folder.mkdir(parents=True, exist_ok=True)
        idle = let_pass(options.days, options.hours, options.look, folder)
    print(report(idle))
    wrong = list(faults(idle))
    print(f"{options.days:g} days in {time.monotonic() - before:.0f} s: {'; '.join(wrong) or 'flat'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
