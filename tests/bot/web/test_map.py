"""The map of the departments: what it says without colours, and that nothing from outside gets into it unescaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest

from bot.gazetteer.outlines import ENLARGED, outlines
from bot.messages.words import Language
from bot.queries.figures import Coverage, DepartmentFigures, Figures
from bot.web.documents import SiteSettings
from bot.web.map import map_svg, map_view, outline_svg
from bot.web.rendering import render

SVG = "{http://www.w3.org/2000/svg}"
DEPARTMENTS = tuple(DepartmentFigures(outline.code, f"Nom {outline.code}", 0, 0, Coverage.READ) for outline in outlines())


def _figures(changed: Mapping[str, DepartmentFigures] | None = None) -> Figures:
    departments = tuple((changed or {}).get(one.code, one) for one in DEPARTMENTS)
    return Figures(date(2026, 11, 28), departments, (), (), 0, 0, 0, None, stalled=False)


def _one(code: str, in_force: int = 0, year: int = 0, coverage: Coverage = Coverage.READ) -> dict[str, DepartmentFigures]:
    return {code: DepartmentFigures(code, f"Nom {code}", in_force, year, coverage)}


def _drawn(figures: Figures, language: Language = "fr") -> ElementTree.Element:
    return ElementTree.fromstring(map_svg(figures, language, SiteSettings().href))  # noqa: S314 our own


def _link(drawn: ElementTree.Element, code: str) -> ElementTree.Element:
    return next(link for link in drawn.iter(f"{SVG}a") if link.get("href", "").endswith(f"/departements/{code}"))


def test_every_department_is_one_link_that_says_what_it_shows() -> None:
    drawn = _drawn(_figures(_one("26", in_force=1, year=4)))
    links = list(drawn.iter(f"{SVG}a"))
    assert len(links) == 101
    name = "Nom 26 (26), arrêtés depuis un an : 4, autorisations en cours : 1"
    link = _link(drawn, "26")
    assert (link.get("aria-label") or "").replace("\u00a0", " ") == name
    assert [title.text for title in link.iter(f"{SVG}title")] == [link.get("aria-label")]
    assert [path.get("class") for path in link.iter(f"{SVG}path")] == ["m2"]


@pytest.mark.parametrize(("coverage", "words"), [(Coverage.UNREAD, "illisible"), (Coverage.NOT_COVERED, "non couvert")])
@pytest.mark.parametrize(("code", "year"), [("26", 0), ("26", 7), ("93", 2), ("974", 0)])
def test_what_is_not_read_never_looks_like_what_has_no_decree(coverage: Coverage, words: str, code: str, year: int) -> None:
    drawn = _drawn(_figures(_one(code, year=year, coverage=coverage)))
    link = _link(drawn, code)
    assert words in (link.get("aria-label") or "")
    [path] = link.iter(f"{SVG}path")
    assert path.get("class") is None, "the colour of a class would lie over the pattern"
    reference = re.fullmatch(r"url\(#(.+)\)", path.get("fill", ""))
    assert reference is not None
    [pattern] = [one for one in drawn.iter(f"{SVG}pattern") if one.get("id") == reference[1]]
    ground = pattern[0].get("class")
    assert ground == ("off" if coverage is Coverage.NOT_COVERED and not year else f"m{(0, 0, 1, 0, 0, 0, 0, 3)[year]}")


def test_what_is_in_force_today_has_one_dot_also_where_a_department_is_drawn_twice() -> None:
    changed = _one("75", in_force=1) | _one("26", in_force=3) | _one("972", in_force=1, coverage=Coverage.UNREAD)
    drawn = _drawn(_figures(changed))
    assert [circle.get("class") for circle in drawn.iter(f"{SVG}circle")].count("now") == 3
    shown = [path.get("d") for path in drawn.iter(f"{SVG}path")]
    paris = next(outline for outline in outlines() if outline.code == ENLARGED[0])
    assert shown.count(paris.path) == 2


def test_an_outline_is_decoration_and_fits_its_frame() -> None:
    drawn = ElementTree.fromstring(outline_svg("974"))  # noqa: S314 our own
    assert drawn.get("aria-hidden") == "true"
    assert [float(part) for part in (drawn.get("viewBox") or "").split()][2:] == [540, 480]
    assert outline_svg("975") == ""


def test_every_pattern_that_is_used_is_defined_once() -> None:
    coverages = [*Coverage] * 40
    changed = {one.code: replace(one, coverage=coverages[place], year=place) for place, one in enumerate(DEPARTMENTS)}
    drawn = _drawn(_figures(changed))
    used = {path.get("fill", "")[5:-1] for path in drawn.iter(f"{SVG}path") if path.get("fill")}
    defined = [pattern.get("id") for pattern in drawn.iter(f"{SVG}pattern")]
    assert used <= set(defined)
    assert len(defined) == len(set(defined))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_table_beside_it_says_the_same(language: Language) -> None:
    figures = _figures(_one("26", in_force=1, year=4) | _one("06", coverage=Coverage.UNREAD))
    text = render("map.html", language, map=map_view(figures, language, SiteSettings().href)).decode()
    rows = re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)</a></th><td class="num">([^<]+)</td><td>([^<]+)</td>', text)
    assert len(rows) == 101
    prefix = "/en" if language == "en" else ""
    assert (f"{prefix}/departements/26", "Nom 26 (26)", "4 (1)", "lu" if language == "fr" else "read") in rows
    assert next(row for row in rows if row[1] == "Nom 06 (06)")[3].startswith("illisible" if language == "fr" else "cannot be read")


def test_names_are_escaped_and_nothing_has_a_style_of_its_own() -> None:
    evil = '"><script>alert(1)</script>'
    figures = _figures({"26": DepartmentFigures("26", evil, 0, 0, Coverage.READ)})
    text = render("map.html", "fr", map=map_view(figures, "fr", SiteSettings().href)).decode()
    assert "<script" not in text
    assert "style=" not in text
    assert "<text" not in text
