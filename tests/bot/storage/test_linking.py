"""Which decree a reference means: by its number, by its day, or none rather than the wrong one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.detection.facts.identity import identities, prefix
from bot.domain.acts import Facts, Kind, Moment, Reference
from bot.domain.identity import Candidate, Party, ReferenceLink, change, linked, prefix_of

APRIL, MAY = date(2026, 4, 17), date(2026, 5, 2)
PREFIX = "number:26:2026-123:"
ITSELF = 9


def link(
    number: str | None = "2026-123", signed: date | None = None, kind: Kind = Kind.ABROGATION, begins: str | None = PREFIX
) -> ReferenceLink:
    return ReferenceLink(ITSELF, Reference(kind, number, signed), begins if number is not None else None, "26")


def numbered(decree: int, *keys: str, signed: date | None = None) -> Candidate:
    return Candidate(decree, keys, "26", signed)


APRIL_S = numbered(1, f"{PREFIX}signed:2026-04-17", f"{PREFIX}starts:2026-04-20")
MAY_S = numbered(2, f"{PREFIX}signed:2026-05-02")
UNDATED = numbered(3, f"{PREFIX}starts:2026-06-01")
PRINTED = numbered(4, "number:26:2026-0123")
OTHER = numbered(5, "number:26:2026-124:signed:2026-04-17")
OWN = numbered(ITSELF, f"{PREFIX}signed:2026-04-17")


@pytest.mark.parametrize(
    ("named", "candidates", "expected"),
    [
        (link(), [], None),
        (link(), [APRIL_S], 1),
        (link(), [APRIL_S, OTHER], 1),
        (link(), [PRINTED], 4),
        (link(), [APRIL_S, MAY_S], None),
        (link(), [OWN], None),
        (link(), [OWN, MAY_S], 2),
        (link(signed=MAY), [APRIL_S, MAY_S], 2),
        (link(signed=MAY), [APRIL_S], None),
        (link(signed=MAY), [APRIL_S, UNDATED], 3),
        (link(signed=MAY), [MAY_S, UNDATED], 2),
        (link(signed=MAY), [UNDATED, PRINTED], None),
        # What its facts tell counts as much as its keys.
        (link(signed=MAY), [numbered(6, f"{PREFIX}starts:2026-06-01", signed=APRIL)], None),
        (link(signed=APRIL), [numbered(6, f"{PREFIX}starts:2026-06-01", signed=APRIL)], 6),
        # "n° 12" is every year's; with its day it is one.
        (link("12", begins="number:26:12:"), [numbered(7, "number:26:12:signed:2026-04-17")], None),
        (link("12", APRIL, begins="number:26:12:"), [numbered(7, "number:26:12:signed:2026-04-17")], 7),
        # A number too long to be stored as a key means none.
        (link(begins=None), [APRIL_S], None),
        # By its day alone.
        (link(None, APRIL), [numbered(1, signed=APRIL), numbered(2, signed=MAY)], 1),
        (link(None, APRIL), [numbered(1, signed=APRIL), numbered(2, signed=APRIL)], None),
        (link(None, APRIL), [numbered(ITSELF, signed=APRIL)], None),
        (link(None, APRIL), [Candidate(1, (), "PP", APRIL)], None),
        (link(None, None), [numbered(1)], None),
    ],
)
def test_the_decree_that_is_meant(named: ReferenceLink, candidates: list[Candidate], expected: int | None) -> None:
    assert linked(named, candidates) == expected
    assert linked(named, candidates[::-1]) == expected


@pytest.mark.parametrize(
    "key", ["act:75-2024-07-19-00012", "text:abc", "part:26:abc:1", "sha256:abc", "title:number:26:x", "number:", "", "26|12"]
)
def test_a_key_of_no_number_has_no_prefix(key: str) -> None:
    assert prefix_of(key) is None


NUMBERS = st.from_regex(r"(DUPA[ -]?|DUPA ?n° ?|CAB-)?20[0-9]{2}[-/]0{0,3}[0-9]{1,5}(/[A-Z]{1,4}|-[0-9]{1,2})?", fullmatch=True)


@given(NUMBERS, st.none() | st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.none() | st.dates(date(2024, 1, 1), date(2030, 1, 1)))
def test_every_key_of_a_number_begins_as_references_name_it(number: str, signed: date | None, starts: date | None) -> None:
    """Two packages make the two, and neither imports the other: this is what keeps them one."""
    keys = identities("26", None, Facts(number, signed=signed, starts=Moment(starts) if starts else None), "")
    assert keys
    assert {prefix_of(key) for key in keys} == {prefix(Reference(Kind.ABROGATION, number), "26")}


STARTS = Moment(date(2026, 4, 20))


@pytest.mark.parametrize(
    ("kind", "facts", "published", "target", "since"),
    [
        (Kind.MODIFICATION, Facts(signed=APRIL, starts=STARTS), MAY, None, STARTS.day),
        (Kind.MODIFICATION, Facts(signed=APRIL), MAY, None, APRIL),
        (Kind.ABROGATION, Facts(), MAY, None, MAY),
        (Kind.ABROGATION, Facts(), None, None, None),
        # The period that it repeats is the one that it ends.
        (Kind.ABROGATION, Facts(signed=APRIL, starts=STARTS), MAY, Facts(starts=STARTS), APRIL),
        (Kind.SUSPENSION, Facts(starts=STARTS), MAY, Facts(starts=STARTS), MAY),
        (Kind.ABROGATION, Facts(starts=STARTS), None, Facts(starts=STARTS), STARTS.day),
        (Kind.ABROGATION, Facts(signed=APRIL, starts=STARTS), MAY, Facts(starts=Moment(MAY)), STARTS.day),
        (Kind.RENEWAL, Facts(signed=APRIL, starts=STARTS), MAY, Facts(starts=STARTS), STARTS.day),
    ],
)
def test_the_day_from_which_a_change_counts(
    kind: Kind, facts: Facts, published: date | None, target: Facts | None, since: date | None
) -> None:
    changing = Party(ITSELF, facts, published)
    changed = Party(1, target, None) if target is not None else None
    assert change(link(kind=kind), changing, changed, shown=changed).since == since


def test_a_change_has_the_cameras_of_the_decree_that_changes_where_they_are_sure() -> None:
    for facts, cameras in ((Facts(cameras=30), 30), (Facts(cameras=30, doubtful=("cameras",)), None)):
        assert change(link(kind=Kind.MODIFICATION), Party(ITSELF, facts, None), None, shown=None).cameras == cameras
