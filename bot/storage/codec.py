"""Values to JSON and back. Reading is tolerant of keys added by a newer program and of keys an older one did not write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.model import Evidence, Facts, Moment


def clean(text: str) -> str:
    """Text as both databases can hold it: no NUL (PostgreSQL refuses it), no half of a surrogate pair. Broken PDFs give both."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def clean_or_none(text: str | None) -> str | None:
    """`clean`, for a text that may be missing."""
    return None if text is None else clean(text)


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """A JSON object: days as `2024-04-20`, moments as `2024-04-20T14:00`. What was not found is left out."""
    values = {
        "number": clean_or_none(facts.number),
        "signed": facts.signed.isoformat() if facts.signed else None,
        "starts": facts.starts.isoformat() if facts.starts else None,
        "ends": facts.ends.isoformat() if facts.ends else None,
        "event": clean_or_none(facts.event),
        "operators": [clean(value) for value in facts.operators],
        "places": [clean(value) for value in facts.places],
        "purposes": [clean(value) for value in facts.purposes],
        "software": clean_or_none(facts.software),
        "vendor": clean_or_none(facts.vendor),
        "cameras": facts.cameras,
        "legal_basis": [clean(value) for value in facts.legal_basis],
        "court": clean_or_none(facts.court),
    }
    return {key: value for key, value in values.items() if value is not None and value != []}


def facts_from_json(stored: Mapping[str, Any]) -> Facts:
    """The inverse of `facts_to_json`."""
    return Facts(
        number=stored.get("number"),
        signed=date.fromisoformat(stored["signed"]) if stored.get("signed") else None,
        starts=Moment.parse(stored["starts"]) if stored.get("starts") else None,
        ends=Moment.parse(stored["ends"]) if stored.get("ends") else None,
        event=stored.get("event"),
        operators=tuple(stored.get("operators", ())),
        places=tuple(stored.get("places", ())),
        purposes=tuple(stored.get("purposes", ())),
        software=stored.get("software"),
        vendor=stored.get("vendor"),
        cameras=stored.get("cameras"),
        legal_basis=tuple(stored.get("legal_basis", ())),
        court=stored.get("court"),
    )


def evidence_to_json(evidence: tuple[Evidence, ...]) -> list[dict[str, Any]]:
    """A JSON list of objects, in order."""
    return [{"about": clean(item.about), "page": item.page, "text": clean(item.text)} for item in evidence]


def evidence_from_json(stored: list[Mapping[str, Any]]) -> tuple[Evidence, ...]:
    """The inverse of `evidence_to_json`."""
    return tuple(Evidence(item["about"], item["page"], item["text"]) for item in stored)
