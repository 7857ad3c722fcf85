"""Why `vigie read` says what it says: how every page was read, and what each verdict rests on. Pure: values in, lines out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.cli.read_evidence import evidence_lines, reason
from bot.cli.read_output import act_lines
from bot.cli.read_pages import method_lines
from bot.detection.text.gate import signs
from bot.domain import Outcome, Reading, Verdict
from bot.ingest.judging import Group

_UNSETTLED = "it may concern algorithmic video surveillance, and nothing in it settles that"


def explain_lines(reading: Reading, groups: Sequence[Group]) -> Iterator[str]:
    """How the pages were read, then the acts that are decrees, uncertain, or not concerned in spite of a sign."""
    yield "How the pages were read:"
    for line in method_lines(reading.pages):
        yield f"  {line}"
    explained = [group for group in groups if _worth_explaining(group)]
    yield "Why each act is judged as it is:"
    for group in explained:
        yield ""
        yield from (f"  {line}" for line in act_lines([group]))
        for item in group:
            yield from (f"    {line}" for line in _verdict_lines(item.verdict))
    silent = len(groups) - len(explained)
    if silent:
        yield ""
        yield f"  {'the others' if explained else 'all acts'} ({silent}): not a word of algorithmic video surveillance"


def _worth_explaining(group: Group) -> bool:
    first = group[0]
    return first.verdict.outcome is not Outcome.NOT_CONCERNED or bool(first.verdict.evidence) or signs(first.act)


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    evidence = verdict.evidence
    spoken = any(quote.about == "verdict" for quote in evidence)
    match verdict.outcome:
        case Outcome.DECREE:
            yield f"decree: {verdict.kind.value if verdict.kind else 'of no kind'}"
        case Outcome.UNCERTAIN:
            yield f"uncertain, a person must look: {reason(evidence) or _UNSETTLED}"
        case Outcome.NOT_CONCERNED if spoken:
            yield "not concerned: it speaks of it and decides nothing on it"
        case Outcome.NOT_CONCERNED:
            yield "not concerned: words in it could be a sign, and turn out to speak of something else"
    yield from evidence_lines(evidence, decides=verdict.outcome is Outcome.DECREE)
