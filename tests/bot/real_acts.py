"""Acts that the rules of the program judge by themselves, recorded as a poll records them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import update

from bot.app.demo.scenario import demo_text
from bot.domain.acts import Act, Cover, Reading
from bot.domain.records import NewRecueil, RecordingResult, Recueil, RecueilState
from bot.domain.text import PageText
from bot.domain.topics import WatchedTopics
from bot.ingest.judging import BY_DEFAULT, JudgedBy, decision_keys, read_result
from bot.storage.schema import acts, decrees
from bot.storage.store import Store

DAY = date(2026, 8, 14)
NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
ARTICLE_IN_DOUBT = "Les dispositions relatives au traitement algorithmique des images de vidéoprotection sont précisées en annexe."
DOUBTFUL_TEXT = f"""Le préfet de la Drôme,
Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;
ARRÊTE
Article 1er : {ARTICLE_IN_DOUBT}
Article 2 : Le présent arrêté sera publié au recueil des actes administratifs et affiché à la mairie de Valence.
"""


UNSURE = "\nArticle 6 : Les images sont celles de la gare de Lens, et des halls et quais où passent les visiteurs venus de Zorglub."
"""More of a decree, of which the two readers do not see the same places: the rules take the last words for one."""
LENS = ("place des Clercs", "esplanade du Champ-de-Mars", "gare de Valence-Ville", "gare de Lens")


def authorisation(*, page: int = 3, number: str = "2026-1104", act_id: str | None = "26-2026-08-14-00003", more: str = "") -> Act:
    """A decree."""
    text = demo_text("authorisation", DAY, number=number) + more
    title = f"Arrêté n° {number} portant autorisation de mise en œuvre d'un traitement algorithmique sur des images de vidéoprotection"
    return _act(title, text, page, act_id)


def road(*, page: int = 2, act_id: str | None = "26-2026-08-14-00002") -> Act:
    """An act that is not concerned."""
    return _act("Arrêté portant réglementation de la circulation", demo_text("road", DAY, number="2026-1103"), page, act_id)


def doubtful(*, page: int = 5, act_id: str | None = "26-2026-08-14-00005", more: str = "") -> Act:
    """An act that a person must judge."""
    return _act("Arrêté relatif à la sécurité de la gare", DOUBTFUL_TEXT + more, page, act_id)


DRONES = """Le préfet de la Drôme,
Vu le code de la sécurité intérieure, notamment ses articles L. 242-1 à L. 242-8 et R. 242-8 à R. 242-14 ;
Vu la demande du groupement de gendarmerie départementale de la Drôme en vue de capter, d'enregistrer et de transmettre des images
au moyen de caméras installées sur des aéronefs ;
ARRÊTE
Article 1er : La captation, l'enregistrement et la transmission d'images par le groupement de gendarmerie départementale de la Drôme
sont autorisés au titre de la sécurité du festival des Lumières, à Valence, au moyen de deux caméras installées sur des aéronefs.
Article 2 : La présente autorisation est délivrée du 20 août 2026 à 14 heures au 23 août 2026 à 2 heures.
Article 3 : Le présent arrêté sera publié au recueil des actes administratifs.
Fait à Valence, le 13 août 2026
Le préfet
"""


def drones(*, page: int = 7, act_id: str | None = "26-2026-08-14-00007", beside: Act | None = None) -> Act:
    """A decree on drones; `beside` the text of another one, an act that is a decree of two topics."""
    text = DRONES if beside is None else f"{beside.text}\n{DRONES}"
    title = "Arrêté n° 2026-1110 autorisant la captation, l'enregistrement et la transmission d'images au moyen de caméras sur des aéronefs"
    return _act(f"{beside.title} et {title}" if beside is not None else title, text, page, act_id)


def _act(title: str, text: str, page: int, act_id: str | None) -> Act:
    return Act(act_id, title, "Cabinet", page, page, (PageText(page, text),))


def new_recueil(store: Store, name: str = "a", *, authority: str = "26", silent: bool = False) -> Recueil:
    new = NewRecueil(
        authority, f"{authority}:site", f"https://p.example/{name}.pdf", f"RAA {name}", DAY, is_detail=False,
        state=RecueilState.WAITING, silent=silent,
    )  # fmt: skip
    [recueil] = store.recueils.add([new], NOW)
    return recueil


def read(
    store: Store, recueil: Recueil, *found: Act, destinations: Sequence[str] = ("channel",), now: datetime = NOW,
    watched: WatchedTopics = BY_DEFAULT.watched,
) -> RecordingResult:  # fmt: skip
    """Record a reading of the recueil that holds these acts, as a poll does: decisions of people stand."""
    reading = Reading(20, Cover(recueil.authority, None, DAY), tuple(found))
    decided = store.recordings.decided(decision_keys(recueil, reading, watched))
    result = read_result(recueil, reading, next_try_at=None, decided=decided, by=JudgedBy(watched=watched))
    return store.recordings.record(result, lambda _: destinations, now)


def judged_before(store: Store, act: int, **values: Any) -> None:
    """Play the rules of another day: what they said of a stored act."""
    with store.database.writing() as connection:
        connection.execute(update(acts).where(acts.c.id == act).values(**values))


def recorded_before(store: Store, decree: int, **values: Any) -> None:
    """The same of a stored decree."""
    with store.database.writing() as connection:
        connection.execute(update(decrees).where(decrees.c.id == decree).values(**values))
