"""An answer as plain text, for terminals and wherever markup cannot go. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Place
from bot.domain.law.advice import counsel
from bot.messages import Language, decree_line, place_for, plain_decree
from bot.queries.answers import Answer, DecreeList, OneDecree
from bot.queries.phrases import shortcoming, title, withdrawal
from bot.queries.state import DepartmentState, WatchState, state_text


def plain_answer(answer: Answer, places: Mapping[str, Place], language: Language = "fr") -> str:
    """A title and one line per decree, a decree in full, why there is none, or how the watch is; no newline at the end."""
    match answer:
        case DecreeList():
            told = ((decree, place_for(places, decree.authority)) for decree in answer.decrees)
            lines = (decree_line(decree, place, answer.at, language, counsel(decree, place, answer.at)) for decree, place in told)
            return "\n".join((title(answer, language), "", *lines))
        case OneDecree(decree=decree, at=at):
            place = place_for(places, decree.authority)
            gone = withdrawal(decree, place, language)
            full = plain_decree(decree, place, at, language, counsel(decree, place, at), places)
            return full if gone is None else f"{gone}\n\n{full}"
        case WatchState() | DepartmentState():
            return state_text(answer, places, language)
        case _:
            return shortcoming(answer, language)
