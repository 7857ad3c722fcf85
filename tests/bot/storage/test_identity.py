from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.detection.facts.identity import identities, prefix
from bot.domain.acts import Facts, Kind, Moment, Reference
from bot.domain.identity import (
    LONGEST_KEY,
    ActIdentity,
    Candidate,
    EarlierFinding,
    HeldDecree,
    KnownDecree,
    Party,
    ReferenceLink,
    act_keys,
    change,
    earliest,
    linked,
    merge_facts,
    of_topic,
    post_key,
    prefix_of,
    recognise,
)

NO_FACTS = Facts()


def held(keys: tuple[str, ...], first_page: int, last_page: int) -> HeldDecree:
    return HeldDecree(keys, first_page, last_page, NO_FACTS)


def known(decree_id: int, *keys: str, facts: Facts = NO_FACTS) -> KnownDecree:
    return KnownDecree(decree_id, frozenset(keys), facts)


@pytest.mark.parametrize(
    ("found", "stored", "earlier", "expected"),
    [
        # Nothing is known.
        ([held(("a",), 1, 1)], [], [], (None,)),
        # By a key, whatever the place.
        ([held(("a", "b"), 1, 1)], [known(7, "b")], [], (7,)),
        # Keys of two stored decrees: the older one.
        ([held(("a", "b"), 1, 1)], [known(9, "a"), known(7, "b")], [], (7,)),
        # By the place of an earlier reading: same pages, a page missed at its beginning, a page more at its end.
        ([held(("a",), 3, 6)], [], [EarlierFinding(7, 3, 6)], (7,)),
        ([held(("a",), 3, 6)], [], [EarlierFinding(7, 4, 6)], (7,)),
        ([held(("a",), 3, 6)], [], [EarlierFinding(7, 3, 7)], (7,)),
        # Neighbours that share the page where one ends and the other begins are not the same.
        ([held(("a",), 5, 7)], [], [EarlierFinding(7, 3, 5)], (None,)),
        ([held(("a",), 6, 7)], [], [EarlierFinding(7, 3, 5)], (None,)),
        # A place is taken once, and a key goes before a place.
        ([held(("a",), 3, 3), held(("b",), 3, 3)], [], [EarlierFinding(7, 3, 3)], (7, None)),
        ([held(("a",), 3, 3), held(("b",), 3, 3)], [known(7, "b")], [EarlierFinding(7, 3, 3)], (None, 7)),
        # The place of a decree of another topic is not its own.
        ([held(("a",), 3, 6)], [], [EarlierFinding(7, 3, 6, "drones")], (None,)),
        # The place that shares most.
        ([held(("a",), 3, 8)], [], [EarlierFinding(7, 3, 4), EarlierFinding(8, 5, 8)], (8,)),
    ],
)
def test_recognise(
    found: list[HeldDecree], stored: list[KnownDecree], earlier: list[EarlierFinding], expected: tuple[int | None, ...]
) -> None:
    assert tuple(one.decree_id for one in recognise(found, stored, earlier)) == expected


NUMBER = "number:83:2026-bsp-op-24:signed:2026-03-19"
DAY = date(2026, 3, 19)
EVENING = Facts(
    starts=Moment(DAY, time(14, 30)), ends=Moment(DAY, time(20)), signed=DAY, operators=("Police nationale",), places=("quartier du Val",)
)
NEXT_DAY = replace(EVENING, starts=Moment(DAY + timedelta(1), time(14, 30)), ends=Moment(DAY + timedelta(1), time(20)))
SAME, OTHER, ASKED = "same", "other", "asked"


