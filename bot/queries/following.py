"""What people want to follow: what their words mean, how it is written in links and buttons, and what they are answered. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from bot.domain.acts import Decree, Kind, Place, deciding_in, department_of
from bot.domain.health import Overview, unread_since
from bot.domain.posts import FRANCE, Follow, Follower, FollowKind, FollowMode, operator_key
from bot.domain.text import fold_letters, fold_words
from bot.domain.topics import topics
from bot.gazetteer.finding import Match, PlaceMatches
from bot.gazetteer.gazetteer import Commune, Department
from bot.messages.following import FollowNames, follow_label, kind_label, with_topics
from bot.messages.lines import date_text, short_where
from bot.messages.words import Language, Words, data_file, words_file, words_in
from bot.queries.plain_words import civil, echo
from bot.storage.search import query_terms

MOST_SHOWN = 10
"""Candidates that are shown."""

_LETTERS = {
    FollowKind.COMMUNE: "c",
    FollowKind.DEPARTMENT: "d",
    FollowKind.REGION: "r",
    FollowKind.OPERATOR: "o",
    FollowKind.DECREE_KIND: "k",
    FollowKind.DECREE: "a",
    FollowKind.WORDS: "w",
}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}
LINK = r"[cdrok][A-Za-z0-9_-]{1,50}|[ae][0-9]{1,18}"
"""Codes of links: Telegram takes no other signs there. `e12`: the words of the event of decree 12. In buttons, words themselves."""
_CODE = re.compile(rf"{LINK}|w.+", re.ASCII)
LONGEST_FOLLOWED = 58
"""Characters of words that are followed: what the data of a button holds."""
_SHORTEST_FOLLOWED = 4
_WRITTEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LETTERS_ONLY = re.compile(r"[^\W\d_]+")
_YEAR = re.compile(r"\b20[0-9]{2}\b")
_NUMBER = re.compile(
    r"(?P<named>(?:l['’])?(?:arr[êe]t[ée]|d[ée]cret|(?:the )?decree) *(?:n[°ºo]\.?)? *\[?|n[°ºo]\.? *|[#\[])?(?P<number>[0-9][\w/-]*)\]?",
    re.IGNORECASE,
)
"""Finds a decree by its number: `l’arrêté 12`, `n° 12`, `[12]`, or the number alone."""
_GUESSES = frozenset({Match.BEGINS, Match.NEAR, Match.SENTENCE})
_LONGEST_ECHO = 60


@cache
def follow_answers(language: Language) -> Words:
    """Return the answers in one language."""
    return words_file("bot.queries", "words", f"following_{language}.toml")


@dataclass(frozen=True, slots=True)
class FollowMatches:
    """Holds what words may mean that can be followed, best first. `is_sure`: only the first is possible, but for a decree of that number.
    `is_near`: none has that name; these are similar, named in it, or the words themselves. `others` counts omitted ones."""

    follows: tuple[Follow, ...] = ()
    is_sure: bool = False
    others: int = 0
    is_near: bool = False


_BETWEEN = re.compile(r"\s*[,;+&\n]\s*|\s+(?:et|and)\s+", re.IGNORECASE)
"""What stands between several things to follow at once: `26, 07`. Each is offered."""


NumberedDecree = Callable[[str], Decree | None]
"""Returns the decree of a number, here or of its authority; None where it is no one's, several have it, or it was withdrawn."""


def what_is_meant(
    words: str, find: Callable[[str], PlaceMatches], operators: Mapping[str, str], decree: NumberedDecree, language: Language
) -> FollowMatches:
    """Return what these words may mean: an operator (`operators`: names by keys) or a kind of decree by its name, a place, a decree by its
    number, else the words themselves."""
    number = _NUMBER.fullmatch(words.strip())
    known = None if number is None else decree(number["number"])
    numbered = () if known is None else (Follow(FollowKind.DECREE, str(known.id)),)
    if numbered and number is not None and number["named"]:
        return FollowMatches(numbered, is_sure=True)
    meant = _what_is_named(words, find, operators, language)
    if meant.is_sure:
        return replace(meant, follows=meant.follows + numbered)
    return FollowMatches(numbered, is_sure=True) if numbered else meant


