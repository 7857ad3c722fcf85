"""What must never break the way to a listing: the calendar, and what editors do to their pages. Each row is a site seen on dated days.

A step reads: on this day, after these changes, the poll lists these recueils in so many requests; the poll after it takes `then`
requests (one, where nothing is said) and lists nothing. The numbers in the names are the departments where it was seen.
"""

from __future__ import annotations

import pytest

from sources.model import CrawlFailed, LayoutChanged
from tests.sources.markup import HOST, ROOT, download, file_href, page, pager, white_card
from tests.sources.poller import AUGUST, JULY, YEAR, cards, files, listing, source
from tests.sources.steps import BY_MONTH, BY_YEAR, SAME, At, Case, Changes, To, card, case, play

NEXT_YEAR = f"{ROOT}/Annee-2027"
SEPTEMBER, OCTOBER = f"{YEAR}/Septembre-2026", f"{YEAR}/Octobre-2026"
DECEMBER, JANUARY = f"{YEAR}/Decembre-2026", f"{NEXT_YEAR}/Janvier-2027"
UNDER_WAY = f"{ROOT}/Annee-en-cours"


def article(url: str, text: str) -> str:
    return white_card(url.removeprefix(HOST), text)


AHEAD, RENAMED_SEPTEMBER = f"{YEAR}/09.-Septembre", f"{YEAR}/09.-Septembre-2026"

MONTHS = (
    case(
        "the new month's page is there and empty; the old one is watched for a week",
        At("2026-08-31", {**BY_MONTH, YEAR: cards(JULY, AUGUST, SEPTEMBER), SEPTEMBER: page()}, [2], 3),
        At("2026-09-01", SAME, [2], 4, then=2),
        At("2026-09-01", {AUGUST: files(3, 2)}, [3, 2], 2, then=2),
        At("2026-09-01", {SEPTEMBER: files(4)}, [4, 3, 2], 4, then=2),
        At("2026-09-07", SAME, [4, 3, 2], 4, then=2),
        At("2026-09-08", SAME, [4], 3),
    ),
    case(
        "the new month has no card yet",
        At("2026-08-31", BY_MONTH, [2], 3),
        At("2026-09-01", SAME, [2], 3, then=2),
        At("2026-09-01", {YEAR: cards(SEPTEMBER, AUGUST, JULY), SEPTEMBER: files(3)}, [3, 2], 5, then=2),
    ),
    case(
        "the month that is over has no recueil yet: its card is awaited while it may be filled late",
        At("2026-09-30", {ROOT: cards(YEAR), YEAR: cards(JULY, AUGUST), AUGUST: files(2), JULY: files(1)}, [2], 3, then=2),
        At("2026-10-01", {YEAR: cards(JULY, AUGUST, OCTOBER), OCTOBER: files(4)}, [4], 3, then=2),
        At("2026-10-02", {YEAR: cards(JULY, AUGUST, SEPTEMBER, OCTOBER), SEPTEMBER: files(3)}, [3, 4], 4, then=2),
        At("2026-10-07", SAME, [3, 4], 4, then=2),
        At("2026-10-08", SAME, [4], 3),
    ),
    case(
        "the month that is over has no recueil yet: its page is asked while it may be filled late",
        At("2026-08-31", {**BY_MONTH, AUGUST: page()}, [1], 4, then=2),
        At("2026-09-01", {YEAR: cards(JULY, AUGUST, SEPTEMBER), SEPTEMBER: files(4)}, [4], 4, then=2),
        At("2026-09-02", {AUGUST: files(3)}, [3, 4], 4, then=2),
        At("2026-09-07", SAME, [3, 4], 4, then=2),
        At("2026-09-08", SAME, [4], 3),
    ),
    case(
        "the bot was off for weeks: the months that went by are read once",
        At("2026-07-20", BY_MONTH, [1], 3),
        At("2026-09-15", {YEAR: cards(JULY, AUGUST, SEPTEMBER), JULY: files(5, 1), AUGUST: files(6, 2), SEPTEMBER: files(7)},
           [1, 5, 2, 6, 7], 5),
        At("2026-09-16", SAME, [7], 3),
    ),
    case(
        "the bot was off for half a year: what is older than two months is a backfill's",
        At("2026-07-20", BY_MONTH, [1], 3),
        At("2026-12-15", {YEAR: cards(JULY, AUGUST, OCTOBER, DECEMBER), OCTOBER: files(8), DECEMBER: files(9)}, [8, 9], 4),
    ),
    case(
        "nothing comes for two months: the last month that has a recueil shows that the way is right",
        At("2026-07-31", {**BY_MONTH, AUGUST: page()}, [1], 3),
        At("2026-08-31", SAME, [1], 4, then=2),
        At("2026-09-15", {YEAR: cards(JULY, AUGUST, SEPTEMBER), SEPTEMBER: page()}, [1], 5, then=2),
    ),
    case(
        "months to come have cards, without the suffix they get later (36)",
        At("2026-08-31", {**BY_MONTH, YEAR: cards(JULY, AUGUST, AHEAD), AHEAD: page()}, [2], 3),
        At("2026-09-01", SAME, [2], 4, then=2),
        At("2026-09-02", {YEAR: cards(JULY, AUGUST, RENAMED_SEPTEMBER), AHEAD: None, RENAMED_SEPTEMBER: files(3)}, [3, 2], 4, then=2),
    ),
    case(
        "cards of the last months are on a second page (12, 50)",
        At("2026-09-30", {ROOT: cards(YEAR),
                          YEAR: page(card(f"{YEAR}/8.-Aout", "8. Août"), card(f"{YEAR}/9.-Septembre", "9. Septembre"), pager(YEAR, 1, 2)),
                          f"{YEAR}/(offset)/10": page(card(f"{YEAR}/12.-Octobre", "12. Octobre"), pager(YEAR, 2, 2)),
                          f"{YEAR}/9.-Septembre": files(1), f"{YEAR}/12.-Octobre": page()}, [1], 3),
        At("2026-10-01", {f"{YEAR}/12.-Octobre": files(2)}, [2, 1], 5, then=2),
        At("2026-10-07", SAME, [2, 1], 5, then=2),
        At("2026-10-08", SAME, [2], 4),
    ),
    case(
        "a recueil filed by mistake beside the months does not hide their second page",
        At("2026-10-08", {ROOT: cards(YEAR),
                          YEAR: page(card(f"{YEAR}/Septembre", "Septembre"), white_card(file_href(7), "RAA n° 7"), pager(YEAR, 1, 2)),
                          f"{YEAR}/(offset)/10": page(card(f"{YEAR}/Octobre", "Octobre"), pager(YEAR, 2, 2)),
                          f"{YEAR}/Octobre": files(2)}, [7, 2], 4, then=2),
        source=source("newest-first", "card-pdf"),
    ),
)  # fmt: skip

