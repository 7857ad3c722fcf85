"""The JSON that commands print: plain values, and the objects that several commands share. docs/json.md describes every key; keys are a
contract: new ones may come, none is renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from bot.detection.text.phrases import without_names
from bot.domain.acts import Change, Decree, Evidence, Facts, Moment, PageText, Place, Reading
from bot.domain.law.advice import legal_advice
from bot.domain.records import UncertainAct
from bot.ingest.judging import Group, decrees_of
from bot.messages import place_for, words_in

if TYPE_CHECKING:
    from bot.delivery.deliverer import Delivered
    from bot.domain.health import DestinationHealth
    from bot.ingest.archive import ArchivedFile
    from bot.ingest.ingestor import IngestResult

Json = dict[str, Any]


def plain(value: Any) -> Any:
    """Return a value as JSON has it: days and instants in ISO 8601, members of enumerations by value, tuples as lists."""
    match value:
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case Enum():
            return value.value
        case date() | Moment():
            return value.isoformat()
        case _:
            return value


def pick(item: object, *names: str) -> Json:
    """Return attributes of a value as an object, under their own names."""
    return {name: plain(getattr(item, name)) for name in names}


# A decree.


def decrees_json(decrees: Iterable[Decree], places: Mapping[str, Place], now: datetime) -> list[Json]:
    """Return several decrees, as at `now` (aware)."""
    return [decree_json(decree, place_for(places, decree.authority), now) for decree in decrees]


def decree_json(decree: Decree, place: Place, now: datetime) -> Json:
    """Return one stored or found decree, as at `now` (aware). `place` is that of its authority."""
    return {
        **pick(decree, "id", "authority", "url", "page", "published"),
        **found_json(decree, place, now),
        "sightings": [pick(sighting, "authority", "url", "page", "seen_at") for sighting in decree.sightings],
        "changes": [_change_json(change) for change in decree.changes],
        "changed_by": [_change_json(change) for change in decree.changed_by],
        **pick(decree, "withdrawn_at"),
    }


def file_json(file: ArchivedFile | None) -> Json:
    """Return the PDF that a decree was read in, as proof of what was published. All of it is null where that is not known."""
    path = None if file is None else file.path
    return {
        "pdf_sha256": None if file is None else file.sha256,
        "pdf_fetched_at": None if file is None else plain(file.fetched_at),
        "archived_path": None if path is None else str(path.absolute()),
    }


def found_json(decree: Decree, place: Place, now: datetime) -> Json:
    """Return what a decree says and what follows from it: the same for one that is read and not stored."""
    return {
        **pick(decree, "act_id", "kind", "title"),
        **_facts_json(decree.facts),
        **_advice_json(decree, place, now),
        "evidence": evidence_json(decree.evidence),
    }


def _facts_json(facts: Facts) -> Json:
    return {
        **pick(facts, "number", "signed", "starts", "ends", "event", "operators", "places"),
        "purposes": [getattr(words_in("fr").purposes, purpose.value) for purpose in facts.purposes],
        "purpose_codes": plain(facts.purposes),
        **pick(facts, "software", "vendor", "cameras", "camera_types", "legal_basis", "office"),
        "decided_by": facts.authority,
        "references": [pick(reference, "change", "number", "signed", "retroactive") for reference in facts.references],
    }


def _advice_json(decree: Decree, place: Place, now: datetime) -> Json:
    """Return the law's part: information to verify, never legal advice. `status` and `urgent_appeal` hold at `now`."""
    advice = legal_advice(decree, place, now)
    return {
        "court": advice.court.name,
        "court_by_seat": advice.court.by_seat,
        "last_day": plain(advice.last_day),
        "earliest_deadline": plain(advice.at_least),
        "flags": plain(advice.flags),
        "status": advice.standing.value,
        "urgent_appeal": advice.recourse.value,
        "days_published_after_start": advice.late,
        "days_without_legal_basis": [{"first": plain(first), "last": plain(last)} for first, last in advice.outside],
    }


