"""Reads `config.toml`, the environment and their files into Settings; only this module reads disk. The environment wins over the file, the
file over defaults. Relative paths start at the folder of the configuration file; of the environment, or without a file, at the current one.
"""

from __future__ import annotations

import json
import re
import stat
import tomllib
import types
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError

from bot.app.config.destinations import problems as conflicts
from bot.app.config.destinations import shared
from bot.app.config.errors import ConfigError, Problem, closest, printable, problems_of
from bot.app.config.files import Document, cause_of, parsed, read_text
from bot.app.config.model import Settings
from bot.app.config.values import sqlite_file
from bot.domain.lazily import lazily
from bot.domain.secrets import is_loopback
from bot.domain.topics import topics, use_topics_of
from sources.catalogue.toml_lines import line_of

_check_topics = lazily("bot.app.config.topics", "check_topics")

DEFAULT_FILE = Path("config.toml")
_SECRET_FILES = {"token": "token_file", "url": "url_file"}


@dataclass(frozen=True, slots=True)
class Configuration:
    """Holds the settings and what they were read from: `text` and `written` are the file as it stands, `overlay` is the environment."""

    settings: Settings
    file: Path | None
    text: str
    written: Document
    overlay: Mapping[str, Mapping[str, Any]]


def read_configuration(
    path: Path | None,
    environ: Mapping[str, str],
    *,
    known_codes: frozenset[str] | None,
    check_service: Callable[[str], object] | None = None,
) -> Configuration:
    """Read and validate the configuration, with tokens from their files or from systemd credentials (`CREDENTIALS_DIRECTORY`).

    `path` None: `./config.toml` if present, else defaults; a given path must exist. `known_codes`: codes of the catalogue; `check_service`:
    raises ValueError for an unusable Apprise address; None skips either. Raises ConfigError with all problems, one a line with its place;
    duplicate destinations come last.
    """
    file = path if path is not None else DEFAULT_FILE if _is_there(DEFAULT_FILE) else None
    text = read_text(file) if file is not None else ""
    as_written = parsed(text, file) if file is not None else {}
    written = deepcopy(as_written)
    overlay, problems = from_environ(environ, Settings)
    locate = _locator(file, text, overlay)

    if file is not None:
        anchor(written, file.absolute().parent, default_database=True)
    anchor(overlay, Path.cwd())
    document = _merged(written, overlay)
    problems += conflicts(document)
    problems += read_tokens(document, environ.get("CREDENTIALS_DIRECTORY"))
    problems += use_own_topics(document)
    try:
        settings = Settings.model_validate(document, context={"known_codes": known_codes, "check_service": check_service})
    except ValidationError as error:
        problems += problems_of(error, Settings)
    else:
        problems = problems or [
            *shared(settings),
            *database_problems(settings.database.url),
            *engine_problems(settings),
            *pace_problems(settings),
            *topic_problems(settings),
        ]
        if not problems:
            return Configuration(settings, file, text, as_written, overlay)
    raise ConfigError(_sorted(problems, locate)) from None


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except PermissionError:  # reading it says so: what may be there is not taken for absent
        return True


def _merged(written: Document, overlay: Mapping[str, Mapping[str, Any]]) -> Document:
    """Return the environment over the file. A secret from the environment also replaces its file, and the other way round."""
    merged = dict(written)
    for section, options in overlay.items():
        below = merged.get(section, {})
        if not isinstance(below, dict):
            continue
        replaced = {option for pair in _SECRET_FILES.items() if set(pair) & set(options) for option in pair}
        kept = {key: value for key, value in below.items() if key not in replaced}
        merged[section] = {**kept, **options}
    return merged


Locate = Callable[[Problem], tuple[int, str]]


def _locator(file: Path | None, text: str, overlay: Mapping[str, Mapping[str, Any]]) -> Locate:
    """Return a function that gives a problem its place: a line to sort by, and the words before the message."""

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


# Options from the environment, `VIGIE_<SECTION>__<OPTION>` (`VIGIE_TELEGRAM__TOKEN`): text as it is; other types as in TOML, lists also as
# `26,38,2A`, tables also as JSON. An empty variable counts as not set.

PREFIX = "VIGIE_"
_NEARLY = 90
"""Percent of likeness from which a variable is taken for one that was mistyped: another program may have some with our prefix."""
_TEXT = (str, SecretStr, Path)
_SWITCHES = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def variable(section: str, option: str) -> str:
    """Return the name of the environment variable that holds an option."""
    return f"{PREFIX}{section}__{option}".upper()


def from_environ(environ: Mapping[str, str], model: type[BaseModel]) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """Return the environment's options by section, and variables that name none of `model` (without `__` only close ones)."""
    found: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    for name in sorted(environ):
        if not name.upper().startswith(PREFIX) or not environ[name].strip():
            continue
        if "__" not in name:
            meant = closest(name, _variables(model), at_least=_NEARLY)
            problems += [Problem((name,), f'unknown variable; did you mean "{meant}"?')] if meant else []
            continue
        section, option = name[len(PREFIX) :].lower().split("__", 1)
        known = _options(model, section)
        if known is None or option not in known:
            problems.append(Problem((name,), _unknown(section, option, known, model)))
        else:
            found.setdefault(section, {})[option] = _value(environ[name].strip(), known[option])
    return found, problems


