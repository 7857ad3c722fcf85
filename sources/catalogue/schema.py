"""The format of the files in `sources/authorities/`: TOML text -> checked values, with errors that name file, line and key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from sources.catalogue.toml_lines import line_of
from sources.model import CatalogueError
from sources.pages import READERS
from sources.text.urls import canonical

_STRICT = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _https(url: str) -> str:
    address = canonical(url, url) if url.startswith("https://") else None
    if address is None:
        raise ValueError("must be an https URL")
    return address


def _pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from error
    return pattern


def _known_reader(reader: str) -> str:
    if reader not in READERS:
        raise ValueError(f"unknown reader {reader!r}: {_one_of(sorted(READERS))}")
    return reader


def _known_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of the database ("Europe") is an OSError
        raise ValueError(f"unknown time zone {zone!r}: must be an IANA name such as Europe/Paris") from error
    return zone


def _one_of(names: Sequence[str]) -> str:
    return f"must be {names[0]}" if len(names) == 1 else f"must be one of {', '.join(names)}"


def _with_different_routes(sources: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    routes = [source.route for source in sources]
    for position, route in enumerate(routes):
        if route in routes[:position]:
            raise ValueError(f"two sources have the route {route!r}")
    return sources


Text = Annotated[str, Field(min_length=1)]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]
Host = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]
Code = Annotated[str, Field(pattern=r"^[0-9A-Z]+(-[0-9A-Z]+)*$")]


class BrowserFile(BaseModel):
    """The `[sources.browser]` table of a source that only a real browser is shown."""

    model_config = _STRICT

    wait_for: Text
    script_hosts: tuple[Host, ...] = ()


class SourceFile(BaseModel):
    """One `[[sources]]` table."""

    model_config = _STRICT

    route: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    reader: Annotated[str, AfterValidator(_known_reader)]
    root: Annotated[str, AfterValidator(_https)]
    navigation: tuple[
        Literal[
            "section-card", "year-card", "year-select", "year-link", "period-card", "category-card", "month-card", "month-link", "session"
        ],
        ...,
    ] = ()
    listing: Literal[
        "download-list",
        "card-pdf",
        "card-detail",
        "downloads-group",
        "select-detail",
        "plain-links",
        "plain-links-detail",
        "custom",
        "unknown",
    ]
    order: Literal["newest-first", "oldest-first", "one-page", "unknown"]
    follow: tuple[Pattern, ...] = ()
    ignore: tuple[Pattern, ...] = ()
    only: tuple[Pattern, ...] = ()
    browser: BrowserFile | None = None
    unverified: bool = False
    notes: tuple[Text, ...] = ()
    evidence: Text
    checked: date


class AuthorityFile(BaseModel):
    """One file: an authority and its sources in order of preference, or why it has none."""

    model_config = _STRICT

    code: Code
    name: Text
    department: Text
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Paris"
    prefixes: tuple[Annotated[str, Field(pattern=r"^(\d{2,3}|2[AB]|R\d{2}|[A-Z]{3})$")], ...] = ()
    territory: tuple[Code, ...] = ()
    not_covered: Text | None = None
    sources: Annotated[tuple[SourceFile, ...], AfterValidator(_with_different_routes)] = ()

    @model_validator(mode="after")
    def _has_sources_or_says_why_not(self) -> Self:
        if bool(self.sources) == (self.not_covered is not None):
            raise ValueError("must have either at least one [[sources]] or `not_covered`, which tells why it has none")
        return self


def read_authority(name: str, content: bytes) -> AuthorityFile:
    """Check one file. `name` is its file name, which must begin with the code (`26-drome.toml`). Raises `CatalogueError`."""
    try:
        text = content.decode("utf-8")
        values = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise CatalogueError((f"{name}: must be UTF-8 text ({error.reason} at byte {error.start})",)) from error
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError((_syntax_problem(name, str(error)),)) from error
    try:
        described = AuthorityFile.model_validate(values)
    except ValidationError as error:
        raise CatalogueError(tuple(_problem(name, text, detail) for detail in error.errors(include_url=False))) from error
    if not name.lower().startswith(f"{described.code.lower()}-"):
        problem = f"the file name must begin with the code ({described.code.lower()}-….toml)"
        raise CatalogueError((f"{name}:{line_of(text, ('code',))}: code: {problem}",))
    return described


def _syntax_problem(name: str, message: str) -> str:
    match = re.search(r"^(.*) \(at line (\d+), column \d+\)$", message)
    return f"{name}:{match[2]}: not valid TOML: {match[1]}" if match else f"{name}: not valid TOML: {message}"


def _problem(name: str, text: str, detail: ErrorDetails) -> str:
    path = detail["loc"]
    line = line_of(text, path)
    where = name if line is None else f"{name}:{line}"
    return ": ".join(part for part in (where, _dotted(path), _explained(detail, path)) if part)


def _dotted(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _explained(detail: ErrorDetails, path: tuple[str | int, ...]) -> str:
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            names = SourceFile.model_fields if path[0] == "sources" else AuthorityFile.model_fields
            close = difflib.get_close_matches(str(path[-1]), names, n=1)
            return f"unknown key, did you mean {close[0]}?" if close else f"unknown key, {_one_of(sorted(names))}"
        case "value_error":
            return detail["msg"].removeprefix("Value error, ")
        case _:
            return detail["msg"][:1].lower() + detail["msg"][1:]
