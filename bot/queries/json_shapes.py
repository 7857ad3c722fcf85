"""Returns answers as JSON, in one shape for command line, API and exports; docs/json.md describes every key. Keys are a contract: new ones
may come, none is renamed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

from bot.domain.acts import Change, Decree, Evidence, Facts, Moment, Place
from bot.domain.health import AuthorityHealth
from bot.domain.law import legal_advice
from bot.gazetteer.gazetteer import Commune, Department
from bot.messages.lines import place_for
from bot.messages.words import words_in
from bot.queries.answers import PlaceChoice, TownAnswer

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
        "communes": [commune.code for commune in decree.communes],
        **pick(decree, "found_at", "changed_at", "withdrawn_at"),
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
        "purposes": [words_in("fr").purposes[purpose] for purpose in facts.purposes],
        "purpose_codes": plain(facts.purposes),
        **pick(facts, "software", "vendor", "cameras", "camera_types", "legal_basis", "office"),
        "decided_by": facts.authority,
        "references": [pick(reference, "change", "number", "signed", "retroactive") for reference in facts.references],
        "confidence": {name: _confidence(facts, name) for name in _READ},
    }


_READ = (
    "number", "signed", "starts", "ends", "event", "operators", "places", "purposes", "software", "vendor", "cameras", "camera_types",
    "legal_basis", "office",
)  # fmt: skip


def _confidence(facts: Facts, name: str) -> str:
    if getattr(facts, name) in (None, ()):
        return "absent"
    return "doubtful" if name in facts.doubtful else "sure"


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
        "revoked_by": [_change_json(ending) for ending in change.revoked_by],
    }


def evidence_json(evidence: Iterable[Evidence]) -> list[Json]:
    """Return phrases, each with its page and what it is about."""
    return [pick(item, "page", "text", "about", "where", "cue") for item in evidence]


# A town, and the places that may be meant.


def town_json(answer: TownAnswer, places: Mapping[str, Place]) -> Json:
    """Return what is recorded of a town, and how those who decide there are read."""
    return {
        "commune": pick(answer.commune, "code", "name", "department", "population"),
        "decrees": decrees_json(answer.decrees, places, answer.at),
        "naming_it": answer.total,
        "in_force_or_to_come": answer.current,
        "naming_no_commune": {"total": answer.unplaced_total, "newest": decrees_json(answer.unplaced, places, answer.at)},
        "authorities": [authority_json(one) for one in answer.health],
        "read_since": plain(answer.since),
        "unfinished": answer.unfinished,
    }


def authority_json(authority: AuthorityHealth) -> Json:
    """Return how one authority is read."""
    main = authority.main
    cause, since = (None, None) if main is None else (main.cause, main.since)
    return {**pick(authority, "code", "status", "last_published"), "cause": plain(cause), "since": plain(since)}


def choice_json(choice: PlaceChoice) -> Json:
    """Return a place that may be meant."""
    place = choice.place
    kind = {Commune: "commune", Department: "department"}.get(type(place), "region")
    department = place.department if isinstance(place, Commune) else place.code
    return {"kind": kind, **pick(place, "code", "name", "population"), "department": department, "matched": choice.matched}
