"""The JSON of one decree, and of an answer that has decrees. Keys are a contract: add, never rename; docs/json.md tells of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from bot.cli.shapes import Json, evidence_json
from bot.domain import Change, Decree, Facts, Moment, Place, Reference, Sighting
from bot.domain.law.advice import counsel
from bot.ingest.archive import FileTold
from bot.messages import place_for, words_in


def decrees_json(decrees: Iterable[Decree], places: Mapping[str, Place], now: datetime) -> list[Json]:
    """Several decrees, as at `now` (aware)."""
    return [decree_json(decree, place_for(places, decree.authority), now) for decree in decrees]


def decree_json(decree: Decree, place: Place, now: datetime) -> Json:
    """One stored or found decree, as at `now` (aware). `place` is that of its authority.

    `id` is null until it is stored; `page` is the first page of the act in the PDF at `url`. `sightings` are all the places where it
    appears, `changes` what it does to the decrees it names and `changed_by` what later ones do to it: empty until it is stored.
    """
    return {
        "id": decree.id,
        "authority": decree.authority,
        "url": decree.url,
        "page": decree.page,
        "published": _day(decree.published),
        **found_json(decree, place, now),
        "sightings": [_sighting_json(sighting) for sighting in decree.sightings],
        "changes": [_change_json(change) for change in decree.changes],
        "changed_by": [_change_json(change) for change in decree.changed_by],
        "withdrawn_at": None if decree.withdrawn_at is None else decree.withdrawn_at.isoformat(),
    }


def file_json(file: FileTold | None) -> Json:
    """The PDF that a decree was read in: proof of what was published. All of it is null where that is not known."""
    if file is None:
        return {"pdf_sha256": None, "pdf_fetched_at": None, "pdf_kept": None}
    return {
        "pdf_sha256": file.sha256,
        "pdf_fetched_at": None if file.fetched_at is None else file.fetched_at.isoformat(),
        "pdf_kept": None if file.path is None else str(file.path.absolute()),
    }


def found_json(decree: Decree, place: Place, now: datetime) -> Json:
    """What a decree says, and what is told of it: the same for one that is read and not stored."""
    return {
        "act_id": decree.act_id,
        "kind": decree.kind.value,
        "title": decree.title,
        **_facts_json(decree.facts),
        **_counsel_json(decree, place, now),
        "evidence": evidence_json(decree.evidence),
    }


def _facts_json(facts: Facts) -> Json:
    """A fact that was not found in the text is null or an empty list."""
    return {
        "number": facts.number,
        "signed": _day(facts.signed),
        "starts": _moment(facts.starts),
        "ends": _moment(facts.ends),
        "event": facts.event,
        "operators": list(facts.operators),
        "places": list(facts.places),
        "purposes": [getattr(words_in("fr").purposes, purpose.value) for purpose in facts.purposes],
        "purpose_codes": [purpose.value for purpose in facts.purposes],
        "software": facts.software,
        "vendor": facts.vendor,
        "cameras": facts.cameras,
        "camera_types": [kind.value for kind in facts.camera_types],
        "legal_basis": list(facts.legal_basis),
        "office": facts.office,
        "decided_by": facts.authority,
        "references": [_reference_json(item) for item in facts.references],
    }


def _reference_json(reference: Reference) -> Json:
    return {
        "change": reference.change.value,
        "number": reference.number,
        "signed": _day(reference.signed),
        "retroactive": reference.retroactive,
    }


def _counsel_json(decree: Decree, place: Place, now: datetime) -> Json:
    """Information to verify, never legal advice.

    `court` is the one named in the decree, else that of the seat of its authority; where `court_by_seat` is another, both are to be shown.
    `last_day` is the last day for third parties to contest, counted from the date of the recueil; `last_day_at_least` from the
    signature, where that date is not known. `flags`, `standing` and `recourse` are
    values of the closed lists of `bot.domain`; the last two hold at `now`. `late_days` and `outside_days` are set where a flag says so.
    """
    told = counsel(decree, place, now)
    return {
        "court": told.court.name,
        "court_by_seat": told.court.by_seat,
        "last_day": _day(told.last_day),
        "last_day_at_least": _day(told.at_least),
        "flags": [flag.value for flag in told.flags],
        "standing": told.standing.value,
        "recourse": told.recourse.value,
        "late_days": told.late,
        "outside_days": [{"first": first.isoformat(), "last": last.isoformat()} for first, last in told.outside],
    }


def _sighting_json(sighting: Sighting) -> Json:
    return {"authority": sighting.authority, "url": sighting.url, "page": sighting.page, "seen_at": sighting.seen_at.isoformat()}


def _change_json(change: Change) -> Json:
    """`decree` is the id of the other decree, null while it was never seen; `starts` and `ends` the period of the one that changes.

    `undone_by` is what ends the one that changes, each of the same shape.
    """
    return {
        "kind": change.kind.value,
        "decree": change.decree,
        "number": change.number,
        "since": _day(change.since),
        "starts": _moment(change.starts),
        "ends": _moment(change.ends),
        "retroactive": change.retroactive,
        "undone_by": [_change_json(ending) for ending in change.undone_by],
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _moment(moment: Moment | None) -> str | None:
    return None if moment is None else moment.isoformat()
