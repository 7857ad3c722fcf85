"""Recordings: the pages of one walk in a folder, with what the crawler must find in them. What a mended source is tested on.

The folder holds `record.json` (which pages, in the order they were asked), the pages themselves (`01-root.html`, …), `golden.json` (what
is to be found, reviewed by a person) and, for a source that is not in the catalogue, its authority file (`99-exemple.toml`).
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from sources.text.dates import fold

RECORD, GOLDEN = "record.json", "golden.json"

_OFFSET = re.compile(r"/\(offset\)/(\d+)$")
_SLUG_LENGTH = 48


class BadRecording(Exception):
    """A folder that is not a recording, or a broken one. The message names the file."""


@dataclass(frozen=True, slots=True)
class RecordedPage:
    """What an address answered: HTML at `final_url` (None: at the address itself, without a redirect), or 404 (`html` is None)."""

    url: str
    html: str | None
    final_url: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """The pages a walk asked on one day, and detail pages, in the order asked. An address asked again is there again if it answered
    otherwise: some sites show their list only to who has their cookie."""

    source: str
    today: date
    recorded_at: AwareDatetime
    pages: tuple[RecordedPage, ...]


@dataclass(frozen=True, slots=True)
class _PageEntry:
    url: str
    final_url: str | None = None
    file: str | None = None
    status: Literal[200, 404] = 200


@dataclass(frozen=True, slots=True)
class _Record:
    """`record.json`."""

    version: Literal[1]
    source: str
    today: date
    recorded_at: AwareDatetime
    pages: tuple[_PageEntry, ...]


_RECORD: TypeAdapter[_Record] = TypeAdapter(_Record)


def read_recording(folder: Path) -> Recording:
    """The recording in a folder. Raises `BadRecording`."""
    try:
        record = _RECORD.validate_json((folder / RECORD).read_bytes())
        pages = tuple(_page(folder, entry) for entry in record.pages)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadRecording(f"{folder / RECORD}: {where}: {first['msg']}") from error
    except FileNotFoundError as error:
        raise BadRecording(f"{error.filename}: no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecording(f"{folder}: {error}") from error
    return Recording(record.source, record.today, record.recorded_at, pages)


def write_recording(folder: Path, recording: Recording, golden: str | None) -> None:
    """Write a recording, in the place of the one that was there; other files of the folder (README, authority file) stay.

    The folder is there as a whole or as it was before. Raises `BadRecording` when it holds something else than a recording, OSError
    when it cannot be written.
    """
    kept = _other_files(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as place:
        fresh, former = Path(place, "fresh"), Path(place, "former")
        fresh.mkdir()
        for file in kept:
            shutil.copy2(file, fresh)
        for name, text in files_of(recording, golden).items():
            (fresh / name).write_text(text, encoding="utf-8", newline="\n")
        if folder.exists():
            folder.rename(former)
        try:
            fresh.rename(folder)
        except OSError:
            if former.exists():
                former.rename(folder)
            raise


def files_of(recording: Recording, golden: str | None) -> dict[str, str]:
    """Name -> text of every file of a recording; without a `golden` there is no golden file."""
    texts: dict[str, str] = {}
    entries: list[dict[str, object]] = []
    for rank, page in enumerate(recording.pages, 1):
        entry: dict[str, object] = {"url": page.url}
        if page.final_url is not None:
            entry["final_url"] = page.final_url
        if page.html is None:
            entry["status"] = 404
        else:
            name = file_name(rank, page.url)
            # Line ends as an HTML parser takes them, so that a page is the same text on every machine.
            texts[name] = page.html.replace("\r\n", "\n").replace("\r", "\n")
            entry["file"] = name
        entries.append(entry)
    record = {
        "version": 1,
        "source": recording.source,
        "today": recording.today.isoformat(),
        "recorded_at": recording.recorded_at.isoformat(),
        "pages": entries,
    }
    texts[RECORD] = as_text(record)
    return texts if golden is None else {**texts, GOLDEN: golden}


def as_text(value: object) -> str:
    """JSON for reading and for comparing line by line."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def file_name(rank: int, url: str) -> str:
    """`03-aout-2026-page-2.html`: the name under which the page asked as number `rank` (from 1) is saved. A walk begins at the root."""
    if rank == 1:
        return "01-root.html"
    offset = _OFFSET.search(url)
    segments = [segment for segment in urlsplit(url[: offset.start()] if offset else url).path.split("/") if segment]
    name = re.sub(r"[^a-z0-9]+", "-", fold(unquote(segments[-1]))).strip("-") if segments else ""
    name = name[:_SLUG_LENGTH].rstrip("-") or "page"
    return f"{rank:02}-{name}" + (f"-page-{int(offset[1]) // 10 + 1}" if offset else "") + ".html"


def _page(folder: Path, entry: _PageEntry) -> RecordedPage:
    if entry.status == 404:
        return RecordedPage(entry.url, None, entry.final_url)
    if entry.file is None or Path(entry.file).name != entry.file:
        raise BadRecording(f"{folder / RECORD}: pages: the page {entry.url} names no file of this folder")
    return RecordedPage(entry.url, (folder / entry.file).read_text(encoding="utf-8"), entry.final_url)


def _other_files(folder: Path) -> list[Path]:
    """What a person put beside a recording. Raises `BadRecording` when a folder with files is no recording."""
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise BadRecording(f"{folder}: not a folder")
    present = sorted(folder.iterdir())
    if (folder / RECORD).exists():
        return [file for file in present if file.is_file() and file.name not in {RECORD, GOLDEN} and file.suffix != ".html"]
    if any(file.suffix not in {".toml", ".md"} for file in present):
        raise BadRecording(f"{folder}: holds something else than a recording; choose another folder")
    return present