ANY_JANUARY, ANY_DECEMBER = f"{ROOT}/Janvier", f"{ROOT}/Decembre"

YEARS = (
    case(
        "the new year's page is there and empty",
        At("2026-12-31", {**BY_YEAR, ROOT: cards(YEAR, NEXT_YEAR), NEXT_YEAR: page()}, [2, 1], 2),
        At("2027-01-01", SAME, [2, 1], 3, then=2),
        At("2027-01-02", {YEAR: files(3, 2, 1)}, [3, 2, 1], 3, then=2),
        At("2027-01-02", {NEXT_YEAR: files(4)}, [4, 3, 2, 1], 3, then=2),
        At("2027-01-14", SAME, [4, 3, 2, 1], 3),
        At("2027-01-15", SAME, [4], 2),
    ),
    case(
        "the new year has no card until the middle of January",
        At("2026-12-31", {ROOT: cards(YEAR), YEAR: cards(AUGUST, DECEMBER), DECEMBER: files(2)}, [2], 3),
        At("2027-01-01", SAME, [2], 3, then=2),
        At("2027-01-13", {DECEMBER: files(3, 2)}, [3, 2], 3, then=2),
        At("2027-01-13", {ROOT: cards(YEAR, NEXT_YEAR), NEXT_YEAR: cards(JANUARY), JANUARY: files(4)}, [4], 4),
    ),
    case(
        "the list of the new year has one page, and no link to a last one (02, 39)",
        At("2026-12-31", {ROOT: cards(YEAR), **listing(YEAR, list(range(1, 26)), newest_first=False)}, [*range(1, 26)], 4),
        At("2027-01-03", {ROOT: cards(YEAR, NEXT_YEAR), **listing(NEXT_YEAR, [30], newest_first=False)}, [*range(1, 26), 30], 5, then=2),
        At("2027-01-14", SAME, [*range(1, 26), 30], 5),
        At("2027-01-15", listing(NEXT_YEAR, list(range(30, 40)), newest_first=False), [*range(30, 40)], 2),
        At("2027-01-15", listing(NEXT_YEAR, list(range(30, 42)), newest_first=False), [*range(30, 42)], 3),
        source=source("oldest-first"),
    ),
    case(
        "the page of the year under way begins anew without a word (21)",
        At("2026-12-31", {ROOT: page(card(UNDER_WAY, "Année en cours"), card(f"{ROOT}/FAQ", "FAQ")),
                          UNDER_WAY: files(2, 1)}, [2, 1], 2),
        At("2027-01-01", {UNDER_WAY: page()}, [], 2),
        At("2027-01-04", SAME, [], 2),
        At("2027-01-04", {UNDER_WAY: files(3)}, [3], 2),
        source=source(follow=("en-cours$",)),
    ),
    case(
        "the root answers with the page of the year, whichever it is",
        At("2026-12-31", {ROOT: To(YEAR), YEAR: files(2, 1)}, [2, 1], 1),
        At("2027-01-01", {ROOT: To(NEXT_YEAR), NEXT_YEAR: page()}, [], 1),
        At("2027-01-02", {NEXT_YEAR: files(3)}, [3], 1),
    ),
    case(
        "months without a year anywhere begin anew",
        At("2026-12-31", {ROOT: cards(ANY_JANUARY, ANY_DECEMBER), ANY_JANUARY: page(), ANY_DECEMBER: files(1)}, [1], 2),
        At("2027-01-01", {ANY_DECEMBER: page()}, [], 2),
        At("2027-01-05", {ANY_JANUARY: files(2)}, [2], 2),
    ),
)  # fmt: skip

