"""Loads the topics: what decrees are about, as data. A topic is a folder of `bot/detection/topics`, which bears its name; docs/topics.md
says what is in it. Its words in each language are read by `bot.messages.words`, its cues by `bot.detection.text.cues`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Window:
    """A period (inclusive) in which the law allowed the use, its source and certainty. `months`: most of an authorisation, or None."""

    first: date
    last: date
    source: str
    confidence: str
    checked: date
    months: int | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """Describes what decrees are about. `purposes`: codes in the order of the law, with the words they are searched by;
    `without`: facts that none of its decrees has; `hashtag`: of its posts; `telling`: parts of words of which each of its acts has one;
    `shares_words`: its words serve for other things, so that every decree on it needs its law.
    """

    name: str
    rank: int
    folder: Traversable
    hashtag: str
    purposes: Mapping[str, str]
    windows: tuple[Window, ...]
    telling: tuple[str, ...]
    without: frozenset[str] = frozenset()
    shares_words: bool = False


OPEN_END = date(9998, 12, 31)
"""The last day of a window whose end no text gives."""


PACKAGED = files("bot").joinpath("detection", "topics")
_OWN: list[Path] = []
"""The folder of the host's topics, if there is one."""


def use_topics_of(folder: Path | None) -> None:
    """Add the topics of a folder of the host's to the packaged ones, or none any more. Where the configuration is read, before any use."""
    wanted = [] if folder is None else [folder.absolute()]
    if wanted != _OWN:
        _OWN[:] = wanted
        topics.cache_clear()
        purpose_codes.cache_clear()


def own_folder() -> Path | None:
    """Return the folder of the host's topics, for the processes that this one begins."""
    return _OWN[0] if _OWN else None


def topic_folders(parent: Traversable) -> tuple[Traversable, ...]:
    """Return the folders in a folder that are of topics."""
    found = (folder for folder in parent.iterdir() if folder.is_dir() and not folder.name.startswith((".", "_")))
    return tuple(sorted(found, key=lambda folder: folder.name))


@cache
def topics() -> Mapping[str, Topic]:
    """Return every topic by its name: the packaged ones in the order of their ranks, then the host's. The first is watched by default, and
    its keys bear no mark."""
    found = [sorted(map(_topic, topic_folders(parent)), key=lambda topic: topic.rank) for parent in (PACKAGED, *_OWN)]
    return MappingProxyType({topic.name: topic for topic in chain.from_iterable(found)})


def first_topic() -> str:
    """Return the name of the topic that is watched by default."""
    return next(iter(topics()))


@dataclass(frozen=True, slots=True)
class WatchedTopics:
    """Names the topics that are watched, in the order of their ranks. A person is asked about each new decree of those in `reviewed` before
    it is posted."""

    names: tuple[str, ...] = field(default_factory=lambda: (first_topic(),))
    reviewed: frozenset[str] = frozenset()


def topic_file(topic: str, name: str) -> dict[str, Any]:
    """Return the content of a TOML file of a topic's folder."""
    return tomllib.loads(topics()[topic].folder.joinpath(name).read_text(encoding="utf-8"))


def purposes_of(topic: str) -> tuple[str, ...]:
    """Return the codes of what the decrees of a topic are for, in the order of the law."""
    return tuple(topics()[topic].purposes)


@cache
def purpose_codes() -> Mapping[str, str]:
    """Return the codes of the purposes of all topics, each with the words that it is searched by."""
    return MappingProxyType({code: words for topic in topics().values() for code, words in topic.purposes.items()})


def _topic(folder: Traversable) -> Topic:
    data = tomllib.loads(folder.joinpath("topic.toml").read_text(encoding="utf-8"))
    windows = tuple(
        Window(entry["from"], entry.get("until", OPEN_END), entry["source"], entry["confidence"], entry["checked"], entry.get("months"))
        for entry in data["window"]
    )
    return Topic(
        name=folder.name,
        rank=data["rank"],
        folder=folder,
        hashtag=data["hashtag"],
        purposes=MappingProxyType(data["purposes"]),
        windows=windows,
        telling=tuple(data["telling"]),
        without=frozenset(data.get("without", ())),
        shares_words=data.get("shares_words", False),
    )
