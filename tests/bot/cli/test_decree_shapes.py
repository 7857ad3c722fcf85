"""What the JSON of a decree says of contesting it, of its standing and of others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, Place, Sighting
from bot.domain.publication import FileVersion, Look, Online
from bot.queries.decree_shape import DecreeModel, OneDecreeModel

PARIS, CERGY = "Tribunal administratif de Paris", "Tribunal administratif de Cergy-Pontoise"
DECREE = Decree(
    authority="92",
    kind=Kind.AUTHORISATION,
    title="Arrêté",
    facts=Facts(starts=Moment(date(2025, 5, 3)), ends=Moment(date(2025, 5, 7))),
    evidence=(),
    url="https://www.lande.gouv.fr/recueil.pdf",
    page=3,
    published=date(2025, 5, 6),
    id=7,
)

NOW = datetime(2025, 5, 6, 12, tzinfo=UTC)
PLACE = Place("92", "Préfecture des Hauts-de-Seine", "Hauts-de-Seine")


def shaped(decree: Decree, at: datetime = NOW) -> dict[str, Any]:
    return DecreeModel.at(decree, PLACE, at).model_dump(mode="json")


def test_court_last_day_and_flags() -> None:
    shape = shaped(DECREE)
    assert shape["court"] == shape["court_by_seat"] == CERGY
    assert shape["last_day"] == "2025-07-07"
    assert shape["flags"] == ["outside_window", "published_after_start"]


def test_what_is_not_known_is_null() -> None:
    shape = shaped(replace(DECREE, authority="", published=None))
    assert (shape["court"], shape["last_day"], shape["flags"]) == (None, None, ["outside_window"])
    for misread in (date.min, date.max):
        assert shaped(replace(DECREE, published=misread))["last_day"] is None


def test_standing_and_urgency_are_those_of_the_moment() -> None:
    shape = shaped(DECREE)
    assert (shape["status"], shape["urgent_appeal"], shape["days_published_after_start"]) == ("in_force", "running", 3)
    later = shaped(DECREE, datetime(2025, 5, 8, tzinfo=UTC))
    assert (later["status"], later["urgent_appeal"]) == ("over", "over")
    assert shaped(replace(DECREE, published=date(2025, 5, 2)))["days_published_after_start"] is None


def test_where_it_was_seen_and_what_later_decrees_do_to_it() -> None:
    seen = datetime(2025, 5, 6, 8, tzinfo=UTC)
    ended = replace(
        DECREE,
        sightings=(Sighting("PP", "https://www.prefecturedepolice.example/a.pdf", 1, seen),),
        changes=(Change(Kind.RENEWAL, 4, "2025-1", starts=Moment(date(2025, 5, 3)), ends=Moment(date(2025, 5, 4))),),
        changed_by=(Change(Kind.ABROGATION, None, "2025-9", date(2025, 5, 3)),),
    )
    shape = shaped(ended)
    assert shape["status"] == "ended"
    assert shape["sightings"] == [
        {"authority": "PP", "url": "https://www.prefecturedepolice.example/a.pdf", "page": 1, "seen_at": "2025-05-06T08:00:00Z"}
    ]
    plain: dict[str, object] = {"retroactive": None, "revoked_by": []}
    assert shape["changes"] == [
        {"kind": "renewal", "decree": 4, "number": "2025-1", "since": None, "starts": "2025-05-03", "ends": "2025-05-04", **plain}
    ]
    assert shape["changed_by"] == [
        {"kind": "abrogation", "decree": None, "number": "2025-9", "since": "2025-05-03", "starts": None, "ends": None, **plain}
    ]


def test_when_it_went_online_and_what_follows() -> None:
    def look(hour: int) -> Look:
        asked = datetime(2025, 5, 6, hour, tzinfo=UTC)
        return Look("https://www.lande.gouv.fr/raa", asked, asked + timedelta(seconds=1), 200, asked, "Tue, 06 May 2025", '"5f2"')

    online = Online(look(10), look(9), replaced=(FileVersion("a" * 64, look(11).answered_at),))
    decree = replace(DECREE, sightings=(Sighting("92", DECREE.url, 3, look(10).answered_at, online=online),))
    shape = OneDecreeModel.at(decree, PLACE, NOW, pdf_sha256=None, pdf_fetched_at=None).model_dump(mode="json")
    assert (shape["online_after"], shape["online_until"], shape["timeliness"]) == (
        "2025-05-06T09:00:00Z",
        "2025-05-06T10:00:01Z",
        "after_start",
    )
    assert shape["online"]["before"] == {
        "url": "https://www.lande.gouv.fr/raa",
        "asked_at": "2025-05-06T09:00:00Z",
        "answered_at": "2025-05-06T09:00:01Z",
        "status": 200,
        "server_date": "2025-05-06T09:00:00Z",
        "last_modified": "Tue, 06 May 2025",
        "etag": '"5f2"',
        "clocks_differ": False,
    }
    assert shape["online"]["replaced"] == [{"sha256": "a" * 64, "fetched_at": "2025-05-06T11:00:01Z"}]
    assert not shape["online"]["is_wide"]
    assert (shaped(DECREE)["online_after"], shaped(DECREE)["timeliness"]) == (None, None)
