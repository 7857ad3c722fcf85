"""One label, checked: every key that it may have, and what each must be."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from benchmarks.detection.labelled import LABELLED, Value, reference_label
from bot.domain.acts import Kind, Moment, Outcome, Reference
from bot.domain.facts import Fact, ValueKind

Problem = tuple[tuple[str | int, ...], str]
"""The key (and the position below it) that is wrong, and what is wrong with it."""

_CHANGES = (Kind.RENEWAL, Kind.MODIFICATION, Kind.ABROGATION, Kind.SUSPENSION)
_OTHER_KEYS = ("file", "title", "outcome", "kind", "partial", "absent", "note")


class _Wrong(Exception):
    """The message says what the value must be."""


def check_label(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The values of one `[[act]]` with its facts under `facts`, and all that is wrong with it.

    Where anything is wrong, the values are not to be used.
    """
    problems: list[Problem] = [((key,), "unknown key") for key in table if key not in (*_FACTS, *_OTHER_KEYS)]
    values: dict[str, Any] = {"facts": {}}
    problems += [((key,), "missing") for key in ("file", "title", "outcome") if key not in table]
    for key, value in table.items():
        try:
            if key in _OTHER_KEYS:
                values[key] = _OTHER[key](value)
            elif key in _FACTS:
                values["facts"][key] = _FACTS[key](value)
        except _Wrong as wrong:
            problems.append(((key,), str(wrong)))
    return values, problems or _contradictions(table, values)


def _contradictions(table: Mapping[str, Any], values: Mapping[str, Any]) -> list[Problem]:
    facts: Mapping[str, Value] = values["facts"]
    if values["outcome"] is not Outcome.DECREE:
        return [((key,), "only a decree has it") for key in table if key in _FACTS or key in {"kind", "partial"}]
    if "kind" not in values:
        return [(("kind",), "missing: a decree has one")]
    if "starts" in facts and "ends" in facts and str(facts["ends"])[:10] < str(facts["starts"])[:10]:
        return [(("ends",), "before `starts`")]
    return []


def _must_be(words: str, fits: Callable[[Any], bool]) -> Callable[[object], Any]:
    def check(value: object) -> Any:
        if not fits(value):
            raise _Wrong(f"must be {words}, not {value!r}")
        return value

    return check


_text = _must_be("a text that is not empty", lambda value: isinstance(value, str) and bool(value.strip()))


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise _Wrong(f"must be a list that is not empty (leave the key out where there is nothing), not {value!r}")
    texts = tuple(_text(item) for item in value)
    if len(set(texts)) < len(texts):
        raise _Wrong("names something twice")
    return texts


def _one_of(*choices: StrEnum) -> Callable[[object], Any]:
    words = {choice.value: choice for choice in choices}

    def check(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in words:
            raise _Wrong(f"must be one of {', '.join(words)}, not {value!r}")
        return words[value]

    return check


def _some_of(*choices: StrEnum) -> Callable[[object], tuple[str, ...]]:
    one = _one_of(*choices)
    return lambda value: tuple(one(item).value for item in _texts(value))


def _time(words: str, parse: Callable[[str], date | Moment]) -> Callable[[object], str]:
    def check(value: object) -> str:
        try:
            return parse(_text(value)).isoformat()
        except ValueError:
            raise _Wrong(f"must be {words}, not {value!r}") from None

    return check


_day = _time('a day as in "2024-05-02"', date.fromisoformat)


@cache
def _operator_pattern() -> re.Pattern[str]:
    closed = tomllib.loads(resources.files(__package__).joinpath("closed.toml").read_text(encoding="utf-8"))
    names = "|".join(map(re.escape, closed["operators"]))
    named = "|".join(map(re.escape, closed["of"]))
    return re.compile(rf"(?:{names})|(?:{named}) (?:de |d'|du |des )\S.*")


def _operators(value: object) -> tuple[str, ...]:
    names = _texts(value)
    unknown = [name for name in names if not _operator_pattern().fullmatch(name)]
    if unknown:
        raise _Wrong(f"not in the closed list of operators (benchmarks/detection/closed.toml): {', '.join(unknown)}")
    return names


def _references(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise _Wrong("must be tables [[act.references]]")
    return tuple(_reference(item) for item in value)


def _reference(table: object) -> str:
    if not isinstance(table, dict):
        raise _Wrong("must be tables [[act.references]]")
    unknown = [key for key in table if key not in {"change", "number", "signed"}]
    if unknown:
        raise _Wrong(f"unknown key in a reference: {', '.join(unknown)}")
    change = _one_of(*_CHANGES)(table.get("change"))
    number = _text(table["number"]) if "number" in table else None
    signed = date.fromisoformat(_day(table["signed"])) if "signed" in table else None
    return reference_label(Reference(change, number, signed))


_OTHER: Mapping[str, Callable[[object], Any]] = {
    "file": _text,
    "title": _must_be('a text ("" where the act has no title)', lambda value: isinstance(value, str)),
    "outcome": _one_of(*Outcome),
    "kind": _one_of(*Kind),
    "partial": _must_be("true or false", lambda value: isinstance(value, bool)),
    "absent": _texts,
    "note": _text,
}
_OF_KIND: Mapping[ValueKind, Callable[[object], Value]] = {
    ValueKind.TEXT: _text,
    ValueKind.TEXTS: _texts,
    ValueKind.NUMBER: _must_be("a number from 1", lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 1),
    ValueKind.DAY: _day,
    ValueKind.MOMENT: _time('a day or a minute as in "2024-05-02T14:00"', Moment.parse),
    ValueKind.DECREES: _references,
}


def _check_of(fact: Fact) -> Callable[[object], Value]:
    return _OF_KIND[fact.kind] if fact.codes is None else _some_of(*fact.codes)


_FACTS = {**{fact.name: _check_of(fact) for fact in LABELLED}, "operators": _operators}
