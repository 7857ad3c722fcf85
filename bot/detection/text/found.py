"""A value read in a text, with the stretch of the folded text it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """`value`, read from `start:end` of the folded text."""

    value: T
    start: int
    end: int
