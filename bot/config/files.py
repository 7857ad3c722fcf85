"""The files a configuration names: relative paths made absolute, tokens read from their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.config.errors import Problem, printable
from bot.config.values import sqlite_file

_MAX_TOKEN_BYTES = 4096

Document = dict[str, Any]


def anchor(document: Document, folder: Path, *, default_database: bool = False) -> None:
    """Make the relative paths of a document absolute. What has a wrong type is left for validation to tell."""
    if default_database and isinstance(document.setdefault("database", {}), dict):
        document["database"].setdefault("url", "sqlite:///vigie.db")
    tables = [document.get("telegram"), document.get("mastodon"), *_list(document.get("destinations"))]
    for table in tables:
        if isinstance(table, dict) and isinstance(named := table.get("token_file"), str) and named.strip():
            table["token_file"] = str(_under(folder, named.strip()))
    reading = document.get("reading")
    if isinstance(reading, dict) and isinstance(kept := reading.get("kept_folder"), str) and kept.strip():
        reading["kept_folder"] = str(_under(folder, kept.strip()))
    database = document.get("database")
    if isinstance(database, dict) and isinstance(url := database.get("url"), str):
        name = sqlite_file(url.strip())
        if name is not None and ":memory:" not in name:
            database["url"] = f"sqlite:///{_under(folder, name)}"


def read_tokens(document: Document) -> list[Problem]:
    """Put the content of each token file in the place of its token."""
    problems = []
    places: list[tuple[tuple[str | int, ...], Any]] = [((name,), document.get(name)) for name in ("telegram", "mastodon")]
    places += [(("destinations", index), entry) for index, entry in enumerate(_list(document.get("destinations")))]
    for path, table in places:
        if not isinstance(table, dict) or not isinstance(named := table.get("token_file"), str) or not named.strip():
            continue
        token = table.get("token")
        if isinstance(token, str) and token.strip():
            problems.append(Problem((*path, "token_file"), "both token and token_file are given; keep one"))
            continue
        try:
            table["token"] = _token(Path(named))
        except (OSError, ValueError) as error:
            cause = error.strerror if isinstance(error, OSError) else str(error)
            problems.append(Problem((*path, "token_file"), f"{printable(named)}: {cause or type(error).__name__}"))
    return problems


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
    return token


def _under(folder: Path, name: str) -> Path:
    """The path as written, from `folder` when it is relative; `~` is the home of the user."""
    try:
        return folder / Path(name).expanduser()
    except RuntimeError:  # a user who does not exist: opening the file will tell
        return folder / name


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
