"""The detection cues of `cues.toml`, compiled. Errors in that file are errors of the program: they raise at first use.

Each alternative of a pattern is known by the name that the file gives it: `name_of` tells it from a match.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from bot.detection.text.views import Misread
from bot.domain.acts import Kind

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


def load(name: str) -> dict[str, Any]:
    """Read one TOML file of this package."""
    return tomllib.loads(files("bot.detection").joinpath(name).read_text(encoding="utf-8"))


def pattern(*alternatives: str) -> Pattern:
    """Alternatives as one pattern; blanks in them are ignored."""
    return re.compile(_any(alternatives), re.VERBOSE)


def named(table: Mapping[str, Sequence[str]]) -> Pattern:
    """Return the alternatives of a table of cues as one pattern, in the order of the table, each in a group that bears its key."""
    return re.compile("|".join(f"(?P<{key}>{_any(alternatives)})" for key, alternatives in table.items()), re.VERBOSE)


def name_of(match: re.Match[str]) -> str:
    """Return the name of the cue that met: the key of its table in words."""
    return (match.lastgroup or "").replace("_", " ")


class Cues:
    """The patterns of `cues.toml` over the squeezed text, by what they tell."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        objects, around, titles, articles = data["objects"], data["around"], data["titles"], data["articles"]
        self.gate = pattern(*data["gate"])
        self.misreads = tuple(Misread(entry["word"], tuple(entry["pieces"]), entry["edits"]) for entry in data["misread"])
        self.strong = _one_by_one(objects["strong"])
        self.bare = _one_by_one(objects["bare"])
        self.medium = _one_by_one(objects["medium"])
        self.titled = _one_by_one(objects["titled"])
        self.leftover = named(objects["leftover"])
        self.ruined = named(objects["ruined"])
        self.remains = named(objects["remains"])
        self.cut = named(objects["cut"])
        self.scrambled = pattern(*objects["scrambled"]["authorisation"])
        self.scrambled_other = pattern(*objects["scrambled"]["another_verb"])
        self.video = pattern(around["video"])
        self.seen = named(around["seen"])
        self.unseen = named(around["unseen"])
        self.telling = named(around["telling"])
        self.analysed = named(around["analysed"])
        self.purpose = named(around["purpose"])
        self.given_up = named(around["given_up"])
        self.not_done = named(around["not_done"])
        self.citation = named(around["citation"])
        self.other_thing = named(around["other_thing"])
        self.excluded = named(around["excluded"])
        self.titles = {kind: pattern(*titles[kind.value]) for kind in Kind}
        self.use = pattern(*titles["use"])
        self.plainly = pattern(*titles["plainly"])
        self.of_another = pattern(*titles["of_another"])
        self.act = pattern(*titles["act"])
        self.event = pattern(*titles["event"])
        self.amending = pattern(*titles["amending"])
        self.never = named(data["never"])
        self.related = named(data["related"])
        self.signed_elsewhere = named(data["signed_elsewhere"])
        self.judged = named(data["judged"]["by"])
        self.judge = named(data["judged"]["signed"])
        self.overturned = named({"suspended_or_annulled": data["judged"]["overturned"]["suspended_or_annulled"]})
        self.rejected = pattern(*data["judged"]["overturned"]["rejected"])
        self.notices = named(data["notices"])
        self.lists = named(data["lists"])
        self.asked = named(data["asked"])
        self.request = named(data["request"])
        self.articles = {kind: pattern(*articles[kind.value]) for kind in Kind}
        self.otherwise = named({"forbidden_or_stopped": data["otherwise"]["forbidden_or_stopped"]})
        self.never_allowed = pattern(data["otherwise"]["never_allowed"])
        self.unsettled = named(data["unsettled"])
        self.settled = named(data["settled"])
        self.handing_over = named(data["handing_over"])
        self.other_service = re.compile("|".join(data["services"]["other"]))
        self.reasons = {VerdictReason(key.replace("_", " ")): words for key, words in data["reasons"].items()}


@cache
def cues() -> Cues:
    """Return the cues, read once."""
    return Cues(load("cues.toml"))


def reason_words(cue: str | None) -> str | None:
    """Return how the reason of this name is told, in English; None for any other cue."""
    return cues().reasons[VerdictReason(cue)] if cue in {reason.value for reason in VerdictReason} else None


def _any(alternatives: Sequence[str]) -> str:
    return "|".join(f"(?:{alternative})" for alternative in alternatives)


def _one_by_one(table: Mapping[str, Sequence[str]]) -> tuple[Pattern, ...]:
    """Return a pattern for each alternative, in order: of two that overlap, the earlier one names what they met."""
    return tuple(named({key: [alternative]}) for key, alternatives in table.items() for alternative in alternatives)
