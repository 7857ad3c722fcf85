"""Compiles the detection cues of a topic, each under its name in `cues.toml`, and makes the views of a text in which they are matched."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache, reduce
from importlib.resources import files
from itertools import chain, islice
from operator import getitem
from typing import Any

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from bot.domain.identity import REVIEWED, SAME_NUMBER
from bot.domain.text import CUT, fold_words, hyphen_at
from bot.domain.topics import topic_file

Pattern = re.Pattern[str]


class VerdictReason(StrEnum):
    """Holds why a person must see an act, or why it is not concerned though it speaks of its topic: the stored name, and words."""

    words: str

    def __new__(cls, name: str, words: str) -> VerdictReason:
        """Return a reason from name and words."""
        reason = str.__new__(cls, name)
        reason._value_, reason.words = name, words
        return reason

    SOMETHING_ELSE = "title of something else", "its title is that of a notice, a list, an appointment or the like, which decides nothing"
    NO_ACT = "title without an act", "its title speaks of it, and nothing around shows that it is an act that decides"
    OTHER_WORDS = "words of other things", "its words serve for other things too, and nothing in it rests on the law"
    UNSETTLED = (
        "unsettled",
        "it forbids, gives notice, lifts a suspension, tells of a judgment or only names a use: what comes of it is open",
    )
    ARTICLES_AGAINST = "articles against the title", "its title authorises, and its articles only refuse or end"
    UNNAMED = "erratum of a decree not named", "it corrects a decree on it, and does not say which"
    NO_CHANGE = "erratum that changes nothing", "it corrects a decree on it, and says that it changes nothing"
    JARGON = "title in the jargon of services", "its title seems to name it in words of services"
    IN_PASSING = "in passing", "it decides under a title of its own, on something else, and speaks of it in passing"
    UNDECIDED = "nothing decides", "it speaks of it, and neither its title nor an article decides"
    PREAMBLE = "only before the articles", "only its visas or recitals speak of it"
    QUOTED = "only quoted", "it only quotes the title of a text on it"
    CUT_OFF = "title cut off", "its title is cut off before it says what for"
    DAMAGED = "damaged words", "the words that would name it are damaged"
    LAW_ALONE = "law without object", "it rests on the law on it, and does not name it"
    UNREADABLE = "nothing readable", "no page of it could be read, and its title does not say what it is about"
    LISTED = "listed and found", "its table lists decrees that follow it, each of which is an act of its own"
    LISTED_ONLY = "listed and not found", "its table lists more decrees on it than follow"
    UNKNOWN_ISSUER = (
        "number of no known authority",
        "its number, or that of its recueil, is of no authority known to publish here: accepted, it is announced under that of the site",
    )
    SAME_NUMBER = SAME_NUMBER, "it has the number of a known decree: yes if it is another one, no if it is the same one"
    REVIEWED = REVIEWED, "every new decree of this sort is asked about before it is posted (watch.review_all)"


@cache
def load(name: str) -> dict[str, Any]:
    """Return the content of a TOML file of this package, read once."""
    return tomllib.loads(files("bot.detection").joinpath(name).read_text(encoding="utf-8"))


def pattern(*alternatives: str) -> Pattern:
    """Return alternatives as one pattern; blanks in them are ignored."""
    return re.compile(_any(alternatives), re.VERBOSE)


def named(table: Mapping[str, Sequence[str]]) -> Pattern:
    """Return the alternatives of a table of cues as one pattern, in the order of the table, each in a group that bears its key."""
    return re.compile("|".join(f"(?P<{key}>{_any(alternatives)})" for key, alternatives in table.items()), re.VERBOSE)


def name_of(match: re.Match[str]) -> str:
    """Return the name of the cue that matched: the key of its table in words."""
    return (match.lastgroup or "").replace("_", " ")


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """Describes a text that a decree of the topic may cite. `alone`: citing it is a sign by itself that an act is about the topic."""

    label: str
    pattern: Pattern
    article: Pattern | None = None
    unless: str | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class PurposeCues:
    """Holds what names a purpose: patterns over the mended text; those that count in a list of purposes alone; words over the flat text,
    which count there too."""

    code: str
    named: Pattern
    listed: Pattern
    words: Pattern | None


_CUE_TABLES = ("objects", "around", "titles", "articles", "jargon", "judged", "purposes")
"""Tables of cues by their use; in the others the keys are names of cues, and a topic may add some."""


class Cues:
    """Holds the cues of a topic: those that all topics share, and what its folder adds to them."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        purposes = topic_file(topic, "purposes.toml")
        entries = purposes.pop("purpose", [])
        self.tables = _merged(load("cues.toml"), {**topic_file(topic, "cues.toml"), "purposes": purposes})
        self._patterns: dict[str, Pattern] = {}
        self.misreads: tuple[str, ...] = tuple(self.tables["misreads"])
        objects = self.tables["objects"]
        self.strong, self.bare, self.medium = (
            tuple(named({key: [one]}) for key, words in objects[level].items() for one in words) for level in ("strong", "bare", "medium")
        )
        self.legal_bases = tuple(
            LegalBasis(**(each | {key: pattern(each[key]) for key in ("pattern", "article") if key in each}))
            for each in topic_file(topic, "law.toml")["legal_basis"]
        )
        self.purposes = tuple(_purpose_cues(entry) for entry in entries)

    def __getitem__(self, name: str) -> Pattern:
        """Return a table or a list of cues by its dotted name ("never", "around.field") as one pattern; an empty one meets nothing."""
        if (known := self._patterns.get(name)) is None:
            *tables, key = name.split(".")
            words = reduce(getitem, tables, self.tables)[key]
            known = self._patterns[name] = named(words if isinstance(words, dict) else {key: words}) if words else _NOTHING
        return known

    def name(self, letters: str) -> bool:
        """Return whether a squeezed text names the topic, in any words."""
        return any(each.search(letters) for each in (*self.strong, *self.bare, *self.medium))

    def signs_in(self, tight: str) -> bool:
        """Return whether a squeezed text, in any spelling, may speak of the topic."""
        return self["gate"].search(tight) is not None or any(damaged(tight, word) for word in self.tables["misread_signs"])


