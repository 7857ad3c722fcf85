"""Words a decree's standing, flags, changes and what a reader can do: briefly for posts and lists, in full for one decree. Advice, from
`LegalAdvice`, is information to verify, with source and day of reading, never legal advice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo

from bot.domain.acts import ALLOWING, CHANGING, Change, Decree, Facts, Kind, Moment, Reference
from bot.domain.hours import open_hours
from bot.domain.law import Flag, LegalAdvice, Standing, slots_of
from bot.domain.text import fold_letters
from bot.messages.lines import (
    FactLine,
    MessageInput,
    PeriodStage,
    PeriodTiming,
    PostPart,
    capital,
    date_text,
    days_text,
    delay_text,
    moment_at,
    moment_text,
    period_text,
    timing,
    timing_text,
)
from bot.messages.words import Table, Words, clean, cut, data_file, inert, topic_words

_LONGEST_NUMBER = 60
_MOST_LINES = 5
"""Lines of one direction: a decree that ends more than five others is told with how many are not shown."""

_PERIOD = frozenset({"starts", "ends"})
_WITH_PERIOD = frozenset({Kind.RENEWAL, Kind.MODIFICATION})


def first_link(decree: Decree, words: Words) -> str | None:
    """Return `met fin à l’arrêté n° 2024-01 [12]`, for lists; None for a decree that bears on no other."""
    for bond, known in _bonds(decree):
        return _verb(bond, words).format(decree=decree_named(bond.number, None if bond.number else bond.signed, known, words))
    return None


def link_lines(decree: Decree, words: Words) -> Iterator[FactLine]:
    """Return `Met fin à l’arrêté n° 2024-01 du 2 mai 2024 [12]`, one line per decree that this one bears on."""
    bonds = tuple(_bonds(decree))
    for position, (bond, known) in enumerate(bonds[:_MOST_LINES]):
        days = (bond.signed, None if bond.number else bond.signed)
        whole, brief = (_verb(bond, words).format(decree=decree_named(bond.number, day, known, words)) for day in days)
        yield FactLine(PostPart.LINKS, "", (capital(whole),), hidden=_left(bonds, position), more=words.more, brief=capital(brief))


def changed_lines(decree: Decree, words: Words) -> Iterator[FactLine]:
    """Return `Abrogé par l’arrêté n° 2024-02 [15], à compter du 3 mai 2024`, one line per later decree."""
    for position, change in enumerate(decree.changed_by[:_MOST_LINES]):
        yield FactLine(PostPart.CHANGED, "", (_changed(change, words),), hidden=_left(decree.changed_by, position), more=words.more)


def notice_lines(decree: Decree, words: Words, below: Collection[int]) -> Iterator[FactLine]:
    """Return `⏹️ Abrogé par l’arrêté n° 2024-02 [15], à compter du 3 mai 2024 (voir la réponse)` for what is known at the time of the post:
    ends first, changes ended themselves last. `below`: ids of decrees posted after it there.
    """
    changes = sorted(
        (change for change in decree.changed_by if change.kind in CHANGING),
        key=lambda change: (_is_revoked(change), change.kind in _WITH_PERIOD),
    )
    for position, change in enumerate(changes[:_MOST_LINES]):
        mark = words.notice.undone if _is_revoked(change) else words.notice.marks[change.kind]
        whole, brief = (
            f"{mark} {_changed(change, words)}",
            f"{mark} {_changed(replace(change, number=None, decree=None), words, whole=False)}",
        )
        if change.decree in below:
            whole, brief = (words.notice.below.format(text=text) for text in (whole, brief))
        yield FactLine(PostPart.NOTICE, "", (whole,), hidden=_left(tuple(changes), position), more=words.more, brief=brief)


def doubt_text(decree: Decree, words: Words) -> str:
    """Return `abrogé par l’arrêté n° 2 [15], auquel l’arrêté n° 3 [16] a mis fin ensuite`; empty where no end was ended."""
    for change in decree.changed_by:
        if change.kind in _STOPPED[Standing.IN_DOUBT] and change.revoked_by:
            ending = change.revoked_by[-1]
            said, by = _undergone(change, words), decree_named(ending.number, None, ending.decree, words)
            return words.standing.undone.format(text=said, ending=by)
    return ""


def _changed(change: Change, words: Words, *, whole: bool = True) -> str:
    """Return what a later decree does and, if that was ended, by what (or, unless `whole`, only that it was)."""
    said = _dated(change, words)
    if change.revoked_by and not whole:
        said = words.changes.undone.brief.format(text=said)
    elif change.revoked_by:
        said = words.changes.undone.joint.join((said, *islice(_revocations(change, words), _MOST_LINES)))
    return capital(said)


def _revocations(change: Change, words: Words) -> Iterator[str]:
    """Return `l’arrêté n° 2 [15] est lui-même retiré par l’arrêté n° 3 [16]`, one text per revocation, outer ones after."""
    said = words.changes.undone
    for ending in change.revoked_by:
        form = {True: said.withdrawn, False: said.abrogated, None: said.ended}[ending.retroactive]
        names = [decree_named(one.number, None, one.decree, words) for one in (change, ending)]
        text = _since(form.format(changed=names[0], decree=names[1]), ending, words)
        if change.kind is Kind.ABROGATION:
            # Where that was ended in its turn, nothing short tells what is left.
            effect = None if ending.revoked_by else ending.retroactive
            text = {True: said.revives, False: said.stays, None: said.unclear}[effect].format(text=text)
        yield text
        yield from _revocations(ending, words)


def _undergone(change: Change, words: Words) -> str:
    """Return `abrogé par l’arrêté n° 2024-02 [15]`, `retiré par…`, or `fin décidée par…` if unclear."""
    named = decree_named(change.number, None, change.decree, words)
    form = words.changes.undergoes[change.kind]
    if change.retroactive:
        form = words.changes.withdrawn
    elif change.kind is Kind.ABROGATION and change.retroactive is False:
        form = words.changes.abrogated
    return str(form.format(decree=named))


def _dated(change: Change, words: Words) -> str:
    said = _undergone(change, words)
    period = period_text(Facts(starts=change.starts, ends=change.ends), words) if change.kind in _WITH_PERIOD else None
    if period is not None:
        return words.changes.period.format(text=said, period=period)
    return _since(said, change, words)


def _since(said: str, change: Change, words: Words) -> str:
    """Add the day from which a change applies; for a retrait, the day of decision."""
    form = words.changes.on if change.retroactive else words.changes.since
    return said if change.since is None else form.format(text=said, date=date_text(change.since, words.dates))


def _is_revoked(change: Change) -> bool:
    """Return whether a change was ended and no longer applies; of an end, only a retroactive one counts."""
    return any(
        not _is_revoked(ending) and (change.kind is not Kind.ABROGATION or ending.retroactive is True) for ending in change.revoked_by
    )


def _left(all_of_them: tuple[object, ...], position: int) -> int:
    """Return how many are not shown, said on the last line shown."""
    return max(len(all_of_them) - _MOST_LINES, 0) if position == _MOST_LINES - 1 else 0


def _verb(bond: Reference, words: Words) -> str:
    return words.changes.withdraws if bond.retroactive else words.changes.does[bond.change]


def _bonds(decree: Decree) -> Iterator[tuple[Reference, int | None]]:
    """Yield what a decree does to others, as its text says, each with the number that the store has and the id of the other there."""
    stored = list(decree.changes)
    for reference in decree.facts.references:
        change = next((change for change in stored if _same(reference, change)), None)
        if change is not None:
            stored.remove(change)
        number = reference.number or (change.number if change is not None else None)
        yield replace(reference, number=number), None if change is None else change.decree
    for change in stored:
        yield Reference(change.kind, change.number, retroactive=change.retroactive), change.decree


def _same(reference: Reference, change: Change) -> bool:
    if reference.change is not change.kind:
        return False
    # Printed numbers differ in spaces, hyphens and case only: `DUPA 2024-699`, `DUPA-2024-699`.
    return reference.number is None or change.number is None or fold_letters(reference.number) == fold_letters(change.number)


def decree_named(number: str | None, signed: date | None, known: int | None, words: Words) -> str:
    """Return `l’arrêté n° 2024-01 du 2 mai 2024 [12]`; `un arrêté antérieur` where nothing names it."""
    shown = cut(inert(clean(number or "")), _LONGEST_NUMBER)
    day = None if signed is None else date_text(signed, words.dates)
    forms = words.changes
    if shown:
        called = words.labels.number.format(number=shown)
        name = forms.numbered.format(number=called) if day is None else forms.numbered_dated.format(number=called, date=day)
    elif day is not None:
        name = forms.dated.format(date=day)
    else:
        name = forms.other
    return name if known is None else forms.stored.format(decree=name, id=known)


# Where a decree stands, in a few words, and what is striking in its dates.

STRIKING_MARK = "🔎 "

_STOPPED = {
    Standing.ENDED: (Kind.ABROGATION,),
    Standing.SUSPENDED: (Kind.SUSPENSION,),
    Standing.IN_DOUBT: (Kind.ABROGATION, Kind.SUSPENSION),
}


def post_timing(message: MessageInput) -> str | None:
    """Return for a post, as of its sending, `Pas encore commencé le 1er mai 2024`, `Plus en vigueur depuis le 3 mai 2024`, or None."""
    advice = message.legal_advice
    if advice is not None and advice.standing in _STOPPED:
        return capital(_stopped(message, advice.standing))
    sent = message.context.announced or message.now
    stage = _stage(message, sent)
    if stage is None:
        return None
    moment, starts = moment_at(sent, ZoneInfo(message.place.time_zone)), current_period(message).starts
    # Of what begins on the same day the hour tells whether it had begun.
    day = moment if starts is not None and starts.day == moment.day else Moment(moment.day)
    return timing_text(stage, message.words.timing, moment_text(day, message.words.dates))


_BY_HOURS = frozenset({Standing.IN_FORCE, Standing.UPCOMING, Standing.OVER})
"""Standings of a period that has begun: not in force between the hours of a decree that has some, and after the last."""


def list_standing(message: MessageInput) -> str | None:
    """Return `commence dans 14 h`, `en cours`, `terminé`, `plus en vigueur depuis…`, `dates à vérifier`; None if never in force."""
    advice, words = message.legal_advice, message.words
    if advice is not None and advice.standing in _STOPPED:
        return _stopped(message, advice.standing)
    stage = _stage(message, message.now)
    if stage is None:
        return None
    said, standing = words.standing, None if advice is None else advice.standing
    if standing is Standing.UNKNOWN and not _PERIOD.isdisjoint(message.decree.facts.doubtful):
        return said.unknown
    by_stage = {
        PeriodStage.UPCOMING: said.upcoming.format(delay=delay_text(stage, words.timing)),
        PeriodStage.STARTED: _in_force(message, words) if standing in _BY_HOURS else said.started,
        PeriodStage.ENDED: said.over,
        PeriodStage.UNKNOWN: said.unknown if standing is Standing.UNKNOWN else None,
    }
    return by_stage[stage.stage]


def _in_force(message: MessageInput, words: Words) -> str:
    """Return `en cours`, and of a decree that applies at some hours only, when they come next, or that there are none any more."""
    said, slots = words.standing, slots_of(message.decree)
    if not slots:
        return str(said.in_force)
    hours = open_hours(slots, message.now.astimezone(ZoneInfo(message.place.time_zone)))
    if hours is None:
        return str(said.hours_over)
    moment = hours.closes if hours.is_open else hours.opens
    text = f"{words.dates.names_of_days[moment.day.weekday()]} {moment_text(moment, words.dates)}"
    return str((said.hours_open if hours.is_open else said.hours_next).format(moment=text))


def list_changes(decree: Decree, words: Words) -> Iterator[str]:
    """Return `modification connue`, `renouvellement connu`: what later decrees did that leaves it standing."""
    kinds = {change.kind for change in decree.changed_by if not change.revoked_by}
    if Kind.MODIFICATION in kinds:
        yield words.standing.modified
    if Kind.RENEWAL in kinds:
        yield words.standing.renewed


def flag_lines(legal_advice: LegalAdvice, topic: str, words: Words) -> Iterator[FactLine]:
    """Return one line per flag, with its brief form for lists and small spaces."""
    for flag in legal_advice.flags:
        whole, brief = _flag(flag, legal_advice, topic, words)
        yield FactLine(PostPart.FLAGS, "", (STRIKING_MARK + capital(whole),), brief=STRIKING_MARK + brief)


def _flag(flag: Flag, legal_advice: LegalAdvice, topic: str, words: Words) -> tuple[str, str]:
    said, name = words.flags, topic_words(topic, words.language).name
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
            return said.outside.format(name=name), said.outside_brief
        case Flag.OUTSIDE_WINDOW:
            return said.outside_days.format(days=days_text(legal_advice.outside, words), name=name), said.outside_brief


def _stage(message: MessageInput, at: datetime) -> PeriodTiming | None:
    """Return the state of the current period; None if it is that of the decree ended or refused."""
    if message.decree.kind not in ALLOWING:
        return None
    return timing(current_period(message), message.place.time_zone, at)


def current_period(message: MessageInput) -> Facts:
    """Return the facts with the period as modified, from the legal advice."""
    facts, advice = message.decree.facts, message.legal_advice
    if advice is None:
        return facts
    starts, ends = advice.starts or facts.starts, advice.ends or facts.ends
    return facts if (starts, ends) == (facts.starts, facts.ends) else replace(facts, starts=starts, ends=ends, slots=())


def _stopped(message: MessageInput, standing: Standing) -> str:
    """Return `plus en vigueur depuis le 3 mai 2024`; without the day if unknown or for a retrait, which undoes from the start."""
    said, since = message.words.standing, stopped_since(message, standing)
    if standing is Standing.IN_DOUBT:
        text = doubt_text(message.decree, message.words)
        return said.in_doubt.format(text=text) if text else said.unknown
    if since is None:
        return said.ended if standing is Standing.ENDED else said.suspended
    form = said.ended_since if standing is Standing.ENDED else said.suspended_since
    return form.format(date=date_text(since, message.words.dates))


def stopped_since(message: MessageInput, standing: Standing) -> date | None:
    """Return the day from which a decree is ended or suspended; None if unknown, for a retrait, or where it is neither."""
    kinds = () if standing is Standing.IN_DOUBT else _STOPPED.get(standing, ())
    changes = [one for one in message.decree.changed_by if one.kind in kinds and one.since is not None and one.since <= message.today]
    # One that was undone counts as its end tells (see the lines on it); where others stand, these are what stops it.
    days = [change.since for change in changes if not change.revoked_by and change.since is not None]
    days = days or [change.since for change in changes if change.since is not None]
    return None if not days or any(change.retroactive for change in changes) else min(days)


# What a reader is advised.

_ADVICE_MARK = "⚖️ "
_HOW_URGENT = frozenset({Standing.UPCOMING, Standing.IN_FORCE, Standing.UNKNOWN, Standing.IN_DOUBT})


class Deadline(Enum):
    """What is known of the last day to contest a decree, by how the names of its words end."""

    KNOWN = ""
    PASSED = "_passed"
    UNKNOWN = "_unknown"
    AT_LEAST = "_at_least"


def no_recourse_line(decree: Decree, words: Words) -> Iterator[FactLine]:
    """Return the line for a decree that allows nothing: readers cannot contest it; for a refused applicant, notification counts."""
    yield FactLine(PostPart.RECOURSE, "", (topic_words(decree.topic, words.language).nothing,))


def deadline(legal_advice: LegalAdvice, today: date) -> tuple[Deadline, date | None]:
    """Return what is known at `today` of the last day to contest a decree: that day, or the earliest that it may be."""
    day, at_least = legal_advice.last_day, legal_advice.at_least
    if day is not None:
        return Deadline.PASSED if today > day else Deadline.KNOWN, day
    return (Deadline.UNKNOWN, None) if at_least is None or today > at_least else (Deadline.AT_LEAST, at_least)


def recourse_line(legal_advice: LegalAdvice, today: date, words: Words) -> Iterator[FactLine]:
    """Return one paragraph: last day, court, urgent application, source. Its brief form is for where room is scarce."""
    said, court, standing = words.recourse, legal_advice.court, legal_advice.standing
    case, day = deadline(legal_advice, today)
    fields = {"day": "" if day is None else date_text(day, words.dates), "court": court_text(court.name, words)}
    is_over = standing is Standing.OVER and case is Deadline.KNOWN
    sentences = [(said.over if is_over else said["limit" + case.value]).format(**fields)]
    if case is not Deadline.PASSED:
        if court.differs:
            sentences.append(said.differs.format(court=court_text(court.by_seat, words)))
        # That of what is over is part of the sentence on the last day, where that is known.
        if not is_over and standing in (urgency := _by_standing(words)):
            sentences.append(urgency[standing])
    sentences.append(said.source.format(rule=rules().articles["limit"], **_sources(words)))
    named = dict.fromkeys(name for name in (court.name, court.by_seat) if name)
    courts = said.two_courts.join(short_court(name, words) for name in named) or said.no_court
    brief = said["brief" + case.value].format(day=fields["day"], court=courts, urgency=_brief_urgency(legal_advice, words))
    yield FactLine(PostPart.RECOURSE, "", (_ADVICE_MARK + " ".join(sentences),), brief=brief)


@dataclass(frozen=True, slots=True)
class AdviceParts:
    """Legal steps in sentences: deadline, court, who, urgent applications. `stage`: what can still be suspended. `who`, `traps`: None after
    the last day, or without one.
    """

    limit: str
    court: str
    who: str | None
    stage: str | None
    urgent: tuple[str, ...]
    traps: str | None
    sources: str


def advice_lines(legal_advice: LegalAdvice, today: date, words: Words) -> tuple[str, ...]:
    """Return what one can do, in full: a heading, then a line each on the last day, the court, urgency, traps and sources."""
    parts = advice_parts(legal_advice, today, words)
    said = (words.advice.heading, parts.limit, parts.court, parts.who, parts.stage, *parts.urgent, parts.traps, parts.sources)
    return tuple(line for line in said if line is not None)


def advice_parts(legal_advice: LegalAdvice, today: date, words: Words) -> AdviceParts:
    """Return the legal steps; `today` at the authority's place. A last day in the past is reported as such."""
    said, sources = words.advice, _sources(words)
    case, day = deadline(legal_advice, today)
    passed = case is Deadline.PASSED
    urgent: tuple[str, ...] = ()
    if legal_advice.standing in _HOW_URGENT:
        urgent = (said.liberty.format(**sources),)
        urgent = urgent if passed else (said.suspension.format(**sources), *urgent)
    return AdviceParts(
        limit=said["limit" + case.value].format(day="" if day is None else date_text(day, words.dates), **sources),
        court=_court(legal_advice, words),
        who=None if passed else said.who,
        stage={**_by_standing(words), Standing.UNKNOWN: said.unknown}.get(legal_advice.standing),
        urgent=urgent,
        traps=None if legal_advice.last_day is None else said.traps.format(**sources),
        sources=said.sources.format(**sources),
    )