@pytest.mark.parametrize(
    ("facts", "two_acts", "expected"),
    [
        # One decree, published twice, under two identifiers.
        (EVENING, True, SAME),
        (replace(EVENING, places=(), operators=(), ends=None), True, SAME),
        (replace(EVENING, starts=Moment(DAY), places=("quartier du VaI",)), True, SAME),
        (replace(EVENING, ends=Moment(DAY + timedelta(1), time(1))), True, SAME),
        # The office forgot to change the number.
        (NEXT_DAY, True, OTHER),
        (replace(EVENING, starts=Moment(DAY, time(20, 30)), ends=None), True, OTHER),
        (replace(EVENING, places=("stade Mayol",)), True, OTHER),
        (replace(EVENING, operators=("Gendarmerie nationale",)), True, OTHER),
        (replace(EVENING, signed=DAY + timedelta(2)), True, OTHER),
        # Nothing tells.
        (Facts(signed=DAY), True, ASKED),
        (replace(NEXT_DAY, doubtful=("starts", "ends"), places=(), operators=()), True, ASKED),
        (NEXT_DAY, False, ASKED),
        # A line of a table, a scan: as far as it is read it is the same.
        (Facts(signed=DAY), False, SAME),
        (EVENING, False, SAME),
    ],
)
def test_a_number_alone_makes_no_decree_another_one(facts: Facts, two_acts: bool, expected: str) -> None:
    stored = known(7, NUMBER, "act:83-2026-03-19-00001", facts=EVENING)
    item = HeldDecree((*(["act:83-2026-03-20-00001"] if two_acts else []), NUMBER), 3, 6, facts)
    [one] = recognise([item], [stored], [])
    assert (SAME if one.decree_id == 7 else ASKED if one.is_unclear else OTHER) == expected
    [accepted] = recognise([item], [stored], [], asked=True)
    assert (accepted.decree_id, accepted.is_unclear) == (7 if expected == SAME else None, False)
    if expected != SAME:
        assert NUMBER not in accepted.keys
        assert {prefix_of(key) for key in accepted.keys} == {prefix_of(key) for key in item.keys}
        # It is found again, elsewhere and beside the first; and found again here it is the same, whatever is read there now.
        again = known(9, *accepted.keys, facts=facts)
        if expected == OTHER:
            assert recognise([replace(item, keys=("act:2", NUMBER))], [stored, again], [])[0].decree_id == 9
        assert recognise([replace(item, keys=(NUMBER,))], [stored], [EarlierFinding(7, 3, 6)])[0].decree_id == 7


def test_two_decrees_of_one_number_in_one_recueil_are_two_and_one_printed_twice_is_one() -> None:
    first = HeldDecree(("act:1", NUMBER), 3, 4, EVENING)
    second = HeldDecree(("act:2", NUMBER), 5, 6, NEXT_DAY)
    found = recognise([first, second, replace(second, keys=("act:3", NUMBER)), replace(first, keys=("act:4", NUMBER))], [], [])
    keys = [set(one.keys) for one in found]
    assert not keys[0] & keys[1]
    assert (found[2].keys[:2], found[3].keys[:2]) == (tuple(sorted(found[1].keys)), tuple(sorted(found[0].keys)))


