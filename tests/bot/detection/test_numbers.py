"""Numbers of decrees compared: the same in every print, and never two decrees for one."""

from __future__ import annotations

from itertools import combinations

import pytest

from bot.detection.facts.identity import without_service
from bot.domain.identity import comparable

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
DIFFERENT = ["2026-12", "2026-120", "2026-123", "2026-124", "2026-1", "2025-12", "2026-BSI-12", "2026-BSI-120", "20261", "2026-12-3", "12"]


@pytest.mark.parametrize("prints", SAME)
def test_one_number_in_every_print(prints: tuple[str, ...]) -> None:
    assert len({comparable(number) for number in prints}) == 1


@pytest.mark.parametrize(("one", "two"), list(combinations(DIFFERENT, 2)))
def test_two_numbers_never_merge(one: str, two: str) -> None:
    assert comparable(one) != comparable(two)


def test_a_number_with_and_without_the_service_that_writes() -> None:
    assert {without_service(number) for number in ("CAB-SIDPC-2026-447", "SIDPC/2026/447", "2026-0447")} == {"2026-447"}
    assert len({without_service(number) for number in DIFFERENT}) == len(DIFFERENT)
    assert without_service("R02-2027-01-29-00004") == comparable("R02-2027-01-29-00004")