def _variables(model: type[BaseModel]) -> list[str]:
    return [variable(section, option) for section in model.model_fields for option in _options(model, section) or ()]


def _options(model: type[BaseModel], section: str) -> dict[str, Any] | None:
    field = model.model_fields.get(section)
    if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
        return None
    return {name: option.annotation for name, option in field.annotation.model_fields.items()}


def _unknown(section: str, option: str, known: Mapping[str, Any] | None, model: type[BaseModel]) -> str:
    if section == "destinations":
        return "destinations are given in the configuration file; their tokens may be in files (token_file)"
    if known is not None:
        meant = closest(option, known)
        return "unknown option" + (f'; did you mean "{variable(section, meant)}"?' if meant else "")
    sections = [name for name in model.model_fields if _options(model, name) is not None]
    meant = closest(section, sections)
    return "unknown section" + (f'; did you mean "{variable(meant, option)}"?' if meant else "")


def _value(text: str, annotation: Any) -> Any:
    """Return the text as the type of its option; where it cannot be, the text itself, for validation to report."""
    kinds = get_args(annotation) if get_origin(annotation) in {Union, types.UnionType} else (annotation,)
    if any(kind in _TEXT or get_origin(kind) is Literal for kind in kinds):
        return text
    if annotation is bool:
        return _SWITCHES.get(text.lower(), text)
    if get_origin(annotation) is tuple and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    for parse in (lambda value: tomllib.loads(f"value = {value}")["value"], json.loads):
        try:
            return parse(text)
        except (ValueError, RecursionError):
            continue
    return text


# The files a configuration names: relative paths made absolute, tokens read from their files.

_MAX_TOKEN_BYTES = 4096
_ASSIGNED = re.compile(r"(?:export\s+)?[A-Z][A-Z0-9_]*=.")


def anchor(document: Document, folder: Path, *, default_database: bool = False) -> None:
    """Make the relative paths of a document absolute. What has a wrong type is left for validation to report."""
    if default_database and isinstance(database := document.setdefault("database", {}), dict) and not database.get("url_file"):
        database.setdefault("url", "sqlite:///vigie.db")
    tables = [document.get("database"), document.get("telegram"), document.get("mastodon"), *_list(document.get("destinations"))]
    for table in tables:
        for secret_file in _SECRET_FILES.values():
            if isinstance(table, dict) and isinstance(named := table.get(secret_file), str) and named.strip():
                table[secret_file] = str(_under(folder, named.strip()))
    for section, option in (("reading", "kept_folder"), ("storage", "pdfs_folder"), ("watch", "topics_folder")):
        table = document.get(section)
        if isinstance(table, dict) and isinstance(kept := table.get(option), str) and kept.strip():
            table[option] = str(_under(folder, kept.strip()))
    _anchor_database(document.get("database"), folder)


def _anchor_database(database: object, folder: Path) -> None:
    if isinstance(database, dict) and isinstance(url := database.get("url"), str):
        name = sqlite_file(url.strip())
        if name is not None and ":memory:" not in name:
            database["url"] = f"sqlite:///{_under(folder, name)}"


def database_problems(url: str) -> list[Problem]:
    """Return what keeps an SQLite file from being where it is configured. A wrong path must not begin an empty database somewhere."""
    name = sqlite_file(url)
    if name is None:
        return []
    file = Path(name)
    wrong = ""
    if not file.parent.is_dir():
        folder = printable(str(file.parent))
        wrong = f"its folder {folder} does not exist, or cannot be entered; create it first (mkdir -p {folder})"
    elif file.is_dir():
        wrong = f"{printable(name)} is a folder; name a file in it"
    return [Problem(("database", "url"), wrong)] if wrong else []


def use_own_topics(document: Document) -> list[Problem]:
    """Add the topics of `watch.topics_folder` to those that there are, or return what keeps them from it. Raises ConfigError with all that
    is wrong in their files."""
    watch = document.get("watch")
    named = watch.get("topics_folder") if isinstance(watch, dict) else None
    folder = Path(named) if isinstance(named, str) and named.strip() else None
    if folder is not None and not folder.is_dir():
        return [Problem(("watch", "topics_folder"), f"there is no folder {printable(str(folder))}, or it cannot be entered")]
    if folder is not None and (wrong := _check_topics(folder)):
        raise ConfigError(wrong)
    use_topics_of(folder)
    return []


def engine_problems(settings: Settings) -> list[Problem]:
    """Return what keeps files from being read by other machines: the queue is in the database, which they must reach."""
    if settings.reading.engine == "local" or sqlite_file(settings.database.url) is None:
        return []
    return [Problem(("reading", "engine"), "procrastinate needs PostgreSQL (database.url), which every worker reaches; this is SQLite")]


