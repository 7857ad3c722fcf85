"""What maps and charts count, by department, month and authority, and what they say in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.domain.acts import Decree, Kind, Moment, NamedCommune, Naming, Sighting
from bot.domain.health import AuthorityHealth, Overview, Status
from bot.domain.publication import Look, Online
from bot.messages.words import telegram_length, with_plain_spaces
from bot.queries.answers import DecreeList
from bot.queries.figures import Coverage, DepartmentFigures, Figures, FiguresAnswer, OnlineCounts, View, counted_since, figures_text, step
from bot.queries.questions import Questions
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, decree, health, overview

ALL_FINE = Overview(NOW, tuple(health(code, Status.OK) for code in PLACES))
RUNNING = (date(2026, 8, 19), date(2026, 8, 23))


def _decree(number: int, authority: str, *communes: str, days: tuple[date, date] = RUNNING, published: date = date(2026, 8, 18)) -> Decree:
    made = decree(number, authority)
    facts = replace(made.facts, starts=Moment(days[0]), ends=Moment(days[1]))
    named = tuple(NamedCommune(code, Naming.NAMED, code) for code in communes)
    return replace(made, facts=facts, communes=named, published=published)


def _questions(stored: Sequence[Decree], watch: Overview = ALL_FINE, *, at: datetime = NOW) -> Questions:
    return Questions(MemoryDecrees(stored), PLACES, lambda: at, overview=lambda: watch, page_size=100)


def _of(found: Figures, code: str) -> DepartmentFigures:
    return next(one for one in found.departments if one.code == code)


def test_the_prefet_de_police_counts_where_he_decides() -> None:
    stored = [_decree(1, "PP"), _decree(2, "PP", "93066"), _decree(3, "93"), _decree(4, "PP", "75056", "93001")]
    found = _questions(stored).figures()
    assert (_of(found, "75").in_force, _of(found, "75").year) == (2, 2), "those that name none of Paris' communes are others'"
    assert (_of(found, "93").in_force, _of(found, "93").year) == (4, 4)
    assert (found.in_force, found.year) == (4, 4), "each once"


@pytest.mark.parametrize("code", ["26", "75", "93", "2A"])
def test_a_map_counts_what_the_list_of_a_department_shows(code: str) -> None:
    stored = [
        *(_decree(number, authority) for number, authority in enumerate(("26", "26", "PP", "93", "2A"), start=1)),
        _decree(8, "PP", "93066"),
        _decree(9, "26", days=(date(2026, 8, 21), date(2026, 8, 22))),
        _decree(10, "26", days=(date(2026, 8, 1), date(2026, 8, 2))),
    ]
    questions = _questions(stored)
    today, every = questions.today(code), questions.department(code)
    assert isinstance(today, DecreeList)
    assert isinstance(every, DecreeList)
    counted = _of(questions.figures(), code)
    assert (counted.in_force, counted.year) == (today.total, every.total)


def test_what_may_be_in_force_is_counted_apart() -> None:
    unknown = _decree(1, "26")
    unknown = replace(unknown, facts=replace(unknown.facts, starts=None, ends=None))
    found = _questions([unknown, _decree(2, "26")]).figures()
    assert (found.in_force, found.doubtful, _of(found, "26").in_force) == (1, 1, 1)


def test_each_place_has_its_own_clock() -> None:
    # At 21:00 UTC of the 20th it is the 21st on La Réunion, and still the 20th in the Drôme.
    night = datetime(2026, 8, 20, 21, tzinfo=UTC)
    tomorrow = (date(2026, 8, 21), date(2026, 8, 22))
    found = _questions([_decree(1, "974", days=tomorrow), _decree(2, "26", days=tomorrow)], at=night).figures()
    assert (_of(found, "974").in_force, _of(found, "26").in_force) == (1, 0)


def test_how_a_department_is_read_is_as_the_worst_of_who_decides_there() -> None:
    found = _questions([], overview()).figures()
    coverage = {code: _of(found, code).coverage for code in ("26", "01", "38", "73", "974", "2A", "75", "93", "29")}
    assert coverage == {
        "26": Coverage.READ,
        "01": Coverage.READ,
        "38": Coverage.UNREAD,
        "73": Coverage.UNREAD,  # not read yet
        "974": Coverage.NOT_COVERED,
        "2A": Coverage.NOT_COVERED,
        "75": Coverage.UNREAD,  # by the préfet de police
        "93": Coverage.NOT_COVERED,
        "29": Coverage.NOT_COVERED,
    }


@pytest.mark.parametrize("route", [Status.NOT_COVERED, Status.FAILING])
def test_the_prefect_of_a_region_takes_nothing_away(route: Status) -> None:
    region = replace(PLACES["26"], code="R-ARA", territory=frozenset({"26", "38"}))
    watch = Overview(NOW, (health("26", Status.OK), AuthorityHealth("R-ARA", route)))
    asked = Questions(MemoryDecrees([_decree(1, "R-ARA")]), {**PLACES, "R-ARA": region}, lambda: NOW, overview=lambda: watch)
    assert _of(asked.figures(), "26") == DepartmentFigures("26", "Drôme", 1, 1, Coverage.READ)


def test_a_watch_that_stopped_reads_nothing() -> None:
    stopped = replace(ALL_FINE, half_due=datetime(2026, 8, 19, tzinfo=UTC))
    found = _questions([], stopped).figures()
    assert found.stalled
    assert _of(found, "26").coverage is Coverage.UNREAD
    assert "arrêtée" in figures_text(FiguresAnswer(View.MAP, found), PLACES, "fr")


def test_months_are_the_last_twelve_and_nothing_older_is_counted() -> None:
    days = (date(2026, 8, 20), date(2026, 8, 1), date(2025, 9, 30), date(2025, 8, 20), date(2025, 8, 19))
    found = _questions([_decree(number, "26", published=day) for number, day in enumerate(days, start=1)]).figures()
    assert [count for _, count in found.months] == [1, *[0] * 10, 2]
    assert (found.months[0][0], found.months[-1][0]) == (date(2025, 9, 1), date(2026, 8, 1))
    assert found.year == 4
    assert (found.in_months, found.authorities) == (3, (("26", 3),)), "what is on one chart is of the same days"


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (datetime(2026, 8, 20, 12, tzinfo=UTC), date(2025, 8, 20)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), date(2027, 2, 28)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), date(2026, 1, 1)),
    ],
)
def test_a_year_is_counted_from_the_same_day(now: datetime, since: date) -> None:
    assert counted_since(now) == since


def test_steps() -> None:
    assert [step(count) for count in (0, 1, 2, 3, 5, 6, 10, 11, 20, 21, 999)] == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_the_words_of_a_map_name_where_and_what_is_not_read() -> None:
    stored = [_decree(1, "26"), _decree(2, "26"), _decree(3, "PP", "75056")]
    text = figures_text(_questions(stored, overview()).map_of_france(), PLACES, "fr").replace("\u00a0", " ")
    assert "le 20 août 2026" in text
    assert "Où : Drôme (26) : 2, Paris (75) : 1." in text
    assert "illisibles ou pas encore lus : Isère (38), Savoie (73), Paris (75)." in text
    assert "que Vigie ne lit pas" in text
    assert "Blanc : aucune relevée ; il peut en exister" in text.replace("\u202f", " ")


def _online(number: int, authority: str, before: datetime | None, first: datetime, **changes: Any) -> Decree:
    """A decree that begins on 19 August, and went online between these instants."""
    looks = [None if at is None else Look("https://a.example", at, at, 200) for at in (before, first)]
    made = replace(_decree(number, authority), **changes)
    assert looks[1] is not None
    return replace(made, sightings=(Sighting(authority, made.url, 1, first, online=Online(looks[1], looks[0])),))


def test_shares_of_what_went_online_late_are_told_from_ten_on() -> None:
    eve, late, july = (datetime(2026, month, day, 9, tzinfo=UTC) for month, day in ((8, 18), (8, 20), (7, 3)))
    soon = timedelta(minutes=15)
    stored = [
        *(_online(number, "26", eve, eve + soon) for number in range(1, 8)),
        *(_online(number, "26", late, late + soon) for number in range(8, 11)),
        *(_online(number, "PP", july, july + soon) for number in range(11, 14)),
        _online(20, "26", None, eve),
        _online(21, "26", eve, late),
        _online(22, "26", eve, eve + soon, kind=Kind.ABROGATION),
        _decree(23, "26"),
    ]
    found = _questions(stored).online()
    assert found.all == OnlineCounts(after=3, eve=7, earlier=3)
    assert found.authorities == (("26", OnlineCounts(after=3, eve=7)), ("PP", OnlineCounts(earlier=3)))
    assert [counts.total for _, counts in found.months] == [*[0] * 10, 3, 10]
    assert (found.all.shares, found.months[-1][1].shares, found.authorities[1][1].shares) == ((23, 0, 54, 23), (30, 0, 70, 0), ())
    chart = _questions(stored).chart()
    assert "(13) : après le début 23 %, le jour même 0 %, la veille 54 %." in with_plain_spaces(figures_text(chart, PLACES, "fr"))
    assert "went online" not in figures_text(_questions(stored[:9]).chart(), PLACES, "en")


def test_the_words_of_a_chart_name_every_month_and_the_authorities() -> None:
    stored = [_decree(1, "26"), _decree(2, "PP"), _decree(3, "PP")]
    text = figures_text(_questions(stored).chart(), PLACES, "en")
    assert "published since 1 September 2025: 3." in text
    assert "Sept 2025: 0, Oct 2025: 0" in text
    assert "Aug 2026: 3." in text
    assert "By authority: Préfecture de police de Paris: 2, Drôme (26): 1." in text


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("view", View)
def test_words_fit_in_a_caption_however_much_there_is(view: View, language: str) -> None:
    many = tuple(
        DepartmentFigures(f"{number:02}", "Territoire-de-Longuenom-sur-Mer", 99_999, 99_999, coverage)
        for coverage in Coverage
        for number in range(1, 34)
    )
    places = {one.code: replace(PLACES["26"], code=one.code, department=one.name) for one in many}
    months = tuple((date(2025, month, 1), 99_999) for month in range(1, 13))
    counts = tuple((one.code, 99_999) for one in many)
    full = Figures(date(2025, 12, 31), many, months, counts, 99_999, 99_999, 999_999, date(2025, 12, 31), stalled=True)
    assert telegram_length(figures_text(FiguresAnswer(view, full), places, "en" if language == "en" else "fr")) <= 1024
