"""The API: what it answers, what it refuses, and that its description is true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from openapi_spec_validator import validate

from bot.cli.output import ShownDecree
from bot.domain.acts import Change, Decree, Evidence, Facts, Kind, Moment, NamedCommune, Naming, Reference, Sighting, Where
from bot.queries.answers import ListKind, Question, TownAnswer
from bot.queries.place_shapes import TownModel
from bot.web.api import OPERATIONS
from bot.web.documents import SiteSettings
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, decree
from tests.bot.web.conftest import get, memory_site

SETTINGS = SiteSettings(public_url="https://vigie.example/vsa", licence="etalab-2.0")
URL = "https://www.drome.gouv.fr/raa-12.pdf"
WHOLE = replace(
    decree(12),
    kind=Kind.RENEWAL,
    facts=Facts(
        "2026-12", date(2026, 8, 1), Moment.parse("2026-08-20T14:00"), Moment.parse("2026-08-23"), "Fête", ("SNCF",), ("Gare",),
        ("fire",), references=(Reference(Kind.RENEWAL, "2026-1", date(2026, 7, 1)),),
    ),
    evidence=(Evidence("verdict", 7, "traitement algorithmique", Where.TITLE, "cue"), Evidence("number", 7, "n° 2026-12")),
    sightings=(Sighting("26", URL, 7, NOW),),
    changes=(Change(Kind.RENEWAL, 1, "2026-1", date(2026, 8, 20)),),
    changed_by=(Change(Kind.SUSPENSION, 15, since=date(2026, 8, 21), revoked_by=(Change(Kind.ABROGATION, 16),)),),
    communes=(NamedCommune("26198", Naming.NAMED, "Montélimar"), NamedCommune("2A004", Naming.NAMED, "Ajaccio")),
    found_at=NOW,
    changed_at=NOW,
)  # fmt: skip


def site_of(*decrees: Decree) -> Any:
    return memory_site(MemoryDecrees(decrees), SETTINGS)


def asked(site: Any, address: str, status: int = 200) -> Any:
    document = get(site, f"/api/v1/{address}")
    assert document.status == status, document.body
    assert document.media_type == ("application/json" if status == 200 else "application/problem+json")
    assert document.headers["Access-Control-Allow-Origin"] == "*"
    return json.loads(document.body)


def pages(site: Any, address: str) -> Iterator[list[int]]:
    """The ids on each page of an answer, as its `next` leads to them."""
    while True:
        found = asked(site, address)
        yield [one["id"] for one in found["decrees"]]
        if found["next"] is None:
            return
        parts = urlsplit(found["next"])
        assert f"{parts.scheme}://{parts.netloc}" == "https://vigie.example"
        address = f"{parts.path.removeprefix('/vsa/api/v1/')}?{parts.query}"


def test_a_decree_is_that_of_the_command_line() -> None:
    site = site_of(WHOLE)
    sha256, fetched_at = site.decrees.copy_of(WHOLE)
    printed = ShownDecree.at(WHOLE, PLACES["26"], NOW, pdf_sha256=sha256, pdf_fetched_at=fetched_at, archived_path=None)
    assert asked(site, "decrees/12") == printed.model_dump(mode="json", exclude={"archived_path"})
    assert printed.found_at == NOW


def test_decrees_come_in_pages_that_continue() -> None:
    site = site_of(*(decree(number) for number in range(1, 8)))
    assert list(pages(site, "decrees?limit=3")) == [[7, 6, 5], [4, 3, 2], [1]]
    assert list(pages(site, "decrees?limit=100&kind=refusal")) == [[]]
    assert list(pages(site, "in-force?limit=4")) == [[7, 6, 5, 4], [3, 2, 1]]


def test_decrees_are_those_asked_for() -> None:
    elsewhere = replace(decree(1, "38", operator="RATP"), published=date(2026, 7, 1))
    site = site_of(elsewhere, WHOLE, replace(decree(13), kind=Kind.REFUSAL))
    for query, expected in (
        ("department=26", [13, 12]),
        ("department=38", [1]),
        ("commune=26198", [12]),
        ("authority=38", [1]),
        ("authority=38&department=26", []),
        ("operator=sncf", [13, 12]),
        ("kind=refusal", [13]),
        ("since=2026-08-01", [13, 12]),
        ("until=2026-08-01", [1]),
        ("changed_since=2026-08-20T12:00:00Z", [13, 12, 1]),
        ("changed_since=2026-08-21T12:00:00%2B02:00", []),
        ("operator=SNCF", [13, 12]),
        ("department=2a", []),
        ("authority=pp&kind=refusal", []),
        ("commune=2a004", [12]),
        ("department=1", []),
        ("commune=1053", []),
    ):
        assert [one["id"] for one in asked(site, f"decrees?{query}")["decrees"]] == expected, query


def test_a_place_is_answered_with_how_it_is_read() -> None:
    site = site_of(WHOLE, decree(13))
    town = asked(site, "communes/26198")
    answer = site.questions.ask(Question(ListKind.TOWN, "26198"))
    assert isinstance(answer, TownAnswer)
    assert town == TownModel.about(answer, PLACES).model_dump(mode="json")
    assert (town["commune"]["name"], town["naming_it"], town["in_force_or_to_come"]) == ("Montélimar", 1, 1)
    assert [one["id"] for one in town["decrees"]] == [12]
    assert [one["id"] for one in town["naming_no_commune"]["newest"]] == [13]
    assert town["authorities"][0]["status"] == "fine"
    sources = asked(site_of(), "sources")
    assert {"code": "38", "name": "Préfecture de l'Isère", "status": "failing", "last_published": "2026-08-01", "cause": "blocked",
            "since": "2026-08-18T23:00:00Z"} in sources["authorities"]  # fmt: skip
    assert "secret details" not in json.dumps(sources)


def test_departments_are_counted_with_how_they_are_read() -> None:
    found = asked(site_of(WHOLE), "departments")
    assert len(found["departments"]) == 101
    assert {"code": "26", "name": "Drôme", "in_force": 1, "year": 1, "coverage": "read"} in found["departments"]


HOSTILE = ["<script>", "%00", "%ff", "'; DROP TABLE decrees; --", "9" * 400, "../../etc/passwd", "%F0%9F%92%A9", "", "null", "{{7*7}}"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("decrees/404", 404),
        ("decrees/0x12", 404),
        ("decrees/99999999999999999999", 404),
        ("decrees/%D9%A1", 404),
        ("communes/99999", 404),
        ("in-force?department=99", 404),
        ("communes/98818", 404),
        ("nothing", 404),
        ("decrees?limit=0", 400),
        ("decrees?limit=101", 400),
        ("decrees?limit=ten", 400),
        ("decrees?departement=26", 400),
        ("decrees?department=Dr%C3%B4me", 400),
        ("decrees?department=988", 404),
        ("in-force?department=988", 404),
        ("decrees?authority=13", 404),
        ("decrees?commune=99999", 404),
        ("decrees?commune=98818", 404),
        ("decrees?commune=Valence", 400),
        ("decrees?since=2026-08-02&until=2026-08-01", 400),
        ("decrees?since=yesterday", 400),
        ("decrees?changed_since=2026-08-20T12:00:00", 400),
        ("decrees?cursor=none", 400),
        ("decrees?cursor=W10", 400),
        ("decrees?cursor=WyIyMDI2LTA4LTE5IiwiMjAyNi0wOC0xOSIsMV0", 400),
        ("sources?x=1", 400),
        ("decrees/12?x=1", 400),
        ("in-force?cursor=WzQwNF0", 409),
    ],
)
def test_what_is_not_understood_is_refused(address: str, status: int) -> None:
    refused = asked(site_of(WHOLE), address, status)
    assert (refused["type"], refused["status"]) == ("about:blank", status)
    assert refused["title"]
    assert refused["detail"]


def test_a_refusal_says_which_parameters_there_are() -> None:
    refused = asked(site_of(), "in-force?limit=x&departement=26", 400)
    assert "this address takes: department, topic, limit, cursor" in refused["detail"]
    assert [one["parameter"] for one in refused["errors"]] == ["limit"]


def test_a_code_that_nothing_has_is_named_with_where_the_codes_are() -> None:
    """An empty list would read as: there is no decree there."""
    for query, parameter, where in (
        ("department=999", "department", "/api/v1/departments"),
        ("authority=drome", "authority", "/api/v1/sources"),
        ("commune=26000", "commune", "INSEE"),
        ("operator=snfc", "operator", "`operators`"),
    ):
        refused = asked(site_of(WHOLE), f"decrees?{query}", 404)
        assert [one["parameter"] for one in refused["errors"]] == [parameter]
        assert where in refused["detail"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_hostile_question_comes_back(text: str) -> None:
    site = site_of(WHOLE)
    for name in ("department", "commune", "authority", "operator", "kind", "since", "until", "changed_since", "limit", "cursor", "<b>x"):
        document = get(site, f"/api/v1/decrees?{name}={text}")
        assert document.status in {200, 400, 404}
        assert len(text) < 4 or text.encode() not in document.body.replace(b"null", b"") or document.status == 200
        assert b"<b>" not in document.body


def test_a_withdrawn_decree_is_gone() -> None:
    site = site_of(replace(WHOLE, withdrawn_at=NOW), decree(13))
    assert asked(site, "decrees/12", 410)["title"] == "Gone"
    assert [one["id"] for one in asked(site, "decrees")["decrees"]] == [13]
    assert [asked(site, f"decrees?changed_since=2026-08-{day}T12:00:00Z")["removed"] for day in (20, 21)] == [[12], []]
    assert asked(site, "decrees")["removed"] == []


def test_answers_change_when_a_standing_does() -> None:
    document = get(site_of(WHOLE), "/api/v1/decrees", at=datetime(2026, 8, 20, 11, 30, tzinfo=UTC))
    assert document.changes_at == datetime(2026, 8, 20, 12, tzinfo=UTC), "14 h in Valence"


def test_the_description_is_valid_and_names_every_address() -> None:
    described = asked(site_of(), "openapi.json")
    validate(described)
    assert described["openapi"] == "3.1.0"
    assert described["servers"] == [{"url": "https://vigie.example/vsa"}]
    assert described["info"]["license"] == {"name": "Licence Ouverte 2.0", "identifier": "etalab-2.0"}
    assert list(described["paths"]) == [operation.path for operation in OPERATIONS]
    decrees = described["paths"]["/api/v1/decrees"]["get"]
    assert {one["name"] for one in decrees["parameters"]} == set(OPERATIONS[0].query.model_fields)
