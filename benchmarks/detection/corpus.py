"""The labelled acts of a folder: `labels/*.toml`, and the texts that they name. The format is told in `tests/corpus/README.md`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.detection.labelled import Labelled, Printed
from benchmarks.detection.labels import Problem, check_label
from sources.catalogue.toml_lines import line_of

_PAGE_END = re.compile(r"^\f[ \t]*$\n?", re.MULTILINE)


class BadCorpus(Exception):
    """The labels cannot be used. The message has one line per problem: `labels/refusals.toml:12: kind: …`."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


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
    problems += [
        f"{name}:{line_of(text, (key,))}: {key}: unknown key; acts are [[act]] tables" for key in document if key not in {"writer", "act"}
    ]
    writer = document.get("writer", "")
    if not isinstance(writer, str):
        problems.append(f"{name}:{line_of(text, ('writer',))}: writer: must be a text")
        return
    tables = document.get("act", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(f"{name}:{line_of(text, ('act',))}: act: must be [[act]] tables")
        return
    for index, table in enumerate(tables):
        at = f"{name}:{line_of(text, ('act', index))}"
        values, wrong = check_label(table)
        printed = None
        if isinstance(values.get("file"), str):
            printed = _printed(folder, values, at, wrong, named)
        problems += [f"{name}:{line_of(text, ('act', index, *path))}: {'.'.join(map(str, path))}: {what}" for path, what in wrong]
        if printed is not None and not wrong:
            acts.append(_labelled(values, printed, at, writer))


def _printed(folder: Path, values: Mapping[str, Any], at: str, wrong: list[Problem], named: dict[str, str]) -> Printed | None:
    """The text that a label names, checked against it; None where there is none."""
    file, title = values["file"], values.get("title", "")
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        wrong.append((("file",), f"outside the folder: {file}"))
        return None
    if file in named:
        wrong.append((("file",), f"{file} is already labelled at {named[file]}"))
    named.setdefault(file, at)
    try:
        text = path.read_text(encoding="utf-8").removeprefix("\ufeff")
    except (OSError, ValueError) as error:
        wrong.append((("file",), f"{file}: {_words(error)}"))
        return None
    if not text.strip() and not title.strip():
        wrong.append((("file",), f"{file} is empty, and there is no title: nothing to judge"))
    wrong += [(("absent",), f"{name} does not stand in the text") for name in values.get("absent", ()) if name.lower() not in text.lower()]
    return Printed(title, pages_of(text))


def pages_of(text: str) -> tuple[str, ...]:
    """The pages of a text, which a line that holds only a form feed separates. None where there is no text at all."""
    return tuple(page.rstrip("\n") for page in _PAGE_END.split(text)) if text.strip() else ()


def _labelled(values: Mapping[str, Any], printed: Printed, at: str, writer: str) -> Labelled:
    return Labelled(
        values["file"],
        printed,
        values["outcome"],
        values.get("kind"),
        values["facts"],
        values.get("partial", False),
        values.get("absent", ()),
        values.get("note", ""),
        at,
        writer,
    )


def _words(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return f"not valid TOML: {error}"
