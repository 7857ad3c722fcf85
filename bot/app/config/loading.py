"""`config.toml` -> Settings. The only part of the configuration that touches the disk.

Where an option is given twice, the environment wins over the file, and the file over the default. A relative path (the
SQLite file, a token file) is taken from the folder of the configuration file in use — so that the same database is found
whatever folder the command is run from — and, when it is given by the environment or there is no file, from the current one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.app.config.destinations import problems as conflicts
from bot.app.config.destinations import shared
from bot.app.config.environ import from_environ, variable
from bot.app.config.errors import ConfigError, Problem, problems_of
from bot.app.config.files import anchor, database_problems, read_tokens
from bot.app.config.model import Settings
from sources.catalogue.toml_lines import line_of

DEFAULT_FILE = Path("config.toml")
_TOKEN_OPTIONS = frozenset({"token", "token_file"})

Document = dict[str, Any]


def load_settings(path: Path | None, environ: Mapping[str, str], *, known_codes: frozenset[str] | None) -> Settings:
    """Read and validate the configuration.

    `path` None means `./config.toml` where there is one, else the defaults; a path that is given must exist. `environ` is
    the environment (`VIGIE_<SECTION>__<OPTION>`), `known_codes` the codes of the catalogue (None: they are
    not checked). Token files are read: their content is in `token` of the settings returned.

    Raises ConfigError with every problem at once, one a line, each with its file and line or its variable. Only whether two destinations
    are one place is told later, once everything else is right.
    """
    file = path if path is not None else DEFAULT_FILE if DEFAULT_FILE.is_file() else None
    text = _read(file) if file is not None else ""
    written = _parse(text, file) if file is not None else {}
    overlay, problems = from_environ(environ, Settings)
    locate = _locator(file, text, overlay)

    if file is not None:
        anchor(written, file.absolute().parent, default_database=True)
    anchor(overlay, Path.cwd())
    document = _merged(written, overlay)
    problems += conflicts(document)
    problems += read_tokens(document)
    try:
        settings = Settings.model_validate(document, context={"known_codes": known_codes})
    except ValidationError as error:
        problems += problems_of(error, Settings)
    else:
        problems = problems or [*shared(settings), *database_problems(settings.database.url)]
        if not problems:
            return settings
    raise ConfigError(_sorted(problems, locate)) from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError([f"{file}: is not a text in UTF-8"]) from None
    except OSError as error:
        raise ConfigError([f"{file}: cannot be read: {error.strerror or type(error).__name__}"]) from None


def _parse(text: str, file: Path) -> Document:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = re.match(r"(?P<what>.*?)(?: \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\))?$", str(error), re.DOTALL)
        what = said["what"] if said else "cannot be understood"
        line = said["line"] if said and said["line"] else text.count("\n") + 1
        column = f" (column {said['column']})" if said and said["column"] else ""
        raise ConfigError([f"{file}:{line}: not valid TOML: {what[:1].lower()}{what[1:]}{column}"]) from None
    except RecursionError:
        raise ConfigError([f"{file}: not valid TOML: nested too deeply"]) from None


def _merged(written: Document, overlay: Mapping[str, Mapping[str, Any]]) -> Document:
    """The environment over the file. A token from the environment also replaces a token file, and the other way round."""
    merged = dict(written)
    for section, options in overlay.items():
        below = merged.get(section, {})
        if not isinstance(below, dict):
            continue
        replaced = _TOKEN_OPTIONS if _TOKEN_OPTIONS & set(options) else frozenset()
        kept = {key: value for key, value in below.items() if key not in replaced}
        merged[section] = {**kept, **options}
    return merged


Locate = Callable[[Problem], tuple[int, str]]


def _locator(file: Path | None, text: str, overlay: Mapping[str, Mapping[str, Any]]) -> Locate:
    """A function that gives a problem its place: a line to sort by, and the words before the message."""

    def locate(problem: Problem) -> tuple[int, str]:
        path = problem.path
        section, option = str(path[0]), str(path[1]) if len(path) > 1 else ""
        if option in overlay.get(section, {}):
            return 0, f"environment variable {variable(section, option)}"
        if len(path) == 1 and section.upper().startswith("VIGIE_"):
            return 0, f"environment variable {section}"
        if file is None:
            return 0, problem.option
        line = line_of(text, path)
        return (0, f"{file}: {problem.option}") if line is None else (line, f"{file}:{line}: {problem.option}")

    return locate


def _sorted(problems: list[Problem], locate: Locate) -> list[str]:
    placed = sorted(((*locate(problem), problem.text) for problem in problems), key=lambda found: found[0])
    return list(dict.fromkeys(f"{where}: {text}" for _, where, text in placed))
