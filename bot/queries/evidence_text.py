"""The phrases on which the facts of a decree rest, in plain words. Pure."""

from __future__ import annotations

from bot.domain import Decree, Evidence
from bot.messages import Language
from bot.messages.cleaning import cut, inert
from bot.queries.cue_words import cue_words
from bot.queries.vocabulary import EvidenceWords, vocabulary

_LONGEST = 300
"""Characters of one phrase."""


def evidence_text(decree: Decree, language: Language = "fr") -> str:
    """A heading and one line per phrase, in the order in which they were found: its page, where on it, what it supports, the sign that it
    met; what would be the same line is said once. No newline at the end."""
    words = vocabulary(language).evidence
    if not decree.evidence:
        return words.none
    return "\n".join((words.head, *dict.fromkeys(f"  {_line(item, words, language)}" for item in decree.evidence)))


def _line(item: Evidence, words: EvidenceWords, language: Language) -> str:
    about = words.about.get(item.about, inert(item.about))
    if item.cue:
        about = words.met.format(about=about, cue=inert(cue_words(item.cue, language)))
    told = {"page": item.page, "about": about, "text": cut(inert(item.text), _LONGEST)}
    if item.where is None:
        return words.line.format(**told)
    return words.placed.format(where=words.where.get(item.where.value, item.where.value), **told)
