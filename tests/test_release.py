"""What must not be released is refused; what is unreleased gets its version. (`make release` makes all of it.)"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tools.release import Refused, cut, left_to_fill, licences

DAY = date(2026, 11, 28)
LOG = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- One.\n\n## [0.1.0] - 2026-01-01\n\n- Nought.\n"


def bill(*said: dict[str, Any], name: str = "some") -> dict[str, Any]:
    return {"components": [{"name": name, "version": "1.0", "licenses": list(said)}]}


def named(name: str) -> dict[str, Any]:
    return {"license": {"name": name}}


def test_the_changelog_is_cut_once() -> None:
    done = cut(LOG, "0.2.0", DAY)
    assert "## [Unreleased]\n\n## [0.2.0] - 2026-11-28\n\n### Added\n\n- One.\n" in done
    for version in ("0.2.0", "0.3.0"):
        with pytest.raises(Refused):
            cut(done, version, DAY)


def test_what_only_a_maintainer_knows_is_named() -> None:
    found = list(left_to_fill({"version": "0.2.0"}, LOG))
    assert [line.partition(":")[0] for line in found] == ["[project.urls] of pyproject.toml", "CHANGELOG.md"]
    assert list(left_to_fill({"version": "0.1.0", "urls": {"Homepage": "https://vigie.example.org"}}, LOG)) == []


@pytest.mark.parametrize("said", ["GPL-3.0-only", "AGPL-3.0-or-later", "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"])
def test_the_gpl_is_refused(said: str) -> None:
    with pytest.raises(Refused, match=r"some 1\.0 is under"):
        list(licences(bill(named(said))))


@pytest.mark.parametrize(
    "said",
    [named("LGPL-3.0-only"), {"expression": "MIT OR Apache-2.0"}, {"license": {"id": "MIT"}}, named("GNU Lesser General Public License")],
)
def test_others_are_listed(said: dict[str, Any]) -> None:
    [(name, version, _)] = licences(bill(said))
    assert (name, version) == ("some", "1.0")


def test_a_choice_is_not_refused_and_silence_is() -> None:
    assert list(licences(bill(named("GPL-2.0-only"), named("MIT")))) == [("some", "1.0", "GPL-2.0-only, MIT")]
    with pytest.raises(Refused, match="does not say its licence"):
        list(licences(bill()))
