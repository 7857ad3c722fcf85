"""The JSON of `vigie review`. Keys are a contract: add, never rename."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bot.cli.shapes import Json, evidence_json, posts_json
from bot.detection import likely_kind, without_names
from bot.domain import Act, Decree
from bot.domain.records import Waiting
from bot.ingest.review import Settled

if TYPE_CHECKING:
    from bot.delivery import Delivered


def review_json(waiting: Waiting, act: Act | None = None, found: Sequence[Decree] = (), *, text: bool = False) -> Json:
    """One act that waits; `decree` is the stored one that it was so far taken for.

    With the act itself, `last_page`, `likely_kind` and `holds`, the decrees `found` in it that are recorded if it is accepted; with `text`,
    `pages` as they were read, names included.
    """
    shape: Json = {
        "id": waiting.id,
        "authority": waiting.authority,
        "url": waiting.url,
        "page": waiting.page,
        "act_id": waiting.act_id,
        "title": without_names(waiting.title),
        "evidence": evidence_json(waiting.evidence),
        "since": waiting.created_at.isoformat(),
        "asked_at": None if waiting.told_at is None else waiting.told_at.isoformat(),
        "decree": waiting.decree,
    }
    if act is not None:
        shape |= {"last_page": act.last_page, "likely_kind": likely_kind(act).value}
        shape["holds"] = [{"page": one.page, "number": one.facts.number, "kind": one.kind.value} for one in found]
        if text:
            shape["pages"] = [{"number": page.number, "text": page.text} for page in act.pages]
    return shape


def settled_json(settled: Settled, delivered: Iterable[Delivered]) -> Json:
    """What was decided. `outcome` is decree or not_concerned, `already` true where it had been decided before, `by` the way it came.

    `decrees` are those of an accepted act, which may hold several, `decree` the last of them. `withdrawn` is the decree that
    a rejected act was recorded as, `posted_to` the destinations that have its post, or may have it.
    """
    decision = settled.decision
    return {
        "outcome": decision.outcome.value,
        "kind": None if decision.kind is None else decision.kind.value,
        "decided_at": decision.at.isoformat(),
        "by": decision.by,
        "already": settled.already,
        "decree": settled.decrees[-1] if settled.decrees else None,
        "decrees": list(settled.decrees),
        "withdrawn": None if settled.withdrawn is None else settled.withdrawn.decree,
        "posted_to": [] if settled.withdrawn is None else list(settled.withdrawn.out),
        "posts": posts_json(delivered),
    }
