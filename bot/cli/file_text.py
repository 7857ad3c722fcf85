"""The PDF that a decree was read in, for people: proof of what was published, and when it was there."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from bot.ingest.archive import FileTold
from bot.messages import Language


class FileWords(BaseModel):
    """The words of one language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fetched: str
    not_known: str
    sha256: str
    kept: str
    not_kept: str


def file_text(file: FileTold, language: Language) -> str:
    """When it came (in UTC), its SHA-256, and where it is kept."""
    words = _words(language)
    fetched = words.not_known if file.fetched_at is None else words.fetched.format(at=file.fetched_at.strftime("%Y-%m-%d %H:%M:%S"))
    kept = words.not_kept if file.path is None else words.kept.format(path=file.path.absolute())
    return "\n".join((fetched, words.sha256.format(sha256=file.sha256), kept))


@cache
def _words(language: Language) -> FileWords:
    document = tomllib.loads(files("bot.cli").joinpath("file_text.toml").read_text(encoding="utf-8"))
    return FileWords.model_validate(document[language])
