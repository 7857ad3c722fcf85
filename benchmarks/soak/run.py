"""One run lived: blows, then peace until all is delivered, then what is really there."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, product
from pathlib import Path
from typing import Any

from benchmarks.soak.life import Clock
from benchmarks.soak.lives import Life, Mother, reached
from benchmarks.soak.plan import PLACES, Blow, Plan, Step
from benchmarks.soak.servers import CHANNEL, FIRST_COMMANDS, LOOK, SEND, Mastodon, Telegram, Told
from benchmarks.soak.traps import Point, Trap
from bot.domain.acts import Facts, Kind, Reference
from bot.domain.posts import Follow, FollowKind, Post, PostCause, PostState, Topics, chat_destination
from bot.storage.backup import back_up
from bot.storage.locks import LockName
from bot.storage.store import open_store
from bot.storage.transfer import restore
from tests.bot.storage.building import one_recueil
from tests.bot.storage.finding import reading_of
from tests.clock import now

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


_MANY = tuple(f"station numéro {number} de la ligne" for number in range(24))
"""More than one status has room for."""
_KINDS = {2: Kind.MODIFICATION, 3: Kind.ABROGATION}


def prepare(database: Path, plan: Plan, now: datetime) -> None:
    """Record the decrees of the plan, each with a post for every destination."""
    changes = dict(plan.changes)
    with open_store(f"sqlite:///{database}") as store:
        for chat in plan.chats:
            store.follows.add(chat, Follow(FollowKind.DEPARTMENT, "26"), "fr", now.date())
            # As its command tells: the servers count from there.
            store.follows.note_message(chat, FIRST_COMMANDS, now)
        for number in plan.found:
            kind = _KINDS[number] if number in changes else Kind.AUTHORISATION
            references = (Reference(kind, _name(changes[number]), None),) if number in changes else ()
            facts = Facts(number=_name(number), references=references, places=_MANY if plan.restored else ())
            result = reading_of(one_recueil(store, f"recueil-{number}"), facts, kind)
            store.recordings.record(result, lambda decree: [*PLACES, Topics(decree.kind, frozenset({"26"}))], now)


def _name(number: int) -> str:
    return f"2031-{number:05}"


def document(database: Path, telegram: Telegram, mastodon: Mastodon, plan: Plan) -> dict[str, Any]:
    """The configuration, as a file would give it."""
    return {
        "database": {"url": f"sqlite:///{database}"},
        "telegram": {"token": telegram.token, "api_url": telegram.url, "commands": bool(plan.followers), "reconcile": plan.mode},
        "mastodon": {"instance": mastodon.url, "token": mastodon.token},
        "delivery": {"max_posts_per_day": plan.most_per_day},
        "destinations": [
            {"name": "telegram", "platform": "telegram", "chat": str(CHANNEL)},
            {"name": "mastodon", "platform": "mastodon", "thread": plan.restored},
        ],
    }


def lived(plan: Plan, mothers: Sequence[Mother], folder: Path) -> Outcome:
    """Live it. The folder is empty before, and holds database and log afterwards."""
    database, clock = folder / "vigie.db", folder / "clock"
    prepare(database, plan, now())
    killed: list[Step] = []
    codes: set[int] = set()
    with Telegram(plan.chats) as telegram, Mastodon(ignores_keys=plan.ignores_keys) as mastodon:
        servers: Mapping[str, Telegram | Mastodon] = {"telegram": telegram, "mastodon": mastodon}
        settings = document(database, telegram, mastodon, plan)

        def begin() -> list[Life]:
            for chat, number in product(plan.chats, plan.found):
                telegram.say(chat, chat, f"/arrete {number}")
            return [mother.begin(settings, folder, command) for mother, command in zip(mothers, plan.lives, strict=False)]

        backup = back_up(settings["database"]["url"], folder, Clock(clock)()).path
        for blow in plan.blows:
            if plan.restored and blow is plan.blows[-1]:
                restore(backup, settings["database"]["url"], Clock(clock)(), replace=True)
            if blow.person_writes:
                telegram.person_posts(CHANNEL, "bonjour")
            struck, left = _struck(blow, begin, database, servers)
            if struck:
                killed.append(blow.step)
            codes |= {life.end() for life in left if life.has_ended(blow.survives)}
            for life in left:
                life.kill()
            Clock(clock).put(blow.wait)
        codes |= {life.end() for life in begin()}
        with open_store(f"sqlite:///{database}", read_only=True) as store:
            posts = store.posts.listed(states=list(PostState), chats=True)
        told = {name: server.told() for name, server in servers.items()}
        told |= {chat_destination(chat): telegram.told(chat) for chat in plan.chats}
    return judged(plan, killed, posts, told, codes)


def _struck(
    blow: Blow, begin: Callable[[], list[Life]], database: Path, servers: Mapping[str, Telegram | Mastodon]
) -> tuple[bool, list[Life]]:
    """Whether a program was killed where it should be (not when it had ended before), and the other that goes on, where there is one."""
    traps, lives = servers[blow.where].traps, list[Life]()
    try:
        if blow.step is Step.BY_CHANCE:
            lives = begin()
            lives[0].has_ended(blow.delay)
            reaches = True
        else:
            if blow.step.is_look:
                # There is something to look for.
                traps.put(Trap(SEND[blow.where], Point.CUT))
            pattern = (LOOK if blow.step.is_look else SEND)[blow.where]
            trap = traps.put(Trap(pattern, _POINTS[blow.step], blow.nth, is_lost=blow.step is Step.RECEIVED_LOST))
            lives = begin()
            reaches = reached(lives, trap.reached)
            if reaches and trap.point is Point.ANSWERED:
                lives[0].has_ended(blow.delay)
        return _victim(blow, lives, database).kill() and reaches, lives
    finally:
        # Whoever is left stands still until what the dead one requested was carried out: its clock hurries, the servers do not.
        try:
            for server in servers.values():
                server.traps.clear()
        finally:
            # Whatever goes wrong: who is stopped could not even be ended.
            for life in lives:
                life.send(signal.SIGCONT)


def _victim(blow: Blow, lives: list[Life], database: Path) -> Life:
    """The one that works, or the one that waits for it; it is taken out of `lives`. The others stand still."""
    for life in lives:
        life.send(signal.SIGSTOP)
    with open_store(f"sqlite:///{database}", read_only=True) as store:
        holder = store.locks.holder(LockName.WORK)
    works = [life.pid == (holder.pid if holder is not None else 0) for life in lives]
    return lives.pop(works.index(not blow.kills_waiting) if (not blow.kills_waiting) in works else 0)


def judged(
    plan: Plan, killed: Sequence[Step], posts: Sequence[Post], told: Mapping[str, Sequence[Told]], codes: Collection[int]
) -> Outcome:
    """Compare what is really there with what should be, and with what is recorded. Pure."""
    wrong = [f"a life ended with {code}" for code in sorted(codes) if code != 0]
    doubled, lost, held, disordered = [], [], [], []
    numbers = dict(enumerate(plan.found, start=1))
    known = {(post.destination, numbers.get(post.decree.id or 0)): post for post in posts}
    for where in plan.places:
        times = Counter(one.number for one in told[where])
        for number in range(1, plan.decrees + 1):
            name, post = f"{where}:{number}", known.get((where, number))
            if times[number] > 1:
                doubled.append(name)
            if post is None:
                wrong.append(f"{name} has no row")
            elif post.state is PostState.HELD or (post.state is PostState.PENDING and post.cause is PostCause.AWAITS_EARLIER):
                held.append(name)
            elif times[number] == 0:
                lost.append(name)
            elif post.state is not PostState.SENT:
                wrong.append(f"{name} is there, and recorded as {post.state}")
            elif (post.reference, number) not in {(one.reference, one.number) for one in told[where]}:
                wrong.append(f"{name} is recorded as {post.reference}, which is another message")
        first = list({one.number: one for one in reversed(told[where])}.values())[::-1]
        disordered += [f"{where}:{later.number}" for earlier, later in pairwise(first) if not _in_order(plan, earlier, later)]
        wrong += [
            f"{where}:{change} is no reply to {where}:{changed}"
            for change, changed in plan.changes
            if not _follows(told[where], change, changed)
        ]
    return Outcome(plan, tuple(killed), len(posts), tuple(doubled), tuple(lost), tuple(held), tuple(disordered), tuple(wrong))


def _in_order(plan: Plan, earlier: Told, later: Told) -> bool:
    """Whether these two may follow each other: a digest lists first what was found first, and no message goes before what it changes."""
    if earlier.reference == later.reference:
        return plan.found.index(earlier.number) < plan.found.index(later.number)
    return earlier.number < later.number


def _follows(told: Sequence[Told], change: int, changed: int) -> bool:
    """Whether the message of a change replies to that of the decree that it changes. One that is in a digest replies to nothing."""
    sizes = Counter(one.reference for one in told)
    references = {one.reference for one in told if one.number == changed and sizes[one.reference] == 1}
    changes = [one for one in told if one.number == change and sizes[one.reference] == 1]
    return not references or all(one.reply_to in references for one in changes)