RENAMED = (
    case(
        "the page of a month gains a suffix (41)",
        At("2026-08-14", {**BY_MONTH, YEAR: cards(JULY, f"{YEAR}/Aout"), f"{YEAR}/Aout": files(2)}, [2], 3),
        At("2026-08-14", {YEAR: cards(JULY, AUGUST), f"{YEAR}/Aout": None, AUGUST: files(3, 2)}, [3, 2], 4),
    ),
    case(
        "the page of a month is renamed and the old one stays, empty",
        At("2026-08-14", {**BY_MONTH, YEAR: cards(JULY, f"{YEAR}/Aout"), f"{YEAR}/Aout": files(2)}, [2], 3),
        At("2026-08-14", {YEAR: cards(JULY, AUGUST), f"{YEAR}/Aout": page(), AUGUST: files(3, 2)}, [3, 2], 4),
    ),
    case(
        "the page of a month is renamed and the old address leads to it",
        At("2026-08-14", {**BY_MONTH, YEAR: cards(JULY, f"{YEAR}/Aout"), f"{YEAR}/Aout": files(2)}, [2], 3),
        At("2026-08-14", {YEAR: cards(JULY, AUGUST), f"{YEAR}/Aout": To(AUGUST), AUGUST: files(3, 2)}, [3, 2], 1),
        At("2026-08-15", SAME, [3, 2], 3),
    ),
    case(
        "the page of the year is renamed, and those of its months with it",
        At("2026-08-14", BY_MONTH, [2], 3),
        At(
            "2026-08-14",
            {ROOT: cards(f"{ROOT}/RAA-2026"), YEAR: None, AUGUST: None,
             f"{ROOT}/RAA-2026": cards(f"{ROOT}/RAA-2026/Aout"), f"{ROOT}/RAA-2026/Aout": files(3, 2)},
            [3, 2],
            4,
        ),
    ),
    case(
        "a list of the year becomes months",
        At("2026-08-14", BY_YEAR, [2, 1], 2),
        At("2026-08-14", {YEAR: cards(JULY, AUGUST), JULY: files(1), AUGUST: files(3, 2)}, [3, 2], 3),
    ),
)  # fmt: skip

