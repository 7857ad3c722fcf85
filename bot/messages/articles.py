"""Gives names their French articles, from `articles.toml`. English names have none."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from bot.messages.words import Language, data_file

Named = Literal["departments", "regions", "operators"]

_FIRST_WORD = re.compile(r"[\w-]+")


def with_article(name: str, named: Named, language: Language, *, after_to: bool = False) -> str:
    """Return `la Drôme (26)`, `la SNCF`; `after_to`, `à la SNCF`, `au GPSR`, in English `to SNCF`. Others stay."""
    if language == "en":
        return f"to {name}" if after_to else name
    first = _FIRST_WORD.match(name) if named == "operators" else None
    article = _articles(named).get(first[0] if first else name.split(" (", maxsplit=1)[0].replace("'", "’"), "")
    if article and len(name) > 1 and name[1].islower() and named == "operators":
        name = name[0].lower() + name[1:]  # "la police municipale de Valence"
    if after_to:
        return f"{data_file('bot.messages', 'articles.toml')['to'][article]}{name}"
    return f"{article}{'' if article in ('', 'l’') else ' '}{name}"


@cache
def _articles(named: Named) -> dict[str, str]:
    return {name: article for article, names in data_file("bot.messages", "articles.toml")[named].items() for name in names}
