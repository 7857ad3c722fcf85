"""Ten decrees of August 2026 in a real store, for questions asked of every face: their numbers are those of the table below.

    1  26   Valence, festival, 21 to 23 August: to come          2026-1104
    2  26   Valence-Ville station, 1 to 30 August: under way     2026-0988
    3  26   Romans-sur-Isère, in May: over                       2026-0400
    4  26   trains, no commune named, 10 to 25 August            2026-0990
    5  26   changes decree 1                                     2026-1120
    6  PP   gare de Lyon (Paris 12e), under way                  2026-01010
    7  PP   Stade de France (Saint-Denis), 22 August: to come    2026-01011
    8  07   Privas, 15 to 25 August: under way                   2026-1104 (the number of decree 1 too)
    9  06   Nice, a refusal                                      2026-0777
   10  26   set aside by a person

The préfet de police and the Haute-Savoie cannot be read; the Orne is not covered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bot.app.inventory import places_of
from bot.app.wiring import namer_of
from bot.domain.acts import Act, Cover, Decree, Facts, Judged, Kind, Moment, Outcome, Place, Reading, Reference, Verdict
from bot.domain.health import AuthorityHealth, Cause, Overview, SourceHealth, Status
from bot.domain.records import NewRecueil, ReadResult, RecueilState
from bot.domain.text import PageText
from bot.storage.recording import Route
from bot.storage.schema import decrees
from bot.storage.store import Store, open_store
from sources.catalogue.authority import load_authorities
from tests.bot.storage.ready import NAME, ready_store

NOW = datetime(2026, 8, 20, 12, 0, tzinfo=UTC)
_UNREAD = {"PP": Cause.CHALLENGE, "74": Cause.UNREACHABLE}
_SITES = {"26": "www.drome.gouv.fr", "07": "www.ardeche.gouv.fr", "06": "www.alpes-maritimes.gouv.fr"}


def places() -> dict[str, Place]:
    """Return the authorities of the catalogue."""
    return places_of(load_authorities())


def recorded(folder: Path, known: dict[str, Place]) -> Store:
    """Return a store in `folder` that holds the decrees above, with the communes that they name."""
    ready_store(folder).close()
    store = open_store(f"sqlite:///{folder / NAME}", namer=namer_of(known))
    for number, found in enumerate(_DECREES, start=1):
        record(store, number, found)
    with store.database.writing() as connection:
        connection.execute(decrees.update().where(decrees.c.id == len(_DECREES)).values(withdrawn_at=NOW))
    return store


def overview(known: Mapping[str, Place], now: datetime = NOW, failing: Mapping[str, datetime] = MappingProxyType({})) -> Overview:
    """Return how all authorities are read at `now`. `failing` are those that fail besides, and since when."""
    return Overview(now, tuple(_health(code, failing.get(code)) for code in known))


def _health(code: str, failing_since: datetime | None) -> AuthorityHealth:
    if code == "61":
        return AuthorityHealth(code, Status.NOT_COVERED, not_covered="no address")
    cause = _UNREAD.get(code) or (None if failing_since is None else Cause.STRUCTURE)
    status = Status.OK if cause is None else Status.FAILING
    since = None if cause is None else failing_since or datetime(2026, 8, 3, 6, tzinfo=UTC)
    route = SourceHealth(f"{code}:site", status, cause, since, last_ok_at=since or NOW, last_published=date(2026, 8, 19))
    return AuthorityHealth(code, status, (route,))


def _decree(
    authority: str, title: str, published: str, number: str, period: str = "", kind: Kind = Kind.AUTHORISATION, **facts: Any
) -> Decree:
    """A decree of a `period` as ISO 8601 writes it, signed on the day before it is published unless `facts` say otherwise."""
    site, day = _SITES.get(authority, "www.prefecturedepolice.interieur.gouv.fr"), date.fromisoformat(published)
    known = {
        "signed": day - timedelta(days=1),
        **dict(zip(("starts", "ends"), map(Moment.parse, filter(None, period.split("/"))), strict=False)),
        **facts,
    }
    return Decree(authority, kind, title, Facts(number=number, **known), (), f"https://{site}/raa-{number}.pdf", 5, day)


_DECREES = (
    _decree(
        "26",
        "Arrêté autorisant un traitement algorithmique des images au festival",
        "2026-08-18",
        "2026-1104",
        "2026-08-21T14:00/2026-08-23T02:00",
        event="Festival des Lumières",
        operators=("Police municipale de Valence",),
        places=("place des Clercs à Valence",),
        purposes=("crowd_movement",),
        cameras=24,
    ),
    _decree(
        "26",
        "Arrêté autorisant la SNCF à analyser les images de la gare",
        "2026-07-31",
        "2026-0988",
        "2026-08-01/2026-08-30",
        operators=("SNCF",),
        places=("gare de Valence-Ville",),
    ),
    _decree(
        "26",
        "Arrêté autorisant un traitement algorithmique à la braderie",
        "2026-05-04",
        "2026-0400",
        "2026-05-08/2026-05-10",
        signed=date(2026, 5, 1),
        places=("centre-ville de Romans-sur-Isère",),
    ),
    _decree(
        "26",
        "Arrêté autorisant un traitement algorithmique à bord des trains",
        "2026-08-07",
        "2026-0990",
        "2026-08-10/2026-08-25",
        operators=("SNCF",),
    ),
    _decree(
        "26",
        "Arrêté modifiant l’arrêté n° 2026-1104",
        "2026-08-19",
        "2026-1120",
        kind=Kind.MODIFICATION,
        references=(Reference(Kind.MODIFICATION, "2026-1104", date(2026, 8, 17)),),
    ),
    _decree(
        "PP",
        "Arrêté autorisant un traitement algorithmique en gare",
        "2026-08-02",
        "2026-01010",
        "2026-08-03/2026-08-31",
        operators=("SNCF",),
        places=("Gare de Lyon",),
    ),
    _decree(
        "PP",
        "Arrêté autorisant un traitement algorithmique au stade",
        "2026-08-17",
        "2026-01011",
        "2026-08-22/2026-08-22",
        places=("Stade de France",),
    ),
    _decree(
        "07",
        "Arrêté autorisant un traitement algorithmique au marché",
        "2026-08-14",
        "2026-1104",
        "2026-08-15/2026-08-25",
        operators=("Commune de Privas",),
        places=("centre-ville de Privas",),
    ),
    _decree(
        "06",
        "Arrêté portant refus d’un traitement algorithmique à Nice",
        "2026-08-12",
        "2026-0777",
        kind=Kind.REFUSAL,
        operators=("Commune de Nice",),
        places=("Nice",),
    ),
    _decree("26", "Avis sans rapport", "2026-08-18", "2026-9999", signed=date(2026, 8, 1)),
)


def record(store: Store, number: int, found: Decree, route: Route = lambda _: (), now: datetime = NOW) -> None:
    """Record a decree in a recueil of its own, the `number`-th of all."""
    facts = found.facts
    day = found.published or NOW.date()
    act_id = f"{found.authority}-{day.isoformat()}-{number:05}" if found.authority != "PP" else None
    keys = [f"number:{found.authority}:{(facts.number or '').replace('-0', '-')}:signed:{facts.signed}"]
    keys += [] if act_id is None else [f"act:{act_id.lower()}"]
    prefixes = tuple(f"number:{found.authority}:{reference.number}:" for reference in facts.references)
    new = NewRecueil(found.authority, f"{found.authority}:site", found.url, "RAA", day, is_detail=False, state=RecueilState.WAITING)
    (recueil,) = store.recueils.add([new], now)
    act = Act(act_id, found.title, None, found.page, found.page, (PageText(found.page, f"{found.title}. {' '.join(facts.places)}"),))
    judged = Judged(act, Verdict(Outcome.DECREE, found.kind, facts, ()))
    fresh = replace(found, act_id=act_id, identities=tuple(keys), reference_prefixes=prefixes)
    result = ReadResult(recueil, Reading(found.page, Cover(), (act,)), f"digest-{number}", (judged,), ((0, fresh),), None)
    store.recordings.record(result, route, now)
