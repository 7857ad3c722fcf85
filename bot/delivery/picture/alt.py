"""A picture in words, for those who do not see it: the essential facts first, then what is highlighted. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from bot.domain.acts import Decree, Place
from bot.messages import Language, Words, words_in
from bot.messages.cleaning import cut, inert
from bot.messages.lines import fact_lines, reference_lines, title_line, where_text

ALT_LIMIT = 1500
"""Characters that Mastodon takes (`media_attachments.description_limit`)."""
_LONGEST_FACT = 240
_LONGEST_QUOTE = 160
_SHORTEST_QUOTE = 12


class AltWords(BaseModel):
    """The words of one language; see `words/`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: str
    kind: str
    fact: str
    bare: str
    highlighted: str
    quote: str
    between: str
    covered: str


def alt_text(
    decree: Decree, place: Place, language: Language = "fr", *, page: int, highlighted: Sequence[str] = (), covered: bool = False
) -> str:
    """Return what the picture of a page shows, in `ALT_LIMIT` characters at most; what does not fit is left out, the last things first.

    `highlighted` are the phrases that were found on the page. Nothing depends on the day: the text stays true.
    """
    own, words = _own_words(language), words_in(language)
    text = ""
    for sentence in _sentences(decree, place, own, words, page=page, covered=covered):
        if len(text) + 1 + len(sentence) <= ALT_LIMIT:
            text = f"{text} {sentence}".lstrip()
    return text + _quotes(highlighted, own, ALT_LIMIT - len(text) - 1)


def _sentences(decree: Decree, place: Place, own: AltWords, words: Words, *, page: int, covered: bool) -> Iterator[str]:
    # The sign before a kind is read out by its name.
    kind = re.sub(r"^\W+", "", getattr(words.kinds, decree.kind.value))
    yield own.kind.format(page=own.page.format(page=page), kind=kind[:1].lower() + kind[1:])
    yield own.bare.format(text=cut(where_text(place, words), _LONGEST_FACT))
    for line in (*fact_lines(decree, words), *reference_lines(decree, words), *title_line(decree, words)):
        said = cut(line.text, _LONGEST_FACT)
        yield own.fact.format(label=line.label, text=said) if line.label else own.bare.format(text=said[:1].upper() + said[1:])
    if covered:
        yield own.covered


def _quotes(highlighted: Sequence[str], own: AltWords, room: int) -> str:
    """Return what is highlighted, each passage once, as many as there is room for."""
    cleaned = [cut(inert(text), _LONGEST_QUOTE) for text in highlighted]
    kept: list[str] = []
    for position, text in enumerate(cleaned):
        others = cleaned[:position] + [other for other in cleaned[position + 1 :] if other != text]
        if len(text) < _SHORTEST_QUOTE or any(text in other for other in others):
            continue
        more = [*kept, own.quote.format(text=text)]
        if len(own.highlighted.format(quotes=own.between.join(more))) > room:
            break
        kept = more
    return " " + own.highlighted.format(quotes=own.between.join(kept)) if kept else ""


@cache
def _own_words(language: Language) -> AltWords:
    text = files("bot.delivery.picture").joinpath("words", f"{language}.toml").read_text(encoding="utf-8")
    return AltWords.model_validate(tomllib.loads(text))
