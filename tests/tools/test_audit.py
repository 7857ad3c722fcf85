"""What an audit of the packages comes to: none looked up is not none with a fault."""

from __future__ import annotations

from typing import Any

import pytest

from tools.audit import verdict

GOOD = {"name": "httpx", "version": "0.28.1", "vulns": []}
BAD = {"name": "h11", "version": "0.14.0", "vulns": [{"id": "CVE-2025-43859", "fix_versions": ["0.16.0"]}]}
UNKNOWN = {"name": "starlette", "skip_reason": "Dependency not found on PyPI and could not be audited: starlette (1.0)"}


@pytest.mark.parametrize(
    ("packages", "code", "told"),
    [
        ([GOOD], 0, "1 of 1 packages were looked up; known faults: 0"),
        ([GOOD, BAD], 1, "h11 0.14.0: CVE-2025-43859 (mended in 0.16.0)"),
        ([BAD, UNKNOWN], 1, "NOT AUDITED, the service does not know them or answers for nothing: starlette"),
        ([GOOD, UNKNOWN], 2, "1 of 2 packages were looked up"),
        ([], 2, "0 of 0 packages"),
    ],
)
def test_what_was_not_looked_up_is_not_without_fault(packages: list[dict[str, Any]], code: int, told: str) -> None:
    found, words = verdict({"dependencies": packages})
    assert found == code
    assert told in words
