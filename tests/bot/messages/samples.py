"""Invented decrees and places, and strategies that make hostile ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from hypothesis import strategies as st

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, Place, Reference, Sighting
from bot.domain.facts import CAMERA_TYPES
from bot.domain.law import Court, Flag, LegalAdvice, Recourse, Standing
from bot.domain.topics import purposes_of

DROME = Place("26", "Préfecture de la Drôme", "Drôme")
POLICE = Place("PP", "Préfecture de police", "Paris")
GUADELOUPE = Place("971", "Préfecture de la Guadeloupe", "Guadeloupe", "America/Guadeloupe")
NOW = datetime(2031, 4, 19, 22, 0, tzinfo=UTC)  # midnight in Valence
PDF = "https://www.drome.example/contenu/telechargement/1/2/file/recueil-26-2031-088.pdf"

FULL = Facts(
    number="2031-00493",
    signed=date(2031, 4, 17),
    starts=Moment(date(2031, 4, 20), time(14)),
    ends=Moment(date(2031, 4, 21), time(6)),
    event="Foire du Dauphiné",
    operators=("SNCF",),
    places=("gare de Valence-Ville", "gare routière"),
    purposes=("crowd_movement", "crowd_density"),
    software="Regardix",
    vendor="Société Exemple",
    cameras=118,
)


def decree(kind: Kind = Kind.AUTHORISATION, **changes: Any) -> Decree:
    """A decree with every fact; `facts` and any other field may be changed."""
    whole = Decree(
        authority="26",
        kind=kind,
        title="Arrêté portant autorisation de l’emploi d’un traitement algorithmique des images de vidéoprotection à Valence",
        facts=FULL,
        evidence=(),
        url=PDF,
        page=7,
        published=date(2031, 4, 18),
        act_id="26-2031-04-17-00003",
        id=12,
        found_at=NOW,
    )
    return replace(whole, **changes)


_MARKUP = ("<b>", "</a>", '"', "'", "&", "&amp;", "{n}", "%s")
_INVISIBLE = ("\n", "\r\n", "\x00", "\x1b[2J", "\u202e", "\u200f", "\ud800", "e\u0301\u0301\u0301\u0301", "□", "😀")
_ACTIVE = ("@qui@ailleurs.example", "#Tag", "https://a.example/b")
_NASTY = st.sampled_from((*_MARKUP, *_INVISIBLE, *_ACTIVE))
hostile = st.lists(st.one_of(_NASTY, st.text(max_size=40)), max_size=30).map("".join)
long_hostile = st.one_of(hostile, st.tuples(hostile, st.integers(1, 400)).map(lambda pair: (pair[0] + " ") * pair[1]))
moments = st.builds(Moment, st.dates(), st.none() | st.times())
urls = st.one_of(
    st.just(PDF),
    hostile,
    hostile.map("https://exemple.example/{}".format),
    st.integers(1, 1500).map(lambda n: "https://exemple.example/" + "a" * n),
)
facts = st.builds(
    Facts,
    number=st.none() | hostile,
    signed=st.none() | st.dates(),
    starts=st.none() | moments,
    ends=st.none() | moments,
    event=st.none() | long_hostile,
    operators=st.lists(hostile, max_size=5).map(tuple),
    places=st.lists(long_hostile, max_size=60).map(tuple),
    purposes=st.lists(st.sampled_from(purposes_of("vsa")), max_size=8, unique=True).map(tuple),
    software=st.none() | hostile,
    vendor=st.none() | hostile,
    cameras=st.none() | st.integers(0, 10**9),
    court=st.none() | hostile | st.just("Tribunal administratif d'Amiens"),
    camera_types=st.lists(st.sampled_from(CAMERA_TYPES), max_size=2, unique=True).map(tuple),
    office=st.none() | hostile,
    references=st.lists(st.builds(Reference, st.sampled_from(Kind), st.none() | hostile, st.none() | st.dates()), max_size=7).map(tuple),
    authority=st.none() | st.sampled_from(["26", "PP", "99"]),
)
_endings = st.builds(Change, st.just(Kind.ABROGATION), number=st.none() | hostile, retroactive=st.none() | st.booleans())
changes = st.lists(
    st.builds(
        Change,
        st.sampled_from(Kind),
        st.none() | st.integers(1, 10**6),
        st.none() | hostile,
        st.none() | st.dates(),
        st.none() | moments,
        st.none() | moments,
        st.lists(_endings, max_size=2).map(tuple),
    ),
    max_size=7,
).map(tuple)
sightings = st.lists(
    st.builds(Sighting, st.sampled_from(["26", "92", "PP"]) | hostile, urls, st.integers(-1, 5000), st.just(NOW)), max_size=8
).map(tuple)
decrees = st.builds(
    Decree,
    authority=st.sampled_from(["26", "PP", "99"]),
    kind=st.sampled_from(Kind),
    title=long_hostile,
    facts=facts,
    evidence=st.just(()),
    url=urls,
    page=st.integers(-1, 5000),
    published=st.none() | st.dates(),
    id=st.none() | st.integers(1, 10**6),
    sightings=sightings,
    changes=changes,
    changed_by=changes,
)
_courts = st.none() | hostile | st.sampled_from(["Tribunal administratif de Paris", "Tribunal administratif d'Amiens"])
advices = st.builds(
    LegalAdvice,
    standing=st.sampled_from(Standing),
    recourse=st.sampled_from(Recourse),
    court=st.builds(Court, _courts, _courts, _courts),
    last_day=st.none() | st.dates(),
    flags=st.lists(st.sampled_from(Flag), max_size=3, unique=True).map(tuple),
    late=st.none() | st.integers(1, 10**4),
    months=st.none() | st.integers(1, 12),
    starts=st.none() | moments,
    ends=st.none() | moments,
    outside=st.lists(st.tuples(st.dates(), st.dates()), max_size=3).map(tuple),
    at_least=st.none() | st.dates(),
)
places = st.one_of(st.sampled_from([DROME, POLICE, GUADELOUPE]), st.builds(Place, code=hostile, name=hostile, department=hostile))
nows = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive there
languages = st.sampled_from(["fr", "en"])


def advised(standing: Standing = Standing.UPCOMING, **changes: Any) -> LegalAdvice:
    """Return the legal advice on a decree that can still be contested, before the court that it names; any field may be changed."""
    drome = "Tribunal administratif de Grenoble"
    recourse = {Standing.UPCOMING: Recourse.FUTURE, Standing.IN_FORCE: Recourse.RUNNING, Standing.OVER: Recourse.OVER}
    whole = LegalAdvice(standing, recourse.get(standing, Recourse.UNKNOWN), Court(drome, drome, drome), date(2031, 6, 19), ())
    return replace(whole, **changes)
