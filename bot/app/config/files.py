"""The files a configuration names: relative paths made absolute, tokens read from their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.app.config.errors import Problem, printable
from bot.app.config.values import sqlite_file

_MAX_TOKEN_BYTES = 4096
_SECRET_FILES = {"token": "token_file", "url": "url_file"}

Document = dict[str, Any]


def anchor(document: Document, folder: Path, *, default_database: bool = False) -> None:
    """Make the relative paths of a document absolute. What has a wrong type is left for validation to tell."""
    if default_database and isinstance(document.setdefault("database", {}), dict):
        document["database"].setdefault("url", "sqlite:///vigie.db")
    tables = [document.get("telegram"), document.get("mastodon"), *_list(document.get("destinations"))]
    for table in tables:
        for secret_file in _SECRET_FILES.values():
            if isinstance(table, dict) and isinstance(named := table.get(secret_file), str) and named.strip():
                table[secret_file] = str(_under(folder, named.strip()))
    for section, option in (("reading", "kept_folder"), ("storage", "pdfs_folder")):
        table = document.get(section)
        if isinstance(table, dict) and isinstance(kept := table.get(option), str) and kept.strip():
            table[option] = str(_under(folder, kept.strip()))
    database = document.get("database")
    if isinstance(database, dict) and isinstance(url := database.get("url"), str):
        name = sqlite_file(url.strip())
        if name is not None and ":memory:" not in name:
            database["url"] = f"sqlite:///{_under(folder, name)}"


def database_problems(url: str) -> list[Problem]:
    """What keeps an SQLite file from being where the configuration puts it. A wrong path must not begin an empty database somewhere."""
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


def read_tokens(document: Document) -> list[Problem]:
    """Put the content of each file of a token, or of a secret url, in its place."""
    problems: list[Problem] = []
    places: list[tuple[tuple[str | int, ...], Any]] = [((name,), document.get(name)) for name in ("telegram", "mastodon")]
    places += [(("destinations", index), entry) for index, entry in enumerate(_list(document.get("destinations")))]
    for path, table in places:
        for secret, secret_file in _SECRET_FILES.items():
            if isinstance(table, dict) and isinstance(named := table.get(secret_file), str) and named.strip():
                problems += _put(table, path, secret, secret_file, named)
    return problems


def _put(table: Document, path: tuple[str | int, ...], secret: str, secret_file: str, named: str) -> list[Problem]:
    given = table.get(secret)
    if isinstance(given, str) and given.strip():
        return [Problem((*path, secret_file), f"both {secret} and {secret_file} are given; keep one")]
    try:
        table[secret] = _token(Path(named))
    except (OSError, ValueError) as error:
        cause = error.strerror if isinstance(error, OSError) else str(error)
        return [Problem((*path, secret_file), f"{printable(named)}: {cause or type(error).__name__}")]
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
    return token


def _under(folder: Path, name: str) -> Path:
    """The path as written, from `folder` when it is relative; `~` is the home of the user."""
    try:
        return folder / Path(name).expanduser()
    except RuntimeError:  # a user who does not exist: opening the file will tell
        return folder / name


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