def _change_json(change: Change) -> Json:
    return {
        **pick(change, "kind", "decree", "number", "since", "starts", "ends", "retroactive"),
        "revoked_by": [_change_json(ending) for ending in change.undone_by],
    }


def evidence_json(evidence: Iterable[Evidence]) -> list[Json]:
    """Return phrases, each with its page and what it is about."""
    return [pick(item, "page", "text", "about", "where", "cue") for item in evidence]


# What came of a round, a backfill or a decision.


def posts_json(delivered: Iterable[Delivered]) -> list[Json]:
    """Return what became of each post."""
    return [
        {"destination": item.post.destination, "decree": decree.id, "number": decree.facts.number, **pick(item, "state", "error")}
        for item in delivered
        for decree in item.post.decrees
    ]


def destination_json(destination: DestinationHealth) -> Json:
    """Return the health of one destination."""
    return {
        **pick(destination, "name", "trouble", "since"),
        "error": destination.detail,
        "waiting": destination.waiting,
        "waiting_since": plain(destination.oldest),
        **pick(destination, "in_doubt", "checked_at"),
    }


def uncertain_json(act: UncertainAct) -> Json:
    """Return an act that a person must judge. Names of persons are taken out, as in the review queue."""
    return {
        **pick(act, "authority", "url", "page", "act_id"),
        "title": without_names(act.title),
        "evidence": [without_names(phrase) for phrase in act.evidence],
    }


def ingest_json(result: IngestResult, delivered: Iterable[Delivered], places: Mapping[str, Place], now: datetime) -> Json:
    """Return what was found in recueils, which of them could not be read or not wholly, and the posts. `gone`: the site has it no more."""
    return {
        "decrees": decrees_json(result.decrees, places, now),
        "uncertain": [uncertain_json(act) for act in result.uncertain],
        "incomplete": list(result.incomplete),
        "unread": [pick(item, "url", "error", "gone") for item in result.unread],
        "posts": posts_json(delivered),
    }


# What `vigie read` prints.


def reading_json(
    file: str, reading: Reading, groups: Sequence[Group], place: Place, now: datetime, *, text: bool = False, explain: bool = False
) -> Json:
    """Return one PDF, its acts and the decrees among them.

    Acts that share an `id` are parts of one entry of the recueil that holds several decrees: `part` numbers them (0: the pages before the
    first one), and is null elsewhere. `text` and `explain` add `page_details`, `text` with what is on each page; `explain` adds to each act
    the `evidence` of its verdicts, that on acts which are no decrees included. `place` is that of the authority on the cover, for the hours
    of decrees; `now` is aware.
    """
    cover = reading.cover
    shape: Json = {
        "file": file,
        "pages": reading.page_count,
        "status": "complete" if reading.complete else "incomplete",
        **pick(reading, "ocr_pages", "unreadable_pages", "damaged"),
        "recueil": pick(cover, "authority", "number", "published"),
        "acts": [_act_json(group, explain=explain) for group in groups],
        "decrees": [
            found_json(decree, place, now) for group in groups for decree in decrees_of(cover.authority or "", file, cover.published, group)
        ],
    }
    if text or explain:
        shape["page_details"] = [page_json(page, text=text) for page in reading.pages]
    return shape


def _act_json(group: Group, *, explain: bool) -> Json:
    first = group[0]
    shape = {**pick(first.act, "id", "title", "service", "first_page", "last_page", "part"), "verdict": first.verdict.outcome.value}
    if explain:
        shape["evidence"] = evidence_json(quote for item in group for quote in item.verdict.evidence)
    return shape


def pages_json(file: str, page_count: int, pages: Iterable[PageText]) -> Json:
    """Return what `vigie read --page` prints: some pages of one PDF, with their text. `pages` is how many the PDF has."""
    return {"file": file, "pages": page_count, "page_details": [page_json(page, text=True) for page in pages]}


def page_json(page: PageText, *, text: bool) -> Json:
    """Return one page. `confidence` is the engine's own, 0 to 100, null where OCR had no part.

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