def _what_is_named(words: str, find: Callable[[str], PlaceMatches], operators: Mapping[str, str], language: Language) -> FollowMatches:
    key = operator_key(words)
    if key in operators:
        return FollowMatches((Follow(FollowKind.OPERATOR, key),), is_sure=True)
    kind = _kind_named(words, language)
    if kind is not None:
        return FollowMatches((Follow(FollowKind.DECREE_KIND, kind.value),), is_sure=True)
    found, itself = find(words), tuple(filter(None, [words_followed(words)]))
    follows = tuple(dict.fromkeys(_follow_of_place(candidate.place) for candidate in found.candidates))
    if all(candidate.how is Match.SENTENCE for candidate in found.candidates):
        parts = [part for part in _BETWEEN.split(words) if part]
        # Of `Lyon 2e et 5e` both are found already, and 5 alone is a department.
        each = [_what_is_named(part, find, operators, language) for part in parts] if len(parts) > max(len(follows), 1) else []
        if each and all(meant.is_sure for meant in each):
            return FollowMatches(tuple(dict.fromkeys(meant.follows[0] for meant in each))[:MOST_SHOWN])
        near = [Follow(FollowKind.OPERATOR, other) for other in operators if key and f" {key} " in f" {other} "]
        if near or not follows:
            return FollowMatches((*near[:MOST_SHOWN], *itself), is_near=True)
    is_sure = len(follows) == 1 and found.candidates[0].how not in _GUESSES
    is_near = all(candidate.how in {Match.NEAR, Match.SENTENCE} for candidate in found.candidates)
    is_guess = all(candidate.how in _GUESSES for candidate in found.candidates)
    shown = (*follows[:MOST_SHOWN], *(itself if is_guess else ()))
    return FollowMatches(shown, is_sure, max(found.communes + found.others - MOST_SHOWN, 0), is_near)


def words_followed(text: str) -> Follow | None:
    """Return the follow of the words of a text; None where they are too long, or no word of four letters tells decrees apart."""
    value = " ".join(_WRITTEN.findall(civil(text).lower()))
    if len(value.encode()) > LONGEST_FOLLOWED:
        value = fold_words(value)
    telling = (query_terms(word) for word in _LETTERS_ONLY.findall(value) if len(word) >= _SHORTEST_FOLLOWED)
    is_telling = any(term not in _common_terms() for found in telling for term in found)
    return Follow(FollowKind.WORDS, value) if is_telling and len(value.encode()) <= LONGEST_FOLLOWED else None


@cache
def _common_terms() -> frozenset[str]:
    """Return the terms that every decree has, or nearly."""
    return frozenset(query_terms(data_file("bot.queries", "words", "questions.toml")["common"]))


def event_followed(decree: Decree) -> Follow | None:
    """Return the follow of the words of a decree's event, without its year; None where it has none that can be followed."""
    event = _YEAR.sub("", decree.facts.sure.event or "")
    return words_followed(textwrap.shorten(event, LONGEST_FOLLOWED, placeholder="", break_on_hyphens=False))


def _kind_named(words: str, language: Language) -> Kind | None:
    tongues: tuple[Language, ...] = ("fr", language)
    asked = _singular(words)
    return next((kind for kind in Kind for tongue in tongues if asked in map(_singular, _names_of_kind(kind, tongue))), None)


def _names_of_kind(kind: Kind, language: Language) -> tuple[str, ...]:
    return words_in(language).short_kinds[kind], kind_label(kind, language), kind.value


def _singular(name: str) -> str:
    return fold_letters(name).removesuffix("s")


def _follow_of_place(place: object) -> Follow:
    if isinstance(place, Commune):
        return Follow(FollowKind.COMMUNE, place.code)
    return Follow(FollowKind.DEPARTMENT if isinstance(place, Department) else FollowKind.REGION, getattr(place, "code", ""))


def follow_code(follow: Follow) -> str:
    """Return a follow as links and buttons have it: `c26198`, `d26`, `r84`, `osncf`, `krenewal`, `a12`; in buttons `wfoire du trône`."""
    return _LETTERS[follow.kind] + (follow.value if follow.kind is FollowKind.WORDS else follow.value.replace(" ", "_"))


def code_to_follow(follow: Follow) -> str:
    """Return the code of what somebody may follow, with the topic that was chosen if it has room: `c26198-name`."""
    code = follow_code(follow)
    mark = " -" if follow.kind is FollowKind.WORDS else "-"
    whole = f"{code}{mark}{follow.topics[0]}" if len(follow.topics) == 1 else code
    return whole if len(whole.encode()) <= 1 + LONGEST_FOLLOWED else code


def follow_of_code(code: str, names: FollowNames, decree: NumberedDecree) -> Follow | None:
    """Return the follow of such a code, in any case; None where nothing has it. `e12`: of the event of a decree."""
    bare, _, topic = code.rpartition("-")
    if topic in topics() and bare and (code[0] != "w" or bare.endswith(" ")):
        of_topics = _follow_of(bare.rstrip(), names, decree)
        return None if of_topics is None else replace(of_topics, topics=(topic,))
    return _follow_of(code, names, decree)


def _follow_of(code: str, names: FollowNames, decree: NumberedDecree) -> Follow | None:
    if _CODE.fullmatch(code) is None:
        return None
    letter, value = code[0], code[1:]
    if letter == "w":
        return words_followed(value)
    if letter in "ae":
        found = decree(value)
        if found is None or str(found.id) != value:
            return None
        return event_followed(found) if letter == "e" else Follow(FollowKind.DECREE, value)
    kind = _KINDS[letter]
    if kind is FollowKind.DECREE_KIND:
        return Follow(kind, value.lower()) if value.lower() in {one.value for one in Kind} else None
    value = operator_key(value.replace("_", " ")) if kind is FollowKind.OPERATOR else value.upper()
    follow = Follow(kind, value)
    known = value in names.operators if kind is FollowKind.OPERATOR else names.place(follow) is not None
    return follow if known else None


