"""The root of a source moves, as one site in nine did within two years: it is found again, and told. Steps read as in `test_turns`."""

from __future__ import annotations

import pytest

from sources.model import CrawlFailed, Gone
from tests.sources.markup import HOST, ROOT, file_href, page
from tests.sources.poller import AUGUST, YEAR, cards, files
from tests.sources.steps import BY_YEAR, SAME, At, Case, Changes, To, card, case, play

FOLDER = f"{HOST}/Publications"
NEW_ROOT = f"{FOLDER}/RAA-Recueil-des-actes-administratifs"
OTHER_HOST = "https://www.autre.gouv.fr"
ELSEWHERE = f"{OTHER_HOST}/Publications/RAA"


def link(url: str, text: str) -> str:
    return f'<p>La page a changé : <a class="fr-link" href="{url.removeprefix(HOST)}">{text}</a></p>'


PARENT = page(
    card(f"{FOLDER}/Avis", "Avis et annonces 2026"),
    card(f"{FOLDER}/TEST-RAA", "[TEST] RAA"),
    card(f"{FOLDER}/RAA-Auvergne", "Recueil des actes administratifs Auvergne"),
    card(f"{FOLDER}/Archives-RAA", "Archives du recueil des actes administratifs"),
    card("https://www.elsewhere.gouv.fr/Publications/RAA", "Recueil des actes administratifs"),
    card(NEW_ROOT, "Recueil des actes administratifs (RAA)"),
)
NEW_YEAR = f"{NEW_ROOT}/2026"
AT_NEW_ROOT: Changes = {NEW_ROOT: cards(NEW_YEAR), NEW_YEAR: files(3, 2, 1), YEAR: None}

MOVED = (
    case(
        "the root redirects to its new address",
        At("2026-08-13", BY_YEAR, [2, 1], 2),
        At("2026-08-14", {**AT_NEW_ROOT, ROOT: To(NEW_ROOT)}, [3, 2, 1], 2, moved_to=NEW_ROOT),
        At("2026-08-15", SAME, [3, 2, 1], 2, moved_to=NEW_ROOT),
        # The catalogue's address serves again.
        At("2026-08-16", {ROOT: cards(YEAR), YEAR: files(4, 3)}, [4, 3], 2),
    ),
    case(
        "the same address in another case or with a slash is no move (15, 52)",
        At("2026-08-14", {ROOT: To(f"{FOLDER}/raa/"), f"{FOLDER}/raa/": cards(YEAR), YEAR: files(1)}, [1], 2),
    ),
    case(
        "a page below the root is no move",
        At("2026-08-14", {ROOT: To(YEAR), YEAR: cards(AUGUST), AUGUST: files(1)}, [1], 2),
    ),
    case(
        "the old root only has a link in its text to the new one",
        At("2026-08-13", BY_YEAR, [2, 1], 2),
        At("2026-08-14", {**AT_NEW_ROOT, ROOT: page(link(NEW_ROOT, "Recueil des actes administratifs"))}, [3, 2, 1], 3, moved_to=NEW_ROOT),
    ),
    case(
        "the old root only has a card for the new one, called by three letters",
        At("2026-08-14", {**AT_NEW_ROOT, ROOT: page(card(f"{FOLDER}/TEST-RAA", "[TEST] RAA"), card(NEW_ROOT, "RAA"))},
           [3, 2, 1], 3, moved_to=NEW_ROOT),
    ),
    case(
        "the root redirects to another site",
        At("2026-08-13", BY_YEAR, [2, 1], 2),
        At("2026-08-14", {ROOT: To(ELSEWHERE), ELSEWHERE: page(card(f"{ELSEWHERE}/Annee-2026", "2026")),
                          f"{ELSEWHERE}/Annee-2026": files(3)},
           [f"{OTHER_HOST}{file_href(3)}"], 2, moved_to=ELSEWHERE),
    ),
    case(
        "the old root keeps the years that are over and has a link to the new one",
        At("2026-12-31", {**BY_YEAR}, [2, 1], 2),
        At("2027-02-01", {**AT_NEW_ROOT, YEAR: files(2, 1), ROOT: page(card(YEAR, "2026"), link(NEW_ROOT, "le nouveau RAA")),
                          NEW_ROOT: cards(f"{NEW_ROOT}/2027"), f"{NEW_ROOT}/2027": files(3)}, [3, 2, 1], 4, then=3, moved_to=NEW_ROOT),
    ),
    case(
        "the root is gone, and the folder above has a link that names the recueil",
        At("2026-08-13", BY_YEAR, [2, 1], 2),
        At("2026-08-14", {**AT_NEW_ROOT, ROOT: None, FOLDER: PARENT}, [3, 2, 1], 4, moved_to=NEW_ROOT),
        At("2026-08-15", SAME, [3, 2, 1], 4, moved_to=NEW_ROOT),
    ),
    case(
        "the new root has the number of a second page (10, 16)",
        At("2026-08-14", {FOLDER: page(card(f"{FOLDER}/Recueil-des-actes-administratifs2", "Recueil des actes administratifs")),
                          f"{FOLDER}/Recueil-des-actes-administratifs2": files(1)}, [1], 3,
           moved_to=f"{FOLDER}/Recueil-des-actes-administratifs2"),
    ),
    case(
        "the new root has a number after a dash, which is that of no bulletin",
        At("2026-08-14", {FOLDER: page(card(f"{FOLDER}/Recueil-des-actes-administratifs-2", "Recueil des actes administratifs")),
                          f"{FOLDER}/Recueil-des-actes-administratifs-2": files(1)}, [1], 3,
           moved_to=f"{FOLDER}/Recueil-des-actes-administratifs-2"),
    ),
    case(
        "the root redirects to the folder above, which holds much that is no recueil",
        At("2026-08-14", {**AT_NEW_ROOT, ROOT: To(FOLDER), FOLDER: PARENT}, [3, 2, 1], 3, moved_to=NEW_ROOT),
    ),
    case(
        "the likeliest link leads to nothing",
        At("2026-08-14", {**AT_NEW_ROOT, FOLDER: page(card(f"{FOLDER}/RAA-bis", "RAA"), card(NEW_ROOT, "Nouveau RAA"))},
           [3, 2, 1], 5, moved_to=NEW_ROOT),
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", MOVED, ids=str)
async def test_a_root_that_moved_is_followed(case: Case) -> None:
    await play(case)


NOWHERE = {
    "the folder is gone too": {},
    "the folder names no recueil": {FOLDER: cards(f"{FOLDER}/Avis", f"{FOLDER}/Arretes-2026")},
    "the folder only names what is none of ours": {
        FOLDER: page(card(f"{FOLDER}/TEST-RAA", "[TEST] RAA"), card(f"{FOLDER}/RAA-regional", "RAA"))
    },
    "the folder still names the old root": {FOLDER: cards(ROOT)},
    "the folder names a page that is gone": {FOLDER: cards(NEW_ROOT)},
}


@pytest.mark.parametrize("pages", NOWHERE.values(), ids=NOWHERE)
async def test_a_root_that_is_gone_for_good_is_told_as_gone(pages: dict[str, str]) -> None:
    with pytest.raises(CrawlFailed, match=f"{ROOT}: 404") as failure:
        await play(case("", At("2026-08-14", pages, [], 0)))
    assert isinstance(failure.value.cause, Gone)
    assert failure.value.requests == (3 if pages == NOWHERE["the folder names a page that is gone"] else 2)