def _by_standing(words: Words) -> dict[Standing, str]:
    """Return what is said of an urgent application. What only changes or refuses has no period of its own."""
    said = words.recourse
    return {
        Standing.UPCOMING: said.urgent,
        Standing.IN_FORCE: said.urgent,
        Standing.OVER: said.no_longer,
        Standing.ENDED: said.ended,
        Standing.IN_DOUBT: said.in_doubt,
    }


def _brief_urgency(advice: LegalAdvice, words: Words) -> str:
    """Return a few words on urgent application, with the last day of the period where it is known; empty if in doubt."""
    said, ends = words.recourse, advice.ends
    if advice.standing in {Standing.UPCOMING, Standing.IN_FORCE}:
        return said.brief_possible if ends is None else said.brief_possible_until.format(end=date_text(ends.day, words.dates))
    return said.brief_useless if advice.standing in {Standing.OVER, Standing.ENDED} else ""


def _court(legal_advice: LegalAdvice, words: Words) -> str:
    said, court = words.advice, legal_advice.court
    forms = {(True, True): said.court_both, (True, False): said.court_named, (False, True): said.court_seat}
    form = said.court_differs if court.differs else forms.get((bool(court.named), bool(court.by_seat)), said.court_unknown)
    named, seat = court_text(court.named, words), court_text(court.by_seat, words)
    return form.format(named=named, seat=seat, court=seat if court.by_seat else named, **_sources(words))