TARN_YEAR, TARN_AUGUST = f"{ROOT}/RAA/2026", f"{ROOT}/RAA/2026/Aout"
DETAIL = f"{TARN_AUGUST}/RAA-n-12"
TARN: Changes = {ROOT: cards(f"{ROOT}/RAA"), f"{ROOT}/RAA": cards(TARN_YEAR), TARN_YEAR: cards(TARN_AUGUST)}

REDIRECTS = (
    case(
        "a year leads to a page below (63), a month too (61)",
        At("2026-08-14", {
            ROOT: cards(f"{ROOT}/2026"), f"{ROOT}/2026": To(f"{ROOT}/2026/2026"), f"{ROOT}/2026/2026": cards(f"{ROOT}/2026/Aout"),
            f"{ROOT}/2026/Aout": To(f"{ROOT}/2026/Aout/Speciaux-du-mois-d-aout-2026"),
            f"{ROOT}/2026/Aout/Speciaux-du-mois-d-aout-2026": files(1),
        }, [1], 3),
        At("2026-08-14", {f"{ROOT}/2026/Aout": files(2, 1)}, [2, 1], 1),
    ),
    case(
        "a month with a single recueil leads to that recueil (81)",
        At("2026-08-14", {**TARN, TARN_AUGUST: To(DETAIL), DETAIL: page(download(12), title="RAA n° 12")}, [12], 4),
        At("2026-08-15", {TARN_AUGUST: page(article(DETAIL, "RAA n° 12"), article(f"{DETAIL}bis", "RAA n° 12 bis"))},
           [DETAIL, f"{DETAIL}bis"], 4),
        source=source("newest-first", "card-detail"),
    ),
    case(
        "a month with a single recueil leads to its files (81)",
        At("2026-08-14", {**TARN, TARN_AUGUST: To(f"{TARN_AUGUST}/Recueil"), f"{TARN_AUGUST}/Recueil": files(1, 2)}, [1, 2], 4),
        source=source("newest-first", "card-detail"),
    ),
)  # fmt: skip

HALVES = f"{ROOT}/2026-de-janvier-a-juillet", f"{ROOT}/2026-de-aout-a-decembre"
SLICES = f"{ROOT}/2026-1", f"{ROOT}/2026-2"
SEMESTERS = f"{ROOT}/JANVIER-JUIN-2026", f"{ROOT}/JUILLET-DECEMBRE-2026"
QUARTERS = f"{YEAR}/3eme-trimestre", f"{YEAR}/4eme-trimestre"
KINDS = f"{YEAR}/Speciaux", f"{YEAR}/Reguliers", f"{YEAR}/Nominatifs"
CREUSE: Changes = {ROOT: cards(YEAR), YEAR: cards(*KINDS), KINDS[0]: files(1), KINDS[1]: files(2), KINDS[2]: files(3)}

