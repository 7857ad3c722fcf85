"""What every message to the operators keeps to, whatever it tells of. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from bot.messages.cleaning import unlinked

LONGEST = 3500
"""Characters of a message. Telegram takes 4096 UTF-16 units, of which some characters take two."""

Cause = TypeVar("Cause", bound=StrEnum)


class Advice(BaseModel):
    """What is wrong, and what an operator can do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    todo: str


Advised = Mapping[Cause, Advice]


def complete(words: Advised[Cause], causes: type[Cause]) -> Advised[Cause]:
    """The words, where there are some for each cause. Raises ValueError, which names those that have none."""
    if missing := set(causes) - set(words):
        raise ValueError(f"no words for {', '.join(sorted(missing))}")
    return words


def fitted(blocks: Sequence[str], shortened: str) -> str:
    """As many of the blocks as a message holds, in order, and `shortened` in place of the rest. It is `unlinked` when it is sent."""
    kept: list[str] = []
    for block in blocks:
        if sum(len(unlinked(one)) + 2 for one in (*kept, block)) - 2 > LONGEST:
            kept.append(shortened)
            break
        kept.append(block)
    return "\n\n".join(kept)
