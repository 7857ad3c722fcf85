"""Identifies decrees and acts by keys, and resolves the decree that another names. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from difflib import SequenceMatcher
from functools import partial, reduce
from operator import or_
from typing import Any

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, Reference
from bot.domain.text import PageText, clean, fold_letters
from bot.domain.topics import first_topic

LONGEST_KEY = 500  # characters; PostgreSQL indexes values up to some 2,700 bytes


@dataclass(frozen=True, slots=True)
class HeldDecree:
    """Holds a decree of a recueil: its keys, pages, facts and topic."""

    keys: tuple[str, ...]
    first_page: int
    last_page: int
    facts: Facts
    topic: str = field(default_factory=first_topic)


@dataclass(frozen=True, slots=True)
class KnownDecree:
    """A stored decree: its id, keys and facts."""

    decree_id: int
    keys: frozenset[str]
    facts: Facts


@dataclass(frozen=True, slots=True)
class EarlierFinding:
    """A decree that an earlier reading of the recueil found: its id, pages and topic."""

    decree_id: int
    first_page: int
    last_page: int
    topic: str = field(default_factory=first_topic)


@dataclass(frozen=True, slots=True)
class DecreeMatch:
    """The stored or new decree that was found, with its keys; found twice, those of the first finding come first. `is_unclear`: it only
    shares the number of a stored one, so a person is asked.
    """

    keys: tuple[str, ...]
    decree_id: int | None = None
    is_unclear: bool = False


def keys_of(decree: Decree) -> tuple[str, ...]:
    """Return the stored keys of a decree: its place where it has none; a hash for a key too long to be indexed."""
    keys = decree.identities or (f"at:{decree.url}#page={decree.page}",)
    return tuple(dict.fromkeys(_storable(of_topic(key, decree.topic)) for key in keys))


def of_topic(key: str, topic: str) -> str:
    """Return a key, or the prefix of one, that decrees of other topics never have: `number:26:2026-1:` -> `number:drones/26:2026-1:`. Those
    of the first topic have no mark."""
    return key if topic == first_topic() else key.replace(":", f":{topic}/", 1)


def recognise(
    found: Sequence[HeldDecree], known: Sequence[KnownDecree], earlier: Sequence[EarlierFinding], *, asked: bool = False
) -> tuple[DecreeMatch, ...]:
    """Return for each decree found, in order, which one it is.

    A shared key decides, the oldest decree first; a shared number alone unless `_likeness` denies it: then the decree gets a new key.
    `asked`: a person said that unclear ones are new. Otherwise, the unclaimed decree of its topic on the same pages earlier (half of the
    shorter range).
    """
    pool, here = list(known), {place.decree_id: place for place in earlier}
    keyed: list[DecreeMatch] = []
    for position, item in enumerate(found):
        one = _by_keys(item, pool, here, asked=asked)
        if one.decree_id is None and not one.is_unclear:
            pool.append(KnownDecree(-1 - position, frozenset(one.keys), item.facts))
        keyed.append(one)
    free = [place for place in earlier if all(place.decree_id != one.decree_id for one in keyed)]
    result: list[DecreeMatch] = []
    for item, one in zip(found, keyed, strict=True):
        is_new = one.decree_id is None and not one.is_unclear
        there = [place for place in free if is_new and place.topic == item.topic]
        place = max(there, key=partial(_shared, item), default=None)
        if place is not None and _same_place(item, place):
            free.remove(place)
            result.append(replace(one, decree_id=place.decree_id))
        else:
            result.append(one)
    return tuple(result)


def _by_keys(item: HeldDecree, pool: Sequence[KnownDecree], here: Mapping[int, EarlierFinding], *, asked: bool) -> DecreeMatch:
    same: list[KnownDecree] = []
    taken, unclear = set[str](), False
    for one in pool:
        own, place = {unvaried(key) for key in one.keys}, here.get(one.decree_id)
        shared = {key for key in item.keys if key in own}
        is_here = place is not None and _same_place(item, place)
        likeness = bool(shared) if is_here or any(prefix_of(key) is None for key in shared) else _likeness(item, one) if shared else False
        if likeness:
            same.append(one)
        taken |= shared
        unclear |= likeness is None and not asked
    # A stored one, the oldest; else the first that was found with it.
    best = min(same, key=lambda one: (one.decree_id < 0, abs(one.decree_id)), default=None)
    if best is not None:
        return DecreeMatch(item.keys, best.decree_id) if best.decree_id > 0 else DecreeMatch((*sorted(best.keys), *item.keys))
    # Of its own number for whoever names it, and under another key than the decree that has it.
    mark = _digest("\0".join((*item.keys, str(item.first_page), repr(item.facts))))[:8]
    return DecreeMatch(tuple(f"{key}{_VARIED}{mark}" if key in taken else key for key in item.keys), is_unclear=unclear)


SAME_NUMBER = "number of another act"
"""The reason why a person is asked about a decree of which it is unclear whether it is known: see `bot.detection.text.cues`."""

REVIEWED = "topic under review"
"""The reason why a person is asked about each new decree of a topic: see `WatchedTopics.reviewed`."""

_VARIED = "#"
"""What parts a number key from the mark of a decree whose number another one has too: no other key of a number has it."""


def unvaried(key: str) -> str:
    """Return a number key without the mark that tells decrees of one number apart; other keys unchanged."""
    return key.partition(_VARIED)[0] if key.startswith("number:") else key


_ALIKE = 0.75
"""Likeness of two names from which on they may be one, misread: 1 is the same."""


def _likeness(item: HeldDecree, one: KnownDecree) -> bool | None:
    """Return whether two decrees of one number are the same; None where unknown. A difference of sure facts (period, signature, places,
    operators) denies it only if both have act identifiers; two identifiers without comparable facts decide nothing.
    """
    two_acts = all(any(key.startswith("act:") for key in keys) for keys in (item.keys, one.keys))
    compared = [agree for agree in _comparisons(item.facts.sure, one.facts.sure) if agree is not None]
    if not all(compared):
        return False if two_acts else None
    return True if any(compared) or not two_acts else None


def _comparisons(one: Facts, two: Facts) -> Iterator[bool | None]:
    """Return for each fact whether both give the same; None where it is missing or inconclusive."""
    yield False if one.signed and two.signed and one.signed != two.signed else None
    yield _same_moment(one.starts, two.starts)
    # The small hours after an evening belong to it, or to the day after.
    yield _same_moment(one.ends, two.ends, apart=1)
    for names, others in ((one.places, two.places), (one.operators, two.operators)):
        yield any(_alike(name, other) for name in names for other in others) if names and others else None


def _same_moment(one: Moment | None, two: Moment | None, *, apart: int = 0) -> bool | None:
    if one is None or two is None:
        return None
    days = abs((one.day - two.day).days)
    if days:
        return False if days > apart else None
    return one.time is None or two.time is None or one.time == two.time


def _alike(one: str, two: str) -> bool:
    left, right = fold_letters(one), fold_letters(two)
    return left in right or right in left or SequenceMatcher(None, left, right).ratio() >= _ALIKE


def post_key(destination: str, keys: Sequence[str]) -> str:
    """Return the key of a post, 32 hexadecimal digits made from the decree, not its row, so that it survives a new database."""
    return hashlib.sha256("\0".join([destination, min(keys)]).encode("utf-8", "replace")).hexdigest()[:32]


def _storable(key: str) -> str:
    key = clean(key)
    return key if len(key) <= LONGEST_KEY else f"sha256:{hashlib.sha256(key.encode('utf-8')).hexdigest()}"


def _shared(item: HeldDecree, place: EarlierFinding) -> int:
    return min(item.last_page, place.last_page) - max(item.first_page, place.first_page) + 1


def _same_place(item: HeldDecree, place: EarlierFinding) -> bool:
    shorter = min(item.last_page - item.first_page, place.last_page - place.first_page) + 1
    return 2 * _shared(item, place) >= shorter


_SHORTEST = 200
"""Letters and digits below which a text is a title or a fragment that two acts may share."""


@dataclass(frozen=True, slots=True)
class ActIdentity:
    """An act of a recueil with its keys' sources: identifier, title, first page, text of its pages (joined by line breaks), `other`, the
    text with alternative pages, and the topic that it was judged for.
    """

    act_id: str | None
    title: str
    first_page: int
    text: str
    other: str | None = None
    topic: str = field(default_factory=first_topic)


def act_keys(url: str, acts: Sequence[ActIdentity]) -> list[tuple[str, ...]]:
    """Return the keys of all acts of the recueil at `url`, each `of_topic`; one judged for two topics is there twice.

    - `act:…`: national identifier, unless several acts have it.
    - `text:…`: hash of the squeezed text, if long enough.
    - `at:…`: place and title of an act without identifier, if alone on that page; kept when the text changes.
    """
    by_topic = defaultdict[str, Counter[tuple[str | None, int, str]]](Counter)
    for act in acts:
        by_topic[act.topic][act.act_id, act.first_page, act.title] += 1
    once = [*reduce(or_, by_topic.values(), Counter[tuple[str | None, int, str]]()).elements()]
    shared, opened = Counter(act_id for act_id, _, _ in once), Counter(page for _, page, _ in once)
    return [_keys(url, act, alone=shared[act.act_id] == 1, first=opened[act.first_page] == 1) for act in acts]


def _keys(url: str, act: ActIdentity, *, alone: bool, first: bool) -> tuple[str, ...]:
    keys: list[str] = []
    own = act_key(act.act_id)
    if own is not None and alone:
        keys.append(own)
    for text in (act.text, act.other):
        tight = fold_letters(text or "")
        if len(tight) >= _SHORTEST:
            keys.append(f"text:{_digest(tight)}")
    if own is None and first:
        keys.append(f"at:{_digest(url)}:{act.first_page}:{_digest(fold_letters(act.title))}")
    return tuple(dict.fromkeys(of_topic(key, act.topic) for key in keys))


def act_key(act_id: str | None) -> str | None:
    """Return the key of an act's identifier; None for one without its department ("2024-12-26-00002"), which acts of others may have."""
    key = (act_id or "").strip().lower()
    return f"act:{key}" if key and re.match(r"\d{4}-\d\d-\d\d-", key) is None else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:40]


