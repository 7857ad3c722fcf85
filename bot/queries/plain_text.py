"""An answer as plain text, for terminals and wherever markup cannot go. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.messages import Language, decree_line, place_for, plain_post
from bot.model import Place
from bot.queries.answers import Answer, DecreeList, OneDecree
from bot.queries.phrases import shortcoming, title
from bot.queries.state import DepartmentState, WatchState, state_text


def plain_answer(answer: Answer, places: Mapping[str, Place], language: Language = "fr") -> str:
    """A title and one line per decree, a decree in full, why there is none, or how the watch is; no newline at the end."""
    match answer:
        case DecreeList():
            lines = (decree_line(decree, place_for(places, decree.authority), answer.at, language) for decree in answer.decrees)
            return "\n".join((title(answer, language), "", *lines))
        case OneDecree():
            return plain_post(answer.decree, place_for(places, answer.decree.authority), answer.at, language)
        case WatchState() | DepartmentState():
            return state_text(answer, places, language)
        case _:
            return shortcoming(answer, language)
