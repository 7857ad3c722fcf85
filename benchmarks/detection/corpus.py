"""The labelled acts of a folder: `labels/*.toml`, and the texts that they name. The format is told in `tests/corpus/README.md`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model, model_validator

from benchmarks.detection.labelled import LABELLED, Labelled, Printed, as_label, reference_label
from bot.domain.acts import Kind, Moment, Outcome, Reference
from bot.domain.facts import Fact, ValueKind
from bot.domain.topics import first_topic, purposes_of, topics
from sources.catalogue.toml_lines import line_of

_PAGE_END = re.compile(r"^\f[ \t]*$\n?", re.MULTILINE)


class BadCorpus(Exception):
    """The labels cannot be used. The message has one line per problem: `labels/refusals.toml:12: kind: …`."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


# What a label must be.


def _named_once(names: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(names)) < len(names):
        raise ValueError("names something twice")
    return names


def _in_the_list(names: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := [name for name in names if not _operator_pattern().fullmatch(name)]:
        raise ValueError(f"not in the closed list of operators (benchmarks/detection/closed.toml): {', '.join(unknown)}")
    return names


@cache
def _operator_pattern() -> re.Pattern[str]:
    closed = tomllib.loads(resources.files(__package__).joinpath("closed.toml").read_text(encoding="utf-8"))
    names = "|".join(map(re.escape, closed["operators"]))
    named = "|".join(map(re.escape, closed["of"]))
    return re.compile(rf"(?:{names})|(?:{named}) (?:de |d'|du |des )\S.*")


_Text = Annotated[str, Field(pattern=r"\S")]
_Texts = Annotated[tuple[_Text, ...], Field(min_length=1), AfterValidator(_named_once)]
_Day = Annotated[str, AfterValidator(lambda text: date.fromisoformat(text).isoformat())]


class _ReferenceLabel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    change: Literal[Kind.RENEWAL, Kind.MODIFICATION, Kind.ABROGATION, Kind.SUSPENSION]
    number: _Text | None = None
    signed: _Day | None = None

    def __str__(self) -> str:
        return reference_label(Reference(self.change, self.number, None if self.signed is None else date.fromisoformat(self.signed)))


_OF_KIND: Mapping[ValueKind, Any] = {
    ValueKind.TEXT: _Text,
    **dict.fromkeys((ValueKind.TEXTS, ValueKind.SLOTS), _Texts),
    ValueKind.NUMBER: Annotated[int, Field(ge=1, strict=True)],
    ValueKind.DAY: _Day,
    ValueKind.MOMENT: Annotated[str, AfterValidator(lambda text: Moment.parse(text).isoformat())],
    ValueKind.DECREES: Annotated[tuple[_ReferenceLabel, ...], Field(min_length=1)],
}


def _type_of(fact: Fact, topic: str) -> Any:
    if fact.name == "operators":
        return Annotated[_Texts, AfterValidator(_in_the_list)]
    if fact.codes is not None:
        codes = purposes_of(topic) if fact.name == "purposes" else fact.codes()
        return Annotated[tuple[Literal[*codes], ...], Field(min_length=1), AfterValidator(_named_once)]  # type: ignore[valid-type]
    return _OF_KIND[fact.kind]


class _ActLabel(BaseModel):
    """One `[[act]]`, but for its facts."""

    model_config = ConfigDict(extra="forbid")
    file: _Text
    title: str
    outcome: Outcome
    kind: Kind | None = None
    partial: Annotated[bool, Field(strict=True)] = False
    absent: _Texts = ()
    note: _Text = ""

    @property
    def facts(self) -> dict[str, Any]:
        """What the act says, as labels write it."""
        return {fact.name: as_label(getattr(self, fact.name)) for fact in LABELLED if fact.name in self.model_fields_set}

    @model_validator(mode="after")
    def _fits(self) -> _ActLabel:
        facts = self.facts
        if self.outcome is not Outcome.DECREE and (wrong := self.model_fields_set & {*facts, "kind", "partial"}):
            raise ValueError(f"{min(wrong)}: only a decree has it")
        if self.outcome is Outcome.DECREE and self.kind is None:
            raise ValueError("kind: missing: a decree has one")
        if "starts" in facts and "ends" in facts and facts["ends"][:10] < facts["starts"][:10]:
            raise ValueError("ends: before `starts`")
        return self


@cache
def _label_of(topic: str) -> type[_ActLabel]:
    facts: dict[str, Any] = {fact.name: (_type_of(fact, topic) | None, None) for fact in LABELLED}
    return create_model("_Label", __base__=_ActLabel, **facts)


# The folder.


def load_corpus(folder: Path) -> tuple[Labelled, ...]:
    """Every labelled act of a folder, by label file and as they stand in it.

    Raises BadCorpus with all problems of all files at once: no such folder, no act in it, a label that is not as it must be, a text that is
    not there, named twice, or named by no label.
    """
    if not folder.is_dir():
        raise BadCorpus([f"{folder}: {'not a folder' if folder.exists() else 'no such folder'}"])
    files = sorted((folder / "labels").glob("*.toml"))
    if not files:
        raise BadCorpus([f"{folder}: no label file (labels/*.toml)"])
    acts: list[Labelled] = []
    problems: list[str] = []
    named: dict[str, str] = {}
    for file in files:
        _load_file(folder, file, acts, problems, named)
    texts = {path.relative_to(folder).as_posix() for path in (folder / "acts").rglob("*.txt")}
    problems += [f"{file}: no label names this text" for file in sorted(texts - set(named))]
    if not acts and not problems:
        problems.append(f"{folder}: the label files hold no [[act]]")
    if problems:
        raise BadCorpus(problems)
    return tuple(acts)


def _load_file(folder: Path, file: Path, acts: list[Labelled], problems: list[str], named: dict[str, str]) -> None:
    name = file.relative_to(folder).as_posix()
    try:
        text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
        document = tomllib.loads(text)
    except (OSError, ValueError) as error:
        problems.append(f"{name}: {_words(error)}")
        return
    writer, topic, tables = document.pop("writer", ""), document.pop("topic", first_topic()), document.pop("act", [])
    problems += [f"{name}:{line_of(text, (key,))}: {key}: unknown key; acts are [[act]] tables" for key in document]
    if not isinstance(writer, str) or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(f"{name}: writer must be a text, act must be [[act]] tables")
        return
    if topic not in topics():
        problems.append(f"{name}:{line_of(text, ('topic',))}: topic: unknown topic {topic!r}; there are {', '.join(topics())}")
        return
    for index, table in enumerate(tables):
        at = f"{name}:{line_of(text, ('act', index))}"
        wrong: list[tuple[str, str]] = []
        label = printed = None
        if isinstance(table.get("file"), str):
            printed = _printed(folder, table, at, wrong, named)
        try:
            label = _label_of(topic).model_validate(table)
        except ValidationError as error:
            wrong += [_problem(each["loc"], each["msg"].removeprefix("Value error, ")) for each in error.errors()]
        problems += [f"{name}:{line_of(text, ('act', index, key))}: {key}: {what}" for key, what in wrong]
        if label is not None and printed is not None and not wrong:
            told = (label.outcome, label.kind, label.facts, label.partial, label.absent, label.note)
            acts.append(Labelled(label.file, printed, *told, at, writer, topic))


def _problem(place: Sequence[int | str], message: str) -> tuple[str, str]:
    """The key that is wrong, which a contradiction begins with, and what is wrong with it."""
    key, _, what = message.partition(": ")
    return (str(place[0]), message) if place else (key, what)


def _printed(folder: Path, table: Mapping[str, Any], at: str, wrong: list[tuple[str, str]], named: dict[str, str]) -> Printed | None:
    """The text that a label names, checked against it; None where there is none."""
    file, title = table["file"], str(table.get("title", ""))
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        wrong.append(("file", f"outside the folder: {file}"))
        return None
    if file in named:
        wrong.append(("file", f"{file} is already labelled at {named[file]}"))
    named.setdefault(file, at)
    try:
        text = path.read_text(encoding="utf-8").removeprefix("\ufeff")
    except (OSError, ValueError) as error:
        wrong.append(("file", f"{file}: {_words(error)}"))
        return None
    if not text.strip() and not title.strip():
        wrong.append(("file", f"{file} is empty, and there is no title: nothing to judge"))
    wrong += [("absent", f"{name} does not stand in the text") for name in table.get("absent", ()) if str(name).lower() not in text.lower()]
    return Printed(title, pages_of(text))


def pages_of(text: str) -> tuple[str, ...]:
    """The pages of a text, which a line that holds only a form feed separates. None where there is no text at all."""
    return tuple(page.rstrip("\n") for page in _PAGE_END.split(text)) if text.strip() else ()


def _words(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else f"not valid TOML: {error}"