# The identity of a document whose bytes change at every download (a timestamp, a token) while its words do not.


def text_digest(pages: Iterable[PageText]) -> str:
    """Return the SHA-256 (64 hexadecimal digits) of the words of these pages, without accents, case, spaces and punctuation."""
    digest = hashlib.sha256()
    for page in pages:
        digest.update(fold_letters(page.text).encode())
    return digest.hexdigest()


# What it says of others stays that of one text, with its links; so does whose decree it is.
_KEPT = frozenset({"references", "authority", "doubtful", "settled"})
_PERIOD = frozenset({"starts", "ends"})
COMPLETED = tuple(entry.name for entry in fields(Facts) if entry.name not in _KEPT | _PERIOD)
"""The facts that another sighting gives where the first does not, whatever the others say."""


def merge_facts(own: Facts, others: Sequence[Facts]) -> Facts:
    """Return the first sighting's facts, completed from later ones in order, as a draft by the signed text.

    Sure facts are never overwritten. Facts to verify yield to sure ones, an incomplete period to a whole one; else a period is completed
    only by one that agrees. Facts to verify stay so; those settled by a person stay.
    """
    facts, left = own, [name for name in COMPLETED if name not in own.settled]
    for other in others:
        open_ones = [name for name in left if not getattr(facts, name) or (name in facts.doubtful and name not in other.doubtful)]
        missing: dict[str, Any] = {name: value for name in open_ones if (value := getattr(other, name))}
        missing |= _period(facts, other)
        kept = [name for name in facts.doubtful if name not in missing]
        facts = replace(facts, **missing, doubtful=(*kept, *(name for name in other.doubtful if name in missing)))
    return facts