# Answers.


@dataclass(frozen=True, slots=True)
class LastReading:
    """Holds when the recueils of a place were last read, None for never. `unread`: authorities that cannot be read, and since when."""

    at: datetime | None
    unread: tuple[tuple[Place, datetime], ...] = ()


def settings_text(
    follower: Follower | None,
    names: FollowNames,
    language: Language,
    now: datetime,
    readings: Mapping[Follow, LastReading],
    watched: Sequence[str] = (),
) -> str:
    """Return what a chat follows, of which of the `watched` topics, and when it is sent."""
    words = follow_answers(language)
    if follower is None or not follower.follows:
        return words.nothing
    labels = {one: with_topics(follow_label(one, names, language), one, watched, language) for one in follower.follows}
    lines = [words.list, *(_row(follow, what, language, now, readings) for follow, what in labels.items())]
    if follower.paused_at is not None:
        lines += ["", words.paused.format(day=date_text(follower.paused_at.date(), words_in(language).dates))]
    return "\n".join([*lines, "", words.daily if follower.mode is FollowMode.DAILY else words.at_once])


def _row(follow: Follow, what: str, language: Language, now: datetime, readings: Mapping[Follow, LastReading]) -> str:
    words = follow_answers(language)
    if follow not in readings:
        return words.row.format(what=what)
    at = readings[follow].at
    return words.row_unread.format(what=what) if at is None else words.row_read.format(what=what, ago=ago(now - at, language))


def reading_notes(follow: Follow, reading: LastReading | None, names: FollowNames, language: Language) -> list[str]:
    """Return what somebody who now follows a place must know of its recueils: that they were never read, or cannot be."""
    words, dates = follow_answers(language), words_in(language).dates
    if reading is None:
        return []
    if reading.at is None:
        return [words.added_unread.format(what=follow_label(follow, names, language, is_button=True))]
    failing = [(short_where(place, words_in(language)), date_text(at.astimezone(FRANCE).date(), dates)) for place, at in reading.unread]
    return [words.added_failing.format(where=where, since=since) for where, since in failing]


def last_readings(
    follows: Iterable[Follow], overview: Overview, departments_of_region: Callable[[str], Sequence[str]], places: Mapping[str, Place]
) -> dict[Follow, LastReading]:
    """Return when the recueils of each followed place were last read: the oldest reading of all authorities whose decrees count there, the
    préfet de police included, regions excluded, as they publish little on one department."""
    failing = unread_since(overview) or {}
    last = {one.code: max((route.last_ok_at for route in one.routes if route.last_ok_at), default=None) for one in overview.authorities}
    departments: dict[FollowKind, Callable[[str], Sequence[str]]] = {
        FollowKind.COMMUNE: lambda value: [department_of(value)],
        FollowKind.DEPARTMENT: lambda value: [value],
        FollowKind.REGION: departments_of_region,
    }
    found: dict[Follow, LastReading] = {}
    for follow in follows:
        if follow.kind in departments:
            deciding = deciding_in(departments[follow.kind](follow.value), places)
            prefects = sorted(code for code in deciding if not code.startswith("R-"))
            times = [last.get(code) for code in prefects]
            read = [at for at in times if at is not None]
            # Of a region some are not watched everywhere; of one place each matters.
            is_read = follow.kind is FollowKind.REGION or len(read) == len(times)
            unread = tuple((places[code], failing[code]) for code in prefects if code in failing)
            found[follow] = LastReading(min(read, default=None) if is_read else None, unread)
    return found


def ago(passed: timedelta, language: Language) -> str:
    """Return how long ago something was, in words."""
    words, minutes = follow_answers(language), int(passed.total_seconds() // 60)
    if minutes < 1:
        return words.now
    if minutes < 90:
        return words.minutes.format(n=minutes)
    return words.hours.format(n=minutes // 60) if minutes < 48 * 60 else words.days.format(n=minutes // (24 * 60))


def resumed_text(waiting: int, language: Language) -> str:
    """Return that a chat is resumed, and how many decrees wait for it."""
    words = follow_answers(language)
    return words.resumed_none if waiting == 0 else words.resumed_one if waiting == 1 else words.resumed_many.format(n=waiting)


def echoed(asked: str) -> str:
    """Return what somebody asked as an answer repeats it."""
    return echo(asked, _LONGEST_ECHO)


def run_by(language: Language, contact: str) -> str:
    """Return who runs this instance, empty where nobody says."""
    return follow_answers(language).run_by.format(contact=contact) if contact else ""


def about_us(language: Language, contact: str) -> str:
    """Return what a first contact must hold: that this is no service of the State, and who runs it."""
    return "\n".join(filter(None, (follow_answers(language).state, run_by(language, contact))))