_NOTHING = re.compile("(?!)")


@cache
def cues(topic: str) -> Cues:
    """Return the cues of a topic, read once."""
    return Cues(topic)


def _merged(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cues of a topic before those that all share."""
    merged = dict(common)
    for key, value in own.items():
        merged[key] = _merged(common.get(key, {}), value) if isinstance(value, dict) else [*value, *common.get(key, ())]
    return merged


def cue_problems(own: object, common: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the place of each cue of a topic that cannot be used beside the common ones, and why: in a closed table only known keys."""
    if not own or type(own) is not type(common):
        yield path, "is empty" if not own else f"must be a {'table' if isinstance(common, dict) else 'list of patterns: [ … ]'}"
    elif isinstance(own, dict) and isinstance(common, dict):
        closed = not path or path[-1] in _CUE_TABLES
        for key, value in own.items():
            if key not in common and (closed or not (key.isidentifier() or path == ("operators",))):
                yield (
                    (*path, key),
                    f"no cue has this name; there are: {', '.join(common)}" if closed else "is no name: letters, digits and _",
                )
            else:
                yield from cue_problems(value, common.get(key, [""]), (*path, key))
    elif isinstance(own, list):
        blanks = path[0] == "operators"
        problems = (pattern_problem(words, blanks=blanks) for words in (*own, "|".join(map(str, own))))
        yield from ((path, wrong) for wrong in islice(filter(None, problems), 1))


def pattern_problem(words: object, *, blanks: bool = False) -> str | None:
    """Return why something is no pattern. `blanks`: they count in it."""
    if not isinstance(words, str) or not words.strip():
        return "has an entry that is no pattern"
    try:
        re.compile(words, 0 if blanks else re.VERBOSE)
    except re.error as error:
        return f"does not compile: {error}: {words}"
    return None


def _purpose_cues(entry: Mapping[str, Any]) -> PurposeCues:
    words = re.compile(as_read(entry["words"])) if "words" in entry else None
    named_by = [as_read(one) for one in entry["patterns"]]
    listed = [*named_by, *(as_read(one) for one in entry.get("listed", ()))]
    return PurposeCues(entry["code"], pattern(*named_by), pattern(*listed), words)


def as_read(words: str) -> str:
    """Return a pattern that meets its words also where OCR read an "m" as "rn" ("mouvernents de foule"), which these words are full of."""
    return words.replace("m", "(?:m|rn)")


def reason_words(name: str | None) -> str | None:
    """Return the words for the reason of this name, in English; None for any other cue."""
    return next((reason.words for reason in VerdictReason if reason == name), None)


def _any(alternatives: Sequence[str]) -> str:
    return "|".join(f"(?:{alternative})" for alternative in alternatives)


# Views of a text for matching, with positions in the original for quotes; for OCR and layout noise: `l□emploi`, `algorith mique`,
# `latransmission`.
# - `fold`: lower case, no accents, one kind of apostrophe, words joined over line ends, single blanks (line breaks kept);
# - `squeeze`: letters and digits only; without positions it is `bot.domain.text.fold_letters`.

_SAME = {
    # U+25A1 and U+FFFD stand for apostrophes lost by a font: every recueil of Paris before mid-2024 has them.
    **dict.fromkeys("'’‘´`′ʼ□\ufffd", "'"),
    **dict.fromkeys("-‐‑‒–—−", "-"),
    **dict.fromkeys('"«»“”„', '"'),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ""),
    "\t": " ",
    **{kept: kept for kept in "\n\r"},
}

_LINE_BREAK = r"[ \t]*[\r\n]\s*"
_BLANKS = r"[ \t]{2,}"
_CHANGES = re.compile(f"(?<=[a-z]){CUT}(?=[a-z])|{_LINE_BREAK}|{_BLANKS}")
# OCR reads the `l` of "l'arrêté" as a capital I or a one; no French word is elided so.
_MISREAD_ELISION = re.compile(r"\b[i1](?='[a-z])")


