"""Describes a decree as JSON, once for the command line, the API, the files of open data and the schema (docs/commands.schema.json). Keys
are a contract: new ones may come, none is renamed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Annotated, Self

from pydantic import AwareDatetime

from bot.domain.acts import Decree, Kind, Place, Where
from bot.domain.facts import CAMERA_TYPES
from bot.domain.law import Flag, Recourse, Standing, lead_time, legal_advice
from bot.domain.publication import Timeliness
from bot.domain.shape import AuthorityCode, Insee, Shape, WallClock, column, key
from bot.domain.topics import first_topic
from bot.messages.lines import place_for, row_texts
from bot.messages.words import topics_named, words_in


class ChangeModel(Shape):
    """What one decree does to another."""

    kind: Annotated[Kind, key("The kind of the decree that changes the other.")]
    decree: Annotated[int | None, key("The id of the other decree, null while it was never seen.")]
    number: Annotated[str | None, key("How the other one is named.")]
    since: Annotated[date | None, key("The day from which it counts.")]
    starts: Annotated[WallClock | None, key("Beginning of the period of the decree that changes, if it has one.")]
    ends: Annotated[WallClock | None, key("End of that period.")]
    retroactive: Annotated[
        bool | None,
        key("Of an end: true for retiré, rapporté (as if it had never been), false for abrogé, null where it says neither."),
    ]
    revoked_by: Annotated[tuple[ChangeModel, ...], key("The decrees that end the one that changes.")]


class ReferenceModel(Shape):
    """Another decree, as one names it."""

    change: Annotated[Kind, key("What is done to it.")]
    number: str | None
    signed: date | None
    retroactive: Annotated[bool | None, key("As of a change.")]


class EvidenceModel(Shape):
    """A phrase of the act and its page."""

    page: int
    text: str
    about: Annotated[
        str,
        key(
            "A fact that it supports (number, period…); or, of the verdict: verdict (it names the subject), verb (what the act does), "
            "support, "
            "against, doubt, contradiction, sign, unreadable, outside_window."
        ),
    ]
    where: Annotated[Where | None, key("Where in the act; null where not known.")]
    cue: Annotated[
        str | None, key("The sign that it met, or the reason for a doubt (bot/detection/cues.toml, law.toml); null where not known.")
    ]


class SightingModel(Shape):
    """A place where the decree was published."""

    authority: AuthorityCode
    url: str
    page: int
    seen_at: AwareDatetime


class DaysModel(Shape):
    """Days, both included."""

    first: date
    last: date


class SlotModel(Shape):
    """Hours of each day from the first to the last, by the clock of the authority's place."""

    first: date
    last: date
    opens: time
    closes: Annotated[time, key("Of the next morning where it is not after `opens`.")]
    weekdays: Annotated[tuple[int, ...], key("The days of the week, 0 for Monday; empty where each day is meant.")]


_CAMERA_TYPES = ", ".join(CAMERA_TYPES).replace("fixed", "fixed ({})") + "."


