"""One run lived: blows, then peace until all is delivered, then what is really there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.soak.life import Clock
from benchmarks.soak.lives import Mother
from benchmarks.soak.outset import document, prepare
from benchmarks.soak.plan import PLACES, Blow, Plan, Step
from benchmarks.soak.servers import CHANNEL, LOOK, SEND, Mastodon, Telegram
from benchmarks.soak.traps import Point, Trap
from bot.model import Post, PostState
from bot.storage import open_store

_POINTS = {
    Step.RECEIVED_LOST: Point.RECEIVED,
    Step.RECEIVED_LATE: Point.RECEIVED,
    Step.STORED: Point.STORED,
    Step.HALF: Point.HALF,
    Step.ANSWERED: Point.ANSWERED,
    Step.LOOK_RECEIVED: Point.RECEIVED,
    Step.LOOK_HALF: Point.HALF,
    Step.LOOK_ANSWERED: Point.ANSWERED,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. `killed`: the steps at which it really was. Posts are `destination:decree`; `wrong`: what else is not as it
    should be, in words."""

    plan: Plan
    killed: tuple[Step, ...]
    posts: int
    doubled: tuple[str, ...]
    lost: tuple[str, ...]
    held: tuple[str, ...]
    disordered: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Whether it kept what is promised. With `resend` a post may be there twice, with `hold` one may be left to a person."""
        broken = self.lost or self.disordered or self.wrong
        return not broken and not (self.doubled and self.plan.mode != "resend") and not (self.held and self.plan.mode != "hold")


def lived(plan: Plan, mother: Mother, folder: Path) -> Outcome:
    """Live it. The folder is empty before, and holds database and log afterwards."""
    database, clock = folder / "vigie.db", folder / "clock"
    prepare(database, plan.decrees, datetime.now(UTC))
    killed: list[Step] = []
    with Telegram() as telegram, Mastodon(ignores_keys=plan.ignores_keys) as mastodon:
        servers: Mapping[str, Telegram | Mastodon] = {"telegram": telegram, "mastodon": mastodon}
        settings = document(database, telegram, mastodon, plan)
        for blow in plan.blows:
            if blow.person_writes:
                telegram.person_posts(CHANNEL, "bonjour")
            if _struck(blow, mother, settings, folder, servers):
                killed.append(blow.step)
            Clock(clock).put(blow.wait)
        code = mother.begin(settings, folder).end()
        with open_store(f"sqlite:///{database}", read_only=True) as store:
            posts = store.posts.listed(states=list(PostState))
        told = {name: server.told() for name, server in servers.items()}
    return judged(plan, killed, posts, told, code)


def _struck(blow: Blow, mother: Mother, settings: Mapping[str, Any], folder: Path, servers: Mapping[str, Telegram | Mastodon]) -> bool:
    """Whether the program was killed where it should be; false when it had ended before."""
    traps = servers[blow.where].traps
    try:
        if blow.step is Step.BY_CHANCE:
            life = mother.begin(settings, folder)
            life.has_ended(blow.delay)
            return life.kill()
        if blow.step.is_look:
            # There is something to look for.
            traps.put(Trap(SEND[blow.where], Point.CUT))
        pattern = (LOOK if blow.step.is_look else SEND)[blow.where]
        trap = traps.put(Trap(pattern, _POINTS[blow.step], blow.nth, is_lost=blow.step is Step.RECEIVED_LOST))
        life = mother.begin(settings, folder)
        reached = life.reaches(trap.reached)
        if reached and trap.point is Point.ANSWERED:
            life.has_ended(blow.delay)
        return life.kill() and reached
    finally:
        for server in servers.values():
            server.traps.clear()


def judged(plan: Plan, killed: Sequence[Step], posts: Sequence[Post], told: Mapping[str, Sequence[tuple[str, int]]], code: int) -> Outcome:
    """Compare what is really there with what should be, and with what is recorded. Pure."""
    wrong = [] if code == 0 else [f"the last life ended with {code}"]
    doubled, lost, held, disordered = [], [], [], []
    known = {(post.destination, post.decree.id): post for post in posts}
    for where in PLACES:
        times = Counter(number for _, number in told[where])
        for number in range(1, plan.decrees + 1):
            name, post = f"{where}:{number}", known.get((where, number))
            if times[number] > 1:
                doubled.append(name)
            if post is None:
                wrong.append(f"{name} has no row")
            elif post.state is PostState.HELD:
                held.append(name)
            elif times[number] == 0:
                lost.append(name)
            elif post.state is not PostState.SENT:
                wrong.append(f"{name} is there, and recorded as {post.state}")
            elif (post.reference, number) not in told[where]:
                wrong.append(f"{name} is recorded as {post.reference}, which is another message")
        first = list(dict.fromkeys(number for _, number in told[where]))
        disordered += [f"{where}:{later}" for earlier, later in pairwise(first) if later < earlier]
    return Outcome(plan, tuple(killed), len(posts), tuple(doubled), tuple(lost), tuple(held), tuple(disordered), tuple(wrong))