def pace_problems(settings: Settings) -> list[Problem]:
    """Return what would have the sites block this instance, and, as they share an address, all that run from it: unless all requests that
    have an origin of one's own stay on this machine."""
    origins = settings.http.origins.values()
    if origins and all(is_loopback(urlsplit(base).hostname or "") for base in origins):
        return []
    asked = {("http", "interval_seconds"): settings.http.interval_seconds, ("watch", "every_minutes"): settings.watch.every_minutes}
    least = {("http", "interval_seconds"): 3, ("watch", "every_minutes"): 5}
    remedy = "sites block who asks more often; less is only for [http.origins] on this machine"
    return [Problem(path, f"must be at least {least[path]}: {remedy}") for path, value in asked.items() if value < least[path]]


def topic_problems(settings: Settings) -> list[Problem]:
    """Return that no topic is watched, and the topics that are named twice, or elsewhere and not watched."""
    watch = settings.watch
    if not watch.topics:
        return [Problem(("watch", "topics"), f"no topic is watched; there are: {', '.join(topics())}")]
    named: list[tuple[tuple[str | int, ...], Sequence[str]]] = [
        (("watch", "topics"), watch.topics),
        (("watch", "review_all"), watch.review_all),
    ]
    named += [(("destinations", index, "topics"), entry.topics) for index, entry in enumerate(settings.destinations)]
    twice = [Problem(path, f'"{topic}" stands there twice') for path, names in named for topic in topics() if names.count(topic) > 1]
    unwatched = [(path, topic) for path, names in named for topic in names if topic not in watch.topics]
    return twice + [Problem(path, f'"{topic}" is not watched; add it to watch.topics') for path, topic in unwatched]


def read_tokens(document: Document, credentials: str | None = None) -> list[Problem]:
    """Put the content of each file of a token, or of a secret url, in its place. One of the same name in `credentials` is read instead."""
    problems: list[Problem] = []
    places: list[tuple[tuple[str | int, ...], Any]] = [((name,), document.get(name)) for name in ("database", "telegram", "mastodon")]
    places += [(("destinations", index), entry) for index, entry in enumerate(_list(document.get("destinations")))]
    for path, table in places:
        for secret, secret_file in _SECRET_FILES.items():
            if isinstance(table, dict) and isinstance(named := table.get(secret_file), str) and named.strip():
                problems += _put(table, path, secret, secret_file, _given_file(named, credentials))
                if path == ("database",):
                    _anchor_database(table, Path(named).parent)
    return problems


def _given_file(named: str, credentials: str | None) -> str:
    credential = Path(credentials or "") / Path(named).name
    return str(credential) if credentials and credential.is_file() else named


def secret_files(settings: Settings) -> tuple[Path, ...]:
    """Return the files of secrets that the configuration names."""
    tables: tuple[Any, ...] = (settings.database, settings.telegram, settings.mastodon, *settings.destinations)
    named = [getattr(table, option, None) for table in tables for option in _SECRET_FILES.values()]
    return tuple(dict.fromkeys(file for file in named if isinstance(file, Path)))


def is_seen_by_all(file: Path) -> bool:
    """Return whether every user of this machine can read a file: the folder that it is in may keep them out."""
    try:
        return bool(file.stat().st_mode & stat.S_IROTH and file.absolute().parent.stat().st_mode & stat.S_IXOTH)
    except OSError:  # not even seen by this process, to which systemd gave what is in it
        return False


def _put(table: Document, path: tuple[str | int, ...], secret: str, secret_file: str, named: str) -> list[Problem]:
    given = table.get(secret)
    if isinstance(given, str) and given.strip():
        return [Problem((*path, secret_file), f"both {secret} and {secret_file} are given; keep one")]
    try:
        table[secret] = _token(Path(named))
    except (OSError, ValueError) as error:
        cause = f"cannot be read: {cause_of(error)}" if isinstance(error, OSError) else str(error)
        return [Problem((*path, secret_file), f"{printable(named)}: {cause}")]
    return []


def _token(file: Path) -> str:
    with file.open("rb") as stream:
        raw = stream.read(_MAX_TOKEN_BYTES + 1)
    if len(raw) > _MAX_TOKEN_BYTES:
        raise ValueError("is too large to be a token")
    try:
        token = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ValueError("is not a text in UTF-8") from None
    if not token:
        raise ValueError("is empty")
    if _ASSIGNED.match(token):
        raise ValueError("holds NAME=…, and must hold the secret alone: remove what stands before it, and quotes around it")
    return token


def _under(folder: Path, name: str) -> Path:
    """Return the path as written, from `folder` when it is relative; `~` is the home of the user."""
    try:
        return folder / Path(name).expanduser()
    except RuntimeError:  # a user who does not exist: opening the file reports it
        return folder / name


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