class ReadDecree(Shape):
    """What a decree says and what follows from it, as `read` prints it: nothing is stored. What follows is information to be verified,
    never legal advice. A fact that was not found is null or an empty list: it may well be in the act."""

    topic: Annotated[str, column(f"Sujet : {topics_named([first_topic()], 'fr')}.", f"Topic: {topics_named([first_topic()], 'en')}.")]
    act_id: Annotated[
        str | None,
        column(
            "Identifiant de l’acte dans le recueil (26-2026-08-14-00002). Sert à rapprocher deux instances.",
            "Identifier of the act in the recueil (26-2026-08-14-00002). Joins two instances.",
        ),
    ]
    kind: Annotated[
        Kind,
        column(
            "authorisation (autorisation), renewal (renouvellement), modification, abrogation (fin), suspension ou refusal (refus).",
            "authorisation, renewal, modification, abrogation (end), suspension or refusal.",
        ),
    ]
    number: Annotated[str | None, column("Numéro tel qu’imprimé, sans « n° ».", "Number as printed, without “n°”.")]
    signed: Annotated[date | None, column("Jour de la signature.", "Day of its signature.")]
    title: Annotated[
        str,
        column("Titre de l’acte tel qu’imprimé, sans les noms de personnes.", "Title of the act as printed, without names of persons."),
    ]
    event: Annotated[str | None, column("Événement nommé.", "The event that is named.")]
    starts: Annotated[WallClock | None, column("Début de la période que donne l’arrêté.", "Beginning of the period, as the decree says.")]
    ends: Annotated[WallClock | None, column("Fin de cette période, comprise.", "End of that period, included.")]
    slots: Annotated[tuple[SlotModel, ...], key("The hours of each day, where a period of several days has them.")]
    current_starts: Annotated[
        WallClock | None,
        column("Début de la période, compte tenu des arrêtés qui la modifient.", "Beginning of the period as later decrees modify it."),
    ]
    current_ends: Annotated[
        WallClock | None,
        column("Fin de la période, compte tenu des arrêtés qui la modifient.", "End of the period as later decrees modify it."),
    ]
    status: Annotated[
        Standing,
        column(
            "À l’instant de la réponse, ou exported_at : upcoming (à venir, ou entre deux plages horaires), in_force (en cours), over "
            "(terminé), ended (plus en vigueur), suspended (suspendu), in_doubt (à vérifier : ce qui y a mis fin a pris fin), change (ne "
            "fait qu’en changer un autre), refused (refus), unknown (dates incomplètes).",
            "At the instant of the answer, or exported_at: upcoming (between its hours of each day too), in_force, over, ended or "
            "suspended by a later decree, in_doubt (what ended or suspended it was ended itself), change (it only changes another one), "
            "refused, unknown.",
        ),
    ]
    operators: Annotated[
        tuple[str, ...],
        column(
            "Qui peut utiliser le traitement (pour un refus : qui l’avait demandé).",
            "Who may use the processing (of a refusal: who asked for it).",
        ),
    ]
    places: Annotated[tuple[str, ...], column("Lieux, tels que nommés.", "Places, as named.")]
    purposes: Annotated[tuple[str, ...], key("What is to be detected, in French words.")]
    purpose_codes: Annotated[
        tuple[str, ...],
        column(
            "À détecter : abandoned_object, weapon, wrong_way, forbidden_zone, person_down, crowd_movement, crowd_density, fire.",
            "To be detected: abandoned_object, weapon, wrong_way, forbidden_zone, person_down, crowd_movement, crowd_density, fire.",
        ),
    ]
    software: Annotated[str | None, column("Logiciel nommé.", "The product that is named.")]
    vendor: Annotated[str | None, column("Son fournisseur.", "Who makes it.")]
    cameras: Annotated[int | None, column("Nombre de caméras.", "How many cameras.")]
    camera_types: Annotated[
        tuple[str, ...],
        column(_CAMERA_TYPES.format("fixes, si l’acte le dit"), _CAMERA_TYPES.format("where the act says so")),
    ]
    legal_basis: Annotated[
        tuple[str, ...],
        column("Textes cités, parmi ceux de la loi qui le permettent.", "The texts that it cites, of those that allow it."),
    ]
    office: Annotated[str | None, column("Fonction de qui a signé ; jamais un nom.", "The office of whoever signed; never a name.")]
    references: Annotated[tuple[ReferenceModel, ...], key("The decrees that it says it renews, modifies, suspends or ends.")]
    doubtful: Annotated[
        tuple[str, ...],
        column(
            "Faits à vérifier : les deux lectures de l’acte n’y concordent pas, une liste n’est pas toute lue, ou la page l’est mal.",
            "Facts to be verified: the two readings of the act do not agree there, a list or the page was badly read.",
        ),
    ]
    decided_by: Annotated[
        str | None,
        column(
            "Code de l’autorité qui a décidé, si ce n’est aucune de celles qui publient.",
            "Code of the authority that decided, where it is none that publishes.",
        ),
    ]
    court: Annotated[
        str | None,
        column(
            "Tribunal que nomme l’arrêté, sinon celui du siège de l’autorité ; à vérifier.",
            "The court that the decree names, else that of the seat of its authority; to be verified.",
        ),
    ]
    court_by_seat: Annotated[str | None, key("The court of the seat of its authority.")]
    last_day: Annotated[
        date | None,
        column(
            "Dernier jour pour contester (tiers), compté de la publication ; à vérifier.",
            "Last day for third parties to contest it, counted from its publication; to be verified.",
        ),
    ]
    earliest_deadline: Annotated[date | None, key("Where last_day is null: the day before which it cannot be; to be verified.")]
    urgent_appeal: Annotated[Recourse, key("For an urgent application, at the instant of the answer.")]
    flags: Annotated[
        tuple[Flag, ...],
        column(
            "À vérifier : outside_window (aucun texte connu ne l’autorisait), longer_than_allowed (durée), published_after_start (publié "
            "après le début).",
            "To be verified: outside_window (no known text allowed it), longer_than_allowed, published_after_start.",
        ),
    ]
    days_published_after_start: Annotated[int | None, key("With the flag published_after_start: how many days after.")]
    days_without_legal_basis: Annotated[
        tuple[DaysModel, ...], key("With the flag outside_window: the stretches of days on which no known text allowed it.")
    ]
    evidence: Annotated[tuple[EvidenceModel, ...], key("The phrases that it rests on.")]

    @classmethod
    def at(cls, decree: Decree, place: Place, now: datetime, **more: object) -> Self:
        """Return a decree as at `now` (aware). `place` is that of its authority."""
        facts, advice = decree.facts, legal_advice(decree, place, now)
        online, found = decree.online, lead_time(decree, place)
        return cls.of(
            decree,
            facts,
            authority_name=place.name,
            communes=[commune.code for commune in decree.communes],
            current_starts=advice.starts,
            current_ends=advice.ends,
            purposes=row_texts("purposes", decree, words_in("fr")),
            purpose_codes=facts.purposes,
            decided_by=facts.authority,
            court=advice.court.name,
            court_by_seat=advice.court.by_seat,
            last_day=advice.last_day,
            earliest_deadline=advice.at_least,
            flags=advice.flags,
            status=advice.standing,
            urgent_appeal=advice.recourse,
            days_published_after_start=advice.late,
            online_after=None if online is None else online.after,
            online_until=None if online is None else online.until,
            timeliness=None if found is None else found.timeliness,
            days_without_legal_basis=[{"first": first, "last": last} for first, last in advice.outside],
            **more,
        )


