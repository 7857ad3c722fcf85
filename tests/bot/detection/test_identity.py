from __future__ import annotations

from datetime import date
from itertools import combinations

import pytest

from bot.detection.facts.identity import identities, without_service
from bot.domain.acts import Facts, Moment
from bot.domain.identity import comparable

DAY = date(2024, 7, 19)
STARTS = Moment(date(2024, 7, 22))
SAME = [
    ("DUPA 2024-699", "DUPA 2024 -699", "DUPA-2024-699", "2024-699", "2024 - 699", "2024-0699"),
    ("DUPA-2024-1017", "DUPA n° 2024-1017", "2024-1017", "2024 –1017"),
    ("2024-01693", "2024 - 01693", "2024-1693", "DUPA-2024-01693"),
    ("2025-001006", "2025-01006", "2025-1006"),
    ("2025-BSP-OP-11", "2025 - BSP - OP - 11", "2025/BSP/OP/11"),
    ("2025/14/MCI", "2025-14-MCI"),
    ("AP 20251856", "20251856"),
    ("CAB-BSI-2026-045", "CAB/BSI/2026/45"),
]
DIFFERENT = [
    "2026-12",
    "2026-120",
    "2026-123",
    "2026-124",
    "2026-1",
    "2025-12",
    "2026-BSI-12",
    "2026-BSI-120",
    "20261",
    "2026-12-3",
    "12",
    "2024-00493",
    "2025-BSP-OP-11",
    "2025-BSP-SUR-11",
]
LONG = "Le préfet des Falaises, Vu le code de la sécurité intérieure ; arrête : Article 1er : " + "la commune est autorisée ; " * 40


def shared(one: tuple[str, ...], two: tuple[str, ...]) -> bool:
    return not set(one).isdisjoint(two)


@pytest.mark.parametrize("prints", SAME)
def test_prints_of_one_number(prints: tuple[str, ...]) -> None:
    assert len({comparable(number) for number in prints}) == 1
    first, *others = (identities("PP", None, Facts(number, signed=DAY), "") for number in prints)
    assert all(shared(first, other) for other in others)


@pytest.mark.parametrize(("one", "two"), list(combinations(DIFFERENT, 2)))
def test_prints_of_two_numbers(one: str, two: str) -> None:
    assert comparable(one) != comparable(two)


def test_two_series_with_equal_digits_do_not_merge() -> None:
    cabinet = identities("PP", None, Facts("2024-00493", signed=date(2024, 4, 17)), LONG)
    dupa = identities("PP", None, Facts("DUPA 2024-493", signed=date(2024, 5, 2)), LONG + "autre")
    assert not shared(cabinet, dupa)


def test_a_sighting_without_signature_meets_one_with_it_by_its_period() -> None:
    contents = identities("75", None, Facts("DUPA-2024-1017", starts=STARTS), "Le préfet de police, Vu")
    scan = identities("PP", None, Facts("2024-1017", signed=DAY, starts=STARTS), "Le préfet de police, Vu")
    assert shared(contents, scan)


def test_a_number_is_the_same_with_and_without_the_service_that_writes() -> None:
    assert {without_service(number) for number in ("CAB-SIDPC-2026-447", "SIDPC/2026/447", "2026-0447")} == {"2026-447"}
    assert len({without_service(number) for number in DIFFERENT}) == len(DIFFERENT)
    assert without_service("R02-2027-01-29-00004") == comparable("R02-2027-01-29-00004")
    one, two = (identities("971", None, Facts(number, signed=DAY), "") for number in ("CAB-SIDPC-2026-447", "2026-447"))
    assert shared(one, two)
    # Known by the key that it always had, too.
    assert "number:971:cab-sidpc-2026-447:signed:2024-07-19" in one
    assert not shared(one, identities("971", None, Facts("2026-447", signed=STARTS.day), ""))


def test_the_police_prefect_s_decree_is_one_in_every_recueil() -> None:
    facts = Facts("2024-1017", signed=DAY)
    text = "PREFECTURE DE POLICE\nArrêté n° 2024-1017\nLe préfet de police,\nVu le code"
    assert shared(identities("92", None, facts, text), identities("PP", None, facts, text.replace("\n", "  ")))
    assert not shared(identities("92", None, facts, "Le préfet des Hauts-de-Seine,\nVu le code"), identities("PP", None, facts, text))


@pytest.mark.parametrize(
    "text",
    [
        "Le préfet de police des Bouches-du-Rhône,\nVu le code",
        "PRÉFECTURE DE POLICE DES BOUCHES-DU-RHÔNE\nLe préfet de police,\nVu le code",
        "Vu le code\nFait à Marseille, le 2 mai 2026\nPour le préfet de police",
    ],
)
def test_the_police_prefect_of_marseille_is_another_one(text: str) -> None:
    facts = Facts("2024-1017", signed=DAY)
    assert not shared(identities("13", None, facts, text), identities("PP", None, facts, "Le préfet de police,\nVu le code"))


def test_a_match_against_marseille_is_decided_in_paris() -> None:
    facts = Facts("2024-1017", signed=DAY)
    text = "Le préfet de police,\nVu le code ; Considérant la rencontre avec l'Olympique de Marseille le 3 mai"
    assert shared(identities("92", None, facts, text), identities("PP", None, facts, text))


def test_what_several_prefects_decide_is_one_in_the_recueil_of_each() -> None:
    facts = Facts("2026-501", signed=DAY, authority="13")
    assert shared(identities("83", None, facts, ""), identities("13", None, facts, ""))


def test_two_authorities_never_share_a_number() -> None:
    assert not shared(identities("26", None, Facts("2026-12", signed=DAY), ""), identities("07", None, Facts("2026-12", signed=DAY), ""))


def test_a_number_alone_counts_only_with_its_year_and_series() -> None:
    assert identities("26", None, Facts("12"), "") == ()
    bare, dupa = (identities("PP", None, Facts(number), "") for number in ("2024-00493", "DUPA 2024-493"))
    assert bare
    assert dupa
    assert not shared(bare, dupa)


def test_the_act_identifier_and_the_text() -> None:
    assert identities("75", " 75-2024-07-19-00012 ", Facts(), "") == ("act:75-2024-07-19-00012",)
    one, two = identities("26", None, Facts(), LONG), identities("26", None, Facts(), LONG.upper().replace(" ", "\n") + " .")
    assert one == two != ()
    assert one[0].startswith("text:")
    assert identities("26", None, Facts(), LONG + "1") != one
    assert identities("26", None, Facts(), "Arrêté préfectoral") == ()
