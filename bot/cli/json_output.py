"""The JSON of one decree, and of an answer that has decrees. Keys are a contract: add, never rename; docs/json.md tells of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from bot.detection import without_names
from bot.domain import Change, Decree, Evidence, Facts, Moment, PageText, Place, Reading, Reference, Sighting
from bot.domain.law.advice import legal_advice
from bot.domain.records import UncertainAct
from bot.ingest.judging import Group, decrees_of
from bot.messages import place_for, words_in

if TYPE_CHECKING:
    from bot.delivery import Delivered
    from bot.ingest.archive import FileTold
    from bot.ingest.health import DestinationHealth


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
        **_legal_advice_json(decree, place, now),
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


def _legal_advice_json(decree: Decree, place: Place, now: datetime) -> Json:
    """Information to verify, never legal advice.

    `court` is the one named in the decree, else that of the seat of its authority; where `court_by_seat` is another, both are to be shown.
    `last_day` is the last day for third parties to contest, counted from the date of the recueil; `last_day_at_least` from the
    signature, where that date is not known. `flags`, `standing` and `recourse` are
    values of the closed lists of `bot.domain`; the last two hold at `now`. `late_days` and `outside_days` are set where a flag says so.
    """
    told = legal_advice(decree, place, now)
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


# The JSON that commands print, as far as several share it. Keys are a contract: add, never rename; docs/json.md tells of each.

Json = dict[str, Any]


def evidence_json(evidence: Iterable[Evidence]) -> list[Json]:
    """Phrases, each with its page and what it is about. `where` in the act it stood and which `cue` it met are null where not known."""
    return [
        {
            "page": item.page,
            "text": item.text,
            "about": item.about,
            "where": None if item.where is None else item.where.value,
            "cue": item.cue,
        }
        for item in evidence
    ]


def posts_json(delivered: Iterable[Delivered]) -> list[Json]:
    """What became of each post."""
    return [
        {
            "destination": item.post.destination,
            "decree": decree.id,
            "number": decree.facts.number,
            "state": item.state.value,
            "error": item.error,
        }
        for item in delivered
        for decree in item.post.decrees
    ]


def destination_json(destination: DestinationHealth) -> Json:
    """How one destination is. `trouble` is null where nothing is wrong."""
    return {
        "name": destination.name,
        "trouble": destination.trouble and destination.trouble.value,
        "since": destination.since and destination.since.isoformat(),
        "error": destination.detail,
        "waiting": destination.waiting,
        "waiting_since": destination.oldest and destination.oldest.isoformat(),
        "in_doubt": destination.in_doubt,
        "checked_at": destination.checked_at and destination.checked_at.isoformat(),
    }


def uncertain_json(act: UncertainAct) -> Json:
    """An act a person must look at. Names of persons are taken out, as in the review queue."""
    return {
        "authority": act.authority,
        "url": act.url,
        "page": act.page,
        "act_id": act.act_id,
        "title": without_names(act.title),
        "evidence": [without_names(phrase) for phrase in act.evidence],
    }


# The JSON of `vigie read`. Keys are a contract: add, never rename; docs/json.md tells of each.


def reading_json(
    file: str, reading: Reading, groups: Sequence[Group], place: Place, now: datetime, *, text: bool = False, explain: bool = False
) -> Json:
    """What `vigie read` prints: one PDF, its acts and the decrees among them.

    Acts that share an `id` are parts of one entry of the recueil that holds several decrees: `part` numbers them (0: the pages before the
    first one), and is null elsewhere. `text` and `explain` add `page_details` (`pages` is their number), `text` with what is on each page;
    `explain` adds to each act the `evidence` of its verdicts, that on acts which are no decrees included. `place` is that of the authority
    on the cover, for the hours of decrees; `now` is aware.
    """
    shape: Json = {
        "file": file,
        "pages": reading.page_count,
        "status": "complete" if reading.complete else "incomplete",
        "ocr_pages": list(reading.ocr_pages),
        "unreadable_pages": list(reading.unreadable_pages),
        "damaged": reading.damaged,
        "recueil": {
            "authority": reading.cover.authority,
            "number": reading.cover.number,
            "published": None if reading.cover.published is None else reading.cover.published.isoformat(),
        },
        "acts": [
            {
                "id": item.act.id,
                "title": item.act.title,
                "service": item.act.service,
                "first_page": item.act.first_page,
                "last_page": item.act.last_page,
                "part": item.act.part,
                "verdict": item.verdict.outcome.value,
            }
            for item in (group[0] for group in groups)
        ],
        "decrees": [
            found_json(decree, place, now)
            for group in groups
            for decree in decrees_of(reading.cover.authority or "", file, reading.cover.published, group)
        ],
    }
    if text or explain:
        shape["page_details"] = [page_json(page, text=text) for page in reading.pages]
    if explain:
        for act, group in zip(shape["acts"], groups, strict=True):
            act["evidence"] = evidence_json(quote for item in group for quote in item.verdict.evidence)
    return shape


def pages_json(file: str, page_count: int, pages: Iterable[PageText]) -> Json:
    """What `vigie read --page` prints: some pages of one PDF, with their text. `pages` is how many the PDF has."""
    return {"file": file, "pages": page_count, "page_details": [page_json(page, text=True) for page in pages]}


def page_json(page: PageText, *, text: bool) -> Json:
    """One page. `method` is layer, ocr, blank or unreadable; `confidence` the engine's own, 0 to 100, null where OCR had no part.

    `doubt` says that neither of two texts can be trusted alone: with `text` the second one is in `other`, null where there is none.
    """
    shape = {
        "number": page.number,
        "method": page.origin.value,
        "confidence": page.confidence,
        "seconds": round(page.seconds, 4),
        "characters": len(page.text),
        "doubt": bool(page.other),
        "damaged": page.damaged,
    }
    return {**shape, "text": page.text, "other": page.other or None} if text else shape
