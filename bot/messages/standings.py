"""Where a decree stands, in a few words, and what is striking in its dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.domain import Decree, Facts, Flag, Kind, LegalAdvice, Standing
from bot.messages.changes import doubt_text
from bot.messages.lines import FactLine, PostPart, capital
from bot.messages.message_input import MessageInput
from bot.messages.moments import Stage, Timing, date_text, days_text, delay_text, timing, timing_text
from bot.messages.words import Words

_MARK = "⚠️ "

# The period of the other kinds is the one of the decree they end or refuse: "starts in 14 h" would mislead.
_TIMED = frozenset({Kind.AUTHORISATION, Kind.RENEWAL, Kind.MODIFICATION})
_STOPPED = {
    Standing.ENDED: (Kind.ABROGATION,),
    Standing.SUSPENDED: (Kind.SUSPENSION,),
    Standing.IN_DOUBT: (Kind.ABROGATION, Kind.SUSPENSION),
}


def post_timing(message: MessageInput) -> str | None:
    """Return for a post: `Commence dans 14 h`, `Déjà commencé`, `Terminé`, `Abrogé depuis le 3 mai 2024`; None when nothing can be said."""
    advice = message.legal_advice
    if advice is not None and advice.standing in _STOPPED:
        return capital(_stopped(message, advice.standing))
    stage = _stage(message)
    return None if stage is None else timing_text(stage, message.words.timing)


def list_standing(message: MessageInput) -> str | None:
    """Return for a line: `commence dans 14 h`, `en vigueur`, `terminé`, `abrogé depuis le 3 mai 2024`; None for what is never in force."""
    advice, words = message.legal_advice, message.words
    if advice is not None and advice.standing in _STOPPED:
        return _stopped(message, advice.standing)
    stage = _stage(message)
    if stage is None:
        return None
    said, standing = words.standing, None if advice is None else advice.standing
    by_stage = {
        Stage.UPCOMING: said.upcoming.format(delay=delay_text(stage, words.timing)),
        Stage.STARTED: said.in_force if standing is Standing.IN_FORCE else said.started,
        Stage.ENDED: said.over,
        Stage.UNKNOWN: said.unknown if standing is Standing.UNKNOWN else None,
    }
    return by_stage[stage.stage]


def list_changes(decree: Decree, words: Words) -> Iterator[str]:
    """Return `modifié`, `renouvelé`: what later decrees did that leaves it standing."""
    kinds = {change.kind for change in decree.changed_by if not change.undone_by}
    if Kind.MODIFICATION in kinds:
        yield words.standing.modified
    if Kind.RENEWAL in kinds:
        yield words.standing.renewed


def flag_lines(legal_advice: LegalAdvice, words: Words) -> Iterator[FactLine]:
    """Return one line per flag, with its brief form for lists and small spaces."""
    for flag in legal_advice.flags:
        whole, brief = _flag(flag, legal_advice, words)
        yield FactLine(PostPart.FLAGS, "", (_MARK + capital(whole),), brief=_MARK + brief)


def _flag(flag: Flag, legal_advice: LegalAdvice, words: Words) -> tuple[str, str]:
    said = words.flags
    match flag:
        case Flag.PUBLISHED_AFTER_START if legal_advice.late is None:
            return said.late, said.late
        case Flag.PUBLISHED_AFTER_START:
            whole = said.late_one if legal_advice.late == 1 else said.late_many
            return whole.format(n=legal_advice.late), said.late_brief.format(n=legal_advice.late)
        case Flag.LONGER_THAN_ALLOWED if legal_advice.months is None:
            return said.longer, said.longer_brief
        case Flag.LONGER_THAN_ALLOWED:
            whole = said.longer_one if legal_advice.months == 1 else said.longer_many
            return whole.format(n=legal_advice.months), said.longer_brief
        case Flag.OUTSIDE_WINDOW if not legal_advice.outside:
            return said.outside, said.outside_brief
        case Flag.OUTSIDE_WINDOW:
            return said.outside_days.format(days=days_text(legal_advice.outside, words)), said.outside_brief


def _stage(message: MessageInput) -> Timing | None:
    """Return where the period stands that counts."""
    if message.decree.kind not in _TIMED:
        return None
    return timing(current_period(message), message.place.time_zone, message.now)


def current_period(message: MessageInput) -> Facts:
    """Return the facts with the period that counts: as a later decree has modified it, where the legal advice says so."""
    facts, advice = message.decree.facts, message.legal_advice
    if advice is None:
        return facts
    return replace(facts, starts=advice.starts or facts.starts, ends=advice.ends or facts.ends)


def _stopped(message: MessageInput, standing: Standing) -> str:
    """Return `abrogé depuis le 3 mai 2024`; without the day where the decree that does it shows none."""
    decree, words, today = message.decree, message.words, message.today
    said, kinds = words.standing, _STOPPED[standing]
    if standing is Standing.IN_DOUBT:
        return doubt_text(decree, kinds, words) or said.unknown
    changes = [change for change in decree.changed_by if change.kind in kinds and change.since is not None and change.since <= today]
    # One that was undone counts as its end tells (see the lines on it); where others stand, these are what stops it.
    days = [change.since for change in changes if not change.undone_by and change.since is not None]
    days = days or [change.since for change in changes if change.since is not None]
    if not days:
        return said.ended if standing is Standing.ENDED else said.suspended
    since = said.ended_since if standing is Standing.ENDED else said.suspended_since
    return since.format(date=date_text(min(days), words.dates))
