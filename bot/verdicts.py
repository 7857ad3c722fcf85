"""From a reading to what is recorded and shown of it. Pure: the only place where reading and detection meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from bot.detection import identities, judge_each, without_names
from bot.detection.gate import signs
from bot.model import Act, Decree, Judged, Outcome, Reading, TextOrigin, Verdict
from bot.reading import text_digest
from bot.storage.rows import ReadResult, Recueil, UncertainAct

Group = tuple[Judged, ...]
"""One act with each of its verdicts: a bulk act may hold many decrees, and is shown with the first."""


_STRENGTH = (Outcome.NOT_CONCERNED, Outcome.UNCERTAIN, Outcome.DECREE)


def concerned(act: Act) -> bool:
    """Whether what is read of an act so far has any sign of VSA, or leaves a person to look: the rest of it is then worth reading first.

    An act whose verdict is a decree has a sign, so the verdict itself need not be awaited.
    """
    other = _in_the_other_text(act)
    if signs(act) or (other is not None and signs(other)):
        return True
    # Without a sign, only pages that could not be read leave a doubt.
    unreadable = any(page.origin is TextOrigin.UNREADABLE for page in act.pages)
    return unreadable and judge_each(act, stand_alone=False)[0].outcome is not Outcome.NOT_CONCERNED


def judge_reading(reading: Reading) -> tuple[Group, ...]:
    """Judge every act of a document, in order; no group is empty.

    Where some pages have two texts, an act is judged in both, and the stronger verdict counts, with the text it was read in. Of an act
    with pages that are still to be recognised, the verdict is on what is read so far: see `early_result`.
    """
    return tuple(_judge(act, stand_alone=_stands_alone(reading)) for act in reading.acts)


def early_result(recueil: Recueil, reading: Reading, *, next_try_at: datetime) -> ReadResult | None:
    """The decrees found before all pages are read, ready to be recorded; None where there is none.

    Only acts all of whose pages were tried are judged, and only their decrees are told: of whatever else, the whole reading decides.
    """
    acts = [act for act in reading.acts if not any(page.origin is TextOrigin.PENDING for page in act.pages)]
    groups = [_judge(act, stand_alone=_stands_alone(reading)) for act in acts]
    found = [group for group in groups if group[0].verdict.outcome is Outcome.DECREE]
    return _result(recueil, reading, found, next_try_at, early=True) if found else None


def read_result(recueil: Recueil, reading: Reading, *, next_try_at: datetime | None) -> ReadResult:
    """A recueil read and judged, ready to be recorded. `next_try_at` is when to read it again, None for never."""
    return _result(recueil, reading, judge_reading(reading), next_try_at, early=False)


def _result(recueil: Recueil, reading: Reading, groups: Sequence[Group], next_try_at: datetime | None, *, early: bool) -> ReadResult:
    published = reading.cover.published or recueil.published
    return ReadResult(
        recueil=recueil,
        reading=reading,
        digest=text_digest([page for act in reading.acts for page in act.pages]),
        judged=tuple(group[0] for group in groups),
        decrees=tuple(
            (position, decree)
            for position, group in enumerate(groups)
            for decree in decrees_of(recueil.authority, recueil.url, published, group)
        ),
        next_try_at=next_try_at,
        early=early,
    )


def _stands_alone(reading: Reading) -> bool:
    return len(reading.acts) == 1 and reading.acts[0].id is None


def _judge(act: Act, *, stand_alone: bool) -> Group:
    group = tuple(Judged(act, verdict) for verdict in judge_each(act, stand_alone=stand_alone))
    other = _in_the_other_text(act)
    if other is None or _strength(group) == _STRENGTH.index(Outcome.DECREE):
        return group
    again = tuple(Judged(other, verdict) for verdict in judge_each(other, stand_alone=stand_alone))
    return again if _strength(again) > _strength(group) else group


def _strength(group: Group) -> int:
    return max(_STRENGTH.index(item.verdict.outcome) for item in group)


def _in_the_other_text(act: Act) -> Act | None:
    """The act with the second text of its pages in the place of the first, None where no page has one."""
    if not any(page.other for page in act.pages):
        return None
    return replace(act, pages=tuple(replace(page, text=page.other or page.text) for page in act.pages))


def decrees_of(authority: str, url: str, published: date | None, group: Sequence[Judged]) -> tuple[Decree, ...]:
    """The decrees among the verdicts on one act, none where it is not concerned."""
    found = [item for item in group if item.verdict.outcome is Outcome.DECREE]
    return tuple(
        Decree(
            authority=authority,
            kind=item.verdict.kind,
            # Titles of the table of contents do name people.
            title=without_names(item.act.title),
            facts=item.verdict.facts,
            evidence=item.verdict.evidence,
            url=url,
            page=item.act.first_page if len(found) == 1 else _first_page(item.act, item.verdict),
            published=published,
            act_id=item.act.id,
            identities=_identities(authority, item.act, item.verdict, alone=len(found) == 1, position=position),
        )
        for position, item in enumerate(found)
        if item.verdict.kind is not None
    )


def uncertain_acts(authority: str, url: str, judged: Iterable[Judged]) -> tuple[UncertainAct, ...]:
    """The acts a person must look at."""
    return tuple(
        UncertainAct(
            authority=authority,
            url=url,
            page=item.act.first_page,
            act_id=item.act.id,
            title=without_names(item.act.title),
            evidence=tuple(evidence.text for evidence in item.verdict.evidence),
        )
        for item in judged
        if item.verdict.outcome is Outcome.UNCERTAIN
    )


def _identities(authority: str, act: Act, verdict: Verdict, *, alone: bool, position: int) -> tuple[str, ...]:
    text = "\n".join(page.text for page in act.pages)
    # The identifier of an act that was cut into its decrees is that of all of them.
    keys = identities(authority, act.id if act.part is None else None, verdict.facts, text)
    if alone:
        return keys
    # What the whole act is known by would make one decree of all those in it.
    own = tuple(key for key in keys if key.startswith("number:"))
    return own or (f"part:{authority}:{text_digest(act.pages)}:{position}",)


def _first_page(act: Act, verdict: Verdict) -> int:
    return min((item.page for item in verdict.evidence if item.about != "other_decree"), default=act.first_page)
