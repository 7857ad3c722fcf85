"""Feeds and calendars, read as subscribers read them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import feedparser
import icalendar
import pytest

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, NamedCommune, Naming, Slot
from bot.web.documents import SiteSettings
from bot.web.feeds import CalendarEvent, Span, calendar, slots_of, span_of
from tests.bot.queries.conftest import NOW, MemoryDecrees, decree
from tests.bot.web.conftest import get, memory_site

SETTINGS = SiteSettings(public_url="https://vigie.example", licence="etalab-2.0")
HOSTILE = '<script>alert("1")</script> &amp; ]]> \x00\x07\x1b[2J \ufffe\ud800 \u202e @tous #tag https://mauvais.example\r\nBEGIN:VEVENT'


def shown(number: int, *, found: datetime = NOW, **changes: Any) -> Decree:
    return replace(decree(number), found_at=found, **changes)


def site_of(*decrees: Decree, settings: SiteSettings = SETTINGS) -> Any:
    return memory_site(MemoryDecrees(decrees), settings)


def parsed(site: Any, address: str) -> Any:
    document = get(site, address)
    assert (document.status, document.media_type) == (200, "application/atom+xml; charset=utf-8")
    # Without the spaces at which no line may break: feedparser takes some of them away.
    found = feedparser.parse(document.body.decode().replace("\u00a0", " ").encode())
    assert found.bozo is False, found.get("bozo_exception")
    return found


def events(site: Any, address: str, *, limits: bool = False) -> list[Any]:
    document = get(site, address)
    assert (document.status, document.media_type) == (200, "text/calendar; charset=utf-8")
    assert all(len(line) <= 75 for line in document.body.split(b"\r\n"))
    found: list[Any] = icalendar.Calendar.from_ical(document.body.decode()).walk("VEVENT")
    return [event for event in found if event["UID"].endswith("-recours@vigie-vsa") == limits]


def test_an_atom_feed_has_what_readers_need() -> None:
    changed = NOW + timedelta(days=1)
    feed = parsed(site_of(shown(12, changed_at=changed), shown(11)), "/flux/arretes.atom")
    assert (feed.version, feed.feed.id, feed.feed.language) == ("atom10", "tag:vigie-vsa,2026:flux:arretes", "fr")
    assert feed.feed.links[0].href == "https://vigie.example/flux/arretes.atom"
    assert feed.feed.updated == "2026-08-21T12:00:00Z"
    assert "Licence Ouverte 2.0" in feed.feed.rights
    first = feed.entries[0]
    assert first.id == "tag:vigie-vsa,2026:arretes:26:12:1787227200"
    assert first.title == "Drôme (26) · autorisation · du 21 au 23 août 2026 · SNCF · n° 26-2026-012"
    assert (first.published, first.updated) == ("2026-08-20T12:00:00Z", "2026-08-21T12:00:00Z")
    assert [link.href for link in first.links] == ["https://vigie.example/arretes/12", "https://www.drome.gouv.fr/raa-12.pdf#page=7"]
    assert "Autorisation donnée à : SNCF" in first.summary
    assert "dans 2" not in first.title + first.summary, "nothing that is only true today"


def test_a_title_begins_with_the_place_and_the_event() -> None:
    (entry,) = parsed(site_of(shown(12, facts=Facts("1", event="Fête du port", communes=("Valence",)))), "/flux/arretes.atom").entries
    assert entry.title == "Valence : Fête du port · autorisation · Drôme (26) · n° 1"


def test_a_title_doubts_no_dates_that_a_later_decree_has_given() -> None:
    doubted = replace(decree(12).facts, doubtful=("starts", "ends"))
    whole = Change(Kind.MODIFICATION, 13, None, date(2026, 8, 19), Moment(date(2026, 8, 21)), Moment(date(2026, 8, 24)))
    for given, titled in (
        (whole, "du 21 au 24 août 2026 · SNCF"),
        (replace(whole, starts=None), "du 21 au 24 août 2026 · dates à vérifier"),
    ):
        (entry,) = parsed(site_of(shown(12, facts=doubted, changed_by=(given,))), "/flux/arretes.atom").entries
        assert titled in entry.title


def test_an_entry_is_the_same_on_any_day_and_wherever_the_site_is() -> None:
    some = shown(12)
    bodies = {get(site_of(some), "/flux/arretes.atom", at=NOW + timedelta(days=days)).body for days in (0, 1, 40, 400)}
    assert len(bodies) == 1
    moved = parsed(site_of(some, settings=SiteSettings(public_url="https://autre.example/vsa")), "/flux/arretes.atom")
    assert moved.entries[0].id == parsed(site_of(some), "/flux/arretes.atom").entries[0].id
    assert moved.entries[0].link == "https://autre.example/vsa/arretes/12"


def test_english_feeds_are_feeds_of_their_own() -> None:
    feed = parsed(site_of(shown(12)), "/en/flux/arretes.atom")
    assert (feed.feed.id, feed.feed.language) == ("tag:vigie-vsa,2026:flux:arretes:en", "en")
    assert feed.entries[0].id.endswith(":en")
    assert feed.entries[0].link == "https://vigie.example/en/arretes/12"
    assert feed.entries[0].title.startswith("Drôme (26) · authorisation · from 21 to 23 August 2026 ·")


@pytest.mark.parametrize("form", ["atom", "json", "ics"])
def test_what_a_decree_holds_breaks_no_feed(form: str) -> None:
    facts = Facts(HOSTILE, event=HOSTILE, operators=(HOSTILE,), places=(HOSTILE * 9,), starts=Moment(date(2026, 8, 21)))
    site = site_of(shown(1, title=HOSTILE, facts=facts, url="https://a.example/<b>\r\nX:1.pdf"))
    body = get(site, f"/flux/arretes.{form}").body
    assert not {*range(9), *range(14, 32)} & set(body), "no control characters"
    if form == "atom":
        entry = parsed(site, "/flux/arretes.atom").entries[0]
        assert "<script" not in entry.content[0].value
        assert "＠tous" in entry.title
    elif form == "json":
        item = json.loads(body)["items"][0]
        assert "<script" not in item["content_html"]
        assert "&lt;script&gt;" in item["content_html"]
    else:
        [event] = events(site, "/flux/arretes.ics")
        assert "\n" not in event["SUMMARY"]
        assert body.count(b"\r\nBEGIN:VEVENT\r\n") == 2, "when it applies, and the last day to contest it"


def test_a_json_feed_has_the_same_entries() -> None:
    document = get(site_of(shown(12)), "/flux/arretes.json")
    assert document.media_type == "application/feed+json; charset=utf-8"
    whole = json.loads(document.body)
    assert whole["version"] == "https://jsonfeed.org/version/1.1"
    assert whole["feed_url"] == "https://vigie.example/flux/arretes.json"
    [item] = whole["items"]
    atom = parsed(site_of(shown(12)), "/flux/arretes.atom").entries[0]
    assert (item["id"], item["title"].replace("\u00a0", " "), item["url"]) == (atom.id, atom.title, atom.link)
    assert item["tags"] == ["VSA", "Drôme", "dept26", "SNCF"]


def test_feeds_are_of_places_operators_and_what_is_in_force() -> None:
    named = (NamedCommune("26198", Naming.NAMED, "Montélimar"),)
    town = shown(1, communes=named)
    bare = shown(2)
    elsewhere = replace(shown(3), authority="38", facts=Facts("38-1", operators=("RATP",), ends=Moment(date(2026, 8, 1))))
    other_town = shown(4, communes=(NamedCommune("26362", Naming.NAMED, "Valence"),))
    site = site_of(town, bare, elsewhere, other_town)

    def numbers(address: str) -> list[int]:
        return [int(entry.link.rsplit("/", 1)[1]) for entry in parsed(site, address).entries]

    assert numbers("/flux/arretes.atom") == [4, 3, 2, 1]
    assert numbers("/flux/departements/26.atom") == [4, 2, 1]
    assert numbers("/flux/communes/26198.atom") == [2, 1]
    assert numbers("/flux/operateurs/ratp.atom") == numbers("/flux/operateurs/RATP.atom") == [3]
    assert sorted(numbers("/flux/envigueur.atom")) == [1, 2, 4]
    first, second = parsed(site, "/flux/communes/26198.atom").entries
    assert first.summary.startswith("Cet arrêté ne nomme aucune commune : il peut concerner Montélimar.")
    assert "il peut concerner" not in second.summary
    assert parsed(site, "/flux/communes/26198.atom").feed.title == "Montélimar (26) : arrêtés sur la vidéosurveillance algorithmique"


@pytest.mark.parametrize(
    "path",
    [
        *("arretes.rss", "departements/99.atom", "communes/99999.ics", "operateurs/personne.json", "departements/26.xml"),
        *("departements/988.atom", "communes/98818.atom"),
    ],
)
def test_what_has_no_feed_is_missing(path: str) -> None:
    assert get(site_of(shown(1)), f"/flux/{path}").status == 404


def test_an_empty_feed_is_one() -> None:
    assert parsed(site_of(), "/flux/departements/26.atom").entries == []
    assert events(site_of(), "/flux/departements/26.ics") == []
    assert parsed(site_of(), "/flux/departements/1.atom").feed.title.startswith("Ain (01)")


def test_a_withdrawn_decree_is_in_no_feed() -> None:
    site = site_of(shown(1), shown(2, withdrawn_at=NOW))
    assert len(parsed(site, "/flux/arretes.atom").entries) == 1
    assert len(events(site, "/flux/operateurs/sncf.ics")) == 1


# Calendars.


def of(starts: str | None, ends: str | None, *changes: Change, kind: Kind = Kind.AUTHORISATION) -> Decree:
    facts = Facts(starts=Moment.parse(starts) if starts else None, ends=Moment.parse(ends) if ends else None)
    return replace(decree(1), kind=kind, facts=facts, changed_by=changes)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


END = Change(Kind.ABROGATION, 2, since=date(2026, 8, 22))


@pytest.mark.parametrize(
    ("some", "expected"),
    [
        (of("2026-08-21", "2026-08-23"), Span(date(2026, 8, 21), date(2026, 8, 24), "CONFIRMED")),
        (of("2026-08-21T14:00", "2026-08-22T02:00"), Span(utc("2026-08-21T12:00"), utc("2026-08-22T00:00"), "CONFIRMED")),
        (of("2026-01-21T14:00", "2026-01-22"), Span(utc("2026-01-21T13:00"), utc("2026-01-22T23:00"), "CONFIRMED")),
        (of("2026-08-21", "2026-08-22T02:00"), Span(utc("2026-08-20T22:00"), utc("2026-08-22T00:00"), "CONFIRMED")),
        (of("2026-08-21", None), Span(date(2026, 8, 21), date(2026, 8, 22), "CONFIRMED")),
        (of("2026-08-21T14:00", None), Span(date(2026, 8, 21), date(2026, 8, 22), "CONFIRMED")),
        (of(None, "2026-08-23"), Span(date(2026, 8, 23), date(2026, 8, 24), "CONFIRMED")),
        (of("2026-08-21", "2026-08-03"), Span(date(2026, 8, 21), date(2026, 8, 22), "CONFIRMED")),
        (of(None, None), None),
        (of("2026-08-21", "2026-08-23", kind=Kind.REFUSAL), None),
        (of("2026-08-21", "2026-08-23", END), Span(date(2026, 8, 21), date(2026, 8, 22), "CONFIRMED")),
        (of("2026-08-21", "2026-08-23", replace(END, since=date(2026, 8, 20))), Span(date(2026, 8, 21), date(2026, 8, 24), "CANCELLED")),
        (of("2026-08-21", "2026-08-23", replace(END, retroactive=True)), Span(date(2026, 8, 21), date(2026, 8, 24), "CANCELLED")),
        (of("2026-08-21", "2026-08-23", replace(END, revoked_by=(END,))), Span(date(2026, 8, 21), date(2026, 8, 24), "TENTATIVE")),
        (of("2026-08-21", "2026-08-23", replace(END, kind=Kind.SUSPENSION)), Span(date(2026, 8, 21), date(2026, 8, 24), "TENTATIVE")),
        (
            of("2026-08-21", "2026-08-23", Change(Kind.MODIFICATION, 2, ends=Moment(date(2026, 8, 30)))),
            Span(date(2026, 8, 21), date(2026, 8, 31), "CONFIRMED"),
        ),
    ],
)
def test_an_event_is_when_cameras_may_be_used(some: Decree, expected: Span | None) -> None:
    assert span_of(some, "Europe/Paris") == expected


NIGHTS = Slot(date(2026, 10, 23), date(2026, 11, 1), time(22), time(2), (4, 5))


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        ((), ()),
        (
            (Slot(date(2026, 8, 21), date(2026, 8, 23), time(14), time(20)),),
            (Span(utc("2026-08-21T12:00"), utc("2026-08-21T18:00"), "CONFIRMED", "FREQ=DAILY;UNTIL=20260823T120000Z"),),
        ),
        # Clocks go back in the night of the 25th: an hour is that of the place on both sides.
        (
            (NIGHTS,),
            (
                Span(utc("2026-10-23T20:00"), utc("2026-10-24T00:00"), "CONFIRMED", "FREQ=WEEKLY;BYDAY=FR,SA;UNTIL=20261024T200000Z"),
                Span(utc("2026-10-30T21:00"), utc("2026-10-31T01:00"), "CONFIRMED", "FREQ=WEEKLY;BYDAY=FR,SA;UNTIL=20261031T210000Z"),
            ),
        ),
        (
            (
                Slot(date(2026, 8, 21), date(2026, 8, 21), time(9), time(12)),
                Slot(date(2026, 8, 23), date(2026, 8, 23), time(0, 30), time(4)),
            ),
            (
                Span(utc("2026-08-21T07:00"), utc("2026-08-21T10:00"), "CONFIRMED"),
                Span(utc("2026-08-22T22:30"), utc("2026-08-23T02:00"), "CONFIRMED"),
            ),
        ),
    ],
)
def test_an_event_is_on_the_hours_of_each_day(slots: tuple[Slot, ...], expected: tuple[Span, ...]) -> None:
    some = of("2026-08-21", "2026-11-01")
    some = replace(some, facts=replace(some.facts, slots=slots))
    whole = span_of(some, "Europe/Paris")
    assert whole is not None
    assert slots_of(some, "Europe/Paris", whole) == expected
    longer = replace(some, changed_by=(Change(Kind.MODIFICATION, 2, ends=Moment(date(2026, 11, 30))),))
    assert slots_of(longer, "Europe/Paris", whole) == ()


def test_a_calendar_says_what_the_feed_says() -> None:
    facts = Facts("1", starts=Moment(date(2026, 8, 21), time(14)), ends=Moment(date(2026, 8, 22), time(2)), places=("Gare, quai 1; é",))
    [event] = events(site_of(shown(1, authority="974", facts=facts)), "/flux/arretes.ics")
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (utc("2026-08-21T10:00"), utc("2026-08-21T22:00")), "the hours of La Réunion"
    assert event["UID"] == "arretes:974:1:1787227200@vigie-vsa"
    assert event["LOCATION"] == "Gare, quai 1; é"
    assert event["URL"] == "https://vigie.example/arretes/1"
    assert event["STATUS"] == "CONFIRMED"
    [alone] = events(site_of(shown(1), settings=SiteSettings()), "/flux/arretes.ics")
    assert alone["URL"] == "https://www.drome.gouv.fr/raa-1.pdf#page=7", "a whole address, where the site has none"


def test_a_calendar_has_the_last_day_to_contest_with_an_alarm_three_days_before() -> None:
    facts = Facts("1", event="Fête du port", communes=("Valence",), starts=Moment(date(2026, 8, 21)))
    granted, refused = shown(1, facts=facts), shown(2, kind=Kind.REFUSAL)
    undone = shown(3, changed_by=(replace(END, since=date(2026, 8, 20)),))
    late, last = events(site_of(granted, refused, undone, shown(4, published=None)), "/flux/arretes.ics", limits=True)
    title = "Valence : Fête du port · dernier jour pour contester (à vérifier) · Drôme (26) · n° 1"
    assert (last["SUMMARY"].replace("\u00a0", " "), last["UID"]) == (title, "arretes:26:1:1787227200-recours@vigie-vsa")
    assert (last["DTSTART"].dt, last["DTEND"].dt, last["STATUS"]) == (date(2026, 10, 20), date(2026, 10, 21), "CONFIRMED")
    assert "Recours possible jusqu’au 20 octobre 2026" in last["DESCRIPTION"].replace("\u00a0", " ")
    [alarm] = last.walk("VALARM")
    assert (alarm["ACTION"], alarm["TRIGGER"].dt, alarm["DESCRIPTION"]) == ("DISPLAY", timedelta(days=-3), last["SUMMARY"])
    assert late["STATUS"] == "CANCELLED", "nothing is left to contest of what ended before it began"
    assert all(not event.walk("VALARM") for event in events(site_of(granted), "/flux/arretes.ics"))


def test_lines_are_folded_between_characters() -> None:
    text = "é" * 36 + "😀" * 40 + "\\;,\n" * 9
    event = CalendarEvent("1", Span(date(2026, 8, 21), date(2026, 8, 22), "CONFIRMED"), text.strip(), text, None, "", NOW)
    body = calendar("N", "fr", [event])
    assert max(map(len, body.split(b"\r\n"))) <= 75
    [read] = icalendar.Calendar.from_ical(body.decode()).walk("VEVENT")
    assert str(read["DESCRIPTION"]) == text
