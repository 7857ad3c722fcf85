"""Values to JSON and back. Reading is tolerant of keys added by a newer program and of keys an older one did not write."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Dialect, LargeBinary, TypeDecorator

from bot.domain import CameraType, Evidence, Facts, Kind, Moment, PageText, Purpose, Reference, TextOrigin, Where
from bot.domain.folding import clean, clean_or_none

PURPOSES = {
    Purpose.ABANDONED_OBJECT: "objets abandonnés",
    Purpose.WEAPON: "présence ou utilisation d'armes",
    Purpose.WRONG_WAY: "circulation à contresens",
    Purpose.FORBIDDEN_ZONE: "présence en zone interdite ou sensible",
    Purpose.PERSON_DOWN: "personne au sol après une chute",
    Purpose.CROWD_MOVEMENT: "mouvement de foule",
    Purpose.CROWD_DENSITY: "densité trop importante de personnes",
    Purpose.FIRE: "départ de feu",
}
"""The words they are searched by, which are also how they were stored before they had names of their own."""

_OLD_PURPOSES = {words: purpose for purpose, words in PURPOSES.items()}


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
        "purposes": [purpose.value for purpose in facts.purposes],
        "software": clean_or_none(facts.software),
        "vendor": clean_or_none(facts.vendor),
        "cameras": facts.cameras,
        "legal_basis": [clean(value) for value in facts.legal_basis],
        "court": clean_or_none(facts.court),
        "camera_types": [kind.value for kind in facts.camera_types],
        "office": clean_or_none(facts.office),
        "authority": clean_or_none(facts.authority),
        "references": [_reference_to_json(entry) for entry in facts.references],
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
        purposes=tuple(purpose for name in stored.get("purposes", ()) if (purpose := _purpose(name)) is not None),
        software=stored.get("software"),
        vendor=stored.get("vendor"),
        cameras=stored.get("cameras"),
        legal_basis=tuple(stored.get("legal_basis", ())),
        court=stored.get("court"),
        camera_types=tuple(CameraType(name) for name in stored.get("camera_types", ()) if name in set(CameraType)),
        office=stored.get("office"),
        authority=stored.get("authority"),
        references=tuple(_reference_from_json(entry) for entry in stored.get("references", ()) if entry.get("change") in set(Kind)),
    )


def _purpose(stored: str) -> Purpose | None:
    """None for one that a newer program may have added."""
    return Purpose(stored) if stored in set(Purpose) else _OLD_PURPOSES.get(stored)


def _reference_to_json(reference: Reference) -> dict[str, Any]:
    values = {
        "change": reference.change.value,
        "number": clean_or_none(reference.number),
        "signed": reference.signed.isoformat() if reference.signed else None,
        "retroactive": reference.retroactive,
    }
    return {key: value for key, value in values.items() if value is not None}


def _reference_from_json(stored: Mapping[str, Any]) -> Reference:
    signed = date.fromisoformat(stored["signed"]) if stored.get("signed") else None
    return Reference(Kind(stored["change"]), stored.get("number"), signed, stored.get("retroactive"))


def evidence_to_json(evidence: tuple[Evidence, ...]) -> list[dict[str, Any]]:
    """A JSON list of objects, in order."""
    return [
        {
            "about": clean(item.about),
            "page": item.page,
            "text": clean(item.text),
            **({} if item.where is None else {"where": item.where.value}),
            **({} if item.cue is None else {"cue": clean(item.cue)}),
        }
        for item in evidence
    ]


def evidence_from_json(stored: list[Mapping[str, Any]]) -> tuple[Evidence, ...]:
    """The inverse of `evidence_to_json`."""
    return tuple(
        Evidence(
            item["about"], item["page"], item["text"], Where(item["where"]) if item.get("where") in set(Where) else None, item.get("cue")
        )
        for item in stored
    )


# Texts as they are stored: compressed. French text shrinks to a third or less, and a year of recueils is some billions of characters.

_READ = frozenset({TextOrigin.LAYER, TextOrigin.OCR, TextOrigin.BLANK})


class Damaged(ValueError):
    """Stored bytes that cannot be unpacked."""


class PackedText(TypeDecorator[str]):
    """A text, as the zlib stream of its UTF-8 bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Compress."""
        return None if value is None else pack_text(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Decompress. Raises Damaged."""
        return None if value is None else unpack_text(value)


def pack_text(text: str) -> bytes:
    """The zlib stream of a text that `codec.clean` gave."""
    return zlib.compress(text.encode())


def unpack_text(packed: bytes) -> str:
    """The inverse of `pack_text`. Raises Damaged."""
    try:
        return zlib.decompress(packed).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise Damaged(f"a stored text cannot be unpacked: {error}") from None


def pack_pages(pages: Iterable[PageText]) -> bytes:
    """Those of the pages that could be read, as the zlib stream of a JSON list; the others are still to be read, and left out."""
    kept = [_to_json(page) for page in pages if page.origin in _READ]
    # In ASCII: a broken PDF may give half of a surrogate pair, which UTF-8 cannot hold.
    return zlib.compress(json.dumps(kept, separators=(",", ":")).encode("ascii"))


def unpack_pages(packed: bytes) -> tuple[PageText, ...]:
    """The inverse of `pack_pages`, by number. Raises Damaged."""
    try:
        pages = [_from_json(each) for each in json.loads(zlib.decompress(packed))]
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"stored pages cannot be unpacked: {error}") from None
    return tuple(sorted(pages, key=lambda page: page.number))


def _to_json(page: PageText) -> dict[str, Any]:
    values = {
        "number": page.number, "text": page.text, "origin": page.origin.value, "other": page.other, "confidence": page.confidence,
        "damaged": page.damaged or None,
    }  # fmt: skip
    return {key: value for key, value in values.items() if value not in ("", None)}


def _from_json(stored: dict[str, Any]) -> PageText:
    return PageText(
        stored["number"],
        stored.get("text", ""),
        TextOrigin(stored["origin"]),
        stored.get("other", ""),
        stored.get("confidence"),
        damaged=stored.get("damaged", False),
    )
