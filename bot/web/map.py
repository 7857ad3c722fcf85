"""Draws the map of the departments as SVG without script and style. Pure. The template `map.html` adds a legend and a table.

Classes: `m0` to `m5` (decrees in a year, `m0` none), `off` (not covered), `hatch` and `dot` (patterns for what is not read, `over` a dark
step), `now` (in force today), `frame`, and `map` around all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from markupsafe import Markup, escape

from bot.gazetteer.outlines import FRAME, HEIGHT, OVERSEAS, WIDTH, PlacedOutline, outlines, placed
from bot.messages.lines import date_text
from bot.messages.words import Language, words_in
from bot.queries.figures import STEPS, Coverage, DepartmentFigures, Figures, step
from bot.web.rendering import web_words

_DOT = 9
"""Radius of the dot of what is in force, in units of the map."""
_TILE = 13
"""Side of a tile of the patterns, in units of the map; finer overseas, where departments are small."""
_FINER = 0.7
_DARK = 3
"""The step from which lines and dots are drawn in the colour of the page."""
_HATCH = Markup('<path class="hatch{}" d="M-3 3l6-6M0 13l13-13M10 16l6-6"/>')
_DOTS = Markup('<circle class="dot{0}" cx="3.5" cy="3.5" r="2"/><circle class="dot{0}" cx="10" cy="10" r="2"/>')

Href = Callable[[str, Language], str]


@dataclass(frozen=True, slots=True)
class MapView:
    """Holds what `map.html` shows. `steps`: labels of the legend; `rows` of the table: a department, its address, and in words how it is
    read. `day`: of what is in force."""

    svg: Markup
    day: str
    steps: tuple[str, ...]
    rows: tuple[tuple[DepartmentFigures, str, str], ...]


def map_view(figures: Figures, language: Language, href: Href) -> MapView:
    """Return the map of what was published in a year and what is in force, with its legend and table. `href` makes an address of a path."""
    words = web_words(language)["map"]
    bounds = [*(f"{least}–{after - 1}" for least, after in pairwise(STEPS)), f"{STEPS[-1]} +"]
    rows = ((one, href(f"/departements/{one.code}", language), str(words[one.coverage])) for one in figures.departments)
    day = date_text(figures.day, words_in(language).dates)
    return MapView(map_svg(figures, language, href), day, ("0", *bounds), tuple(rows))


def map_svg(figures: Figures, language: Language, href: Href) -> Markup:
    """Return the map alone: every department a link to its page, named with its figures and how it is read."""
    words = web_words(language)["map"]
    by_code = {one.code: one for one in figures.departments}
    shapes = [(fixed, by_code[fixed.place.outline.code]) for fixed in _fixed()]
    # The legend shows the first two, whether or not the map does.
    patterns = {_Pattern(kind, 0) for kind in (Coverage.UNREAD, Coverage.NOT_COVERED)}
    patterns |= {_Pattern.of(fixed.place, one) for fixed, one in shapes if one.coverage is not Coverage.READ}
    frame = Markup('<rect class="frame" x="{}" y="{}" width="{}" height="{}"/>').format(
        *FRAME[:2], FRAME[2] - FRAME[0], FRAME[3] - FRAME[1]
    )
    parts = (
        Markup('<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {} {}" role="group" aria-label="{}">').format(
            WIDTH + 4, HEIGHT + 4, words["label"]
        ),
        Markup("<defs>{}</defs>").format(Markup("").join(pattern.defined for pattern in sorted(patterns))),
        *(_shape(fixed, one) for fixed, one in shapes if fixed.place.again),
        frame,
        *(_linked(fixed, one, words, href(f"/departements/{one.code}", language)) for fixed, one in shapes if not fixed.place.again),
        # Above every outline, for a dot may reach over a border.
        *(fixed.dot for fixed, one in shapes if one.in_force and not fixed.place.again),
        Markup("</svg>"),
    )
    return Markup("").join(parts)


def outline_svg(department: str) -> Markup:
    """Return the outline of a department, to stand beside its name: decoration, hidden from who listens. Nothing where there is none."""
    for outline in outlines():
        if outline.code == department:
            left, top, right, bottom = outline.box
            return Markup('<svg class="outline" viewBox="{} {} {} {}" aria-hidden="true"><path class="m1" d="{}"/></svg>').format(
                left, top, right - left, bottom - top, outline.path
            )
    return Markup("")


@dataclass(frozen=True, slots=True)
class _FixedShape:
    """Holds of an outline on the map what never changes: the end of its path's element, and the dot in its middle."""

    place: PlacedOutline
    path: Markup
    dot: Markup


