"""Says when a decree went online, and how long before its beginning: statements of looks at a listing, never accusations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.acts import Decree, Moment, Place
from bot.domain.law import Flag, LegalAdvice, lead_time
from bot.domain.publication import MOST_CLOCKS_DIFFER, WIDE, LeadTime, Look, Online, Timeliness, is_printed_earlier
from bot.messages.legal import STRIKING_MARK
from bot.messages.lines import (
    FactLine,
    MessageInput,
    PeriodStage,
    PeriodTiming,
    PostPart,
    capital,
    date_text,
    delay_text,
    moment_at,
    moment_text,
    time_text,
)
from bot.messages.words import Words

_MINUTE, _HOUR, _TICK = timedelta(minutes=1), timedelta(hours=1), timedelta(microseconds=1)


_AFTER = frozenset({Timeliness.AFTER_START, Timeliness.AFTER_END})


def advice_beside_looks(message: MessageInput) -> LegalAdvice | None:
    """Return the advice without the flag on the printed day where looks say for sure that a decree went online after its beginning:
    `timeliness_line` says it then."""
    advice, found = message.legal_advice, lead_time(message.decree, message.place)
    if advice is None or found is None or found.timeliness not in _AFTER:
        return advice
    return replace(advice, flags=tuple(flag for flag in advice.flags if flag is not Flag.PUBLISHED_AFTER_START))


def timeliness_line(decree: Decree, place: Place, words: Words) -> Iterator[FactLine]:
    """Return the line of a post: went online after the end, after the beginning, on the day or the eve; none where nothing is sure."""
    found = lead_time(decree, place)
    text = "" if found is None else _timeliness(found, words)
    if text:
        yield FactLine(PostPart.TIMELINESS, "", (STRIKING_MARK + capital(text),))


def _timeliness(found: LeadTime, words: Words) -> str:
    """Return `mis en ligne 3 h avant le début`: what holds for the whole bracket; empty for what went online earlier than the eve."""
    said, least, most = words.online.notice, found.at_least, found.at_most
    if found.timeliness is Timeliness.EARLIER:
        return ""
    if found.timeliness is Timeliness.AFTER_START and most is not None and most <= -_MINUTE:
        return str(said.after_start_by.format(delay=_length(-most, words)))
    if found.timeliness is Timeliness.SAME_DAY and least is not None and most is not None:
        if _length(least, words) == _length(most, words):
            return str(said.before.format(delay=_length(least, words)))
        unit = _MINUTE if most < _HOUR else _HOUR
        return str(said.less.format(delay=_length(most + unit - _TICK, words)))
    return str(said[found.timeliness])


def _length(length: timedelta, words: Words) -> str:
    return delay_text(PeriodTiming(PeriodStage.UPCOMING, length, length.days), words.timing)


def online_lines(decree: Decree, place: Place, words: Words) -> Iterator[FactLine]:
    """Return what looks at the listing say of when a decree went online, a line each; none where nothing is known."""
    online, zone = decree.online, ZoneInfo(place.time_zone)
    if online is None:
        return
    texts = [bracket_text(online, zone, words), *_clocks(online, zone, words)]
    if online.replaced:
        texts.append(words.online.replaced.format(at=_instant(online.replaced[0].fetched_at, zone, words)))
    # Of several publications the day may be that of another.
    printed = decree.published if len(decree.sightings) == 1 else None
    if printed is not None and online.after is not None and is_printed_earlier(online, printed, zone):
        texts.append(words.online.printed.format(printed=date_text(printed, words.dates), after=_instant(online.after, zone, words)))
    yield from (FactLine(PostPart.ONLINE, "", (text,)) for text in texts)


def bracket(online: Online, zone: ZoneInfo) -> tuple[Moment | None, Moment]:
    """Return after and until when a recueil went online, by the clock of a place, in whole minutes that hold both instants."""
    after = online.after
    return None if after is None else moment_at(after, zone), moment_at(online.until + _MINUTE - _TICK, zone)


def bracket_text(online: Online, zone: ZoneInfo, words: Words) -> str:
    """Return `Mis en ligne entre le 3 décembre 2026 à 14 h 12 et 14 h 28`, of an open or wide bracket why it is."""
    said, (after, until) = words.online, bracket(online, zone)
    if online.before is None or after is None:
        return str((said.first if online.before is None else said.set_back).format(until=moment_text(until, words.dates)))
    form = said.one_day if after.day == until.day else said.between
    text = form.format(after=moment_text(after, words.dates), until=until_text(after, until, words))
    # One that is wide for the clock of the site alone was looked at often.
    return str(said.wide.format(text=text) if online.first.answered_at - online.before.asked_at >= WIDE else text)


def until_text(after: Moment, until: Moment, words: Words) -> str:
    """Return the end of a bracket, without the day that its beginning has."""
    return time_text(until.time, words.dates) if until.time and after.day == until.day else moment_text(until, words.dates)


def _clocks(online: Online, zone: ZoneInfo, words: Words) -> Iterator[str]:
    """Yield what is to be told of a server's clock that differs from ours."""
    looks = (look for look in (online.before, online.first) if look is not None and look.clocks_differ)
    yield from dict.fromkeys(_clock(look, look.server_date, zone, words) for look in looks if look.server_date is not None)


def _clock(look: Look, server: datetime, zone: ZoneInfo, words: Words) -> str:
    is_used = abs(server - look.answered_at) <= MOST_CLOCKS_DIFFER
    form = words.online.clock_used if is_used else words.online.clock_unused
    return str(form.format(server=_instant(server, zone, words), ours=_instant(look.answered_at, zone, words)))


def _instant(at: datetime, zone: ZoneInfo, words: Words) -> str:
    return moment_text(moment_at(at, zone), words.dates)
