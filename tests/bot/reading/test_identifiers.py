from __future__ import annotations

import pytest

from bot.reading.acts.titles import nearest

KNOWN = ("26-2025-07-15-00001", "26-2025-07-15-00002", "26-2025-07-18-11111")


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ("26-2025-07-15-00001", "26-2025-07-15-00001"),
        ("26-2025-07-18-11177", "26-2025-07-18-11111"),  # two characters misread
        ("26-2025-07-18-11777", None),  # three
        ("26-2025-07-15-00009", None),  # as near to one as to the other
        ("26-2025-07-15-001", None),
    ],
)
def test_the_identifier_that_was_meant(found: str, meant: str | None) -> None:
    assert nearest(found, KNOWN) == meant
