"""The JSON that commands print. Keys are a contract: add, never rename."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from bot.counsel import limit
from bot.detection import court, flags
from bot.messages import words_in
from bot.model import Decree, Evidence, PageText, Reading
from bot.storage.rows import UncertainAct
from bot.verdicts import Group, decrees_of

if TYPE_CHECKING:
    from bot.delivery import Delivered
    from bot.report import Harvest, SourceReport

Json = dict[str, Any]


def reading_json(file: str, reading: Reading, groups: Sequence[Group], *, text: bool = False, explain: bool = False) -> Json:
    """What `vigie read` prints: one PDF, its acts and the decrees among them.

    Acts that share an `id` are parts of one entry of the recueil that holds several decrees: `part` numbers them (0: the pages before the
    first one), and is null elsewhere. `text` and `explain` add `page_details` (`pages` is their number), `text` with what is on each page;
    `explain` adds to each act the `evidence` of its verdicts, that on acts which are no decrees included.
    """
    shape: Json = {
        "file": file,
        "pages": reading.page_count,
        "status": "complete" if reading.complete else "incomplete",
        "ocr_pages": list(reading.ocr_pages),
        "unreadable_pages": list(reading.unreadable_pages),
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
            _facts_json(decree)
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
    }
    return {**shape, "text": page.text, "other": page.other or None} if text else shape


def evidence_json(evidence: Iterable[Evidence]) -> list[Json]:
    """Phrases, each with its page and what it is about."""
    return [{"page": item.page, "text": item.text, "about": item.about} for item in evidence]


def decree_json(decree: Decree) -> Json:
    """One stored or found decree. `id` is null until it is stored; `page` is the first page of the act in the PDF at `url`."""
    return {
        "id": decree.id,
        "authority": decree.authority,
        "url": decree.url,
        "page": decree.page,
        "published": None if decree.published is None else decree.published.isoformat(),
        **_facts_json(decree),
    }


def round_json(reports: Iterable[SourceReport], harvest: Harvest, delivered: Iterable[Delivered]) -> Json:
    """What `vigie poll` and `vigie check` print. `requests` counts HTTP requests for pages, not PDFs."""
    return {
        "sources": [source_json(report) for report in reports],
        "decrees": [decree_json(decree) for decree in harvest.decrees],
        "uncertain": [uncertain_json(act) for act in harvest.uncertain],
        "posts": posts_json(delivered),
    }


def posts_json(delivered: Iterable[Delivered]) -> list[Json]:
    """What became of each post."""
    return [
        {
            "destination": item.post.destination,
            "decree": item.post.decree.id,
            "number": item.post.decree.facts.number,
            "state": item.state.value,
            "error": item.error,
        }
        for item in delivered
    ]


def source_json(report: SourceReport) -> Json:
    """One source in one round. `new` counts the recueils taken up for reading; `incomplete` were read in part, `unread` not at all."""
    return {
        "code": report.source.authority,
        "route": report.source.route,
        "ok": report.ok,
        "error": report.error,
        "cause": None if report.cause is None else report.cause.value,
        "requests": report.requests,
        "listed": [
            {"url": entry.url, "title": entry.title, "published": None if entry.published is None else entry.published.isoformat()}
            for entry in report.listed
        ],
        "new": report.new,
        "incomplete": list(report.incomplete),
        "unread": [{"url": item.url, "error": item.error} for item in report.unread],
    }


def uncertain_json(act: UncertainAct) -> Json:
    """An act a person must look at."""
    return {
        "authority": act.authority,
        "url": act.url,
        "page": act.page,
        "act_id": act.act_id,
        "title": act.title,
        "evidence": list(act.evidence),
    }


def court_json(decree: Decree) -> Json:
    """`court`: the one named in the decree, else that of the seat of its authority; null where neither is known.

    Where the decree names another than the law gives, `court_by_seat` is not the same: both are to be shown.
    """
    found = court(decree.facts.authority or decree.authority, decree.facts.court)
    return {"court": found.name, "court_by_seat": found.by_seat}


def _facts_json(decree: Decree) -> Json:
    """`last_day` (ISO date or null) is the last day to contest, counted from the date of the recueil, for third parties and to be verified.

    `flags` are values of `bot.model.Flag`, a closed list: `outside_window`, `longer_than_allowed`, `published_after_start`.
    """
    facts = decree.facts
    return {
        "act_id": decree.act_id,
        "kind": decree.kind.value,
        "number": facts.number,
        "title": decree.title,
        "signed": None if facts.signed is None else facts.signed.isoformat(),
        "starts": None if facts.starts is None else facts.starts.isoformat(),
        "ends": None if facts.ends is None else facts.ends.isoformat(),
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
        "references": [
            {"change": item.change.value, "number": item.number, "signed": None if item.signed is None else item.signed.isoformat()}
            for item in facts.references
        ],
        **court_json(decree),
        "last_day": None if (day := limit(decree.published)) is None else day.isoformat(),
        "flags": [flag.value for flag in flags(decree, decree.published)],
        "evidence": evidence_json(decree.evidence),
    }
