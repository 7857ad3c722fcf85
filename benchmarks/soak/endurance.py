"""Accelerated weeks of a simulated France with everything that goes wrong: `python -m benchmarks.soak.endurance --days 28`.

Sites break, drip, lead astray and send too much (`benchmarks/soak/troubles.py`); Telegram is down for a day; the disk is full, the database
locked, its folder gone at a start or in the middle; the clock is set back and forth; the program is killed at any instant, at a chosen
step of a request to Telegram, and ended.
After the last quarter, in which it is left alone, what is there is compared with what was published. Exit code 1 when anything is not as
promised.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sqlite3
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.day.clock import Stretch, scratch
from benchmarks.day.papers import Paper
from benchmarks.soak.sites import Month
from benchmarks.soak.traps import Step, Traps
from benchmarks.soak.troubles import ANNOUNCED, START, TAIL, Plan
from benchmarks.soak.weeks import SLOWEST, Life, elapsed, plan_of
from bot.domain.posts import PostState
from bot.domain.records import RecueilState
from bot.storage.schema import contents, recueils
from bot.storage.store import open_store
from sources.catalogue.authority import Source
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.fake_bot_chats import BotMessage

CHANNEL, OPERATORS = -1001111, -2222
HOUR, DAY = 3600.0, 86_400.0

LATEST = SLOWEST + timedelta(hours=6)
"""How long after it was published, and after all that was wrong with its site or this machine, a decree is posted at the latest: the
interval of a quiet hour, and the longest pause of a source that failed for a day."""
STALL = timedelta(minutes=5)
"""What a decree waits longer than its source is looked at, and a source for a poll, is to be explained in the log."""
MOST_NOTICES = 2
"""Messages to operators for each thing that went wrong: that it began, and that it is over."""
_MOMENTS = 5
"""What lasts for no time, but may make something fail: the database locked, moved, gone; the end of the disk that was full."""
_ROWS = 8
"""Of the table of what the program takes."""
_MOST_FAILURES = 5
_AT_THE_START, _START = 0.25, 1.5
"""How many lives are killed at their start, and within how many seconds."""
_BY_SIGTERM = 0.25
_AT_A_REQUEST = 0.5
"""How many of the other lives are killed at a request to Telegram, should they come to one."""
_REQUESTS = r"POST /bot[^/]+/(sendMessage|editMessageReplyMarkup)"
"""A message sent, or one in doubt looked for."""
_A_MOMENT = 0.03
_POLLS = frozenset({"life.polls", "life.polled"})
_UNEXPLAINED = _POLLS | {"source.polled", "recueil.read"}
"""Lines of the log on a source that explain no delay of it."""
_OVER = frozenset({"source.recovered", "source.alert_closed"})
"""The last of what is said of a source that does not fail any more."""
_SETTLED = 6
"""Hours of the last life after which it has loaded what it needs."""
_FLAT = {"memory": 1.25, "handles": 1.1, "threads": 1.0, "wal": 2.0, "temporary": 1.0}
"""How many times as much as the most of the first half of the last life, once it is settled, the second half may take."""
_LEAST = {"memory": 20.0, "handles": 4.0, "threads": 2.0, "wal": 8192.0, "temporary": 2.0}
"""What it may take more in any case."""


@dataclass(frozen=True, slots=True)
class Hardships:
    """What goes wrong with the machine and with Telegram, and when (seconds of simulated time). `clock`: by how much it is wrong."""

    telegram: Stretch
    full: Stretch
    clock: Mapping[Stretch, float]
    locked: float
    moved: float
    gone: float
    peace: float

    @property
    def stretches(self) -> list[Stretch]:
        """All that lasts."""
        return [self.telegram, self.full, *self.clock]


def hardships(seed: int, days: float) -> Hardships:
    """Draw them: each in a part of the time of its own, all before the last quarter."""
    chance, peace = Random(f"endurance {seed}"), days * 0.75 * DAY
    parts = [peace * share for share in (0.1, 0.25, 0.45, 0.55, 0.65, 0.75, 0.85)]
    starts = [begin + chance.uniform(0, 0.02) * peace for begin in parts]
    long = min(DAY, 0.12 * peace)
    clock = {Stretch(starts[2], starts[2] + 0.1 * long): -DAY, Stretch(starts[3], starts[3] + 0.1 * long): 3 * HOUR}
    full = Stretch(starts[1], starts[1] + 0.2 * long)
    locked, moved, gone = starts[4:]
    return Hardships(Stretch(starts[0], starts[0] + long), full, clock, locked, moved, gone, peace)


class TelegramOfWeeks(FakeBotApi):
    """A channel and the operators' chat. `arrived`: simulated seconds at which each message came; down where it is told to be."""

    def __init__(self, file: Path, down: Stretch) -> None:
        super().__init__()
        self._file = file
        self._is_down = down
        self.traps = Traps()
        self.arrived: dict[tuple[int, int], float] = {}
        self.add_channel(CHANNEL)
        self.add_group(OPERATORS)

    def app(self) -> ASGIApp:
        """With a bad day, and a trap."""
        inner = self.traps.around(super().app())

        async def outer(scope: Scope, receive: Receive, send: Send) -> None:
            now = elapsed(self._file)
            if scope["type"] == "http" and self._is_down.holds(now):
                await JSONResponse({"ok": False, "error_code": 502, "description": "Bad Gateway"}, 502)(scope, receive, send)
                return
            await inner(scope, receive, send)
            for message in self.messages[len(self.arrived) :]:
                self.arrived.setdefault((message.chat_id, message.message_id), now)

        return outer


