"""Say what is wrong with a configuration, in plain words. Pure; values are never repeated, for any of them may be a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from pydantic import BaseModel, ValidationError

Path = tuple[str | int, ...]

_EXPECTED = {
    "string_type": "expected text in quotes",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "finite_number": "expected a finite number",
    "bool_type": "expected true or false",
    "tuple_type": "expected a list: [ … ]",
    "path_type": "expected the path of a file, in quotes",
    "missing": "is required",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "must be at least"),
    "greater_than": ("gt", "must be more than"),
    "less_than_equal": ("le", "must be at most"),
    "less_than": ("lt", "must be less than"),
}


class ConfigError(Exception):
    """Says that the configuration cannot be used. The message has one line per problem: `config.toml:12: telegram.tokn: …`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Problem:
    """Holds one thing that is wrong: where, as a path of keys and list positions from 0, and what."""

    path: Path
    text: str

    @property
    def option(self) -> str:
        """Return `telegram.token` or `destinations[0].chat`."""
        shown = "".join(f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in self.path)
        return shown.removeprefix(".")


def closest(word: str, candidates: Iterable[str], *, at_least: int = 65) -> str | None:
    """Return the candidate most likely meant by a misspelt word, None when none is near: like it to so many percent."""
    likeness = {one: SequenceMatcher(None, word.lower(), one.lower(), autojunk=False).ratio() * 100 for one in candidates}
    best = max(likeness, key=likeness.__getitem__, default="")
    return best if likeness.get(best, 0) >= at_least else None


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Return every problem of a failed validation of `model`, in plain words."""
    found = []
    for detail in error.errors(include_url=False, include_input=False):
        # pydantic names the key of a mapping with a mark of its own behind it.
        path = tuple(part for part in detail["loc"] if part != "[key]")
        found.append(Problem(path, _words(detail["type"], detail.get("ctx", {}), path, model)))
    return found


def _words(kind: str, context: Mapping[str, Any], path: Path, model: type[BaseModel]) -> str:
    if kind == "extra_forbidden":
        return _unknown(path, model)
    if kind == "value_error":
        return str(context["error"])
    if kind in {"literal_error", "enum"}:
        return "must be one of " + re.sub(r"'([^']*)'", r'"\1"', str(context["expected"]))
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{words} {context[name]:g}"
    if kind in {"model_type", "mapping_type", "dict_type"}:
        return f"expected a table: [{path[-1]}]" if len(path) == 1 else "expected a table"
    return _EXPECTED.get(kind, "is not a value that can be used here")


def _unknown(path: Path, root: type[BaseModel]) -> str:
    """Return what was meant by an unknown option: one of the same section, else one of the same name elsewhere."""
    key = str(path[-1])
    here = _model_at(path[:-1], root)
    what = "section" if here is root else "option"
    if meant := closest(key, here.model_fields):
        return f'unknown {what}; did you mean "{meant}"?'
    for section, field in root.model_fields.items():
        inner = _model_of(field.annotation)
        if inner is not None and key in inner.model_fields:
            return f"unknown {what}; it belongs in " + (f"[{section}]" if inner is field.annotation else f"[[{section}]]")
    return f"unknown {what}; known here: {', '.join(here.model_fields)}"


def _model_at(path: Path, root: type[BaseModel]) -> type[BaseModel]:
    here = root
    for part in path:
        field = here.model_fields.get(part) if isinstance(part, str) else None
        inner = _model_of(field.annotation) if field else None
        here = inner or here
    return here


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model behind `Model` or `tuple[Model, ...]`, None for anything else."""
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def printable(text: str) -> str:
    """Return a name from outside, on one line and not too long."""
    return "".join(character if character.isprintable() else "?" for character in text[:200])


def _key(part: str) -> str:
    """Return a key as TOML would write it: quoted where it must be, and never able to break the line."""
    return part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{printable(part)}"'
