"""Kills the program between any two steps of following: `python -m benchmarks.soak.following --runs 9`.

In each run people do a few things (follow, remove, pause, forget, block…) to a program that is killed meanwhile, at a request to the Bot
API or at any instant, and begun again; they write again where nothing came of it. After each thing a decree is found, which the next life
delivers while it is killed. What is then there is compared with the rows that were queued. Exit code 1 where a decree was doubled or lost,
came after `/oublier`, or what is stored is not what people wanted.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from benchmarks.soak.life import STAY, UNREAD, Clock
from benchmarks.soak.lives import Life, Mother
from benchmarks.soak.servers import CHANNEL, Telegram
from benchmarks.soak.traps import Point, Trap
from bot.domain.acts import Facts, Kind, Moment, Reference
from bot.domain.posts import Follow, Follower, FollowKind, FollowMode, PostState, Topics, followed_chat
from bot.storage.schema import metadata
from bot.storage.store import Store, open_store
from tests.bot.storage.building import one_recueil
from tests.bot.storage.finding import reading_of
from tests.clock import now, today

DROME = Follow(FollowKind.DEPARTMENT, "26")
ANN, BOB, EVE, GROUP, MOVED = 4711000071, 4711000072, 4711000073, -4711000074, -1004711000075
"""Two who follow the Drôme from the beginning, one who does not, a group that does, and its number once it has moved."""
ADMINISTRATOR = 4711000079

_REQUESTS = r"POST /bot[^/]+/(sendMessage|editMessageText|answerCallbackQuery|getChatMember)"
_POINTS = (Point.RECEIVED, Point.STORED, Point.HALF, Point.ANSWERED, None)
"""Where in a request it is killed; None: at any instant."""
_FILE = re.compile(r"/recueil-(\d+)\.pdf")
_LONGEST = 60.0
_AGAIN = 6.0
"""Seconds after which a person writes again."""
_STRIKE = 20.0
"""Seconds after which a program that came to no such request is killed all the same."""


class Deed(StrEnum):
    """What happens to a chat."""

    FOLLOW = "follow"
    REMOVE = "remove"
    PAUSE = "pause"
    RESUME = "resume"
    FORGET = "forget"
    LANGUAGE = "language"
    DAILY = "once a day"
    BLOCK = "block"
    REVIVE = "take back"
    MIGRATE = "become a supergroup"
    UNREAD = "a source cannot be read"
    READ = "a source can be read again"


ORDER = (
    (Deed.FOLLOW, Deed.PAUSE, Deed.RESUME, Deed.LANGUAGE),
    (Deed.UNREAD, Deed.DAILY, Deed.READ, Deed.REMOVE),
    (Deed.BLOCK, Deed.MIGRATE, Deed.REVIVE, Deed.FORGET),
)
"""What happens in a run: the first, second or third, in turns."""
WHO = {Deed.FOLLOW: EVE, Deed.MIGRATE: GROUP, Deed.LANGUAGE: BOB, Deed.DAILY: BOB, Deed.UNREAD: 0, Deed.READ: 0}
_MAY_MISS = frozenset({Deed.REMOVE, Deed.FORGET, Deed.BLOCK})
"""After which a chat need not get what waited for it."""


@dataclass(slots=True)
class FollowingOutcome:
    """What came of a run: the deeds during which it was killed, and what is not as it should be, in words."""

    name: str
    killed: list[str] = field(default_factory=list)
    messages: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Run:
    """One run. `queued`: what was queued, by chat and decree, until something excuses that it never came."""

    folder: Path
    telegram: Telegram
    mother: Mother
    chance: Random
    outcome: FollowingOutcome
    queued: set[tuple[int, int]] = field(default_factory=set)
    decrees: int = 0

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'vigie.db'}"

    def begin(self) -> Life:
        (self.folder / STAY).touch()
        return self.mother.begin(_document(self.url, self.telegram), self.folder, "run")

    def look(self, ask: Callable[[Store], Any]) -> Any:
        with open_store(self.url, read_only=True) as store:
            return ask(store)

    def carry_out(self, deed: Deed, point: Point | None) -> None:
        """Do it to a program that is killed meanwhile, then to one that is not, until it is done."""
        chat = WHO.get(deed, ANN)
        before = self.look(lambda store: store.follows.get(chat))
        trap = None
        if point is not None:
            lost = point is Point.RECEIVED and self.chance.random() < 0.5
            trap = self.telegram.traps.put(Trap(_REQUESTS, point, self.chance.randrange(3), is_lost=lost))
        self.act(deed, chat)
        life = self.begin()
        try:
            ends = time.monotonic() + (_STRIKE if trap is not None else self.chance.uniform(0, 3))
            while time.monotonic() < ends and not (trap is not None and trap.reached.is_set()) and not life.has_ended(0.02):
                pass
            if life.kill():
                self.outcome.killed.append(f"{deed.value} ({'any instant' if trap is None or not trap.reached.is_set() else point})")
        finally:
            self.telegram.traps.clear()
        Clock(self.folder / "clock").put(self.chance.choice((0.0, 0.0, 360.0)))
        self.insist(deed, chat, before)

    def insist(self, deed: Deed, chat: int, before: Follower | None) -> None:
        """Let the program go on until the deed is done and nothing more is due; who wanted it writes again."""
        life, began, again = self.begin(), time.monotonic(), time.monotonic() + _AGAIN
        while not self.look(lambda store: _is_done(store, deed, chat)):
            if time.monotonic() > began + _LONGEST or life.has_ended(0.2):
                self.outcome.wrong.append(f"{deed.value} was not done: {before} is {self.look(lambda store: store.follows.get(chat))}")
                break
            if deed is not Deed.MIGRATE and time.monotonic() > again:
                self.act(deed, chat)
                again = time.monotonic() + _AGAIN
        if deed in _MAY_MISS:
            self.queued -= {(one, number) for one, number in self.queued if one == chat}
        (self.folder / STAY).unlink()
        code = life.end()
        if code:
            self.outcome.wrong.append(f"a life ended with {code}")

    def act(self, deed: Deed, chat: int) -> None:
        """Do it, as people and Telegram do."""
        telegram = self.telegram
        words = {Deed.FOLLOW: "/suivre 26", Deed.PAUSE: "/pause", Deed.RESUME: "/reprendre", Deed.FORGET: "/oublier"}
        presses = {Deed.REMOVE: "2frx:d26", Deed.LANGUAGE: "1enw1:", Deed.DAILY: "2frm:d"}
        if deed in words:
            telegram.say(chat, chat, words[deed])
        elif deed in presses:
            telegram.press(telegram.first_of_bot(chat), presses[deed], chat)
        elif deed is Deed.BLOCK:
            telegram.kick(chat, "Forbidden: bot was blocked by the user")
            telegram.membership(chat, "kicked")
        elif deed is Deed.REVIVE:
            telegram.take_back(chat)
            telegram.membership(chat, "member")
        elif deed is Deed.MIGRATE:
            telegram.migrate(GROUP, MOVED)
        else:
            (self.folder / UNREAD).touch() if deed is Deed.UNREAD else (self.folder / UNREAD).unlink(missing_ok=True)

    def find(self) -> None:
        """A decree is found; every second one ends the one before."""
        self.decrees += 1
        number, ends = self.decrees, self.decrees % 2 == 0
        reference = (Reference(Kind.ABROGATION, _number(number - 1), None),) if ends else ()
        starts = Moment((now() + timedelta(days=900)).date())
        facts = Facts(number=_number(number), references=reference, starts=None if ends else starts)
        with open_store(self.url) as store:
            result = reading_of(one_recueil(store, f"recueil-{number}"), facts, Kind.ABROGATION if ends else Kind.AUTHORISATION)
            found_at = Clock(self.folder / "clock")()
            [decree] = store.recordings.record(result, lambda decree: ["channel", Topics(decree.kind, frozenset({"26"}))], found_at).decrees
            posts = [post for post in store.posts.listed(states=list(PostState), chats=True) if post.decree.id == decree.id]
            chats = {chat for post in posts if (chat := followed_chat(post.destination)) is not None}
            wanted = {one for one in (ANN, BOB, EVE, GROUP, MOVED) if _wants(store, one)}
            sent = {self.now_at(chat) for chat, earlier in self.there() if ends and earlier == number - 1 and chat != CHANNEL}
            expected = wanted | {one for one in sent if (kept := store.follows.get(one)) is not None and kept.blocked_at is None}
        if chats != expected:
            self.outcome.wrong.append(f"decree {number} was queued for {sorted(chats)}, and is for {sorted(expected)}")
        self.queued |= {(chat, number) for chat in chats} | {(CHANNEL, number)}

    def now_at(self, chat: int) -> int:
        return MOVED if chat == GROUP and self.look(lambda store: store.follows.get(GROUP)) is None else chat

    def there(self) -> list[tuple[int, int]]:
        """Each decree in each message of the bot: chat and number."""
        sent = [one for one in list(self.telegram.messages) if one.from_bot]
        return [(one.chat_id, int(number)) for one in sent for number in dict.fromkeys(_FILE.findall(f"{one.html} {one.buttons}"))]

    def judge(self) -> None:
        """Compare what is there with what was queued."""
        there = Counter((MOVED if chat == GROUP else chat, number) for chat, number in self.there())
        queued = {(MOVED if chat == GROUP else chat, number) for chat, number in self.queued}
        wrong = self.outcome.wrong
        unsent = self.look(lambda store: [post for post in store.posts.listed(chats=True) if post.state is not PostState.SENT])
        if Deed.MIGRATE in _parts(self.outcome):
            # What was in doubt when the group moved cannot be looked for among its new ids: a person decides.
            held = [post for post in unsent if post.state is PostState.HELD and followed_chat(post.destination) == MOVED]
            queued -= {(MOVED, int(number)) for post in held for number in _FILE.findall(post.decree.url)}
            unsent = [post for post in unsent if post not in held]
        wrong += [f"doubled: decree {number} in {chat}" for (chat, number), times in sorted(there.items()) if times > 1]
        wrong += [f"lost: decree {number} in {chat}" for chat, number in sorted(queued - there.keys())]
        wrong += [f"left: post {post.id} to {post.destination} is {post.state.value} ({post.cause})" for post in unsent]
        self.outcome.messages = there.total()
        self._judge_notices()
        self._judge_forgotten()

    def _judge_notices(self) -> None:
        """Each of them once at most. The one that was on its way when the program was killed is taken for sent: one may be missing."""
        if Deed.UNREAD not in _parts(self.outcome):
            return
        for sign in ("⚠️", "✅"):
            found = Counter(one.chat_id for one in self.telegram.messages if one.from_bot and one.text.startswith(f"{sign} Drôme"))
            self.outcome.wrong += [f"doubled: {sign} in {chat}" for chat, times in found.items() if times > 1]
            missing = {ANN, BOB, GROUP} - found.keys()
            if len(missing) > 1:
                self.outcome.wrong.append(f"lost: {sign} in {sorted(missing)}")

    def _judge_forgotten(self) -> None:
        if Deed.FORGET not in _parts(self.outcome):
            return
        answers = [place for place, one in enumerate(self.telegram.messages) if one.chat_id == ANN and one.text.startswith("🗑")]
        later = self.telegram.messages[answers[0] + 1 :] if answers else []
        if any(one.chat_id == ANN and one.from_bot and _FILE.search(f"{one.html} {one.buttons}") for one in later):
            self.outcome.wrong.append("a decree came after /oublier")
        with open_store(self.url, read_only=True) as store, store.database.reading() as connection:
            left = [name for name, table in metadata.tables.items() if str(ANN) in repr(connection.execute(select(table)).all())]
        if left:
            self.outcome.wrong.append(f"after /oublier something is left in {', '.join(left)}")


def _wants(store: Store, chat: int) -> bool:
    kept = store.follows.get(chat)
    return kept is not None and bool(kept.follows) and kept.blocked_at is None


def _parts(outcome: FollowingOutcome) -> tuple[Deed, ...]:
    return ORDER[int(outcome.name.split("/")[1]) % len(ORDER)]


def _is_done(store: Store, deed: Deed, chat: int) -> bool:
    kept = store.follows.get(chat)
    if deed in {Deed.UNREAD, Deed.READ}:
        return True
    if deed is Deed.FORGET:
        return kept is None
    if deed is Deed.MIGRATE:
        return kept is None and store.follows.get(MOVED) is not None
    if kept is None:
        return False
    return {
        Deed.FOLLOW: kept.follows == (DROME,),
        Deed.REMOVE: kept.follows == (),
        Deed.PAUSE: kept.paused_at is not None,
        Deed.RESUME: kept.paused_at is None,
        Deed.LANGUAGE: kept.language == "en",
        Deed.DAILY: kept.mode is FollowMode.DAILY,
        Deed.BLOCK: kept.blocked_at is not None,
        Deed.REVIVE: kept.blocked_at is None,
    }[deed]


def _number(number: int) -> str:
    return f"2031-{number:05}"


def _document(url: str, telegram: Telegram) -> dict[str, Any]:
    return {
        "database": {"url": url},
        "telegram": {"token": telegram.token, "api_url": telegram.url, "commands": True},
        "destinations": [{"name": "channel", "platform": "telegram", "chat": str(CHANNEL)}],
    }


def follow(seed: int, number: int, mother: Mother, folder: Path) -> FollowingOutcome:
    """Make the `number`-th run of a seed. The steps take turns, so that few runs meet them all."""
    outcome, chance = FollowingOutcome(f"{seed}/{number}"), Random(f"{seed}/{number}/following")
    with Telegram() as telegram:
        for chat in (ANN, BOB, EVE):
            telegram.add_private(chat)
        telegram.add_group(GROUP, supergroup=False).administrators.add(ADMINISTRATOR)
        for chat in (ANN, BOB, EVE, GROUP):
            telegram.bot_says(chat, "Bonjour")
        run = _Run(folder, telegram, mother, chance, outcome)
        with open_store(run.url) as store:
            for chat in (ANN, BOB, GROUP):
                store.follows.add(chat, DROME, "fr", today())
                store.follows.note_message(chat, 4, now())
        run.find()
        for place, deed in enumerate(_parts(outcome)):
            run.carry_out(deed, _POINTS[(number // len(ORDER) + place) % len(_POINTS)])
            run.find()
        run.insist(Deed.READ, 0, None)
        run.judge()
    return outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the runs, and print what came of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak.following", description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="how many runs (15); three meet every deed, fifteen every step of each")
    parser.add_argument("--seed", type=int, default=1, help="what chance is drawn from (1)")
    parser.add_argument("--only", type=int, metavar="N", help="only the N-th run of the seed, from 0")
    options = parser.parse_args(arguments)
    numbers = range(options.runs) if options.only is None else [options.only]
    outcomes, began = [], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vigie-soak-") as name, Mother() as mother:
        for number in numbers:
            folder = Path(name) / str(number)
            folder.mkdir()
            outcomes.append(follow(options.seed, number, mother, folder))
            print("\n".join([f"run {outcomes[-1].name}: killed at {', '.join(outcomes[-1].killed)}", *outcomes[-1].wrong]), flush=True)
    print(
        f"seed {options.seed}: {len(outcomes)} runs, {sum(len(one.killed) for one in outcomes)} kills, "
        f"{sum(one.messages for one in outcomes)} messages about decrees, {sum(len(one.wrong) for one in outcomes)} wrong, "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if any(one.wrong for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
