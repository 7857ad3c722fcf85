"""Sources of which only the root is known: the general rule finds the way of every layout of the national platform without being told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sources.catalogue.authority import Source, load_authorities
from sources.crawl.crawler import Crawler
from tests.sources import recorded
from tests.sources.crawl.test_recorded_crawls import COUNTS, DAYS, site
from tests.sources.markup import HOST, ROOT, download, page, white_card
from tests.sources.poller import AUGUST, YEAR, cards, files, listing
from tests.sources.steps import At, Case, card, case, play

NATIONAL = [(code, walks) for code, walks, _ in COUNTS if code not in {"57", "75"}]


def untold(source: Source) -> Source:
    """The source as the catalogue has those that were never seen."""
    return replace(source, navigation=(), listing="unknown", order="unknown", follow=(), ignore=(), only=(), unverified=True)


@recorded.needs_pages
@pytest.mark.parametrize("day", [0, 1])
@pytest.mark.parametrize(("code", "walks"), NATIONAL)
async def test_the_entries_of_a_real_prefecture_are_found_untold(code: str, walks: tuple[int, int], day: int) -> None:
    source = load_authorities()[code].sources[0]
    today = DAYS[day]
    now = datetime(today.year, today.month, today.day, 9, tzinfo=UTC)
    told = await Crawler(site(code)).poll(source, None, today=today, now=now)
    pages = site(code)
    first = await Crawler(pages).poll(untold(source), None, today=today, now=now)
    assert first.listed == told.listed
    # Both ends of a list are read where its order is not known.
    assert first.requests <= walks[day] + 1
    again = await Crawler(pages).poll(untold(source), first.trail, today=today, now=now + timedelta(minutes=5))
    assert again.unchanged
    assert again.requests <= told.requests


UNTOLD = untold(Source("99", "site", "national", ROOT, "unknown", "unknown"))
NEWEST_FIRST = {
    **listing(AUGUST, list(range(1, 36)), newest_first=True, day="01/08/2026"),
    AUGUST: listing(AUGUST, list(range(1, 36)), newest_first=True, day="03/08/2026")[AUGUST],
}
MARTINIQUE = f"{ROOT}/Archives"
BRANCHES = {
    "14": ("Recueil-des-actes-administratifs-departemental", "Recueil-des-actes-administratifs-regional"),
    "18": ("Recueil-des-actes-administratifs", "Arretes-et-circulaires"),
    "21": ("Recueils-des-actes-administratifs-de-l-annee-en-cours", "Recueils-des-actes-administratifs-des-annees-anterieures", "FAQ"),
    "2A": ("Recueil-des-actes-administratifs-de-la-prefecture-de-la-Corse-du-Sud", "Recueil-des-actes-administratifs-de-Corse"),
    "31": ("Recueil-des-Actes-Administratifs-Haute-Garonne", "Recueil-des-Actes-Administratifs-Occitanie"),
    "59": ("RAA-du-departement-du-Nord", "TEST-RAA"),
    "61": ("Le-Recueil-des-Actes-Administratifs-RAA", "Delegations-de-signature"),
    "63": ("Recueils-des-actes-administratifs-Puy-de-Dome", "Recueils-des-actes-administratifs-Auvergne"),
    "81": ("RAA", "Archives-des-RAA"),
}
"""The section to follow, and those beside it that would be somebody else's, or something else."""

LAYOUTS = (
    *(
        case(
            f"a section of that name ({code})",
            At("2026-08-14", {ROOT: cards(*(f"{ROOT}/{name}" for name in names)), f"{ROOT}/{names[0]}": files(1)}, [1], 2),
            source=UNTOLD,
        )
        for code, names in BRANCHES.items()
    ),
    case(
        "sections of one past and of one that lasts (09)",
        At("2026-08-14", {
            ROOT: cards(f"{ROOT}/Recueils-de-2004-a-2014", f"{ROOT}/Recueils-a-partir-du-28-avril-2015"),
            f"{ROOT}/Recueils-a-partir-du-28-avril-2015": cards(f"{ROOT}/x/RAA-mois-Aout-2026", f"{ROOT}/x/RAA-mois-Juillet-2026"),
            f"{ROOT}/x/RAA-mois-Aout-2026": files(1),
        }, [1], 3),
        source=UNTOLD,
    ),
    case(
        "a page called archives whose card tells its years (972)",
        At("2026-08-14", {ROOT: page(card(MARTINIQUE, "Archives (RAAP/RAA 2015-2026)")), MARTINIQUE: cards(f"{MARTINIQUE}/2026"),
                          f"{MARTINIQUE}/2026": files(1)}, [1], 3),
        source=UNTOLD,
    ),
    case(
        "categories below a year (23)",
        At("2026-08-14", {ROOT: cards(YEAR), YEAR: cards(*(f"{YEAR}/{kind}" for kind in ("Speciaux", "Reguliers", "Nominatifs"))),
                          **{f"{YEAR}/{kind}": files(n) for n, kind in enumerate(("Speciaux", "Reguliers", "Nominatifs"))}},
           [0, 1, 2], 5, then=3),
        source=UNTOLD,
    ),
    case(
        "articles beside a file",
        At("2026-08-14", {ROOT: cards(YEAR), YEAR: page(white_card(f"{YEAR[len(HOST):]}/RAA-n-12", "RAA n° 12"), download(1))},
           [f"{YEAR}/RAA-n-12", 1], 2),
        source=UNTOLD,
    ),
    case(
        "a list in pages, without dates: both its ends are asked",
        At("2026-08-14", {ROOT: cards(AUGUST), **listing(AUGUST, list(range(1, 36)), newest_first=False)}, [*range(1, 36)], 5, then=2),
        source=UNTOLD,
    ),
    case(
        "a list in pages whose dates show its order",
        At("2026-08-14", {ROOT: cards(AUGUST), **NEWEST_FIRST}, [*range(1, 36)], 5),
        source=UNTOLD,
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", LAYOUTS, ids=str)
async def test_a_layout_nobody_described(case: Case) -> None:
    await play(case)
