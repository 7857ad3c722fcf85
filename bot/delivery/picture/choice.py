"""Which page of a decree is shown, and which phrases are highlighted on it. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bot.domain import Decree, Evidence, Where


@dataclass(frozen=True, slots=True)
class Choice:
    """A page of the file (from 1), and the phrases to highlight on it, each once."""

    page: int
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rules:
    """See `telling.toml`."""

    page: tuple[Where, ...]
    body: frozenset[Where]
    highlighted: frozenset[str]
    deciding: frozenset[str]
    most: int
    shortest: int


def choose(decree: Decree) -> Choice:
    """The page with the strongest evidence, the first page of the act where there is none, and the telling phrases on that page."""
    rules = _rules()
    page = _page(decree, rules)
    phrases = dict.fromkeys(
        quote.text for quote in decree.evidence if quote.page == page and quote.about in rules.highlighted and _long_enough(quote, rules)
    )
    return Choice(page, tuple(phrases)[: rules.most])


def _page(decree: Decree, rules: _Rules) -> int:
    deciding = [quote for quote in decree.evidence if quote.about in rules.deciding and quote.page >= 1]
    whole = {quote.page for quote in decree.evidence if quote.where in rules.body}
    places = [(_part(quote, whole), quote.page) for quote in deciding]
    # The first in the order of the parts, then of the pages.
    ranked = [(rules.page.index(part), page) for part, page in places if part in rules.page]
    return min(ranked)[1] if ranked else next((quote.page for quote in deciding if quote.where is None), max(decree.page, 1))


def _part(quote: Evidence, whole: Container[int]) -> Where | None:
    return Where.HEADING if quote.where is Where.TITLE and quote.page in whole else quote.where


def _long_enough(quote: Evidence, rules: _Rules) -> bool:
    return len(re.findall(r"[^\W_]", quote.text)) >= rules.shortest


@cache
def _rules() -> _Rules:
    table = tomllib.loads(files("bot.delivery.picture").joinpath("telling.toml").read_text(encoding="utf-8"))
    return _Rules(
        page=tuple(map(Where, table["page"])),
        body=frozenset(map(Where, table["body"])),
        highlighted=frozenset(table["highlighted"]),
        deciding=frozenset(table["deciding"]),
        most=int(table["most"]),
        shortest=int(table["shortest"]),
    )
