"""Decides which decree or act is which, by the keys under which it is recognised, and which decree another one names. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, Reference
from bot.domain.text import PageText, clean, fold_letters

LONGEST_KEY = 500  # characters; PostgreSQL indexes values up to some 2,700 bytes


@dataclass(frozen=True, slots=True)
class HeldDecree:
    """A decree that a recueil holds: the keys it is known under, its pages there and its facts."""

    keys: tuple[str, ...]
    first_page: int
    last_page: int
    facts: Facts


@dataclass(frozen=True, slots=True)
class KnownDecree:
    """A decree that was found before, by its id, with all keys that it is known under and its facts."""

    decree_id: int
    keys: frozenset[str]
    facts: Facts


@dataclass(frozen=True, slots=True)
class EarlierFinding:
    """What an earlier reading of the same recueil found: a stored decree and its pages there."""

    decree_id: int
    first_page: int
    last_page: int


@dataclass(frozen=True, slots=True)
class DecreeMatch:
    """Which decree was found: a stored one, or a new one, with the keys that it can be known under. Where it was found twice, the keys of
    its first finding come first.

    `is_unclear`: a number alone says that it is a known one, and nothing else shows it: a person is asked.
    """

    keys: tuple[str, ...]
    decree_id: int | None = None
    is_unclear: bool = False


def keys_of(decree: Decree) -> tuple[str, ...]:
    """Return the keys as stored. A decree without any is known by its place; a key too long to be indexed by its hash."""
    keys = decree.identities or (f"at:{decree.url}#page={decree.page}",)
    return tuple(dict.fromkeys(_storable(key) for key in keys))


def recognise(
    found: Sequence[HeldDecree], known: Sequence[KnownDecree], earlier: Sequence[EarlierFinding], *, asked: bool = False
) -> tuple[DecreeMatch, ...]:
    """Tell of each decree found, in order, which one it is.

    A shared key decides first (of several decrees, the oldest). Offices forget to change a number: one that is shared alone decides only
    where the facts do not contradict it (`_likeness`); what is then another decree gets a key of that number of its own. `asked`: a person
    was asked about what is unclear, and says that it is another.

    Then the place: when a recueil is read again because pages were missing, the text of a decree changes, and with it every key that
    depends on the text; a decree on the pages where the earlier reading had one, which no other decree claims by its keys, is that one.
    Ranges must share at least half of the shorter one.
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
        place = max(free, key=lambda place: _shared(item, place), default=None) if is_new else None
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

_VARIED = "#"
"""What parts a number key from the mark of a decree whose number another one has too: no other key of a number has it."""


def unvaried(key: str) -> str:
    """Return a key of a number without the mark of a decree whose number another one has too; any other key as it is."""
    return key.partition(_VARIED)[0] if key.startswith("number:") else key


_ALIKE = 0.75
"""Likeness of two names from which on they may be one, misread: 1 is the same."""


def _likeness(item: HeldDecree, one: KnownDecree) -> bool | None:
    """Return whether two decrees of one number are the same; None where that is not known.

    They differ in what is sure of their periods, signatures, places or operators, and in the identifiers of their acts. A contradiction
    without two identifiers, or two identifiers without anything else to compare, tells nothing.
    """
    two_acts = all(any(key.startswith("act:") for key in keys) for keys in (item.keys, one.keys))
    compared = [agree for agree in _comparisons(item.facts.sure, one.facts.sure) if agree is not None]
    if not all(compared):
        return False if two_acts else None
    return True if any(compared) or not two_acts else None


def _comparisons(one: Facts, two: Facts) -> Iterator[bool | None]:
    """Return for each fact whether both give the same; None where one of them does not give it, or where it tells nothing."""
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
    """Return the key of a post: 32 hexadecimal digits.

    Made from what the decree is, not from its row: were the database lost and made again, the same post would have the same key, and
    another decree could not inherit it.
    """
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
    """An act of a recueil, as far as it is known by: its identifier, title and first page, and its pages joined by line breaks.

    `other` is the same text where some of its pages have a second one.
    """

    act_id: str | None
    title: str
    first_page: int
    text: str
    other: str | None = None


def act_keys(url: str, acts: Sequence[ActIdentity]) -> list[tuple[str, ...]]:
    """Return the keys of each of the acts of the recueil at `url`, all of which must be given.

    - `act:…`, the identifier of the national template, unless several of these acts have it: it is then that of none of them.
    - `text:…`, the hash of the squeezed text, when it is long enough to be an act of its own; wherever it is published again.
    - `at:…`, its place, for an act without identifier: a reading that gets one more page changes the text, not the place. Together with
      the title, and only where no other act begins on that page: a decision must never fall on another act than the one that was read.
    """
    shared, opened = Counter(act.act_id for act in acts), Counter(act.first_page for act in acts)
    return [_keys(url, act, alone=shared[act.act_id] == 1, first=opened[act.first_page] == 1) for act in acts]


