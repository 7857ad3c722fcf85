"""The detection cues of `cues.toml`, compiled. Errors in that file are errors of the program: they raise at first use.

Each alternative of a pattern is known by the name that the file gives it: `name_of` tells it from a match.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from bot.detection.text.views import Misread
from bot.domain import Kind

Pattern = re.Pattern[str]


class VerdictReason(StrEnum):
    """Why an act is for a person to see, or not concerned though it speaks of VSA. `cues.toml` has the words for each."""

    SOMETHING_ELSE = "title of something else"
    NO_ACT = "title without an act"
    OTHER_WORDS = "words of other things"
    UNSETTLED = "unsettled"
    ARTICLES_AGAINST = "articles against the title"
    UNNAMED = "erratum of a decree not named"
    IN_PASSING = "in passing"
    UNDECIDED = "nothing decides"
    PREAMBLE = "only before the articles"
    QUOTED = "only quoted"
    CUT_OFF = "title cut off"
    DAMAGED = "damaged words"
    LAW_ALONE = "law without object"
    UNREADABLE = "nothing readable"
    LISTED = "listed and found"
    LISTED_ONLY = "listed and not found"
    UNKNOWN_ISSUER = "number of no known authority"


@dataclass(frozen=True, slots=True)
class Cues:
    """Patterns over the squeezed text, by what they tell."""

    gate: Pattern
    misreads: tuple[Misread, ...]
    strong: tuple[Pattern, ...]
    bare: tuple[Pattern, ...]
    medium: tuple[Pattern, ...]
    titled: tuple[Pattern, ...]
    leftover: Pattern
    ruined: Pattern
    remains: Pattern
    cut: Pattern
    scrambled: Pattern
    scrambled_other: Pattern
    video: Pattern
    seen: Pattern
    unseen: Pattern
    telling: Pattern
    analysed: Pattern
    purpose: Pattern
    given_up: Pattern
    not_done: Pattern
    citation: Pattern
    other_thing: Pattern
    excluded: Pattern
    titles: Mapping[Kind, Pattern]
    use: Pattern
    plainly: Pattern
    of_another: Pattern
    act: Pattern
    event: Pattern
    amending: Pattern
    never: Pattern
    related: Pattern
    signed_elsewhere: Pattern
    judged: Pattern
    judge: Pattern
    overturned: Pattern
    rejected: Pattern
    notices: Pattern
    lists: Pattern
    asked: Pattern
    request: Pattern
    articles: Mapping[Kind, Pattern]
    otherwise: Pattern
    never_allowed: Pattern
    unsettled: Pattern
    settled: Pattern
    handing_over: Pattern
    other_service: Pattern
    reasons: Mapping[VerdictReason, str]


def load(name: str) -> dict[str, Any]:
    """One TOML file of this package."""
    return tomllib.loads(files("bot.detection").joinpath(name).read_text(encoding="utf-8"))


def pattern(*alternatives: str) -> Pattern:
    """Alternatives as one pattern; blanks in them are ignored."""
    return re.compile(_any(alternatives), re.VERBOSE)


def named(table: Mapping[str, Sequence[str]]) -> Pattern:
    """The alternatives of a table of cues as one pattern, in the order of the table, each in a group that bears its key."""
    return re.compile("|".join(f"(?P<{key}>{_any(alternatives)})" for key, alternatives in table.items()), re.VERBOSE)


def name_of(match: re.Match[str]) -> str:
    """The name of the cue that met: the key of its table in words."""
    return (match.lastgroup or "").replace("_", " ")


@cache
def cues() -> Cues:
    """The cues, read once."""
    data = load("cues.toml")
    objects, around, titles, articles = data["objects"], data["around"], data["titles"], data["articles"]
    return Cues(
        gate=pattern(*data["gate"]),
        misreads=tuple(Misread(entry["word"], tuple(entry["pieces"]), entry["edits"]) for entry in data["misread"]),
        strong=_one_by_one(objects["strong"]),
        bare=_one_by_one(objects["bare"]),
        medium=_one_by_one(objects["medium"]),
        titled=_one_by_one(objects["titled"]),
        leftover=named(objects["leftover"]),
        ruined=named(objects["ruined"]),
        remains=named(objects["remains"]),
        cut=named(objects["cut"]),
        scrambled=pattern(*objects["scrambled"]["authorisation"]),
        scrambled_other=pattern(*objects["scrambled"]["another_verb"]),
        video=pattern(around["video"]),
        seen=named(around["seen"]),
        unseen=named(around["unseen"]),
        telling=named(around["telling"]),
        analysed=named(around["analysed"]),
        purpose=named(around["purpose"]),
        given_up=named(around["given_up"]),
        not_done=named(around["not_done"]),
        citation=named(around["citation"]),
        other_thing=named(around["other_thing"]),
        excluded=named(around["excluded"]),
        titles={kind: pattern(*titles[kind.value]) for kind in Kind},
        use=pattern(*titles["use"]),
        plainly=pattern(*titles["plainly"]),
        of_another=pattern(*titles["of_another"]),
        act=pattern(*titles["act"]),
        event=pattern(*titles["event"]),
        amending=pattern(*titles["amending"]),
        never=named(data["never"]),
        related=named(data["related"]),
        signed_elsewhere=named(data["signed_elsewhere"]),
        judged=named(data["judged"]["by"]),
        judge=named(data["judged"]["signed"]),
        overturned=named({"suspended_or_annulled": data["judged"]["overturned"]["suspended_or_annulled"]}),
        rejected=pattern(*data["judged"]["overturned"]["rejected"]),
        notices=named(data["notices"]),
        lists=named(data["lists"]),
        asked=named(data["asked"]),
        request=named(data["request"]),
        articles={kind: pattern(*articles[kind.value]) for kind in Kind},
        otherwise=named({"forbidden_or_stopped": data["otherwise"]["forbidden_or_stopped"]}),
        never_allowed=pattern(data["otherwise"]["never_allowed"]),
        unsettled=named(data["unsettled"]),
        settled=named(data["settled"]),
        handing_over=named(data["handing_over"]),
        other_service=re.compile("|".join(data["services"]["other"])),
        reasons={VerdictReason(key.replace("_", " ")): words for key, words in data["reasons"].items()},
    )


def reason_words(cue: str | None) -> str | None:
    """How the reason of this name is told, in English; None for any other cue."""
    return cues().reasons[VerdictReason(cue)] if cue in {reason.value for reason in VerdictReason} else None


def _any(alternatives: Sequence[str]) -> str:
    return "|".join(f"(?:{alternative})" for alternative in alternatives)


def _one_by_one(table: Mapping[str, Sequence[str]]) -> tuple[Pattern, ...]:
    """A pattern for each alternative, in order: of two that overlap, the earlier one names what they met."""
    return tuple(named({key: [alternative]}) for key, alternatives in table.items() for alternative in alternatives)
