"""What people decided of acts, over what the rules say of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from bot.detection import without_names
from bot.detection.facts.links import corrected
from bot.detection.rules.accepted import accepted
from bot.domain import Act, Evidence, Judged, Kind, Outcome, Verdict
from bot.domain.identity.act_keys import ActText, act_keys
from bot.domain.records import Decision

NONE_DECIDED: Mapping[str, Decision] = MappingProxyType({})


def keys_of(url: str, acts: Sequence[Act]) -> list[tuple[str, ...]]:
    """The keys under which a person may have decided of each of the acts of the recueil at `url`, in either text of its pages."""
    return act_keys(url, [_known_by(act) for act in acts])


def as_decided(group: tuple[Judged, ...], keys: Sequence[str], decided: Mapping[str, Decision]) -> tuple[Judged, ...]:
    """The group as a person decided: the strongest key that is known counts."""
    decision = next((decided[key] for key in keys if key in decided), None)
    if decision is None:
        return group
    act = group[0].act
    told = Evidence("decided", act.first_page, without_names(act.title))
    if decision.outcome is not Outcome.DECREE:
        quotes = tuple(quote for item in group for quote in item.verdict.evidence)
        return (Judged(act, Verdict(Outcome.NOT_CONCERNED, evidence=(told, *quotes))),)
    if any(item.verdict.outcome is not Outcome.DECREE for item in group):
        group = accepted_group(act, decision.kind)
    # Of an act that holds many decrees, the kind that was given is not that of each.
    kind = decision.kind if len(group) == 1 else None
    return tuple(
        Judged(item.act, replace(item.verdict, kind=kind or item.verdict.kind, evidence=(told, *item.verdict.evidence))) for item in group
    )


def accepted_group(act: Act, kind: Kind | None) -> tuple[Judged, ...]:
    """The decrees that an act holds, each of the likeliest kind where none is given: a person says that it is one, or is several."""
    verdicts = accepted(act, kind)
    if len(verdicts) > 1 and kind is not None:
        # A kind that is given is that of one decree.
        verdicts = accepted(act)
    # An erratum corrects one decree; of an act that holds many, its title does not tell which.
    return tuple(Judged(act, corrected(act, verdict) if len(verdicts) == 1 else verdict) for verdict in verdicts)


def in_the_other_text(act: Act) -> Act | None:
    """The act with the second text of its pages in the place of the first, None where no page has one."""
    if not any(page.other for page in act.pages):
        return None
    return replace(act, pages=tuple(replace(page, text=page.other or page.text) for page in act.pages))


def text_of(act: Act) -> str:
    """Its pages joined by line breaks."""
    return "\n".join(page.text for page in act.pages)


def _known_by(act: Act) -> ActText:
    other = in_the_other_text(act)
    return ActText(act.id, act.title, act.first_page, text_of(act), None if other is None else text_of(other))
