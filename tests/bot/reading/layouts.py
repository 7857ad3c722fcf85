"""Text as administrations lay it out: prose to put in columns, and the cells of their tables."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

WORDS = re.findall(
    r"\S+",
    "le préfet de la région et du département autorise par arrêté la mise en oeuvre des traitements algorithmiques sur les images de"
    " caméras dans les lieux accessibles au public afin de détecter les événements prédéterminés qui présentent un risque"
    " pour la sécurité des personnes et des biens à l'occasion des manifestations sportives récréatives ou culturelles",
)
PLACES = ("Valence", "Romans-sur-Isère", "Die", "Bourg-lès-Valence", "Montélimar", "Saint-Paul-Trois-Châteaux", "Crest", "Nyons")
TITLES = (
    "portant délégation de signature",
    "relatif à la circulation sur la rocade pendant les travaux",
    "portant autorisation d'un traitement algorithmique des images",
    "fixant la composition de la commission départementale",
    "portant agrément",
    "modifiant les statuts du syndicat mixte des transports",
)
SENTENCES = (
    "Avis favorable sous réserve du respect des prescriptions.",
    "Sans objet.",
    "Le dossier a été complété le 3 mars.",
    "Travaux interdits en période de nidification des oiseaux.",
    "Voir l'annexe technique jointe au présent arrêté.",
)

Cell = Callable[[random.Random], str]


def prose(chance: random.Random, words: int) -> str:
    """Sentences, the first letter of each a capital."""
    text: list[str] = []
    left = 0
    for _ in range(words):
        word = chance.choice(WORDS)
        if left == 0:
            left = chance.randint(12, 40)
            word = word.capitalize()
        left -= 1
        text.append(word + ("." if left == 0 else ""))
    return " ".join(text)


def number(chance: random.Random) -> str:
    return f"2025-{chance.randint(1, 9999):05}"


def day(chance: random.Random) -> str:
    return f"{chance.randint(1, 28):02}/{chance.randint(1, 12):02}/2025"


def page(chance: random.Random) -> str:
    return str(chance.randint(1, 400))


def place(chance: random.Random) -> str:
    return chance.choice(PLACES)


def title(chance: random.Random) -> str:
    return "Arrêté " + chance.choice(TITLES)


def lower_title(chance: random.Random) -> str:
    return chance.choice(TITLES)


def sentence(chance: random.Random) -> str:
    return chance.choice(SENTENCES)


def key(chance: random.Random) -> str:
    return chance.choice(("Nom de l'exploitant :", "Commune :", "Adresse du site :", "Durée :", "Nombre de caméras :", "Responsable :"))


TABLES: Mapping[str, Sequence[Cell]] = {
    "contents of a special recueil": (number, day, title, page),
    "contents": (title, page),
    "contents without capitals": (lower_title, page),
    "form": (key, place),
    "form with sentences": (key, sentence),
    "places and sentences": (place, sentence),
    "titles and sentences": (title, sentence),
    "titles side by side": (lower_title, lower_title, lower_title),
    "sentences side by side": (sentence, sentence, sentence),
    "figures": (place, number, number, page, day),
    "titles and days": (lower_title, day),
}
