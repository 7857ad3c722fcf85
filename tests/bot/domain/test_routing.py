from __future__ import annotations

import pytest

from bot.app.config.model import DestinationSettings
from bot.app.inventory import destination_of
from bot.domain.acts import Facts, Filter, Kind, Sighting
from bot.domain.posts import Destination, route_to, wants
from sources.catalogue.authority import load_authorities
from tests.bot.messages.samples import NOW, PDF, decree


@pytest.mark.parametrize(
    ("wish", "wanted"),
    [
        (Filter(), True),
        (Filter(departments=frozenset({"26"})), True),
        (Filter(departments=frozenset({"07", "38"})), False),
        (Filter(kinds=frozenset({Kind.AUTHORISATION})), True),
        (Filter(kinds=frozenset({Kind.ABROGATION})), False),
        (Filter(operators=frozenset({"sncf"})), True),
        (Filter(operators=frozenset({"ratp"})), False),
        (Filter(topics=frozenset({"vsa", "drones"})), True),
        (Filter(topics=frozenset({"drones"})), False),
        (Filter(frozenset({"26"}), frozenset({Kind.AUTHORISATION}), frozenset({"ratp", "Sncf"})), True),
        (Filter(frozenset({"26"}), frozenset({Kind.REFUSAL}), frozenset({"SNCF"})), False),
    ],
)
def test_wants(wish: Filter, wanted: bool) -> None:
    assert wants(wish, decree()) is wanted


@pytest.mark.parametrize(
    ("wish", "operator", "wanted"),
    [
        ("prefecture de police", "Préfecture  de Police", True),
        ("sacre-coeur", "Basilique du Sacré-Cœur", True),
        ("ÉVRY", "Commune d’Evry-Courcouronnes", True),
        ("commune", "Commune de Valence", True),
        ("valence ", "Commune de Valence", True),
        ("nice", "Police municipale de Cannes", False),
    ],
)
def test_operators_match_without_case_or_accents(wish: str, operator: str, wanted: bool) -> None:
    assert wants(Filter(operators=frozenset({wish})), decree(facts=Facts(operators=(operator,)))) is wanted


def test_a_decree_with_unread_operators_is_not_withheld() -> None:
    assert wants(Filter(operators=frozenset({"sncf"})), decree(facts=Facts()))


@pytest.mark.parametrize(
    ("authority", "department", "wanted"),
    [
        ("PP", "75", True),
        ("PP", "93", True),
        ("PP", "PP", True),
        ("PP", "77", False),
        ("R-IDF", "77", True),
        ("2A", "2A", True),
        ("75", "PP", False),
    ],
)
def test_who_follows_a_department_is_told_of_all_who_act_there(authority: str, department: str, wanted: bool) -> None:
    entry = DestinationSettings(name="one", platform="console", departments=(department,))
    followed = destination_of(entry, load_authorities())
    assert bool(route_to([followed], None, decree(authority=authority))) is wanted


def test_every_department_of_the_mainland_is_in_one_region() -> None:
    regions = [department for code, one in load_authorities().items() if code.startswith("R-") for department in one.territory]
    expected = {f"{n:02}" for n in range(1, 96) if n != 20} | {"2A", "2B"}
    assert sorted(regions) == sorted(expected)


@pytest.mark.parametrize(("number", "wanted"), [("07-2026-240", True), ("26-2026-240", False), ("211.2026", False), (None, False)])
def test_who_follows_a_department_is_told_of_what_its_own_recueil_publishes(number: str | None, wanted: bool) -> None:
    seen = Sighting("07", PDF, 3, NOW, number)
    joint = decree(authority="26", sightings=(seen,))
    assert wants(Filter(departments=frozenset({"07"})), joint) is wanted
    assert wants(Filter(departments=frozenset({"26"})), joint)


def test_destinations_keep_their_order() -> None:
    both = [Destination("z", "console"), Destination("a", "telegram", Filter(departments=frozenset({"26"})), chat=-1)]
    assert route_to(both, None, decree()) == ("z", "a")
    assert route_to(both, None, decree(authority="83")) == ("z",)
    assert route_to([], None, decree()) == ()


def test_a_decree_whose_operators_are_to_be_verified_is_not_withheld() -> None:
    assert wants(Filter(operators=frozenset({"sncf"})), decree(facts=Facts(operators=("RATP",), doubtful=("operators",))))