class _Published(Shape):
    """Where a stored decree is."""

    id: Annotated[
        int,
        column(
            "Numéro de l’arrêté dans cette instance de Vigie, qui est aussi celui de sa page : /arretes/12.",
            "Number of the decree in this instance of Vigie, also that of its page: /arretes/12.",
        ),
    ]
    authority: Annotated[
        str,
        column(
            "Code de l’autorité dont c’est l’arrêté : 26, PP. Avec number et signed, sert à rapprocher deux instances.",
            "Code of the authority whose decree it is: 26, PP. With number and signed, joins two instances.",
        ),
    ]
    authority_name: Annotated[str, column("Nom de cette autorité.", "Name of that authority.")]
    published: Annotated[
        date | None,
        column(
            "Jour de publication du recueil ; de plusieurs, le premier qui n’est pas avant la signature.",
            "Day of the recueil; of several, the earliest that is not before the signature.",
        ),
    ]
    url: Annotated[str, column("Adresse du PDF.", "Address of the PDF.")]
    page: Annotated[int, column("Page du PDF où commence l’acte.", "Page of the PDF on which the act begins.")]


class LookModel(Shape):
    """One answered request, with what the answer said of itself."""

    url: str
    asked_at: AwareDatetime
    answered_at: AwareDatetime
    status: int
    server_date: Annotated[AwareDatetime | None, key("The header Date of the answer.")]
    last_modified: Annotated[str | None, key("The header Last-Modified, as it was sent.")]
    etag: Annotated[str | None, key("The header ETag, as it was sent.")]
    clocks_differ: Annotated[bool, key("Whether the clocks of the server and of Vigie differed by more than two minutes.")]


