"""Decrees of every state, for pages, as of `NOW`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

from bot.domain.acts import (
    Change,
    Decree,
    Evidence,
    Facts,
    Kind,
    Moment,
    NamedCommune,
    Naming,
    Sighting,
    Where,
)
from bot.domain.health import AuthorityHealth, Cause, Overview, SourceHealth, Status
from bot.domain.publication import Look, Online
from tests.bot.queries.conftest import NOW

VALENCE, ROMANS, MONTELIMAR, GRENOBLE, AJACCIO, SAINT_DENIS, PARIS = "26362", "26281", "26198", "38185", "2A004", "97411", "75056"

HOSTILE = "<script>alert(1)</script> \u202e\"'><img src=x onerror=alert(1)> {{7*7}} **x**"


def _named(code: str, words: str) -> tuple[NamedCommune, ...]:
    return (NamedCommune(code, Naming.NAMED, words),)


def _decree(number: int, authority: str = "26", kind: Kind = Kind.AUTHORISATION, **facts: object) -> Decree:
    url = f"https://www.drome.gouv.fr/contenu/telechargement/recueil-{number}.pdf"
    return Decree(
        authority=authority,
        kind=kind,
        title=f"Arrêté n° 2026-{number:04} portant autorisation de mise en œuvre d’un traitement algorithmique",
        facts=Facts(number=f"2026-{number:04}", **facts),  # type: ignore[arg-type]
        evidence=(),
        url=url,
        page=7,
        published=date(2026, 8, 18),
        id=number,
        found_at=datetime(2026, 8, 18, 15, 42, tzinfo=UTC),
        sightings=(Sighting(authority, url, 7, datetime(2026, 8, 18, 15, 42, tzinfo=UTC), "26-2026-215"),),
    )


def _phrase(about: str, text: str, page: int = 7) -> Evidence:
    return Evidence(about, page, text, Where.OPERATIVE)


LIST = "https://www.drome.gouv.fr/recueils"
BEFORE, FIRST = (datetime(2026, 8, 18, 15, minute, tzinfo=UTC) for minute in (25, 40))
ONLINE = Online(Look(LIST, FIRST, FIRST, 200, FIRST, etag='"5f2"'), Look(LIST, BEFORE, BEFORE, 304, BEFORE, etag='"5f1"'))
"""On the eve of the decree below."""

FULL = replace(
    _decree(
        1104,
        signed=date(2026, 8, 17),
        starts=Moment(date(2026, 8, 19), time(14)),
        ends=Moment(date(2026, 8, 23), time(2)),
        event="festival des Lumières de Valence",
        operators=("Police municipale de Valence",),
        places=("place des Clercs", "esplanade du Champ-de-Mars", "abords de la gare de Valence-Ville"),
        purposes=("abandoned_object", "crowd_movement", "crowd_density", "fire"),
        software="Guetteur",
        vendor="Optivia",
        cameras=24,
        camera_types=("videoprotection",),
        legal_basis=("loi n° 2023-380 du 19 mai 2023, article 10", "loi n° 2026-201 du 20 mars 2026, article 47"),
        court="Tribunal administratif de Grenoble",
        office="Le préfet de la Drôme",
    ),
    communes=_named(VALENCE, "gare de Valence-Ville"),
    sightings=tuple(replace(seen, online=ONLINE) for seen in _decree(1104).sightings),
    evidence=(
        _phrase("verdict", "portant autorisation de mise en œuvre d'un traitement algorithmique", 6),
        _phrase("signed", "Fait à Valence, le 17 août 2026", 8),
        _phrase("number", "Arrêté n° 2026-1104", 7),
        _phrase("period", "du 19 août 2026 à 14 heures au 23 août 2026 à 2 heures"),
        _phrase("event", "à l'occasion du festival des Lumières de Valence"),
        _phrase("places", "24 caméras installées place des Clercs, esplanade du Champ-de-Mars et aux abords de la gare de Valence-Ville"),
        _phrase("operators", "La police municipale de la commune de Valence est autorisée à mettre en œuvre le traitement algorithmique"),
        _phrase("purposes", "mouvement de foule, densité trop importante de personnes, présence d'objets abandonnés, départ de feux"),
        _phrase("cameras", "Le traitement porte sur les images de 24 caméras"),
        _phrase("software", "dénommé « Guetteur » et développé par la société Optivia"),
        _phrase("legal_basis", "loi n° 2026-201 du 20 mars 2026, notamment son article 47", 6),
        _phrase("court", "recours devant le tribunal administratif de Grenoble dans un délai de deux mois", 8),
        _phrase("office", "Le préfet de la Drôme", 8),
    ),
)
TRAINS = _decree(
    1090, starts=Moment(date(2026, 8, 10)), ends=Moment(date(2026, 9, 5)), operators=("SNCF",), places=("gares et trains de la Drôme",)
)
COMING = replace(
    _decree(
        1120,
        starts=Moment(date(2026, 9, 4), time(8)),
        ends=Moment(date(2026, 9, 6)),
        event="foire d’été",
        operators=("Commune de Montélimar",),
        cameras=36,
    ),
    communes=_named(MONTELIMAR, "Montélimar"),
)
OVER = replace(
    _decree(
        900, starts=Moment(date(2026, 6, 5)), ends=Moment(date(2026, 6, 7)), event="fête de la musique de Valence", operators=("SNCF",)
    ),
    communes=_named(VALENCE, "Valence"),
    published=date(2026, 6, 2),
)
LATE = replace(
    _decree(
        1000,
        signed=date(2026, 8, 7),
        starts=Moment(date(2026, 8, 8)),
        ends=Moment(date(2026, 8, 28)),
        event="marché de nuit",
        cameras=1,
        places=("quai Perdonnet",),
    ),
    communes=_named(VALENCE, "Valence"),
    published=date(2026, 8, 14),
)
ENDED = replace(
    _decree(
        1001,
        starts=Moment(date(2026, 8, 1)),
        ends=Moment(date(2026, 8, 30)),
        event="exposition",
        operators=("Police municipale de Valence",),
    ),
    communes=_named(VALENCE, "Valence"),
    changed_by=(Change(Kind.ABROGATION, 1002, "2026-1002", date(2026, 8, 16), retroactive=False),),
)
ENDING = replace(
    _decree(1002, kind=Kind.ABROGATION, signed=date(2026, 8, 16)),
    title="Arrêté n° 2026-1002 abrogeant l’arrêté n° 2026-1001",
    changes=(Change(Kind.ABROGATION, 1001, "2026-1001", retroactive=False),),
)
SUSPENDED = replace(
    _decree(1003, starts=Moment(date(2026, 8, 1)), ends=Moment(date(2026, 8, 30)), event="braderie"),
    changed_by=(Change(Kind.SUSPENSION, 1004, "2026-1004", date(2026, 8, 15)),),
)
MODIFIED = replace(
    _decree(1005, starts=Moment(date(2026, 8, 12)), ends=Moment(date(2026, 8, 19)), event="tournoi"),
    changed_by=(Change(Kind.MODIFICATION, 1006, "2026-1006", date(2026, 8, 18), Moment(date(2026, 8, 12)), Moment(date(2026, 8, 26))),),
)
DOUBTFUL = _decree(1007, operators=("Gendarmerie nationale",))
REFUSED = replace(
    _decree(1008, kind=Kind.REFUSAL, event="carnaval", operators=("Commune de Romans-sur-Isère",)), communes=_named(ROMANS, "Romans")
)
OUTSIDE = replace(
    _decree(400, "38", signed=date(2025, 8, 12), starts=Moment(date(2025, 8, 15)), ends=Moment(date(2025, 8, 17)), event="rassemblement"),
    communes=_named(GRENOBLE, "Grenoble"),
    published=None,
)
OPEN_ENDED = _decree(
    1009, "PP", signed=date(2026, 8, 10), starts=Moment(date(2026, 8, 20), time(6)), operators=("RATP", "SNCF"), cameras=430
)
WITHDRAWN = replace(_decree(1010), withdrawn_at=datetime(2026, 8, 19, 9, tzinfo=UTC), communes=_named(VALENCE, "Valence"))
UNTRUSTED = replace(
    _decree(1011, "01", event=HOSTILE, operators=(HOSTILE,), places=(HOSTILE,), software=HOSTILE, office=HOSTILE),
    title=HOSTILE,
    url="javascript:alert(1)",
    evidence=(_phrase("event", HOSTILE), _phrase("places", "M. Jean DUPONT, maire, " + HOSTILE)),
)

ALL = (
    FULL, TRAINS, COMING, OVER, LATE, ENDED, ENDING, SUSPENDED, MODIFIED, DOUBTFUL, REFUSED, OUTSIDE, OPEN_ENDED, WITHDRAWN, UNTRUSTED,
)  # fmt: skip


def _health(code: str, status: Status, cause: Cause | None = None, since: datetime | None = None) -> AuthorityHealth:
    read = None if status in {Status.UNPOLLED, Status.FAILING} else datetime(2026, 8, 20, 11, 48, tzinfo=UTC)
    route = SourceHealth(f"{code}:site", status, cause, since, "secret details", last_ok_at=read, last_published=date(2026, 8, 18))
    broken = (SourceHealth(f"{code}:index", Status.FAILING, cause, NOW),) if status is Status.PARTLY else ()
    return AuthorityHealth(code, status, (route, *broken))


def sample_overview() -> Overview:
    """One authority of each sort."""
    failing = datetime(2026, 8, 3, 9, tzinfo=UTC)
    return Overview(
        NOW,
        (
            _health("26", Status.OK),
            _health("38", Status.FAILING, Cause.BLOCKED, failing),
            _health("01", Status.LATE, Cause.LATE),
            _health("21", Status.PARTLY, Cause.UNREACHABLE),
            _health("73", Status.UNPOLLED),
            _health("75", Status.OK),
            _health("PP", Status.OK),
            _health("93", Status.OK),
            AuthorityHealth("974", Status.NOT_COVERED, not_covered="secret details"),
            AuthorityHealth("2A", Status.UNWATCHED),
            _health("74", Status.FAILING, Cause.STRUCTURE, datetime(2026, 8, 19, 14, tzinfo=UTC)),
        ),
    )
