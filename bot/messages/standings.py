"""Where a decree stands, what is striking in its dates, what it does to others and what later ones do to it: in a few words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import NamedTuple

from bot.domain.acts import ALLOWING, CHANGING, Change, Decree, Facts, Kind, Reference
from bot.domain.folding import fold_letters
from bot.domain.law import Flag, LegalAdvice, Standing
from bot.messages.cleaning import clean, cut, inert
from bot.messages.lines import FactLine, MessageInput, PostPart, capital
from bot.messages.words import PeriodStage, PeriodTiming, Words, date_text, days_text, delay_text, period_text, timing, timing_text

_LONGEST_NUMBER = 60
_MOST = 5
"""Lines of one direction: a decree that ends more than five others is told with how many are not shown."""

_PERIOD = frozenset({"starts", "ends"})
_WITH_PERIOD = frozenset({Kind.RENEWAL, Kind.MODIFICATION})


def first_link(decree: Decree, words: Words) -> str | None:
    """Return `met fin à l’arrêté n° 2024-01 [12]`, for lists; None for a decree that bears on no other."""
    for bond in _bonds(decree):
        return _verb(bond, words).format(decree=_named(bond.number, None if bond.number else bond.signed, bond.known, words))
    return None


def link_lines(decree: Decree, words: Words) -> Iterator[FactLine]:
    """Return `Met fin à l’arrêté n° 2024-01 du 2 mai 2024 [12]`, one line per decree that this one bears on."""
    bonds = tuple(_bonds(decree))
    for position, bond in enumerate(bonds[:_MOST]):
        days = (bond.signed, None if bond.number else bond.signed)
        whole, brief = (_verb(bond, words).format(decree=_named(bond.number, day, bond.known, words)) for day in days)
        yield FactLine(PostPart.LINKS, "", (capital(whole),), hidden=_left(bonds, position), more=words.more, brief=capital(brief))


def changed_lines(decree: Decree, words: Words) -> Iterator[FactLine]:
    """Return `Abrogé par l’arrêté n° 2024-02 [15], à compter du 3 mai 2024`, one line per later decree."""
    for position, change in enumerate(decree.changed_by[:_MOST]):
        yield FactLine(PostPart.CHANGED, "", (_changed(change, words),), hidden=_left(decree.changed_by, position), more=words.more)


def notice_lines(decree: Decree, words: Words, below: Collection[int]) -> Iterator[FactLine]:
    """Return `⏹️ Abrogé par l’arrêté n° 2024-02 [15], à compter du 3 mai 2024 (voir la réponse)`, where that is known when the post is
    written.

    The end of what it allowed comes first, what was ended itself last; `below` are the ids of the decrees that are told after it in the
    same place.
    """
    changes = sorted(
        (change for change in decree.changed_by if change.kind in CHANGING),
        key=lambda change: (_is_revoked(change), change.kind in _WITH_PERIOD),
    )
    for position, change in enumerate(changes[:_MOST]):
        mark = words.notice.undone if _is_revoked(change) else words.notice.marks[change.kind]
        whole, brief = (
            f"{mark} {_changed(change, words)}",
            f"{mark} {_changed(replace(change, number=None, decree=None), words, whole=False)}",
        )
        if change.decree in below:
            whole, brief = (words.notice.below.format(text=text) for text in (whole, brief))
        yield FactLine(PostPart.NOTICE, "", (whole,), hidden=_left(tuple(changes), position), more=words.more, brief=brief)


def doubt_text(decree: Decree, kinds: Collection[Kind], words: Words) -> str | None:
    """Return `à vérifier : abrogé par l’arrêté n° 2 [15], auquel l’arrêté n° 3 [16] a mis fin ensuite`; None where nothing was ended that
    did."""
    for change in decree.changed_by:
        if change.kind in kinds and change.revoked_by:
            ending = change.revoked_by[-1]
            said, by = _undergone(change, words), _named(ending.number, None, ending.decree, words)
            return words.standing.in_doubt.format(text=said, ending=by)
    return None


def _changed(change: Change, words: Words, *, whole: bool = True) -> str:
    """Return what a later decree does; where that was ended itself, by what, or unless `whole` only that it was."""
    said = _dated(change, words)
    if change.revoked_by and not whole:
        said = words.changes.undone.brief.format(text=said)
    elif change.revoked_by:
        said = words.changes.undone.joint.join((said, *islice(_revocations(change, words), _MOST)))
    return capital(said)


def _revocations(change: Change, words: Words) -> Iterator[str]:
    """Return `l’arrêté n° 2 [15] est lui-même retiré par l’arrêté n° 3 [16]`, one text per decree that does, each before what ends that."""
    said = words.changes.undone
    for ending in change.revoked_by:
        form = {True: said.withdrawn, False: said.abrogated, None: said.ended}[ending.retroactive]
        names = [_named(one.number, None, one.decree, words) for one in (change, ending)]
        text = _since(form.format(changed=names[0], decree=names[1]), ending, words)
        if change.kind is Kind.ABROGATION:
            # Where that was ended in its turn, nothing short tells what is left.
            effect = None if ending.revoked_by else ending.retroactive
            text = {True: said.revives, False: said.stays, None: said.unclear}[effect].format(text=text)
        yield text
        yield from _revocations(ending, words)


def _undergone(change: Change, words: Words) -> str:
    """Return `abrogé par l’arrêté n° 2024-02 [15]`, `retiré par…`; `fin décidée par…` where its text does not tell which."""
    named = _named(change.number, None, change.decree, words)
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
    """Add the day from which it counts; of a retrait the day on which it was decided, for it has no beginning."""
    form = words.changes.on if change.retroactive else words.changes.since
    return said if change.since is None else form.format(text=said, date=date_text(change.since, words.dates))


def _is_revoked(change: Change) -> bool:
    """Whether it was ended itself, by what still stands, so that what it did is over. Of an end only what is retroactive undoes it."""
    return any(
        not _is_revoked(ending) and (change.kind is not Kind.ABROGATION or ending.retroactive is True) for ending in change.revoked_by
    )


def _left(all_of_them: tuple[object, ...], position: int) -> int:
    """Return how many are not shown, said on the last line shown."""
    return max(len(all_of_them) - _MOST, 0) if position == _MOST - 1 else 0


class _Bond(NamedTuple):
    """What a decree does, to which number, signed when, stored under which id."""

    kind: Kind
    number: str | None
    signed: date | None
    known: int | None
    retroactive: bool | None


def _verb(bond: _Bond, words: Words) -> str:
    return words.changes.withdraws if bond.retroactive else words.changes.does[bond.kind]


def _bonds(decree: Decree) -> Iterator[_Bond]:
    """Return them as the text says, with what the store has of each."""
    stored = list(decree.changes)
    for reference in decree.facts.references:
        change = next((change for change in stored if _same(reference, change)), None)
        if change is not None:
            stored.remove(change)
        number = reference.number or (change.number if change is not None else None)
        yield _Bond(reference.change, number, reference.signed, None if change is None else change.decree, reference.retroactive)
    for change in stored:
        yield _Bond(change.kind, change.number, None, change.decree, change.retroactive)


def _same(reference: Reference, change: Change) -> bool:
    if reference.change is not change.kind:
        return False
    # Printed numbers differ in spaces, hyphens and case only: `DUPA 2024-699`, `DUPA-2024-699`.
    return reference.number is None or change.number is None or fold_letters(reference.number) == fold_letters(change.number)


def _named(number: str | None, signed: date | None, known: int | None, words: Words) -> str:
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

_MARK = "🔎 "

_STOPPED = {
    Standing.ENDED: (Kind.ABROGATION,),
    Standing.SUSPENDED: (Kind.SUSPENSION,),
    Standing.IN_DOUBT: (Kind.ABROGATION, Kind.SUSPENSION),
}


def post_timing(message: MessageInput) -> str | None:
    """Return for a post: `À venir au moment de cette annonce`, `Plus en vigueur depuis le 3 mai 2024`; None when nothing can be said.

    A post stays: what it says of the time refers to the instant at which it was sent.
    """
    advice = message.legal_advice
    if advice is not None and advice.standing in _STOPPED:
        return capital(_stopped(message, advice.standing))
    stage = _stage(message, message.context.announced or message.now)
    return None if stage is None else timing_text(stage, message.words.timing)


def list_standing(message: MessageInput) -> str | None:
    """Return for an answer: `commence dans 14 h`, `en cours`, `terminé`, `plus en vigueur depuis le 3 mai 2024`, `dates à vérifier`; None
    for what is never in force."""
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
        PeriodStage.STARTED: said.in_force if standing is Standing.IN_FORCE else said.started,
        PeriodStage.ENDED: said.over,
        PeriodStage.UNKNOWN: said.unknown if standing is Standing.UNKNOWN else None,
    }
    return by_stage[stage.stage]


def list_changes(decree: Decree, words: Words) -> Iterator[str]:
    """Return `modification connue`, `renouvellement connu`: what later decrees did that leaves it standing."""
    kinds = {change.kind for change in decree.changed_by if not change.revoked_by}
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


def _stage(message: MessageInput, at: datetime) -> PeriodTiming | None:
    """Return where the period stands that counts; None where that is the one of the decree that this one ends or refuses."""
    if message.decree.kind not in ALLOWING:
        return None
    return timing(current_period(message), message.place.time_zone, at)


def current_period(message: MessageInput) -> Facts:
    """Return the facts with the period that counts: as a later decree has modified it, where the legal advice says so."""
    facts, advice = message.decree.facts, message.legal_advice
    if advice is None:
        return facts
    return replace(facts, starts=advice.starts or facts.starts, ends=advice.ends or facts.ends)


def _stopped(message: MessageInput, standing: Standing) -> str:
    """Return `plus en vigueur depuis le 3 mai 2024`; without the day where the decree that does it shows none, or withdraws it: what is
    withdrawn is taken never to have been in force."""
    decree, words, today = message.decree, message.words, message.today
    said, kinds = words.standing, _STOPPED[standing]
    if standing is Standing.IN_DOUBT:
        return doubt_text(decree, kinds, words) or said.unknown
    changes = [change for change in decree.changed_by if change.kind in kinds and change.since is not None and change.since <= today]
    # One that was undone counts as its end tells (see the lines on it); where others stand, these are what stops it.
    days = [change.since for change in changes if not change.revoked_by and change.since is not None]
    days = days or [change.since for change in changes if change.since is not None]
    if not days or any(change.retroactive for change in changes):
        return said.ended if standing is Standing.ENDED else said.suspended
    since = said.ended_since if standing is Standing.ENDED else said.suspended_since
    return since.format(date=date_text(min(days), words.dates))