class FileVersionModel(Shape):
    """Names a content that the address of the recueil gave before it was replaced."""

    sha256: str
    fetched_at: AwareDatetime


class OnlineModel(Shape):
    """Between which two looks at its listing the recueil of the first sighting went online."""

    first: Annotated[LookModel, key("The first look at the listing that showed it.")]
    before: Annotated[LookModel | None, key("The last look that did not; null where there was none, or none of the whole list.")]
    file: Annotated[LookModel | None, key("The answer that brought its file.")]
    replaced: tuple[FileVersionModel, ...]
    is_wide: Annotated[bool, key("Whether six hours or more lie between the two looks, or the first is not known.")]


class DecreeModel(ReadDecree, _Published):
    """A stored decree: where it is, what it says, and what follows from it. What follows is information to be verified, never legal
    advice. A fact that was not found is null or an empty list: it may well be in the act."""

    communes: Annotated[
        tuple[Insee, ...],
        column(
            "Codes INSEE des communes que nomment le titre ou les faits ; vide si aucune n’est nommée : l’arrêté peut alors concerner "
            "toute commune du ressort.",
            "INSEE codes of the communes that title or facts name; empty where none is named: the decree may then concern any commune of "
            "its authority.",
        ),
    ]
    sightings: Annotated[tuple[SightingModel, ...], key("Everywhere it was seen, the first one first.")]
    changes: Annotated[tuple[ChangeModel, ...], key("What it does to the decrees that it names.")]
    changed_by: Annotated[
        tuple[ChangeModel, ...],
        column(
            "Ce que font les arrêtés postérieurs ; en CSV : abrogation 15 (15 : son id, s’il est connu).",
            "What later decrees do to it; in CSV: abrogation 15 (15: its id, where it is known).",
        ),
    ]
    found_at: Annotated[AwareDatetime | None, column("Quand Vigie l’a relevé.", "When Vigie found it.")]
    changed_at: Annotated[
        AwareDatetime | None,
        column(
            "Quand ce qui en est montré a changé pour la dernière fois ; vide si ce n’est pas connu.",
            "When something else was last shown of it; empty where that is not known.",
        ),
    ]
    online_after: Annotated[
        AwareDatetime | None,
        column(
            "Mis en ligne au plus tôt : dernier relevé de la liste sans ce recueil ; vide si ce n’est pas connu.",
            "Went online at the earliest: the last look at the listing without this recueil; empty where that is not known.",
        ),
    ]
    online_until: Annotated[
        AwareDatetime | None,
        column(
            "Mis en ligne au plus tard : premier relevé de la liste avec ce recueil ; vide si ce n’est pas connu.",
            "Went online at the latest: the first look at the listing with this recueil; empty where that is not known.",
        ),
    ]
    timeliness: Annotated[
        Timeliness | None,
        column(
            "Mise en ligne par rapport au début, seulement si c’est certain : after_end (après la fin), after_start (après le début), "
            "same_day (le jour même, avant), eve (la veille), earlier (plus tôt). À vérifier.",
            "When it went online beside its beginning, only where that is sure: after_end, after_start, same_day (before it), eve, "
            "earlier. To be verified.",
        ),
    ]
    withdrawn_at: Annotated[
        AwareDatetime | None, key("When a person judged that it does not concern its topic, null for a decree that stands.")
    ]


class OneDecreeModel(DecreeModel):
    """A decree with the PDF that it was read in."""

    online: Annotated[OnlineModel | None, key("When it went online, by looks at its listing; null where nothing is known.")]
    pdf_sha256: Annotated[str | None, key("The SHA-256 of the PDF, null where it is not known.")]
    pdf_fetched_at: Annotated[AwareDatetime | None, key("When it was downloaded.")]


def decree_models(decrees: Iterable[Decree], places: Mapping[str, Place], now: datetime) -> tuple[DecreeModel, ...]:
    """Return several stored decrees, as at `now` (aware)."""
    return tuple(DecreeModel.at(decree, place_for(places, decree.authority), now) for decree in decrees)
