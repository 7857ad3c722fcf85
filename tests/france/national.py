"""Sites of the national platform, from the levels and the kind of list that the catalogue gives a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import cycle

from sources.catalogue.authority import Level, Listing, Order, Source
from tests.france.pages import Content, Pages, Redirect, chunks
from tests.france.publications import Recueil
from tests.france.words import MONTHS, Spelling, alternatives
from tests.sources.markup import documents_group, grey_card, page, pager, select, white_card

REDIRECTING = frozenset({"03", "63", "79", "87"})
"""Authorities whose years, months or semesters redirect to a page below, as the catalogue notes: every second poll is two requests."""

_QUARTERS = (("1er-trimestre", 1), ("2eme-trimestre", 4), ("3eme-trimestre", 7), ("4eme-trimestre", 10))


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of time a page stands for: months `first` to `last` of `year`, or of any year."""

    year: int | None = None
    first: int = 1
    last: int = 12


@dataclass(frozen=True, slots=True)
class _Group:
    slug: str
    text: str
    recueils: Sequence[Recueil]
    span: Span


@dataclass(frozen=True, slots=True)
class National:
    """One source as a site at one moment. `today` is the authority's own date, `path` where the catalogue says that it begins.

    `missing` is the level (`year`, `month`) whose page of today is gone, with every link to it; `renamed` has, by level, what the page of
    today is called where it lost its name, and its address with it.
    """

    source: Source
    spelling: Spelling
    today: date
    path: str
    missing: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)

    def content(self, recueils: Sequence[Recueil]) -> Content:
        """The root and all that is below it, for what is on line, in the order in which it came."""
        return self._level(self.path, recueils, self.source.navigation, Span())

    def address(self, recueil: Recueil) -> str:
        """What the list links for a recueil: its file, or the page that holds it."""
        match self.source.listing:
            case "card-detail":
                return f"{self.path}/RAA-{recueil.year}-n-{recueil.number}"
            case "select-detail" | "plain-links-detail":
                return f"/Media/Files/RAA/{recueil.year}/RAA-n-{recueil.number}-du-{recueil.day:%d-%m-%Y}"
            case _:
                return file_path(recueil)

    def _level(self, path: str, recueils: Sequence[Recueil], levels: Sequence[str], span: Span) -> Content:
        if not levels:
            return self._list(path, recueils)
        level, *deeper = levels
        groups = self._shown(level, recueils, span)
        below: Pages = {}
        for group in groups:
            asked = there = f"{path}/{group.slug}"
            if not deeper and self.source.authority in REDIRECTING:
                there = f"{asked}/{group.slug}"
                below[asked] = Redirect(there)
            below |= self.pages(there, group.text, self._level(there, group.recueils, deeper, group.span))
        ways = _ways(level, [(f"{path}/{group.slug}", group.text) for group in groups])
        return Content(lambda number: ways, below)

    def pages(self, path: str, title: str, content: Content) -> Pages:
        """A page at `path`, on as many pages as its content fills, and what is below."""

        def written(number: int) -> Callable[[], str]:
            return lambda: page(content.blocks(number), title=title)

        own = {path if number == 1 else f"{path}/(offset)/{10 * (number - 1)}": written(number) for number in range(1, content.length + 1)}
        return content.below | own

    # --- the way -----------------------------------------------------------------------------------------------------

    def _shown(self, level: str, recueils: Sequence[Recueil], span: Span) -> list[_Group]:
        kind = level.partition("-")[0]
        shown = []
        for group in self._groups(level, recueils, span):
            year, first, last = group.span.year, group.span.first, group.span.last
            is_current = year == self.today.year and first <= self.today.month <= last
            if is_current and kind in self.renamed:
                text = self.renamed[kind]
                shown.append(replace(group, slug=text.replace(" ", "-"), text=text))
            elif not (is_current and kind == self.missing):
                shown.append(group)
        return shown

    def _groups(self, level: str, recueils: Sequence[Recueil], span: Span) -> list[_Group]:
        match level.partition("-")[0]:
            case "year":
                return self._years(recueils)
            case "month":
                return self._months(recueils, span)
            case "period":
                return self._periods(recueils, span)
            case "section":
                [name, *_] = self._followed()
                return [_Group(name, name.replace("-", " "), recueils, span)]
            case "category":
                names = self._followed()
                shares: dict[str, list[Recueil]] = {name: [] for name in names}
                for recueil, name in zip(recueils, cycle(names), strict=False):
                    shares[name].append(recueil)
                return [_Group(name, name, share, span) for name, share in shares.items()]
        raise AssertionError(f"{self.source.key}: tests.france knows no level {level!r}")

    def _followed(self) -> list[str]:
        names = [_whole(text) for pattern in self.source.follow for text in alternatives(pattern)]
        assert names, f"{self.source.key}: a section or category is found by a pattern of `follow`, and tests.france must know to write it"
        return names

    def _years(self, recueils: Sequence[Recueil]) -> list[_Group]:
        years = sorted({recueil.year for recueil in recueils} | {self.today.year}, reverse=True)
        return [
            _Group(self.spelling.year(year), f"Année {year}", [recueil for recueil in recueils if recueil.year == year], Span(year))
            for year in years
        ]

    def _months(self, recueils: Sequence[Recueil], span: Span) -> list[_Group]:
        found = {(recueil.year, recueil.day.month) for recueil in recueils} | {(self.today.year, self.today.month)}
        if span.year is not None:
            last = 12 if span.year < self.today.year or self.spelling.months_in_advance else self.today.month
            found = {(span.year, month) for month in range(span.first, min(span.last, last) + 1)}
        slug = self.spelling.month if span.year is None else self.spelling.month_below_a_year
        return [
            _Group(
                slug(year, month),
                f"{MONTHS[month - 1]} {year}",
                [recueil for recueil in recueils if (recueil.year, recueil.day.month) == (year, month)],
                Span(year, month, month),
            )
            for year, month in sorted(found)
        ]

    def _periods(self, recueils: Sequence[Recueil], span: Span) -> list[_Group]:
        if span.year is None:
            years = sorted({recueil.year for recueil in recueils} | {self.today.year})
            halves = [(f"{year}-de-{names}", Span(year, first, first + 5)) for year in years for names, first in _HALVES]
        else:
            halves = [(slug, Span(span.year, first, first + 2)) for slug, first in _QUARTERS]
        return [
            _Group(slug, slug.replace("-", " "), [recueil for recueil in recueils if _within(recueil, part)], part)
            for slug, part in halves
            if (part.year, part.first) <= (self.today.year, self.today.month)
        ]

    # --- the list ----------------------------------------------------------------------------------------------------

    def _list(self, path: str, recueils: Sequence[Recueil]) -> Content:
        listing, order = self.source.listing, self.source.order
        details = self._details(recueils)
        on_pages = order in {"newest-first", "oldest-first"} or (order == "unknown" and "card" in listing)
        newest_on_top = order == "newest-first" or (order != "oldest-first" and self.spelling.newest_on_top)
        ordered = list(reversed(recueils)) if newest_on_top else list(recueils)
        shown = chunks(ordered) if on_pages else [ordered]

        def blocks(number: int) -> str:
            return self._rows(shown[number - 1]) + pager(path, number, len(shown))

        return Content(blocks, details, len(shown))

    def _details(self, recueils: Sequence[Recueil]) -> Pages:
        if not self.source.wants_details:
            return {}
        return {self.address(recueil): _detail(recueil) for recueil in recueils}

    def _rows(self, recueils: Sequence[Recueil]) -> str:
        if self.source.listing == "select-detail":
            # Values lack the leading slash; the list shows no date but in the title.
            options = [(self.address(recueil)[1:], f"{recueil.title} du {recueil.shown_day}") for recueil in recueils]
            return select(*options) if options else ""
        rows = "".join(self._row(recueil) for recueil in recueils)
        if self.source.listing == "downloads-group":
            return documents_group(rows)
        return f'<div class="fr-text--lead">{rows}</div>' if self.source.listing == "plain-links-detail" else rows

    def _row(self, recueil: Recueil) -> str:
        match self.source.listing:
            case "card-pdf":
                size = f'class="fr-card__link menu-item-link" target="_blank" title="format pdf - 0,20 Mb - {recueil.shown_day}"'
                row = white_card(file_path(recueil), recueil.title, recueil.shown_day, size)
            case "card-detail":
                row = white_card(self.address(recueil), recueil.title, recueil.shown_day)
            case "downloads-group":
                row = "<li>" + download(recueil).replace(f'id="{recueil.rank:032x}"', "id=") + "</li>"
            case "plain-links" | "plain-links-detail":
                row = f'<p><a class="fr-link" href="{self.address(recueil)}">{recueil.title} du {recueil.shown_day}</a></p>'
            case "download-list":
                row = f'<div class="">{download(recueil)}</div>'
            case other:
                raise AssertionError(f"{self.source.key}: tests.france knows no list {other!r}")
        return row