@dataclass(frozen=True, slots=True)
class RewrittenText:
    """Holds a rewritten text. `starts` are the positions of its runs, `origins` where each run began in the former text."""

    text: str
    starts: list[int] = field(repr=False)
    origins: list[int] = field(repr=False)
    end: int
    """Length of the former text."""

    def origin(self, position: int) -> int:
        """Return position, in the former text, of the character at `position`."""
        return _carried(position, self.starts, self.origins, self.end)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the former text behind `start:end`."""
        first = self.origin(start)
        return first, min(self.origin(end - 1) + 1, self.origin(end)) if end > start else first

    def position(self, origin: int) -> int:
        """Return the first position of this view at or after `origin` in the former text."""
        return _carried(origin, self.origins, self.starts, len(self.text))


def _carried(position: int, runs: Sequence[int], others: Sequence[int], end: int) -> int:
    """Return a position of one text in another of this length, by where the same runs begin in both."""
    run = bisect_right(runs, position) - 1
    return min(others[run] + position - runs[run], others[run + 1] if run + 1 < len(others) else end) if run >= 0 else 0


def rewrite(text: str, changes: Iterable[tuple[int, int, str]]) -> RewrittenText:
    """Return the text with each `start:end` replaced, and the origin of each run. Changes come in order, without overlap."""
    parts: list[str] = []
    starts: list[int] = []
    origins: list[int] = []
    length = 0
    last = 0
    for start, end, replacement in chain(changes, ((len(text), len(text), ""),)):
        for piece, origin in ((text[last:start], last), (replacement, start)):
            if piece:
                parts.append(piece)
                starts.append(length)
                origins.append(origin)
                length += len(piece)
        last = end
    return RewrittenText("".join(parts), starts, origins, len(text))


def fold(text: str) -> RewrittenText:
    """Return lower case, accents dropped, apostrophes, dashes and quotes of one kind, cut words joined, blanks collapsed."""
    folded = {character: _folded(character) for character in set(text)}
    single = {ord(character): plain for character, plain in folded.items() if len(plain) == 1}
    several = {character: plain for character, plain in folded.items() if len(plain) != 1}
    changes = re.compile(f"[{re.escape(''.join(sorted(several)))}]|{_CHANGES.pattern}") if several else _CHANGES

    def replacement(match: re.Match[str]) -> str:
        found = match.group()
        if found in several:
            return several[found]
        if found[0] == "-":
            return hyphen_at(text, *match.span(), plain)
        return "\n" if "\n" in found or "\r" in found else " "

    plain = _MISREAD_ELISION.sub("l", text.translate(single))
    return rewrite(plain, ((match.start(), match.end(), replacement(match)) for match in changes.finditer(plain)))


def squeeze(folded: str) -> RewrittenText:
    """Return only the letters and digits of a folded text."""
    return rewrite(folded, ((match.start(), match.end(), "") for match in re.finditer(r"[^a-z0-9]+", folded)))


def repair(text: str, misreads: Iterable[str]) -> RewrittenText:
    """Put back the damaged words of a squeezed text (`algorilhmique` -> `algorithmique`), each given in pieces (see `cues.toml`)."""
    found = sorted((start, end, misread.replace("|", "")) for misread in misreads for start, end in damaged(text, misread))
    changes: list[tuple[int, int, str]] = []
    for change in found:
        if not changes or change[0] >= changes[-1][1]:
            changes.append(change)
    return rewrite(text, changes)


def damaged(text: str, misread: str) -> list[tuple[int, int]]:
    """Return where damaged forms of the word are in the squeezed text."""
    found: list[tuple[int, int]] = []
    word, edits = misread.replace("|", ""), misread.count("|")
    reach = len(word) + edits
    seen = -1
    for match in re.finditer(misread, text):
        if match.start() < seen:
            continue
        left = max(match.start() - reach, 0)
        near = text[left : match.end() + reach]
        if word in near:
            continue
        score = 100 * (1 - edits / len(word)) - 6  # an indel score: a substitution counts twice over both lengths
        aligned = fuzz.partial_ratio_alignment(word, near, score_cutoff=score)
        if aligned is None:
            continue
        distance, start, end = _closest(text, word, edits, left + aligned.dest_start)
        if distance <= edits:
            found.append((start, end))
            seen = end
    return found


def _closest(text: str, word: str, slack: int, around: int) -> tuple[int, int, int]:
    """Return the stretch nearest to the word: its distance, start and end. Letters may be missing or too many at both ends."""
    stretches = (
        (start, start + length)
        for start in range(max(around - slack, 0), around + slack + 1)
        for length in range(len(word) - slack, len(word) + slack + 1)
    )
    return min((Levenshtein.distance(word, text[start:end]), start, min(end, len(text))) for start, end in stretches)


@lru_cache(4096)
def _folded(character: str) -> str:
    if character in _SAME:
        return _SAME[character]
    plain = fold_words(character)
    return " " if plain.isspace() else plain
