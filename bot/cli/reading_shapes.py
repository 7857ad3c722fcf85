"""The JSON of `vigie read`. Keys are a contract: add, never rename; docs/json.md tells of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.cli.json_output import found_json
from bot.cli.shapes import Json, evidence_json
from bot.domain import PageText, Place, Reading
from bot.ingest.judging import Group, decrees_of


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
