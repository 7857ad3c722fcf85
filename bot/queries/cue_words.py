"""What the signs that a verdict rests on are called, and why an act is left to a person. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from bot.detection import reason_words
from bot.domain import Evidence
from bot.messages import Language


def cue_words(cue: str, language: Language) -> str:
    """A sign or a reason by its name (`bot.domain.Evidence.cue`), in words; as it is where there are none, as for a text of law."""
    if language == "fr":
        return _french().get(cue.replace(" ", "_"), cue)
    return reason_words(cue) or cue


def doubt_words(evidence: Iterable[Evidence], language: Language) -> str | None:
    """Why a person must look; None where the evidence does not tell."""
    return next((cue_words(quote.cue, language) for quote in evidence if quote.cue and reason_words(quote.cue) is not None), None)


@cache
def _french() -> Mapping[str, str]:
    return tomllib.loads(files("bot.queries").joinpath("words", "cues_fr.toml").read_text(encoding="utf-8"))
