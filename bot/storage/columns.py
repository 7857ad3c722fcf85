"""Defines column types (instants, words, JSON, compressed texts) and rows as values; tolerates unknown and missing keys and words."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    Row,
    String,
    Text,
    TypeDecorator,
    cast,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from bot.domain.acts import Evidence, Facts, Kind, Moment, Where
from bot.domain.facts import FACTS, ValueKind
from bot.domain.posts import PostContent
from bot.domain.publication import FileStatement, Look, Online
from bot.domain.text import PageText, TextOrigin, clean

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# SQLite numbers rows by itself only for a column of exactly this type.
Id = BigInteger().with_variant(Integer(), "sqlite")
Terms = Text().with_variant(TSVECTOR(), "postgresql")


class Instant(TypeDecorator[datetime]):
    """A timezone-aware instant: `timestamptz` in PostgreSQL, UTC text that sorts by time in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC. Raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back as an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(TypeDecorator[Any]):
    """Stores a member of an enumeration by its value. An unknown value is None where `optional`, else an error."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum], length: int = 16, *, optional: bool = False) -> None:
        super().__init__(length)
        self.words = words
        self.optional = optional
        self._known = frozenset(word.value for word in words)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Store the value of a member."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Give the member back. Raises ValueError."""
        if value is None or (self.optional and value not in self._known):
            return None
        return self.words(value)


_DOCUMENTS_KEPT = 512
"""Texts of each sort of document whose values are kept: more than the decrees that are in force, which most pages load."""


class JsonDocument(TypeDecorator[Any]):
    """Stores dataclasses as JSON, read back by the given function as immutable values, of which the last are cached; None is NULL."""

    impl = JSON
    cache_ok = True

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__(none_as_null=True)
        # JSON has a null of its own, which is nothing too.
        self._of_text = lru_cache(_DOCUMENTS_KEPT)(lambda text: None if (value := json.loads(text)) is None else read(value))

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Select the text: the driver of PostgreSQL would read it anew each time."""
        return type_coerce(cast(column, Text), self)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Give the value of a text back. Raises ValueError."""
        return lambda text: None if text is None else self._of_text(text)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Give what JSON can hold."""
        return None if value is None else to_json(value)


def to_json(value: object) -> Any:
    """Return a value as JSON: dataclasses without empty fields, days and instants in ISO form, texts valid in both databases."""
    if isinstance(value, Moment | date | time):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple | frozenset):
        return [to_json(each) for each in (sorted(value) if isinstance(value, frozenset) else value)]
    if is_dataclass(value) and not isinstance(value, type):
        every = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: to_json(each) for name, each in every.items() if each is not None and each != ()}
    return value


_KINDS, _WHERE = (frozenset(each.value for each in words) for words in (Kind, Where))


@cache
def _checked_as(kind: Any) -> Callable[[object], Any]:
    """Return a validator of stored values of this type, made when first needed (slow)."""
    return TypeAdapter(kind).validate_python


def facts_from_json(stored: Mapping[str, Any]) -> Facts:
    """Return the facts that `to_json` wrote; unknown words are left out."""
    known = dict(stored)
    for fact in FACTS:
        if fact.kind is ValueKind.MOMENT:
            known[fact.name] = Moment.parse(stored[fact.name]) if stored.get(fact.name) else None
        elif fact.codes is not None:
            known[fact.name] = [code for code in stored.get(fact.name, ()) if code in fact.codes()]
    known["references"] = [entry for entry in stored.get("references", ()) if entry.get("change") in _KINDS]
    for named in ("doubtful", "settled"):
        known[named] = [name for name in stored.get(named, ()) if name in Facts.__dataclass_fields__]
    facts: Facts = _checked_as(Facts)(known)
    return facts


def evidence_from_json(stored: Iterable[Mapping[str, Any]]) -> tuple[Evidence, ...]:
    """Return the evidence that `to_json` wrote, in order."""
    evidence: tuple[Evidence, ...] = _checked_as(tuple[Evidence, ...])(
        [{**item, "where": item.get("where") if item.get("where") in _WHERE else None} for item in stored]
    )
    return evidence


def _read_as(kind: Any, stored: object) -> Any:
    return _checked_as(kind)(stored)


FactsDocument = JsonDocument(facts_from_json)
EvidenceDocument = JsonDocument(evidence_from_json)
ContentDocument, OnlineDocument, LookDocument, StatementDocument = (
    JsonDocument(partial(_read_as, kind)) for kind in (PostContent, Online, Look, FileStatement)
)

# Texts as they are stored: compressed. French text shrinks to a third or less, and a year of recueils is some billions of characters.


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
    """Return the zlib stream of a text that `clean` gave."""
    return zlib.compress(text.encode())


def unpack_text(packed: bytes) -> str:
    """Return what `pack_text` was given. Raises Damaged."""
    try:
        return zlib.decompress(packed).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise Damaged(f"a stored text cannot be unpacked: {error}") from None


def pack_pages(pages: Iterable[PageText]) -> bytes:
    """Pack pages as the zlib stream of a JSON list, in ASCII: a broken PDF may give half of a surrogate pair, which UTF-8 cannot hold."""
    stored = [{**asdict(page), "unsure": sorted(page.unsure)} for page in pages]
    return zlib.compress(json.dumps(stored, separators=(",", ":")).encode("ascii"))


def unpack_pages(packed: bytes) -> tuple[PageText, ...]:
    """Return what `pack_pages` was given. Raises Damaged."""
    try:
        pages = json.loads(zlib.decompress(packed))
        return tuple(PageText(**page | {"origin": TextOrigin(page["origin"]), "unsure": frozenset(page["unsure"])}) for page in pages)
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"stored pages cannot be unpacked: {error}") from None


# Rows as values: a field is the column of its name.

_Value = TypeVar("_Value", bound="DataclassInstance")


@cache
def _names(kind: type[DataclassInstance]) -> frozenset[str]:
    return frozenset(field.name for field in fields(kind))


def value_of(kind: type[_Value], row: Row[Any], **more: Any) -> _Value:
    """Return a row as this dataclass: its fields are the columns of the same names, except those given."""
    names = _names(kind)
    return kind(**{name: value for name, value in zip(row._fields, row, strict=True) if name in names and name not in more}, **more)