def _keys(url: str, act: ActIdentity, *, alone: bool, first: bool) -> tuple[str, ...]:
    keys: list[str] = []
    if act.act_id is not None and alone:
        keys.append(f"act:{act.act_id.strip().lower()}")
    for text in (act.text, act.other):
        tight = fold_letters(text or "")
        if len(tight) >= _SHORTEST:
            keys.append(f"text:{_digest(tight)}")
    if act.act_id is None and first:
        keys.append(f"at:{_digest(url)}:{act.first_page}:{_digest(fold_letters(act.title))}")
    return tuple(dict.fromkeys(keys))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:40]


# The identity of a document whose bytes change at every download (a timestamp, a token) while its words do not.


def text_digest(pages: Iterable[PageText]) -> str:
    """SHA-256 (64 hexadecimal digits) of the words of these pages: accents, case, spaces and punctuation do not count."""
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
    """Return the facts of the first sighting, with those that only a later one gives, in the order of the sightings.

    A draft without signature is followed by the signed text, a scan by a text that can be read. What is sure is never overwritten: which of
    two texts is right, no program can tell. What is to be verified gives way to what is sure, a period to one of which both ends are. Else
    it is completed only by one that agrees with the half that is known. What is to be verified there is here too; what a person settled is
    left.
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
    """Return the first of the days on which a decree was published, as far as they are known; None where none is.

    Third parties have two months from the publication (article R. 421-1 of the code de justice administrative): of several, only the first
    gives a last day that is safe. Nothing is published before it is signed: such a day was misread, and counts only where no other is
    known.
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
    """A stored decree that may be the one named: its number keys, the authority that decided it and the day of its signature."""

    decree: int
    keys: tuple[str, ...]
    authority: str
    signed: date | None = None

    def signed_as(self, prefix: str) -> frozenset[date]:
        """Return the days of signature known of the decree of this number; empty where none is."""
        marked = [unvaried(key).removeprefix(f"{prefix}signed:") for key in self.keys if key.startswith(f"{prefix}signed:")]
        days = {day for text in marked if (day := _day(text)) is not None}
        return frozenset(days | ({self.signed} if self.signed is not None else set()))


@dataclass(frozen=True, slots=True)
class ReferenceLink:
    """A reference as stored: `prefix` is what the keys of the decree it names begin with, `authority` whose decree that is."""

    decree: int
    reference: Reference
    prefix: str | None
    authority: str


def prefix_of(key: str) -> str | None:
    """Return what a key of a number begins with: `number:PP:2024-1017:`, by which references name it. None for every other key.

    A key that shows no date holds the number as printed (`number:PP:dupa-2024-01017`): its series and zeros go, as in the dated ones.
    """
    parts = unvaried(key).split(":", 3)
    if parts[0] != "number" or len(parts) < 3:
        return None
    # The separators at which it was cut leave the `n` of `n°`.
    number = parts[2] if len(parts) == 4 else comparable(re.sub(r"(?:^|-)n-(?=\d)", "-", parts[2]))
    return f"number:{parts[1]}:{number}:"


def linked(link: ReferenceLink, candidates: Iterable[Candidate]) -> int | None:
    """Return the id of the decree that a link means, None where none or more than one may be meant.

    By its number: of several decrees of one number, the one signed on the day that is named. A day that contradicts every candidate means
    another decree, of another year or series, that was never seen; one whose own day is not known contradicts nothing. A number without
    a year and without a day is every year's, and means none. By its day alone: the only decree of that authority signed on it.
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
    """One of the two decrees of a change, as far as the change shows it."""

    decree: int
    facts: Facts
    published: date | None


def change(link: ReferenceLink, changing: Party, changed: Party | None, *, shown: Party | None) -> Change:
    """Return what `changing` does to `changed`, with the id of `shown`, which is one of the two or None: never seen.

    A decree that ends another one often repeats the period that it ends: that is then not the day from which it counts.
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
    )


def _retroactive(facts: Facts, stored: Reference) -> bool | None:
    """Return what the facts of the decree that changes say of it: the row of a link holds only which decree it means."""
    wanted = (stored.change, stored.number, stored.signed)
    mine = (entry for entry in facts.references if (entry.change, entry.number, entry.signed) == wanted)
    return next((entry.retroactive for entry in mine), None)


def in_order(changes: Collection[Change]) -> tuple[Change, ...]:
    """Return each once, by the day from which it counts; those of which none is known first, as messages show them."""
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
    """Return a number without what changes from one print to the next.

    The series word before the year goes (`DUPA 2024-1017` is printed `2024-1017` inside the same act), blanks and kinds of
    separators too, and leading zeros (`2025-001006` is `2025-01006`). Keys that are stored hold this form.
    """
    tokens = re.findall(r"[a-z]+|\d+", re.sub(r"\bn\s?[°º]", " ", number.lower()))
    while len(tokens) > 1 and tokens[0].isalpha() and tokens[1].isdigit() and len(tokens[1]) >= 4:
        tokens = tokens[1:]
    return "-".join(token.lstrip("0") or "0" if token.isdigit() else token for token in tokens)
