"""Checks the folders of topics: every key, pattern and word, each problem with file and line. docs/topics.md explains the keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache, partial
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from bot.app.config.errors import ConfigError, Path, Problem, problems_of
from bot.app.config.files import Document, parsed, read_text
from bot.app.config.values import Flag, Section, Whole
from bot.detection.text.cues import as_read, cue_problems, load, pattern_problem
from bot.domain.acts import Kind
from bot.domain.facts import FACTS
from bot.domain.topics import PACKAGED, topic_file, topic_folders
from bot.messages.words import LANGUAGES, data_file
from sources.catalogue.toml_lines import line_of

_FACT_NAMES = tuple(fact.name for fact in FACTS)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


def check_topics(folder: Traversable = PACKAGED) -> list[str]:
    """Return what is wrong in the folders of topics in a folder: `drones/cues.toml:12: around.field: is empty`."""
    topics, others = topic_folders(folder), topic_folders(PACKAGED) if folder != PACKAGED else ()
    taken = {one.name for one in others}
    codes = {code: one.name for one in others for code in topic_file(one.name, "topic.toml")["purposes"]}
    wrong = [f"{folder}: holds no folder of a topic"] if not topics else []
    wrong += [f"{one}: Vigie has a topic of this name" for one in topics if one.name in taken]
    wrong += [f"{one}: its name must be of small letters, digits and _, 32 at most" for one in topics if not _NAME.fullmatch(one.name)]
    return [*wrong, *(problem for one in topics for problem in _topic_problems(one, codes))]


def _topic_problems(folder: Traversable, taken: dict[str, str]) -> Iterator[str]:
    told: list[str] = []

    def checked(name: str, check: Callable[[Document], Iterable[Problem]]) -> Document:
        file = folder.joinpath(name)
        try:
            document = parsed(text := read_text(file), file)
        except ConfigError as error:
            told.extend(error.problems)
            return {}
        told.extend(f"{file}:{line_of(text, problem.path) or 1}: {problem.option}: {problem.text}" for problem in check(document))
        return document

    purposes = checked("topic.toml", partial(_topic, taken)).get("purposes", {})
    codes = tuple(purposes) if isinstance(purposes, dict) else ()
    taken |= dict.fromkeys(codes, folder.name)
    checked("cues.toml", _cues)
    checked("purposes.toml", partial(_purposes, codes))
    checked("law.toml", partial(_as_model, _LawFile))
    for language in LANGUAGES:
        checked(f"{language}.toml", partial(_words, codes))
    return iter(told)


def _pattern(words: str) -> str:
    if wrong := pattern_problem(words):
        raise ValueError(wrong)
    return words


def _pattern_as_read(words: str) -> str:
    _pattern(as_read(words))
    return words


def _some(value: Any) -> Any:
    if not value:
        raise ValueError("is empty")
    return value


_Some = AfterValidator(_some)
_Text = Annotated[str, Field(pattern=r"\S")]
_Pattern = Annotated[str, AfterValidator(_pattern)]
_PurposePattern = Annotated[str, AfterValidator(_pattern_as_read)]


class _WindowEntry(Section):
    first: Annotated[date, Field(alias="from")]
    until: date | None = None
    source: _Text
    confidence: Literal[*data_file("bot.web", "words", "en.toml")["about"]["confidence"]]  # type: ignore[valid-type]
    checked: date
    months: Annotated[Whole, Field(ge=1)] | None = None


class _TopicFile(Section):
    rank: Whole
    hashtag: Annotated[str, Field(pattern=r"^#\w+$")]
    purposes: Annotated[Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")], _Text], _Some]
    window: Annotated[tuple[_WindowEntry, ...], _Some]
    without: tuple[Literal[*_FACT_NAMES], ...] = ()  # type: ignore[valid-type]
    telling: Annotated[tuple[_Text, ...], _Some]
    shares_words: Flag = False


class _LegalBasisEntry(Section):
    label: _Text
    pattern: _Pattern
    article: _Pattern | None = None
    unless: _Text | None = None
    alone: Flag = False


class _LawFile(Section):
    legal_basis: Annotated[tuple[_LegalBasisEntry, ...], _Some]


class _PurposeEntry(Section):
    code: _Text
    patterns: Annotated[tuple[_PurposePattern, ...], _Some]
    listed: Annotated[tuple[_PurposePattern, ...], _Some] | None = None
    words: _PurposePattern | None = None


class _PurposesFile(Section):
    purpose: tuple[_PurposeEntry, ...] = ()


def _topic(taken: Mapping[str, str], document: Document) -> list[Problem]:
    wrong = _as_model(_TopicFile, document)
    known = () if wrong else filter(taken.__contains__, document["purposes"])
    return [*wrong, *(Problem(("purposes", code), f"{taken[code]} has a purpose of this code") for code in known)]


def _as_model(model: type[BaseModel], document: Document) -> list[Problem]:
    try:
        model.model_validate(document)
    except ValidationError as error:
        return problems_of(error, model)
    return []


def _cues(document: Document, common: Mapping[str, Any] | None = None) -> Iterator[Problem]:
    wrong = cue_problems(document, load("cues.toml") if common is None else common) if document else ()
    yield from (Problem(place, text) for place, text in wrong)


def _purposes(codes: tuple[str, ...], document: Document) -> Iterator[Problem]:
    entries = {"purpose": document.pop("purpose")} if "purpose" in document else {}
    yield from _cues(document, load("cues.toml")["purposes"])
    if wrong := _as_model(_PurposesFile, entries):
        yield from wrong
        return
    found = [entry["code"] for entry in entries.get("purpose", ())]
    yield from (Problem(("purpose", at, "code"), "is not in topic.toml") for at, code in enumerate(found) if code not in codes)
    yield from (Problem(("purpose",), f"no words for {code}, which is in topic.toml") for code in codes if code not in found)


def _words(codes: tuple[str, ...], document: Document) -> Iterator[Problem]:
    """Yield the words that are missing or empty, and those that no topic of Vigie has."""
    kinds, own = dict.fromkeys(map(str, Kind), str), dict.fromkeys(codes, str)
    facts = {name: str for name in document.get("facts", {}) if name in _FACT_NAMES}
    known = _known_words() | {"kinds": kinds, "explained": kinds, "purposes": own, "purposes_explained": own, "facts": facts}
    yield from _misshapen({"facts": {}, **document}, known)
    if isinstance(asked := document.get("asked"), str) and (wrong := pattern_problem(asked, blanks=True)):
        yield Problem(("asked",), wrong)


def _misshapen(own: Mapping[str, Any], known: Mapping[str, Any], path: Path = ()) -> Iterator[Problem]:
    yield from (Problem((*path, key), f"no word has this name; there are: {', '.join(known)}") for key in own if key not in known)
    for key, shape in known.items():
        value, place = own.get(key), (*path, key)
        if isinstance(shape, dict) and isinstance(value, dict):
            yield from _misshapen(value, shape, place)
        elif value is None:
            yield Problem(place, "is missing")
        elif isinstance(shape, dict) or type(value) is not shape:
            yield Problem(
                place, "must be a table" if isinstance(shape, dict) else "must be a text" if shape is str else "must be a list of texts"
            )
        elif not all(isinstance(text, str) and text.strip() for text in (value if shape is list else [value])):
            yield Problem(place, "is empty")


@cache
def _known_words() -> Document:
    """Return the keys of the words of the packaged topics, in their tables, each with the type of its value."""
    files = (folder.joinpath(f"{language}.toml") for folder in topic_folders(PACKAGED) for language in LANGUAGES)
    shapes: Document = {}
    for words in (parsed(read_text(file), file) for file in files if file.is_file()):
        for key, value in words.items():
            shapes[key] = shapes.get(key, {}) | {one: type(text) for one, text in value.items()} if isinstance(value, dict) else type(value)
    return shapes
