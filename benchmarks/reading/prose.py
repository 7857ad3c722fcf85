"""Administrative French that speaks of nobody, and the phrases that are looked for in it. Seeded: the same seed gives the same words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, product
from pathlib import Path
from random import Random

_THINGS = (
    "système de vidéoprotection", "périmètre vidéoprotégé", "dispositif de captation", "fichier des enregistrements",
    "centre de supervision urbain", "poste de visionnage", "registre officiel", "traitement de données",
    "réseau de caméras", "dispositif de filtrage", "logiciel de gestion", "local technique",
)  # fmt: skip
_STATES = ("installé", "exploité", "autorisé", "modifié", "suspendu", "vérifié", "identifié", "déclaré")
_WHERE = (
    "place du Marché aux Grains", "rue des Tanneurs", "quai des Mariniers", "sous la halle aux draps", "parvis de la gare routière",
    "avenue des Tilleuls", "pont de la Filature", "esplanade des Foires", "zone artisanale des Fontaines", "stade du Pré Fleuri",
    "carrefour des Quatre Vents", "boulevard de la Fédération",
)  # fmt: skip


def _lines(name: str) -> tuple[str, ...]:
    return tuple(Path(__file__).with_name("texts").joinpath(name).read_text(encoding="utf-8").splitlines())


_CARRIERS = _lines("carriers.txt")
_PARAGRAPHS = _lines("paragraphs.txt")
DECREE = _lines("decree.txt")
"""A decree on VSA, as the scanned recueil holds it among its other acts."""


def phrases(random: Random, count: int) -> tuple[str, ...]:
    """So many distinct phrases of five to nine words, each findable for itself. There are 1,152 of them."""
    return tuple(" ".join(words) for words in random.sample(list(product(_THINGS, _STATES, _WHERE)), count))


def carriers(random: Random, wanted: tuple[str, ...]) -> list[str]:
    """One paragraph round each phrase."""
    return [random.choice(_CARRIERS).format(phrase, n=random.randint(2, 19)) for phrase in wanted]


def paragraphs(random: Random) -> Iterator[str]:
    """Paragraphs without end, in an order of their own."""
    order = random.sample(_PARAGRAPHS, len(_PARAGRAPHS))
    for paragraph in cycle(order):
        yield paragraph.format(n=random.randint(2, 99))