IRREGULAR = (
    case(
        "two parts of a year (04)",
        At("2026-07-31", {ROOT: cards(HALVES[0], f"{ROOT}/2025-de-juillet-a-decembre"), HALVES[0]: files(1)}, [1], 2),
        At("2026-08-01", SAME, [1], 2, then=2),
        At("2026-08-02", {ROOT: cards(*HALVES), HALVES[1]: files(2)}, [2, 1], 3, then=2),
        At("2026-08-07", SAME, [2, 1], 3, then=2),
        At("2026-08-08", SAME, [2], 2),
    ),
    case(
        "slices by volume: a new one opens on any day (73)",
        At("2026-08-02", {ROOT: cards(SLICES[0], f"{ROOT}/2025-2", f"{ROOT}/Archives"), SLICES[0]: files(1)}, [1], 2, then=2),
        At("2026-08-02", {ROOT: cards(*SLICES, f"{ROOT}/2025-2", f"{ROOT}/Archives"), SLICES[1]: files(2)}, [2, 1], 4, then=3),
    ),
    case(
        "semesters that lead to a page below (87)",
        At("2026-06-30", {ROOT: cards(*SEMESTERS), SEMESTERS[0]: files(1), SEMESTERS[1]: To(f"{SEMESTERS[1]}/Juillet-a-Decembre-2026"),
                          f"{SEMESTERS[1]}/Juillet-a-Decembre-2026": page()}, [1], 2),
        At("2026-07-01", SAME, [1], 3, then=2),
        At("2026-07-10", {f"{SEMESTERS[1]}/Juillet-a-Decembre-2026": files(2)}, [2, 1], 3),
        At("2026-07-11", SAME, [2], 2),
    ),
    case(
        "quarters of months (48)",
        At("2026-09-30", {ROOT: cards(YEAR), YEAR: cards(*QUARTERS), QUARTERS[0]: cards(f"{QUARTERS[0]}/Septembre"),
                          f"{QUARTERS[0]}/Septembre": files(1), QUARTERS[1]: page()}, [1], 4),
        At("2026-10-01", {QUARTERS[1]: cards(f"{QUARTERS[1]}/Octobre"), f"{QUARTERS[1]}/Octobre": files(2)}, [2, 1], 6, then=3),
    ),
    case(
        "categories are all followed (23)",
        At("2026-08-14", CREUSE, [1, 2, 3], 5, then=3),
        # One is renamed: no pattern of the catalogue knows it.
        At("2026-08-15", {YEAR: cards(f"{YEAR}/Numeros-speciaux", *KINDS[1:]), KINDS[0]: None, f"{YEAR}/Numeros-speciaux": files(4, 1)},
           [1, 2, 3, 4], 5, then=3),
        source=source(follow=("/(Speciaux|Reguliers|Nominatifs)$",)),
    ),
    case(
        "two cards for one year (62)",
        At("2026-08-14", {ROOT: cards(f"{ROOT}/2026-Recueils-des-actes-administratifs", f"{ROOT}/2026-Recueils-speciaux"),
                          f"{ROOT}/2026-Recueils-des-actes-administratifs": files(1), f"{ROOT}/2026-Recueils-speciaux": files(2)},
           [1, 2], 3, then=2),
    ),
    case(
        "recueils filed by mistake on the root or on the page of the year (81, 83, 976)",
        At("2026-08-14", BY_MONTH, [2], 3),
        At("2026-08-15", {ROOT: page(card(YEAR, "2026"), download(8)), YEAR: page(card(AUGUST, "Août"), download(9))},
           [2, 8, 9], 3, then=3),
        # Put in their place, or away: their pages are levels of the way, not lists.
        At("2026-08-15", {ROOT: cards(YEAR), YEAR: cards(AUGUST), AUGUST: files(9, 2)}, [9, 2], 3),
    ),
    case(
        "special recueils are pinned on the root (27)",
        At("2026-08-14", {ROOT: page(card(YEAR, "RAA 2026"), article(f"{ROOT}/Recueil-special-N-27-2026-012", "Spécial n° 12")),
                          YEAR: page(article(f"{YEAR}/Recueil-N-27-2026-011", "Recueil n° 11"))},
           [f"{ROOT}/Recueil-special-N-27-2026-012", f"{YEAR}/Recueil-N-27-2026-011"], 2, then=2),
        source=source("newest-first", "card-detail"),
    ),
    case(
        "cards that are none of ours: a decree that ends in a year (34), delegations (45), a month astray (91), archives",
        At("2026-04-14", {
            ROOT: page(card(YEAR, "2026"), card(f"{ROOT}/Arrete-massif-30-septembre-2024", "Arrêté jusqu'au 30 septembre 2024"),
                       card(f"{ROOT}/Delegations", "Délégations"), card(f"{ROOT}/Avril", "Avril"), card(f"{ROOT}/Archives", "Archives")),
            YEAR: files(1),
        }, [1], 2),
    ),
)  # fmt: skip

FAMILIES = {"month": MONTHS, "year": YEARS, "renamed": RENAMED, "redirect": REDIRECTS, "irregular": IRREGULAR}
ALL = [pytest.param(case, id=f"{family}: {case}") for family, cases in FAMILIES.items() for case in cases]


@pytest.mark.parametrize("case", ALL)
async def test_the_way_holds(case: Case) -> None:
    await play(case)


async def test_a_year_that_begins_anew_is_not_awaited_for_ever() -> None:
    turn = At("2026-12-31", {ROOT: cards(UNDER_WAY), UNDER_WAY: files(1)}, [1], 2), At("2027-01-07", {UNDER_WAY: page()}, [], 2)
    with pytest.raises(CrawlFailed) as failure:
        await play(case("", *turn, At("2027-01-08", SAME, [], 2), source=source(follow=("en-cours$",))))
    assert isinstance(failure.value.cause, LayoutChanged)
