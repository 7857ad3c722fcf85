"""Accelerated weeks of a simulated France with everything that goes wrong: `python -m benchmarks.soak.endurance --days 28`.

Sites break, drip, lead astray and send too much (`benchmarks.month`); Telegram is down for a day; the disk is full, the database locked,
or its folder gone; the clock is set back and forth; the program is killed at any instant, ended and upgraded. After the last quarter, in
which it is left alone, what is there is compared with what was published. Exit code 1 when anything is not as promised.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.month.papers import Paper
from benchmarks.month.plan import START, TAIL, Plan
from benchmarks.month.run import SLOWEST
from benchmarks.month.sites import Month
from benchmarks.soak.lives import Life, Mother
from benchmarks.soak.weeks import Stretch, elapsed, plan_of
from bot.domain.posts import PostState
from bot.storage.store import open_store
from tests.servers.fake_bot_api import FakeBotApi

CHANNEL, OPERATORS = -1001111, -2222
HOUR, DAY = 3600.0, 86_400.0

LATEST = SLOWEST + timedelta(hours=6)
"""How long after it was published, and after all that was wrong with its site or this machine, a decree is posted at the latest: the
interval of a quiet hour, and the longest pause of a source that failed for a day."""
STALL = timedelta(minutes=5)
"""What a decree waits longer than its source is looked at is to be explained in the log."""
MOST_NOTICES = 2
"""Messages to operators for each thing that went wrong: that it began, and that it is over."""
_MOST_FAILURES = 5
_AT_THE_START, _START = 0.25, 1.5
"""How many lives are killed at their start, and within how many seconds."""
_BY_SIGTERM = 0.25
_UNEXPLAINED = frozenset({"source.polled", "recueil.read"})
"""Lines of the log on a source that explain no delay of it."""
_FLAT = {"memory": 1.25, "handles": 1.1, "threads": 1.0, "wal": 2.0, "temporary": 1.0}
"""How many times as much as on the first day of the last life the last day may take."""
_LEAST = {"memory": 20.0, "handles": 4.0, "threads": 2.0, "wal": 8192.0, "temporary": 2.0}
"""What it may take more in any case."""


@dataclass(frozen=True, slots=True)
class Hardships:
    """What goes wrong with the machine and with Telegram, and when (seconds of simulated time). `clock`: by how much it is wrong."""

    telegram: Stretch
    full: Stretch
    clock: Mapping[Stretch, float]
    locked: float
    gone: float
    upgraded: float
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
    return Hardships(Stretch(starts[0], starts[0] + long), full, clock, starts[4], starts[5], starts[6], peace)


class TelegramOfWeeks(FakeBotApi):
    """A channel and the operators' chat. `arrived`: simulated seconds at which each message came; down where it is told to be."""

    def __init__(self, file: Path, down: Stretch) -> None:
        super().__init__()
        self._file = file
        self._is_down = down
        self.arrived: dict[tuple[int, int], float] = {}
        self.add_channel(CHANNEL)
        self.add_group(OPERATORS)

    def app(self) -> ASGIApp:
        """With a bad day."""
        inner = super().app()

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
    """What was seen. `days`: what the program took, day by day of the last life; `lines`: the log, by simulated seconds."""

    lives: Counter[str] = field(default_factory=Counter)
    days: list[Mapping[str, Any]] = field(default_factory=list)
    lines: list[Mapping[str, Any]] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
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

    def endure(self, mother: Mother, longest: float) -> None:
        """Live all of it: lives of so much simulated time at the most, and some that are killed at their start, then one in peace."""
        done = set[str]()
        while self.seconds < self._plan.peace and len(self.endured.wrong) <= _MOST_FAILURES:
            life, began = self._begin(mother), self.seconds
            if self._chance.random() < _AT_THE_START:
                life.has_ended(self._chance.uniform(0, _START))
            else:
                ends = min(self._plan.peace, began + self._chance.uniform(0, longest))
                while self.seconds <= ends and not life.has_ended(0.02):
                    if self.seconds > self._plan.locked and "locked" not in done:
                        done.add("locked")
                        self._lock()
            if life.has_ended():
                self._note_end("ended by itself", life.end())
            elif self.seconds > began and self._chance.random() < _BY_SIGTERM:
                life.terminate()
                self._note_end("ended by SIGTERM", life.end())
            else:
                self.endured.lives["killed"] += life.kill()
            if self.seconds > self._plan.gone and "gone" not in done:
                done.add("gone")
                self._begin_without_folder(mother)
            if self.seconds > self._plan.upgraded and "upgraded" not in done:
                done.add("upgraded")
                self._upgrade(mother)
        self.endured.days.clear()
        life = self._begin(mother)
        while not life.has_ended(1.0):
            pass
        self._note_end("lived to the end", life.end())
        if done != {"locked", "gone", "upgraded"}:
            self.endured.wrong.append(f"only these came to pass: {', '.join(sorted(done)) or 'none'}")

    def _begin(self, mother: Mother) -> Life:
        return mother.begin(self._order["document"], self._folder, "run", self._order["weeks"])

    def _note_end(self, how: str, code: int) -> None:
        self.endured.lives[how] += 1
        if code:
            self.endured.wrong.append(f"a life {how} with {code}")

    def _lock(self) -> None:
        with closing(sqlite3.connect(self._data / "vigie.db", timeout=10)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(self._order["locked"])
            connection.rollback()

    def _begin_without_folder(self, mother: Mother) -> None:
        """A disk that is not there when the program starts: it must not begin anew."""
        self._data.rename(self._folder / "elsewhere")
        code = self._begin(mother).end()
        self.endured.lives["without the folder of the database"] += 1
        if not code or self._data.exists():
            self.endured.wrong.append("a life began without the folder of its database")
        (self._folder / "elsewhere").rename(self._data)

    def _upgrade(self, mother: Mother) -> None:
        """The database becomes one of the version before; lives that upgrade it are killed at once, but the last."""
        with closing(sqlite3.connect(self._data / "vigie.db")) as connection:
            [[head]] = connection.execute("SELECT version_num FROM vigie_schema")
            if head not in _UNDONE:
                self.endured.wrong.append(f"not upgraded: nobody has said how {head} is undone")
                return
            before, script = _UNDONE[head]
            connection.executescript(script)
            connection.execute("UPDATE vigie_schema SET version_num = ?", (before,))
            connection.commit()
        for _ in range(3):
            life = self._begin(mother)
            life.has_ended(self._chance.uniform(0.05, 0.6))
            self.endured.lives["killed in an upgrade"] += life.kill()

    def _listen(self) -> None:
        for line in self._pipe:
            try:
                told = json.loads(line)
            except ValueError:
                # Of a life that was killed in the middle of it, or what ended one.
                self.endured.other.append(line.decode(errors="replace").rstrip())
                continue
            if told.get("event") == "life.day":
                self.endured.days.append(told)
            self.endured.lines.append(told)


_UNDONE = {
    "0024": ("0023", "DROP INDEX ix_recueils_url"),
    "0025": ("0024", "ALTER TABLE decisions DROP COLUMN facts; ALTER TABLE decrees DROP COLUMN notified_at"),
}
"""Of a schema, the one before it and what undoes the step between them in SQLite. What a person decided in it is lost: nobody does here."""


# What it came to.


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures. Waits are minutes after the decree was published and all was well."""

    published: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    misnamed: tuple[str, ...]
    late: tuple[str, ...]
    stalls: int
    unexplained: tuple[str, ...]
    longest: float
    notices: int
    most_notices: int
    rising: tuple[str, ...]

    @property
    def faults(self) -> list[str]:
        """What is not as promised."""
        named = {"lost": self.lost, "doubled": self.doubled, "under a wrong name": self.misnamed, "late": self.late}
        named |= {"stalls that no line of the log explains": self.unexplained, "rising": self.rising}
        found = [f"{name}: {', '.join(those)}" for name, those in named.items() if those]
        found += [] if self.published else ["nothing was published"]
        return [*found, *([f"{self.notices} notices to operators"] if self.notices > self.most_notices else [])]


def judge(plan: Plan, wrong: Hardships, endured: Endured, telegram: TelegramOfWeeks, database: Path) -> Verdict:
    """Compare what was published with what came."""
    month = Month(plan, START)
    papers = {paper.decree: paper for code in plan.authorities for paper in month.papers(code, START, plan.end - TAIL) if paper.decree}
    with open_store(f"sqlite:///{database}", read_only=True) as store:
        posts = store.posts.listed(states=list(PostState))
    named = {post.decree.facts.number: post.decree.authority for post in posts}
    ours = [message for message in telegram.messages if message.chat_id == CHANNEL]
    came = {number: [one for one in ours if re.search(rf"{number}(?!\d)", f"{one.html} {one.buttons}")] for number in papers}
    waits = {
        number: (timedelta(seconds=telegram.arrived[CHANNEL, those[0].message_id]) - (_well(plan, wrong, papers[number]) - START), those)
        for number, those in came.items()
        if those
    }
    stalls = {number: wait for number, (wait, _) in waits.items() if wait > SLOWEST + STALL}
    return Verdict(
        published=len(papers),
        lost=tuple(number for number, those in came.items() if not those),
        doubled=tuple(number for number, those in came.items() if len(those) > 1),
        misnamed=tuple(number for number, paper in papers.items() if named.get(number, paper.authority.code) != paper.authority.code),
        late=tuple(f"{number} ({wait})" for number, (wait, _) in waits.items() if wait > LATEST),
        stalls=len(stalls),
        unexplained=tuple(
            number for number in stalls if not _explained(papers[number], endured.lines, telegram, came[number][0].message_id)
        ),
        longest=max([0.0, *(wait / timedelta(minutes=1) for wait, _ in waits.values())]),
        notices=sum(message.chat_id == OPERATORS for message in telegram.messages),
        most_notices=MOST_NOTICES * (len(plan.troubles) + len(wrong.stretches) + len(plan.sources)),
        rising=tuple(rising(endured.days)),
    )


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


def _explained(paper: Paper, lines: Sequence[Mapping[str, Any]], telegram: TelegramOfWeeks, message: int) -> bool:
    """Whether the log says why a decree came late: of its source, of its address, of Telegram or of the machine."""
    begin, end = (paper.recueil.up - START).total_seconds(), telegram.arrived[CHANNEL, message]
    return any(begin - HOUR <= line["at"] <= end and _is_of(line, paper) for line in lines)


def _is_of(line: Mapping[str, Any], paper: Paper) -> bool:
    """Whether it tells what went wrong with the source of the decree or with what all share: other sources explain nothing."""
    if "source" in line:
        return line["event"] not in _UNEXPLAINED and str(line["source"]).startswith(f"{paper.authority.code}:")
    if line["event"].startswith("recueil."):
        is_trouble = line["event"] not in _UNEXPLAINED
        return is_trouble and any(urlsplit(source.root).netloc in str(line.get("url")) for source in paper.authority.sources)
    return line.get("level") in {"warning", "error"} or line["event"].endswith((".begun", ".recovered"))


def rising(days: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the last life took more of at its end than after its first day."""
    settled = days[1:]
    for name in _FLAT if len(settled) > 1 else ():
        first, last = float(settled[0][name]), float(settled[-1][name])
        if last > max(first * _FLAT[name], first + _LEAST[name]):
            yield f"{name} from {first:g} to {last:g}"


def report(plan: Plan, endured: Endured, verdict: Verdict) -> str:
    """For a person: the figures, then what is not as promised."""
    rows: dict[str, object] = {
        "decrees published": verdict.published,
        "  lost": len(verdict.lost),
        "  doubled": len(verdict.doubled),
        "  under a wrong name": len(verdict.misnamed),
        f"  later than {LATEST}": len(verdict.late),
        "  minutes of the longest wait once all was well": round(verdict.longest, 1),
        f"  waited longer than {SLOWEST + STALL}": verdict.stalls,
        "    without a line in the log": len(verdict.unexplained),
        f"notices to operators (at most {verdict.most_notices})": verdict.notices,
        **{f"lives {how}": times for how, times in sorted(endured.lives.items())},
    }
    columns = [*_FLAT, "database"]
    table = ["day of the last life  " + "".join(f"{name:>11}" for name in columns)]
    table += [f"{round(one['at'] / DAY, 1):>20}  " + "".join(f"{one[name]:>11}" for name in columns) for one in endured.days]
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
            "storage": {"keep_pdfs": "none"},
            "telegram": {"token": telegram.token, "api_url": telegram.url, "commands": False, "operators_chat": str(OPERATORS)},
            "delivery": {"max_posts_per_day": 1000},
            "destinations": [{"name": "telegram", "platform": "telegram", "chat": str(CHANNEL)}],
        }
        weeks = {
            "folder": str(folder),
            "seed": seed,
            "sources": sources,
            "days": days,
            "longest": 7200,
            "full": [[wrong.full.begin, wrong.full.end]],
            "clock": [[stretch.begin, stretch.end, ahead] for stretch, ahead in wrong.clock.items()],
        }
        watch = Watch(folder, {"document": document, "weeks": weeks, "locked": locked}, telegram, wrong, Random(seed))
        with Mother() as mother:
            watch.endure(mother, longest)
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
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the database there")
    options = parser.parse_args(arguments)
    before = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vigie-endurance-") as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        told, faults = endure(folder, options.seed, options.sources, options.days, longest=DAY, locked=35.0)
    print(f"seed {options.seed}, {time.monotonic() - before:.0f} s\n{told}")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
