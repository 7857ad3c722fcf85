"""The JSON that commands print, as far as several share it. Keys are a contract: add, never rename; docs/json.md tells of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bot.detection import without_names
from bot.domain import Evidence
from bot.domain.records import UncertainAct

if TYPE_CHECKING:
    from bot.delivery import Delivered
    from bot.ingest.health import DestinationHealth

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
