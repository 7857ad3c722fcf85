"""Is this the decree we know already? A pure decision, so that one decree is announced once, wherever and however often it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain import Decree
from bot.domain.folding import clean

LONGEST_KEY = 500  # characters; PostgreSQL indexes values up to some 2,700 bytes


@dataclass(frozen=True, slots=True)
class HeldDecree:
    """A decree that a recueil holds: the keys it is known under and its pages there."""

    keys: tuple[str, ...]
    first_page: int
    last_page: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier reading of the same recueil found: a stored decree and its pages there."""

    decree_id: int
    first_page: int
    last_page: int


def keys_of(decree: Decree) -> tuple[str, ...]:
    """The keys as stored. A decree without any is known by its place; a key too long to be indexed by its hash."""
    keys = decree.identities or (f"at:{decree.url}#page={decree.page}",)
    return tuple(dict.fromkeys(_storable(key) for key in keys))


def recognise(found: Sequence[HeldDecree], known: Mapping[str, int], earlier: Sequence[Earlier]) -> tuple[int | None, ...]:
    """For each decree found, the id of the stored decree it is, or None for a new one.

    A shared key decides first (of several stored decrees, the oldest). Then the place: when a recueil is read again because pages were
    missing, the text of a decree changes, and with it every key that depends on the text; a decree on the pages where the earlier reading
    had one, which no other decree claims by its keys, is that one. Ranges must share at least half of the shorter one.
    """
    by_key = [min((known[key] for key in item.keys if key in known), default=None) for item in found]
    free = [place for place in earlier if place.decree_id not in by_key]
    result: list[int | None] = []
    for item, known_id in zip(found, by_key, strict=True):
        place = max(free, key=lambda place: _shared(item, place), default=None) if known_id is None else None
        if place is not None and _same_place(item, place):
            free.remove(place)
            result.append(place.decree_id)
        else:
            result.append(known_id)
    return tuple(result)


def post_key(destination: str, keys: Sequence[str]) -> str:
    """The key of a post: 32 hexadecimal digits.

    Made from what the decree is, not from its row: were the database lost and made again, the same post would have the same key, and
    another decree could not inherit it.
    """
    return hashlib.sha256("\0".join([destination, min(keys)]).encode("utf-8", "replace")).hexdigest()[:32]


def _storable(key: str) -> str:
    key = clean(key)
    return key if len(key) <= LONGEST_KEY else f"sha256:{hashlib.sha256(key.encode('utf-8')).hexdigest()}"


def _shared(item: HeldDecree, place: Earlier) -> int:
    return min(item.last_page, place.last_page) - max(item.first_page, place.first_page) + 1


def _same_place(item: HeldDecree, place: Earlier) -> bool:
    shorter = min(item.last_page - item.first_page, place.last_page - place.first_page) + 1
    return 2 * _shared(item, place) >= shorter
