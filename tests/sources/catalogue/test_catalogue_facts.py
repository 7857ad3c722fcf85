"""The catalogue as a whole: nobody is missing, and each file says what is known of its site."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sources.catalogue.authority import load_authorities
from sources.text import canonical, fold

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


# Against the table of facts, for those who have it

TABLE = Path(__file__).resolve().parents[3].parent / "shared" / "facts" / "prefectures.tsv"
TABLE_NAMES = {
    "75": "Préfecture de Paris",
    "PP": "Préfecture de police",
    "R-NOR": "Préfecture de la région Normandie",
    "R-OCC": "Préfecture de la région Occitanie",
}
"""Where the table explains an authority rather than names it."""

TAG_PAGE = "https://www.prefectures-regions.gouv.fr/ile-de-france/tags/view/Ile-de-France/Documents+et+Publications/Recueil+des+actes+administratifs"
TABLE_ROOTS = {"75": TAG_PAGE, "R-IDF": TAG_PAGE}
"""Where the page was last seen under another spelling than the table's."""

TABLE_ORDERS = {"57": "newest-first", "PP": "newest-first", "R-PACA": "one-page"}
"""Where the table tells of a pager unlike the national one. R-PACA's is that of the index, above the list."""


def rows() -> list[dict[str, str]]:
    if not TABLE.is_file():
        return []
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


ROWS = rows()
needs_table = pytest.mark.skipif(not ROWS, reason=f"no table {TABLE}")
each_row = pytest.mark.parametrize("row", ROWS, ids=[row["code"] for row in ROWS])
each_page = pytest.mark.parametrize(
    "row", [row for row in ROWS if row["raa_root_url"]], ids=[row["code"] for row in ROWS if row["raa_root_url"]]
)


def root_in(row: dict[str, str]) -> str | None:
    """The page whose ways lead to the list: below the page that only sorts departments from regions or gives the session."""
    addresses = row["raa_root_url"].split("|")
    below = len(addresses) > 1 and row["navigation"].startswith("section-card")
    address = addresses[1] if below or row["navigation"].startswith("session") else addresses[0]
    return TABLE_ROOTS.get(row["code"]) or canonical(address, address)


def navigation_in(row: dict[str, str]) -> tuple[str, ...]:
    levels = [level for level in row["navigation"].split(">") if level not in {"", "flat"}]
    is_root_the_section = levels[:1] == ["section-card"] and "|" in row["raa_root_url"]
    return tuple(levels[1:] if is_root_the_section else levels)


def order_in(row: dict[str, str]) -> str:
    pagination = row["pagination"]
    if row["code"] in TABLE_ORDERS:
        return TABLE_ORDERS[row["code"]]
    if pagination.startswith("none"):
        return "one-page"
    if "order DESC" in pagination:
        return "newest-first"
    return "oldest-first" if "order ASC" in pagination else "unknown"


@needs_table
def test_the_table_and_the_catalogue_have_the_same_authorities() -> None:
    assert [row["code"] for row in ROWS if row["code"] not in CATALOGUE] == []
    assert len(ROWS) == len(CATALOGUE)


@needs_table
@each_row
def test_who_it_is_and_whether_a_page_is_known(row: dict[str, str]) -> None:
    authority = CATALOGUE[row["code"]]
    assert authority.name == TABLE_NAMES.get(row["code"], row["name"])
    assert bool(authority.sources) == bool(row["raa_root_url"])


@needs_table
@each_page
def test_the_way_to_the_list(row: dict[str, str]) -> None:
    source = CATALOGUE[row["code"]].sources[0]
    assert source.root == root_in(row)
    assert urlsplit(source.root).hostname == row["hostname"]
    assert source.navigation == navigation_in(row)
    assert source.listing == (row["listing"] or "unknown")
    assert source.order == order_in(row)


@needs_table
@each_page
def test_where_it_is_known_from(row: dict[str, str]) -> None:
    source = CATALOGUE[row["code"]].sources[0]
    told = row["evidence"]
    assert ("MaximeMaigret2" in source.evidence) == ("MaximeMaigret2" in told or "prefecture-" in told or "registre-sources" in told)
    assert ("Attrap" in source.evidence) == ("(2024-25)" in told)
    assert ("Furet" in source.evidence) == ("Furet" in told)
    if days := re.findall(r"\d{4}-\d\d-\d\d", told):
        assert str(source.checked) == max(days)
        assert max(days) in source.evidence


@needs_table
def test_only_pages_nobody_described_are_unverified() -> None:
    unseen = {f"{row['code']}:site" for row in ROWS if row["raa_root_url"] and not row["listing"]}
    assert len(unseen) == 6
    assert {key for key, source in SOURCES.items() if source.unverified} == unseen | {"57:bulletins"}


def test_a_territory_is_of_departments_in_the_catalogue() -> None:
    assert {code for authority in CATALOGUE.values() for code in authority.territory} <= DEPARTMENTS
    assert CATALOGUE["PP"].territory == ("75", "92", "93", "94")


def test_only_the_region_of_auvergne_numbers_as_a_department_does() -> None:
    numbers = Counter(prefix for authority in CATALOGUE.values() for prefix in authority.prefixes or (authority.code,))
    assert [prefix for prefix, owners in numbers.items() if owners > 1] == ["84"]
