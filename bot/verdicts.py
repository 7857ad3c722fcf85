"""From a reading to what is recorded and shown of it. Pure: the only place where reading and detection meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from bot.detection import identities, judge_each, without_names
from bot.model import Act, Decree, Judged, Outcome, Reading, Verdict
from bot.reading import text_digest
from bot.storage.rows import ReadResult, Recueil, UncertainAct

Group = tuple[Judged, ...]
"""One act with each of its verdicts: a bulk act may hold many decrees, and is shown with the first."""


def judge_reading(reading: Reading) -> tuple[Group, ...]:
    """Judge every act of a document, in order; no group is empty."""
    stand_alone = len(reading.acts) == 1 and reading.acts[0].id is None
    return tuple(tuple(Judged(act, verdict) for verdict in judge_each(act, stand_alone=stand_alone)) for act in reading.acts)


def read_result(recueil: Recueil, reading: Reading, *, next_try_at: datetime | None) -> ReadResult:
    """A recueil read and judged, ready to be recorded. `next_try_at` is when to read it again, None for never."""
    groups = judge_reading(reading)
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
    )


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
    keys = identities(authority, act.id, verdict.facts, text)
    if alone:
        return keys
    # What the whole act is known by would make one decree of all those in it.
    own = tuple(key for key in keys if key.startswith("number:"))
    return own or (f"part:{authority}:{text_digest(act.pages)}:{position}",)


def _first_page(act: Act, verdict: Verdict) -> int:
    return min((item.page for item in verdict.evidence if item.about != "other_decree"), default=act.first_page)