@dataclass(slots=True)
class Endured:
    """What was seen. `uses`: what the program took, hour by hour of the last life; `lines`: the log, by simulated seconds; `left`: the
    temporary files that are there when all is over."""

    lives: Counter[str] = field(default_factory=Counter)
    uses: list[Mapping[str, Any]] = field(default_factory=list)
    lines: list[Mapping[str, Any]] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Watch:
    """Begins lives, ends them, and does to their machine what goes wrong with it."""

    def __init__(self, folder: Path, order: Mapping[str, Any], telegram: TelegramOfWeeks, plan: Hardships, chance: Random) -> None:
        self._folder, self._order, self._telegram, self._plan, self._chance = folder, order, telegram, plan, chance
        self._data = folder / "data"
        self.endured = Endured()
        for name in ("data", "tmp"):
            (folder / name).mkdir()
        os.mkfifo(folder / "log")
        # Kept open by us: a life that is killed ends no pipe.
        self._pipe = os.fdopen(os.open(folder / "log", os.O_RDWR), "rb", buffering=1 << 16)
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def seconds(self) -> float:
        """Simulated seconds that have passed."""
        return elapsed(self._folder / "elapsed")

    def endure(self, longest: float) -> None:
        """Live all of it: lives of so much simulated time at the most, and some that are killed at their start, then one in peace."""
        done, traps = set[str](), self._telegram.traps
        while self.seconds < self._plan.peace and len(self.endured.wrong) <= _MOST_FAILURES:
            step = self._chance.choice(tuple(Step)) if self._chance.random() < _AT_A_REQUEST else None
            if step is not None:
                traps.put(_REQUESTS, step, self._chance.randrange(3))
            life, began = Life(self._order), self.seconds
            if self._chance.random() < _AT_THE_START:
                life.has_ended(self._chance.uniform(0, _START))
            else:
                ends = min(self._plan.peace, began + self._chance.uniform(0, longest))
                while self.seconds <= ends and not traps.reached.is_set() and not life.has_ended(0.02):
                    # Not before it has opened its database: without the folder no life begins.
                    if self.seconds > began:
                        self._strike(done, locked=self._lock, moved=self._move)
            if step is not None and traps.reached.is_set():
                life.has_ended(self._chance.uniform(0, _A_MOMENT))
                self.endured.lives[f"killed: {step}"] += life.kill()
            elif life.has_ended():
                self._note_end("ended by itself", life.end())
            elif self.seconds > began and self._chance.random() < _BY_SIGTERM:
                self._note_end("ended by SIGTERM", life.terminate())
            else:
                self.endured.lives["killed"] += life.kill()
            traps.clear()
            traps.reached.clear()
            self._strike(done, gone=self._begin_without_folder)
        self.endured.uses.clear()
        life = Life(self._order)
        while not life.has_ended(1.0):
            pass
        self._note_end("lived to the end", life.end())
        self.endured.left = sorted(each.name for each in (self._folder / "tmp").rglob("*"))
        if done != {"locked", "moved", "gone"}:
            self.endured.wrong.append(f"only these came to pass: {', '.join(sorted(done)) or 'none'}")

    def _strike(self, done: set[str], **strikes: Callable[[], None]) -> None:
        """Do what is due, once."""
        for name, strike in strikes.items():
            if self.seconds > getattr(self._plan, name) and name not in done:
                done.add(name)
                strike()

    def _note_end(self, how: str, code: int) -> None:
        self.endured.lives[how] += 1
        if code:
            self.endured.wrong.append(f"a life {how} with {code}")

    def _lock(self) -> None:
        with closing(sqlite3.connect(self._data / "vigie.db", timeout=10)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(self._order["locked"])
            connection.rollback()

    def _move(self) -> None:
        """A disk that is gone for a moment under a program that works."""
        self._data.rename(self._folder / "elsewhere")
        time.sleep(self._order["moved"])
        (self._folder / "elsewhere").rename(self._data)

    def _begin_without_folder(self) -> None:
        """A disk that is not there when the program starts: it must not begin anew."""
        self._data.rename(self._folder / "elsewhere")
        code = Life(self._order).end()
        self.endured.lives["without the folder of the database"] += 1
        if not code or self._data.exists():
            self.endured.wrong.append("a life began without the folder of its database")
        (self._folder / "elsewhere").rename(self._data)

    def _listen(self) -> None:
        for line in self._pipe:
            try:
                told = json.loads(line)
            except ValueError:
                # Of a life that was killed in the middle of it, or what ended one.
                self.endured.other.append(line.decode(errors="replace").rstrip())
                continue
            if told.get("event") == "life.use":
                self.endured.uses.append(told)
            self.endured.lines.append(told)


# What it came to.


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures. `broken` is what is not as promised, by its name. Waits are minutes after the decree was published and all was well."""

    published: int
    broken: Mapping[str, Sequence[str]]
    stalls: int
    longest: float
    notices: int
    most_notices: int

    @property
    def faults(self) -> list[str]:
        """What is not as promised, in words."""
        found = [f"{name}: {', '.join(those)}" for name, those in self.broken.items() if those]
        found += [] if self.published else ["nothing was published"]
        return [*found, *([f"{self.notices} notices to operators"] if self.notices > self.most_notices else [])]


_GIVEN_UP = (
    select(recueils.c.url)
    .join(contents, contents.c.sha256 == recueils.c.sha256)
    .where(
        contents.c.unfinished > 0, recueils.c.next_try_at.is_(None), recueils.c.state.in_((RecueilState.FAILED, RecueilState.INCOMPLETE))
    )
)


def judge(plan: Plan, wrong: Hardships, endured: Endured, telegram: TelegramOfWeeks, database: Path) -> Verdict:
    """Compare what was published with what came."""
    month = Month(plan, START)
    known = [
        paper for code in plan.authorities for paper in month.papers(code, START - ANNOUNCED - timedelta(days=1), plan.end) if paper.decree
    ]
    papers = {str(paper.decree): paper for paper in known if START <= paper.recueil.up < plan.end - TAIL}
    with open_store(f"sqlite:///{database}", read_only=True) as store:
        posts, given_up = store.posts.listed(states=list(PostState)), [row.url for row in store.database.rows(_GIVEN_UP)]
    named = {(post.decree.facts.number, post.decree.authority) for post in posts}
    ours = [message for message in telegram.messages if message.chat_id == CHANNEL]
    came = {number: [one for one in ours if _is_about(one, number)] for number in papers}
    arrived = {number: telegram.arrived[CHANNEL, those[0].message_id] for number, those in came.items() if those}
    waits = {number: timedelta(seconds=at) - (_well(plan, wrong, papers[number]) - START) for number, at in arrived.items()}
    log = Log(endured.lines)
    stalls = {
        number: log.explains(paper.authority.sources, begin, arrived[number])
        for number, paper in papers.items()
        if number in arrived and arrived[number] - (begin := (paper.recueil.up - START).total_seconds()) > (SLOWEST + STALL).total_seconds()
    }
    stalls |= {
        f"{source.key} not polled from {round(begin / HOUR, 1)} h to {round(end / HOUR, 1)} h": log.explains((source,), begin, end)
        for source in plan.sources
        for begin, end in log.gaps(source)
    }
    return Verdict(
        published=len(papers),
        broken={
            "lost": [number for number, those in came.items() if not those],
            "doubled": [number for number, those in came.items() if len(those) > 1],
            "under a wrong name": [
                number
                for number, paper in papers.items()
                if any(authority != paper.authority.code for other, authority in named if other == number)
                or any(re.search(rf"#dept{paper.authority.code}\b", str(one.html)) is None for one in came[number])
            ],
            "messages about no new decree": [
                str(one.message_id) for one in ours if not any(_is_about(one, str(paper.decree)) for paper in known)
            ],
            f"later than {LATEST}": [f"{number} ({wait})" for number, wait in waits.items() if wait > LATEST],
            "stalls that no line of the log explains": [what for what, is_explained in stalls.items() if not is_explained],
            "given up after a kill": given_up,
            "rising": list(rising(endured.uses)),
            "temporary files left": endured.left,
        },
        stalls=len(stalls),
        longest=max([0.0, *(wait / timedelta(minutes=1) for wait in waits.values())]),
        notices=sum(message.chat_id == OPERATORS for message in telegram.messages),
        most_notices=MOST_NOTICES * (len(plan.troubles) + len(wrong.stretches) + _MOMENTS),
    )


def _is_about(message: BotMessage, number: str) -> bool:
    return re.search(rf"{number}(?!\d)", f"{message.html} {message.buttons}") is not None


def _well(plan: Plan, wrong: Hardships, paper: Paper) -> datetime:
    """When the decree was published and nothing was wrong with its site, the shared address, Telegram or this machine.

    What begins when the decree should be there already excuses nothing: after a failure of its site that is later than else.
    """
    moment, soon = paper.recueil.up, SLOWEST + STALL
    strikes = [one for one in plan.troubles if one.kind.is_failure and (one.kind.is_shared or paper.authority.code in one.authorities)]
    spans = [(one.begin, one.end, LATEST) for one in strikes]
    spans += [(START + timedelta(seconds=one.begin), START + timedelta(seconds=one.end), soon) for one in wrong.stretches]
    within = soon
    for begin, end, then in sorted(spans):
        if begin - within <= moment < end < plan.end:
            moment, within = end, then
    return moment


class Log:
    """What the lives wrote, in the order of simulated time."""

    def __init__(self, lines: Sequence[Mapping[str, Any]]) -> None:
        self._of = defaultdict[str, list[Mapping[str, Any]]](list)
        self._general = list[Mapping[str, Any]]()
        self._database = list[Mapping[str, Any]]()
        for line in sorted(lines, key=itemgetter("at")):
            if line["event"] == "life.begun" or line["event"].startswith("database."):
                self._database.append(line)
            if "source" in line:
                self._of[str(line["source"])].append(line)
            elif line["event"].startswith("recueil."):
                self._of[urlsplit(str(line.get("url"))).netloc].append(line)
            elif line.get("level") in {"warning", "error"} or line["event"].endswith((".recovered", ".alert_closed")):
                self._general.append(line)

    def gaps(self, source: Source) -> list[tuple[float, float]]:
        """From when to when a source was not polled, where that is longer than it ever should be."""
        polls = [float(line["at"]) for line in self._of[source.key] if line["event"] in _POLLS]
        return [(one, other) for one, other in pairwise(polls) if other - one > (SLOWEST + STALL).total_seconds()]

    def explains(self, sources: Sequence[Source], begin: float, end: float) -> bool:
        """Whether it says why something of these sources took from `begin` to `end`: what was wrong with them, or with what all share.

        What other sources do explains nothing. What failed before (source, platform) and of which nothing more was said, fails still; so
        does the database until the next life, which says it anew.
        """
        ours = [line for one in sources for key in (one.key, urlsplit(one.root).netloc) for line in self._of[key]]
        told = sorted((line for line in ours if line["event"] not in _UNEXPLAINED), key=itemgetter("at"))
        before = [line["event"] for line in told if line["at"] < begin and line["event"].startswith("source.")]
        is_failing = bool(before) and before[-1] not in _OVER
        platform = [
            line["event"] for line in self._general if line["at"] < begin and line["event"].startswith(("destination.", "delivery."))
        ]
        is_down = bool(platform) and not platform[-1].endswith((".recovered", ".alert_closed"))
        is_gone = [line["event"] for line in self._database if line["at"] < begin][-1:] == ["database.unavailable"]
        return is_failing or is_down or is_gone or any(begin - HOUR <= line["at"] <= end for line in (*told, *self._general))


def rising(uses: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the second half of the last life took more of than the first, once that was settled; that it was too short to tell."""
    settled = uses[_SETTLED:]
    half = len(settled) // 2
    if half < 1:
        yield f"nobody knows what, in {len(uses)} hours"
        return
    for name, times in _FLAT.items():
        first, last = (max(float(one[name]) for one in those) for those in (settled[:half], settled[half:]))
        if last > max(first * times, first + _LEAST[name]):
            yield f"{name} from {first:g} to {last:g}"


def report(plan: Plan, endured: Endured, verdict: Verdict) -> str:
    """For a person: the figures, then what is not as promised."""
    rows: dict[str, object] = {
        "decrees published": verdict.published,
        **{f"  {name}": len(those) for name, those in verdict.broken.items()},
        "minutes of the longest wait once all was well": round(verdict.longest, 1),
        f"decrees and polls that waited longer than {SLOWEST + STALL}": verdict.stalls,
        f"notices to operators (at most {verdict.most_notices})": verdict.notices,
        **{f"lives {how}": times for how, times in sorted(endured.lives.items())},
    }
    columns = [*_FLAT, "database"]
    table = ["day of the last life  " + "".join(f"{name:>11}" for name in columns)]
    shown = endured.uses[:: max(1, len(endured.uses) // _ROWS)]
    table += [f"{round(one['at'] / DAY, 1):>20}  " + "".join(f"{one[name]:>11}" for name in columns) for one in shown]
    head = f"{(plan.end - START) / timedelta(days=1):g} days of {len(plan.sources)} sources, {len(plan.troubles)} troubles of sites"
    return "\n".join(
        [head, "", *(f"{name:58}{value!s:>8}" for name, value in rows.items()), "", *table, "", *(verdict.faults or ["all is well"])]
    )


def endure(folder: Path, seed: int, sources: int, days: float, *, longest: float, locked: float) -> tuple[str, list[str]]:
    """Live the weeks; the report, and what is not as promised."""
    plan, wrong = plan_of(seed, sources, days), hardships(seed, days)
    telegram = TelegramOfWeeks(folder / "elapsed", wrong.telegram)
    with telegram:
        database = folder / "data" / "vigie.db"
        document = {
            "database": {"url": f"sqlite:///{database}"},
            "http": {"max_pdf_megabytes": 16},
            # Beside the folder that is moved away, which nobody may make anew meanwhile.
            "reading": {"kept_folder": str(folder / "pdfs")},
            "storage": {"keep_pdfs": "none"},
            "telegram": {"token": telegram.token, "api_url": telegram.url, "commands": False, "operators_chat": str(OPERATORS)},
            "delivery": {"max_posts_per_day": 1000},
            "destinations": [{"name": "telegram", "platform": "telegram", "chat": str(CHANNEL)}],
        }
        order = {
            "document": document,
            "folder": str(folder),
            "seed": seed,
            "sources": sources,
            "days": days,
            "full": [[wrong.full.begin, wrong.full.end]],
            "clock": [[stretch.begin, stretch.end, ahead] for stretch, ahead in wrong.clock.items()],
        }
        watch = Watch(folder, {**order, "locked": locked, "moved": locked / 10}, telegram, wrong, Random(seed))
        watch.endure(longest)
        (folder / "lines").write_text("".join(json.dumps(line) + "\n" for line in watch.endured.lines))
        if watch.endured.wrong:
            print("\n".join(watch.endured.other[-40:]), file=sys.stderr)
        verdict = judge(plan, wrong, watch.endured, telegram, database)
    return report(plan, watch.endured, verdict), [*watch.endured.wrong, *verdict.faults]


def main(arguments: Sequence[str] | None = None) -> int:
    """Live, judge, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak.endurance", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=float, default=28, help="simulated days (28)")
    parser.add_argument("--sources", type=int, default=40, help="how many (40)")
    parser.add_argument("--seed", type=int, default=1, help="what chance is drawn from (1)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the database there, and the log in simulated time")
    options = parser.parse_args(arguments)
    before = time.monotonic()
    with scratch() as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        told, faults = endure(folder, options.seed, options.sources, options.days, longest=options.days / 28 * DAY, locked=35.0)
    print(f"seed {options.seed}, {time.monotonic() - before:.0f} s\n{told}")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
