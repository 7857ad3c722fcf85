"""`docs/json.md` names every key that the commands print, under its heading, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot.cli.output import page_json, reading_json
from bot.cli.review import review_json
from bot.cli.rounds import round_json
from bot.delivery.deliverer import Delivered
from bot.domain.acts import (
    Act,
    Change,
    Cover,
    Decree,
    Evidence,
    Facts,
    Judged,
    Kind,
    Outcome,
    Place,
    Reading,
    Reference,
    Sighting,
    Verdict,
    Where,
)
from bot.domain.health import DestinationHealth
from bot.domain.posts import DestinationTrouble, Post, PostState
from bot.domain.records import UncertainAct, Waiting
from bot.domain.text import PageText
from bot.ingest.ingestor import IngestResult, Unread
from bot.ingest.poller import SourceReport
from sources.catalogue.authority import load_authorities
from sources.model import ListingEntry

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "json.md").read_text("utf-8")
NOW = datetime(2026, 8, 20, 12, tzinfo=UTC)
PLACE = Place("26", "Préfecture de la Drôme", "Drôme")
QUOTE = Evidence("number", 3, "n° 2026-2", Where.TITLE, "number")
FACTS = Facts(number="2026-2", references=(Reference(Kind.MODIFICATION, "2026-1", date(2026, 8, 1)),))
DECREE = Decree(
    authority="26",
    kind=Kind.MODIFICATION,
    title="Arrêté",
    facts=FACTS,
    evidence=(QUOTE,),
    url="https://www.drome.gouv.fr/raa.pdf",
    page=3,
    published=date(2026, 8, 14),
    id=2,
    sightings=(Sighting("26", "https://www.drome.gouv.fr/raa.pdf", 3, NOW),),
    changes=(Change(Kind.MODIFICATION, 1, "2026-1", date(2026, 8, 14)),),
    changed_by=(Change(Kind.ABROGATION, revoked_by=(Change(Kind.ABROGATION, retroactive=True),)),),
)
READING = Reading(
    1,
    Cover("26", "26-2026-300", date(2026, 8, 14)),
    (Act("26-2026-08-14-00002", "Arrêté", None, 1, 1, ()),),
    pages=(PageText(1, "Arrêté"),),
)
JUDGED = (Judged(READING.acts[0], Verdict(Outcome.DECREE, Kind.AUTHORISATION, FACTS, (QUOTE,))),)


def rows(heading: str) -> list[tuple[str, str]]:
    """The table under a heading: the cell of the keys, and what is said of them."""
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    assert section is not None
    return re.findall(r"^\| (`.*?) \| (.*) \|$", section[1], re.MULTILINE)


def documented(heading: str) -> set[str]:
    return {key for cell, _ in rows(heading) for key in re.findall(r"`(\w+)`", cell)}


def described(heading: str, key: str) -> set[str]:
    """The words in code style in what is said of a key."""
    [said] = [said for cell, said in rows(heading) if f"`{key}`" in cell]
    return set(re.findall(r"`(\w+)`", said))


def a_round() -> dict[str, Any]:
    source = load_authorities()["26"].sources[0]
    listed = (ListingEntry(url="https://www.drome.gouv.fr/raa.pdf", title="RAA"),)
    report = SourceReport(source, listed=listed, unread=(Unread("https://www.drome.gouv.fr/raa.pdf", "not a PDF"),))
    ingested = IngestResult(decrees=(DECREE,), uncertain=(UncertainAct("26", "https://www.drome.gouv.fr/raa.pdf", 1, None, "Arrêté", ()),))
    delivered = Delivered(Post(1, "key", "console", DECREE, PostState.SENT), PostState.SENT)
    return round_json([report], ingested, [delivered], [DestinationHealth("console")], {"26": PLACE}, NOW)


def keys(shapes: Iterable[dict[str, Any]]) -> set[str]:
    return {key for shape in shapes for key in shape}


def test_a_reading() -> None:
    shape = reading_json("raa.pdf", READING, JUDGED, PLACE, NOW, text=True, explain=True)
    assert documented("What `vigie read` prints") == set(shape)
    assert documented("An act") == keys(shape["acts"])
    twice = [fact for act in shape["acts"] for fact in act["read_twice"]]
    assert described("An act", "read_twice") >= keys(twice)
    assert documented("A page") == set(page_json(READING.pages[0], text=True)) == keys(shape["page_details"])
    assert described("What `vigie read` prints", "recueil") >= set(shape["recueil"])


def test_a_review() -> None:
    waiting = Waiting(1, 1, "26", "https://www.drome.gouv.fr/raa.pdf", 1, None, "Arrêté", (QUOTE,), NOW, "0a1b2c3d")
    shape = review_json(waiting, READING.acts[0], DECREE, text=True)
    assert documented("What `vigie review` prints") == set(shape)
    assert described("What `vigie review` prints", "pages") >= keys(shape["pages"])


def test_a_round() -> None:
    shape = a_round()
    assert documented("What `vigie poll` and `vigie check` print") == set(shape)
    assert documented("A source") == keys(shape["sources"])
    assert documented("A destination") == keys(shape["destinations"])
    assert described("A destination", "trouble") >= {trouble.value for trouble in DestinationTrouble}
    for name in ("uncertain", "posts"):
        assert described("What `vigie poll` and `vigie check` print", name) >= keys(shape[name])
    [source] = shape["sources"]
    assert described("A source", "listed") >= keys(source["listed"])
    assert described("A source", "unread") >= keys(source["unread"])