@given(st.lists(st.text(max_size=5), min_size=1, max_size=4), st.randoms())
def test_the_order_of_keys_does_not_change_the_key_of_a_post(keys: list[str], random: object) -> None:
    shuffled = keys[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives an object
    assert post_key("t", shuffled) == post_key("t", keys)
    assert len(post_key("t", keys)) == 32
    assert post_key("t", keys) != post_key("u", keys)


def test_a_destination_and_a_key_cannot_be_mistaken_for_others() -> None:
    assert post_key("ab", ["c"]) != post_key("a", ["bc"])
    assert LONGEST_KEY < 2_700


URL = "https://prefecture.example/raa.pdf"
LONG = "Le préfet arrête : la commune est autorisée à traiter les images. " * 8
ACT = ActIdentity("26-2026-08-14-00001", "Arrêté", 3, LONG)


def keys(*acts: ActIdentity, url: str = URL) -> list[set[str]]:
    return [set(each) for each in act_keys(url, acts)]


def test_an_act_is_known_by_its_identifier_and_its_text() -> None:
    [one] = keys(ACT)
    assert one == {"act:26-2026-08-14-00001", next(key for key in one if key.startswith("text:"))}
    assert keys(replace(ACT, text=LONG + "Une page de plus, lue enfin."))[0] & one, "by its identifier"
    assert keys(replace(ACT, act_id=None, text=LONG.upper().replace(" ", "\n")), url="https://elsewhere.example/")[0] & one, "by its text"
    assert keys(replace(ACT, text="", other=LONG))[0] & one
    assert not keys(replace(ACT, act_id="26-2026-08-14-00002", text=LONG + "autre"))[0] & one


def test_an_identifier_of_several_acts_is_none_s() -> None:
    one, two = keys(ACT, replace(ACT, first_page=7, text=LONG + "autre"))
    assert not one & two
    assert not any(key.startswith("act:") for key in one | two)


def test_an_act_that_was_judged_for_two_topics_has_the_keys_of_one_act_for_each() -> None:
    [alone] = keys(ACT)
    one, two = keys(ACT, replace(ACT, topic="drones"))
    assert (one, two) == (alone, {of_topic(key, "drones") for key in alone})
    assert not one & two
    # Beside another act of its identifier it has no key by that, whatever that one was judged for.
    for topic in ("vsa", "drones"):
        found = set[str]().union(*keys(ACT, replace(ACT, topic="drones"), replace(ACT, first_page=7, text=LONG + "autre", topic=topic)))
        assert not any(key.startswith("act:") for key in found)


def test_without_identifier_or_text_an_act_is_known_by_its_place_and_title() -> None:
    scan = ActIdentity(None, "AP signé", 1, "")
    [one] = keys(scan)
    assert len(one) == 1
    assert keys(replace(scan, text=LONG))[0] & one, "a page was read since"
    for other in (replace(scan, first_page=2), replace(scan, title="Autre")):
        assert not keys(other)[0] & one
    assert not keys(scan, url="https://prefecture.example/other.pdf")[0] & one


def test_where_two_acts_begin_on_a_page_the_place_is_neither_s() -> None:
    scan = ActIdentity(None, "AP signé", 1, "")
    assert keys(scan, replace(scan, title="Autre")) == [set(), set()]
    assert keys(scan, replace(scan, first_page=2)) == [*keys(scan), *keys(replace(scan, first_page=2))]


# What sightings complete of each other.


AUGUST = date(2026, 8, 14)
FIRST, LAST = Moment(AUGUST, time(14)), Moment(date(2026, 8, 16))
ANOTHER = Moment(date(2026, 9, 1))


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        (Facts(), Facts("12", signed=AUGUST, cameras=4), Facts("12", signed=AUGUST, cameras=4)),
        (Facts("12"), Facts("13", signed=AUGUST), Facts("12", signed=AUGUST)),
        (Facts(operators=("SNCF",)), Facts(operators=("RATP", "SNCF")), Facts(operators=("SNCF",))),
        (Facts(), Facts(starts=FIRST, ends=LAST), Facts(starts=FIRST, ends=LAST)),
        (Facts(starts=FIRST), Facts(starts=FIRST, ends=LAST), Facts(starts=FIRST, ends=LAST)),
        (Facts(starts=FIRST), Facts(starts=ANOTHER, ends=ANOTHER), Facts(starts=FIRST)),
        (Facts(ends=LAST), Facts(starts=FIRST, ends=LAST), Facts(starts=FIRST, ends=LAST)),
        (Facts(ends=LAST), Facts(starts=FIRST, ends=ANOTHER), Facts(ends=LAST)),
        (Facts(), Facts(references=(Reference(Kind.RENEWAL, "1"),), authority="PP"), Facts()),
    ],
)
def test_what_is_missing_is_taken_and_nothing_is_overwritten(own: Facts, other: Facts, expected: Facts) -> None:
    assert merge_facts(own, [other]) == expected


def test_the_earlier_sighting_goes_first() -> None:
    assert merge_facts(Facts(), [Facts(cameras=4), Facts("12", cameras=5)]) == Facts("12", cameras=4)


SEPTEMBER = date(2026, 9, 20)


