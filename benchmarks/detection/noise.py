"""All the damage by name. The same act, noise and seed give the same damage, on any machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from benchmarks.detection import letters
from benchmarks.detection.labelled import Labelled, Printed
from benchmarks.detection.layout import LAYOUTS
from benchmarks.detection.letters import SEEDED, STEADY


@dataclass(frozen=True, slots=True)
class Noise:
    """One kind of damage."""

    name: str
    damage: Callable[[Labelled, Random], Printed | None]

    def on(self, act: Labelled, seed: int = 0) -> Printed | None:
        """The act as damaged; None where this damage does not apply to it, or changes nothing."""
        # A text as seed is hashed the same way everywhere, unlike a tuple. Nothing here is a secret.
        damaged = self.damage(act, Random(f"{seed} {self.name} {act.file}"))
        return None if damaged == act.printed else damaged


def _to_letters(damage: letters.Damage) -> Callable[[Labelled, Random], Printed]:
    def to_all(act: Labelled, chance: Random) -> Printed:
        return Printed(damage(act.printed.title, chance), tuple(damage(page, chance) for page in act.printed.pages))

    return to_all


NOISES: Mapping[str, Noise] = {
    **{name: Noise(name, _to_letters(damage)) for name, damage in {**STEADY, **SEEDED}.items()},
    **{name: Noise(name, damage) for name, damage in LAYOUTS.items()},
}
"""Every noise by its name, in the order in which they are told."""