def _sources(words: Words) -> dict[str, str]:
    """Return the articles by name, each with its code, and the days on which they were read."""
    known = rules()
    dates: dict[str, date] = {"version": known.version, "courts_checked": known.courts_checked}
    return {**_cited(words.advice.article), **{name: date_text(day, words.dates) for name, day in dates.items()}}


@cache
def _cited(form: str) -> dict[str, str]:
    known = rules()
    return {f"art_{name}": form.format(code=known.code, article=article) for name, article in known.articles.items()}


# Names of administrative courts, as sentences and small spaces need them.

_FULL = "tribunal administratif"
"""How every court of the list begins, whatever the language: names of courts are not translated."""

_LONGEST_COURT = 80


def court_text(name: str | None, words: Words) -> str:
    """Return `tribunal administratif de Paris`; words for "the administrative court" where none is known."""
    said = _said(name)
    if not said:
        return words.recourse.no_court
    rest = _after(said)
    return said if rest is None else _FULL + rest


def short_court(name: str | None, words: Words) -> str:
    """Return `TA de Paris`."""
    said = _said(name)
    rest = _after(said)
    return court_text(name, words) if rest is None else words.recourse.short_court.format(rest=rest)


def _said(name: str | None) -> str:
    return cut(inert(name or "").replace("'", "’"), _LONGEST_COURT)


def _after(said: str) -> str | None:
    return said[len(_FULL) :] if said.casefold().startswith(_FULL) else None


# Which articles messages cite, and when they were read: data of `rules.toml`.


class Rules(Table):
    """Articles by what they settle, and their addresses where known. `version`: day of the consolidated copy; `courts_checked`: day of the
    table of courts."""

    code: str
    version: date
    courts_checked: date
    articles: Mapping[str, str]
    links: Mapping[str, str]
    addresses: Mapping[str, str]


@cache
def rules() -> Rules:
    """Return the rules, read once from their packaged file."""
    return Rules.model_validate(data_file("bot.messages", "rules.toml"))
