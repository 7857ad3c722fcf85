"""The JSON that several commands print, besides that of `bot.queries.json_shapes`. docs/json.md describes every key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.detection.judging import TwiceRead, read_twice
from bot.detection.text.phrases import without_names
from bot.domain.acts import Outcome, Place, Reading
from bot.domain.records import UncertainAct
from bot.domain.text import PageText
from bot.ingest.judging import Group, decrees_of
from bot.queries.json_shapes import Json, decrees_json, evidence_json, found_json, pick, plain

if TYPE_CHECKING:
    from bot.delivery.deliverer import Delivered
    from bot.domain.health import DestinationHealth
    from bot.ingest.archive import ArchivedFile
    from bot.ingest.ingestor import IngestResult


def file_json(file: ArchivedFile | None) -> Json:
    """Return the PDF that a decree was read in, as proof of what was published. All of it is null where that is not known."""
    path = None if file is None else file.path
    return {
        "pdf_sha256": None if file is None else file.sha256,
        "pdf_fetched_at": None if file is None else plain(file.fetched_at),
        "archived_path": None if path is None else str(path.absolute()),
    }


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
    the `evidence` of its verdicts, that on acts which are no decrees included, and which facts of its decrees are `read_twice`. `place` is
    that of the authority on the cover, for the hours of decrees; `now` is aware.
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
        decrees = [item for item in group if item.verdict.outcome is Outcome.DECREE]
        shape["read_twice"] = [twice_json(fact) for item in decrees for fact in read_twice(item.act, item.verdict)]
    return shape


def twice_json(fact: TwiceRead) -> Json:
    """Return a fact as the rules have it, which is what is told, and as the second reader has it. `badly_read` is of its page."""
    return {
        "fact": fact.name,
        "told": plain(fact.told),
        "second": plain(fact.second),
        "agreed": fact.agreed,
        "badly_read": fact.poor,
        "confidence": "doubtful" if fact.doubtful else "sure",
    }


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