def earliest(days: Iterable[date | None], signed: date | None) -> date | None:
    """Return the first day of publication, not before the signature where possible (such days were misread); None if unknown. The two
    months for third parties run from publication (article R. 421-1 of the code de justice administrative), so the first day is the safe
    one.
    """
    known = [day for day in days if day is not None]
    possible = [day for day in known if signed is None or day >= signed]
    return min(possible or known, default=None)


def _period(facts: Facts, other: Facts) -> dict[str, Any]:
    gives_way = not _PERIOD.isdisjoint(facts.doubtful) and other.sure.starts is not None and other.sure.ends is not None
    if gives_way or (facts.starts is None and facts.ends is None):
        return {"starts": other.starts, "ends": other.ends}
    if facts.ends is None and other.starts == facts.starts:
        return {"ends": other.ends}
    if facts.starts is None and other.ends == facts.ends:
        return {"starts": other.starts}
    return {}


# Which stored decree another one names: decided when it is shown, so that the order in which decrees are found does not matter.

_YEAR = re.compile(r"20\d\d")
_ENDS = frozenset({Kind.ABROGATION, Kind.SUSPENSION, Kind.REFUSAL})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored decree that a reference may name: its number keys, authority and day of signature."""

    decree: int
    keys: tuple[str, ...]
    authority: str
    signed: date | None = None

    def signed_as(self, prefix: str) -> frozenset[date]:
        """Return the known days of signature of the decree of this number."""
        marked = [unvaried(key).removeprefix(f"{prefix}signed:") for key in self.keys if key.startswith(f"{prefix}signed:")]
        days = {day for text in marked if (day := _day(text)) is not None}
        return frozenset(days | ({self.signed} if self.signed is not None else set()))


@dataclass(frozen=True, slots=True)
class ReferenceLink:
    """A stored reference: key `prefix` and `authority` of the decree that it names."""

    decree: int
    reference: Reference
    prefix: str | None
    authority: str


def prefix_of(key: str) -> str | None:
    """Return the prefix of a number key by which references name it (`number:PP:2024-1017:`); None for other keys. Series and zeros of
    numbers stored as printed (`number:PP:dupa-2024-01017`) are removed.
    """
    parts = unvaried(key).split(":", 3)
    if parts[0] != "number" or len(parts) < 3:
        return None
    # The separators at which it was cut leave the `n` of `n°`.
    number = parts[2] if len(parts) == 4 else comparable(re.sub(r"(?:^|-)n-(?=\d)", "-", parts[2]))
    return f"number:{parts[1]}:{number}:"


def linked(link: ReferenceLink, candidates: Iterable[Candidate]) -> int | None:
    """Return the id of the decree that a link names; None where it is unseen or ambiguous.

    By number: of several, the one signed on the day given; a day that contradicts all means an unseen decree, an unknown day contradicts
    nothing. A number without year or day names none. By day alone: the authority's only decree signed then.
    """
    signed = link.reference.signed
    others = [candidate for candidate in candidates if candidate.decree != link.decree]
    if link.reference.number is None:
        return _only(one for one in others if signed is not None and one.authority == link.authority and one.signed == signed)
    prefix = link.prefix
    if prefix is None:
        return None
    numbered = [one for one in others if any(prefix_of(key) == prefix for key in one.keys)]
    if signed is None:
        return _only(numbered) if _YEAR.search(link.reference.number) else None
    same_day = [one for one in numbered if signed in one.signed_as(prefix)]
    return _only(same_day or (one for one in numbered if not one.signed_as(prefix)))


@dataclass(frozen=True, slots=True)
class Party:
    """One of the two decrees of a change, as far as it is shown."""

    decree: int
    facts: Facts
    published: date | None
    topic: str = field(default_factory=first_topic)


def change(link: ReferenceLink, changing: Party, changed: Party | None, *, shown: Party | None) -> Change:
    """Return what `changing` does to `changed`, with the id of `shown` (one of the two, or None: never seen). For an end, a period that
    repeats the ended one is not its first day.
    """
    facts, signed = changing.facts, changing.facts.sure.signed
    starts, ends = facts.starts, facts.ends
    day = starts.day if starts is not None else None
    if changed is not None and link.reference.change in _ENDS and starts is not None and starts == changed.facts.starts:
        day = signed or changing.published or day
    number = link.reference.number if shown is not changing else None
    return Change(
        kind=link.reference.change,
        decree=shown.decree if shown is not None else None,
        number=number or (shown.facts.number if shown is not None else None),
        since=day or signed or changing.published,
        starts=starts,
        ends=ends,
        retroactive=_retroactive(facts, link.reference),
        cameras=facts.sure.cameras,
    )


def _retroactive(facts: Facts, stored: Reference) -> bool | None:
    """Return whether the facts of the changing decree make its end retroactive."""
    wanted = (stored.change, stored.number, stored.signed)
    mine = (entry for entry in facts.references if (entry.change, entry.number, entry.signed) == wanted)
    return next((entry.retroactive for entry in mine), None)


def in_order(changes: Collection[Change]) -> tuple[Change, ...]:
    """Return each change once, by its first day, unknown days first."""
    return tuple(sorted(dict.fromkeys(changes), key=lambda entry: entry.since or date.min))


def _only(found: Iterable[Candidate]) -> int | None:
    ids = {one.decree for one in found}
    return ids.pop() if len(ids) == 1 else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def comparable(number: str) -> str:
    """Return a number in the form that keys hold: without series word before the year (`DUPA 2024-1017` is also printed `2024-1017`),
    blanks, kinds of separators and leading zeros (`2025-001006` is `2025-01006`).
    """
    tokens = re.findall(r"[a-z]+|\d+", re.sub(r"\bn\s?[°º]", " ", number.lower()))
    while len(tokens) > 1 and tokens[0].isalpha() and tokens[1].isdigit() and len(tokens[1]) >= 4:
        tokens = tokens[1:]
    return "-".join(token.lstrip("0") or "0" if token.isdigit() else token for token in tokens)
