"""The catalogue as a whole: nobody is missing, and each file says what is known of its site."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from importlib.resources import files
from urllib.parse import urlsplit

from sources.catalogue.authority import load_authorities
from sources.text import fold

CATALOGUE = load_authorities()
SOURCES = {source.key: source for authority in CATALOGUE.values() for source in authority.sources}

DEPARTMENTS = {f"{number:02}" for number in range(1, 96)} - {"20"} | {"2A", "2B", "971", "972", "973", "974", "976"}
REGIONS = {"R-ARA", "R-BFC", "R-BRE", "R-COR", "R-CVL", "R-GES", "R-HDF", "R-IDF", "R-NAQ", "R-NOR", "R-OCC", "R-PACA", "R-PDL"}
ZONES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "976": "Indian/Mayotte",
}
SHARED_PAGES = {
    frozenset({"75:site", "R-IDF:site", "PP:raa-75"}),
    frozenset({"92:site", "PP:special-92"}),
    frozenset({"93:site", "PP:special-93"}),
    frozenset({"94:site", "PP:special-94"}),
}
"""Sources of several authorities on one page."""

BROWSER_HOSTS = {"www.prefectures-regions.gouv.fr", "www.prefecturedepolice.interieur.gouv.fr"}


def test_every_department_and_region_is_described() -> None:
    assert len(DEPARTMENTS) == 101
    assert set(CATALOGUE) == DEPARTMENTS | REGIONS | {"PP"}


def test_each_file_is_named_after_its_department() -> None:
    names = {file.name for file in (files("sources") / "authorities").iterdir() if file.name.endswith(".toml")}
    slugs = {code: re.sub(r"[^a-z0-9]+", "-", fold(authority.department)) for code, authority in CATALOGUE.items()}
    assert names == {f"{code.lower()}-{slug}.toml" for code, slug in slugs.items()}


def test_a_name_of_a_department_means_one_authority_except_in_paris() -> None:
    codes = defaultdict(set)
    for code, authority in CATALOGUE.items():
        codes[fold(authority.department)].add(code)
    assert [found for found in codes.values() if len(found) > 1] == [{"75", "PP"}]


def test_days_turn_where_the_authority_is() -> None:
    assert {code: authority.time_zone for code, authority in CATALOGUE.items() if authority.time_zone != "Europe/Paris"} == ZONES


def test_a_page_has_one_source_unless_several_authorities_share_it() -> None:
    pages = defaultdict(set)
    for key, source in SOURCES.items():
        pages[source.root].add(key)
    assert {frozenset(keys) for keys in pages.values() if len(keys) > 1} == SHARED_PAGES


def test_only_the_hosts_behind_a_challenge_want_a_browser() -> None:
    assert {key for key, source in SOURCES.items() if source.browser} == {
        key for key, source in SOURCES.items() if urlsplit(source.root).hostname in BROWSER_HOSTS
    }


def test_notes_are_sentences() -> None:
    assert [key for key, source in SOURCES.items() if not source.notes] == []
    texts = [note for source in SOURCES.values() for note in source.notes]
    texts += [authority.not_covered for authority in CATALOGUE.values() if authority.not_covered]
    assert [text for text in texts if not re.fullmatch(r"[A-Z].*(\.|…)", text)] == []


def test_a_territory_is_of_departments_in_the_catalogue() -> None:
    assert {code for authority in CATALOGUE.values() for code in authority.territory} <= DEPARTMENTS
    assert CATALOGUE["PP"].territory == ("75", "92", "93", "94")


def test_only_the_region_of_auvergne_numbers_as_a_department_does() -> None:
    numbers = Counter(prefix for authority in CATALOGUE.values() for prefix in authority.prefixes or (authority.code,))
    assert [prefix for prefix, owners in numbers.items() if owners > 1] == ["84"]
