"""What happens in one run: drawn from a seed, so that a run can be lived again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Literal

from bot.domain.posts import chat_destination

Mode = Literal["probe", "hold", "resend"]
Where = Literal["telegram", "mastodon"]
Command = Literal["run", "accept"]
Chain = Literal["none", "forwards", "backwards"]

PLACES: tuple[Where, ...] = ("telegram", "mastodon")
LATER = 6 * 60.0
"""Seconds between two lives: more than any rest after one failure."""
DAY = 24 * 3600.0
LONGEST_LIFE = 2.0
"""Seconds within which a program is killed at random: most of its deliveries take less."""
_ANSWER_TAKES = 0.03


class Step(StrEnum):
    """Where in a delivery the program is when it is killed, as its server sees it; `BY_CHANCE`: wherever it is."""

    RECEIVED_LOST = "request received, never carried out"
    RECEIVED_LATE = "request received, carried out after the kill"
    STORED = "message stored, no answer begun"
    HALF = "answer half sent"
    ANSWERED = "answer sent, a moment ago"
    LOOK_RECEIVED = "looking: question received"
    LOOK_HALF = "looking: answer half sent"
    LOOK_ANSWERED = "looking: answer sent, a moment ago"
    BY_CHANCE = "any instant"

    @property
    def is_look(self) -> bool:
        """Whether a message in doubt is being looked for."""
        return self.name.startswith("LOOK")


@dataclass(frozen=True, slots=True)
class Blow:
    """One life of the program and its end. `nth`: at which such request (from 0). `delay`: seconds after the step, or after the start.

    `wait`: by how many seconds the clock of the next life is ahead (below 0: it was set back). Where two live side by side: whether it is
    the one which waits that is killed, and after how many seconds the other is too.
    """

    step: Step
    where: Where
    nth: int
    delay: float
    wait: float
    person_writes: bool
    kills_waiting: bool = False
    survives: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: so many decrees for every destination, and the blows in order. Some servers know no idempotency keys. `lives`: the commands
    that are begun side by side, on one database.

    `followers`: chats that follow the department of the decrees, which only a `run` serves, and ask for each whenever it begins.
    `restored`: before its last blow the database is put back as it was at first; the account gets threads.
    `most_per_day`: messages above which decrees are told in digests (`delivery.max_posts_per_day`). `chain`: the second decree modifies the
    first and the third ends it; `"backwards"`: what changes it was found before it.
    """

    name: str
    decrees: int
    mode: Mode
    ignores_keys: bool
    most_per_day: int
    blows: tuple[Blow, ...]
    lives: tuple[Command, ...] = ("run",)
    chain: Chain = "none"
    followers: int = 0
    restored: bool = False

    @property
    def chats(self) -> tuple[int, ...]:
        """The chats that follow something."""
        return tuple(range(71, 71 + self.followers))

    @property
    def places(self) -> tuple[str, ...]:
        """The destinations of each decree."""
        return (*PLACES, *(chat_destination(chat) for chat in self.chats))

    @property
    def changes(self) -> tuple[tuple[int, int], ...]:
        """Which decree changes which, by number: its post is a reply to that one's."""
        return () if self.chain == "none" else ((2, 1), (3, 1))

    @property
    def found(self) -> tuple[int, ...]:
        """The decrees by number, in the order in which they were found, which is that of their ids."""
        numbers = tuple(range(1, self.decrees + 1))
        return (2, 3, 1, *numbers[3:]) if self.chain == "backwards" else numbers


def draw(seed: int, number: int, mode: Mode = "probe", *, most: int = 4) -> Plan:
    """The `number`-th run of a seed, with one to `most` kills. The steps take turns, so that few runs meet them all; so do one process and
    two, and decrees that change each other and that do not.
    """
    chance, two = Random(f"{seed}/{number}/{mode}"), Random(f"{seed}/{number}/{mode}/two")
    lives: tuple[tuple[Command, ...], ...] = (("run",), ("run", "accept"), ("run",), ("accept", "accept"))
    chains: tuple[Chain, ...] = ("forwards", "none", "backwards")
    steps = tuple(Step)
    followers = 3 if mode == "probe" and lives[number % len(lives)] == ("run",) and number % 4 == 2 else 0
    # In a digest, and in chats, a person decides after a restore.
    restored, blows = mode == "probe" and number % 3 == 0 and not followers, []
    for position in range(chance.randint(1, most)):
        step = steps[(number + position * 4) % len(steps)]
        looks = mode != "probe" and step.is_look
        blows.append(
            Blow(
                # Without looking there is no such step on Telegram.
                step=step,
                where="mastodon" if looks else "telegram" if followers else chance.choice(PLACES),
                nth=0 if step.is_look else chance.choice((0, 0, 1, 2)) + (number % 3 if followers else 0),
                delay=chance.uniform(0, LONGEST_LIFE if step is Step.BY_CHANCE else _ANSWER_TAKES),
                wait=chance.choice((0.0, 0.0, 0.0, LATER, LATER, LATER, -DAY)),
                person_writes=chance.random() < 0.3,
                kills_waiting=two.random() < 0.25,
                survives=two.uniform(0, LONGEST_LIFE),
            )
        )
    return Plan(
        name=f"{seed}/{number}/{mode}",
        decrees=chance.randint(3, 4),
        mode=mode,
        ignores_keys=chance.random() < 0.5,
        most_per_day=60 if restored else chance.choice((60, 60, 60, 2)),
        blows=tuple(blows),
        lives=lives[number % len(lives)],
        chain=chains[number % len(chains)],
        followers=followers,
        restored=restored,
    )