@pytest.mark.parametrize(
    ("days", "signed", "expected"),
    [
        ([], None, None),
        ([None], AUGUST, None),
        ([SEPTEMBER, AUGUST], None, AUGUST),
        ([None, AUGUST], AUGUST, AUGUST),
        ([SEPTEMBER, AUGUST], date(2026, 8, 15), SEPTEMBER),
        ([SEPTEMBER, AUGUST], date(2026, 9, 21), AUGUST),
    ],
)
def test_the_first_day_on_which_it_can_have_been_published(days: list[date | None], signed: date | None, expected: date | None) -> None:
    assert earliest(days, signed) == earliest(days[::-1], signed) == expected


some_facts = st.builds(
    Facts,
    number=st.none() | st.just("12"),
    signed=st.none() | st.just(AUGUST),
    starts=st.sampled_from([None, FIRST, ANOTHER]),
    ends=st.sampled_from([None, LAST, ANOTHER]),
    purposes=st.sampled_from([(), ("weapon",), ("fire",)]),
    cameras=st.none() | st.integers(1, 9),
)


@given(some_facts, st.lists(some_facts, max_size=3))
def test_what_was_known_stays_and_completing_again_changes_nothing(own: Facts, others: list[Facts]) -> None:
    after = merge_facts(own, others)
    for entry in fields(Facts):
        known = getattr(own, entry.name)
        assert getattr(after, entry.name) == known or not known
    assert merge_facts(after, others) == after


def test_what_is_to_be_verified_where_it_comes_from_is_here_too() -> None:
    other = Facts("12", cameras=5, places=("gare du Nord",), doubtful=("cameras", "places"))
    assert merge_facts(Facts(cameras=4), [other]) == Facts("12", cameras=4, places=("gare du Nord",), doubtful=("places",))


def test_what_is_to_be_verified_gives_way_to_what_is_sure() -> None:
    own = Facts("12", cameras=4, office="Le préfet", doubtful=("number", "cameras", "office"))
    other = Facts("13", cameras=5, doubtful=("number",))
    assert merge_facts(own, [other]) == Facts("12", cameras=5, office="Le préfet", doubtful=("number", "office"))


def test_a_period_that_is_to_be_verified_gives_way_to_a_sure_one_with_both_its_ends() -> None:
    own = Facts(starts=ANOTHER, ends=LAST, doubtful=("starts", "ends"))
    assert merge_facts(own, [Facts(starts=FIRST, ends=LAST)]) == Facts(starts=FIRST, ends=LAST)
    for other in (Facts(starts=FIRST), Facts(starts=FIRST, ends=LAST, doubtful=("starts",))):
        assert merge_facts(own, [other]) == own


# Which decree a reference means: by its number, by its day, or none rather than the wrong one.


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
NEXT = numbered(5, "number:26:2026-124:signed:2026-04-17")
OWN = numbered(ITSELF, f"{PREFIX}signed:2026-04-17")


@pytest.mark.parametrize(
    ("named", "candidates", "expected"),
    [
        (link(), [], None),
        (link(), [APRIL_S], 1),
        (link(), [APRIL_S, NEXT], 1),
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


BEGINS = Moment(date(2026, 4, 20))


@pytest.mark.parametrize(
    ("kind", "facts", "published", "target", "since"),
    [
        (Kind.MODIFICATION, Facts(signed=APRIL, starts=BEGINS), MAY, None, BEGINS.day),
        (Kind.MODIFICATION, Facts(signed=APRIL), MAY, None, APRIL),
        (Kind.ABROGATION, Facts(), MAY, None, MAY),
        (Kind.ABROGATION, Facts(), None, None, None),
        # The period that it repeats is the one that it ends.
        (Kind.ABROGATION, Facts(signed=APRIL, starts=BEGINS), MAY, Facts(starts=BEGINS), APRIL),
        (Kind.SUSPENSION, Facts(starts=BEGINS), MAY, Facts(starts=BEGINS), MAY),
        (Kind.ABROGATION, Facts(starts=BEGINS), None, Facts(starts=BEGINS), BEGINS.day),
        (Kind.ABROGATION, Facts(signed=APRIL, starts=BEGINS), MAY, Facts(starts=Moment(MAY)), BEGINS.day),
        (Kind.RENEWAL, Facts(signed=APRIL, starts=BEGINS), MAY, Facts(starts=BEGINS), BEGINS.day),
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