@cache
def _fixed() -> tuple[_FixedShape, ...]:
    return tuple(_fixed_of(place) for place in placed())


def _fixed_of(place: PlacedOutline) -> _FixedShape:
    moved = Markup("")
    if place.scale != 1:
        moved = Markup(' transform="translate({} {}) scale({})"').format(place.left, place.top, place.scale)
    x, y = place.at(place.outline.middle)
    dot = Markup('<circle class="now" cx="{:.0f}" cy="{:.0f}" r="{}"/>').format(x, y, _DOT)
    return _FixedShape(place, Markup('{} d="{}"/>').format(moved, place.outline.path), dot)


def _linked(fixed: _FixedShape, one: DepartmentFigures, words: Mapping[str, str], address: str) -> Markup:
    name = words["title"].format(name=one.name, code=one.code, year=one.year, in_force=one.in_force)
    if one.coverage is not Coverage.READ:
        name = f"{name}, {words[one.coverage]}"
    # Not `Markup.format`, which takes ten times as long: there are a hundred of these.
    link, named = escape(address), escape(name)
    drawn = f'<a href="{link}" aria-label="{named}"><title>{named}</title>{_shape(fixed, one)}</a>'
    return Markup(drawn)  # noqa: S704 - all of it is escaped before


def _shape(fixed: _FixedShape, one: DepartmentFigures) -> Markup:
    if one.coverage is Coverage.READ:
        return Markup(f'<path class="m{step(one.year)}"{fixed.path}')  # noqa: S704 - a number
    # By attribute: an address in a style sheet may be taken as one within that sheet.
    look = f'fill="url(#{_Pattern.of(fixed.place, one).name})"'
    return Markup(f"<path {look}{fixed.path}")  # noqa: S704 - a name of our own


@dataclass(frozen=True, slots=True, order=True)
class _Pattern:
    """What covers an outline that is not read, over the colour of what is recorded there. `scale` is that of its tiles in the outline."""

    coverage: Coverage
    ground: int
    scale: float = 1

    @classmethod
    def of(cls, place: PlacedOutline, one: DepartmentFigures) -> _Pattern:
        """Return the pattern of a department; finer overseas, where departments are small."""
        wanted = _FINER if one.code in OVERSEAS else 1
        return cls(one.coverage, step(one.year), round(wanted / place.scale, 2))

    @property
    def name(self) -> str:
        """Its id in the page: `unread0`, `not_covered2-3_37`."""
        return f"{self.coverage}{self.ground}" + ("" if self.scale == 1 else f"-{self.scale}".replace(".", "_"))

    @property
    def defined(self) -> Markup:
        """The element that defines it."""
        marks = (_HATCH if self.coverage is Coverage.UNREAD else _DOTS).format(" over" if self.ground >= _DARK else "")
        ground = "off" if self.coverage is Coverage.NOT_COVERED and not self.ground else f"m{self.ground}"
        return Markup(
            '<pattern id="{0}" width="{1}" height="{1}" patternUnits="userSpaceOnUse" patternTransform="scale({2})">'
            '<rect class="{3}" width="{1}" height="{1}"/>{4}</pattern>'
        ).format(self.name, _TILE, self.scale, ground, marks)