_HALVES = (("janvier-a-juin", 1), ("juillet-a-decembre", 7))

_UNSEEN: tuple[tuple[tuple[Level, ...], Listing, Order], ...] = (
    (("year-card",), "download-list", "one-page"),
    (("year-card", "month-card"), "download-list", "one-page"),
    (("year-card",), "downloads-group", "one-page"),
    (("year-card", "month-card"), "card-pdf", "newest-first"),
)


def as_it_may_be(source: Source) -> Source:
    """The source itself, or, where nobody has seen its pages, one of the common layouts."""
    if source.listing != "unknown":
        return source
    navigation, listing, order = _UNSEEN[sum(source.key.encode()) % len(_UNSEEN)]
    return replace(source, navigation=navigation, listing=listing, order=order)


def file_path(recueil: Recueil) -> str:
    """Where the platform puts a file: both numbers grow with time."""
    name = f"recueil-{recueil.year}-{recueil.number:03}.pdf"
    return f"/contenu/telechargement/{recueil.rank}/{recueil.rank + 400_000}/file/{name}"


def download(recueil: Recueil) -> str:
    """An intact download link."""
    return (
        f'<a id="{recueil.rank:032x}" class="fr-link fr-link--download" href="{file_path(recueil)}" target="_blank">Télécharger '
        f'{recueil.title} <span class="fr-link__detail">PDF - 1,25 Mb - {recueil.shown_day}</span></a>'
    )


def _detail(recueil: Recueil) -> Callable[[], str]:
    return lambda: page(f'<div class="">{download(recueil)}</div>', title=recueil.title)


def _ways(level: str, links: Sequence[tuple[str, str]]) -> str:
    if level.endswith("-select"):
        return select(*((path[1:], text) for path, text in links))
    if level.endswith("-link"):
        return "<ul>" + "".join(f'<li><a href="{path}">{text}</a></li>' for path, text in links) + "</ul>"
    return "".join(grey_card(path, text) for path, text in links)


def _within(recueil: Recueil, span: Span) -> bool:
    return recueil.year == span.year and span.first <= recueil.day.month <= span.last


def _whole(slug: str) -> str:
    """`-de-l-annee-en-cours` is the end of a name, `/Speciaux` is one."""
    return f"Recueil{slug}" if slug.startswith("-") else slug.strip("/")
