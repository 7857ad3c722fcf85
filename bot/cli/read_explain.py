"""Why `vigie read` says what it says: how every page was read, and what each verdict rests on. Pure: values in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.cli.read_lines import act_lines
from bot.cli.read_pages import method_lines, shortened
from bot.detection.gate import signs
from bot.model import Evidence, Outcome, Reading, Verdict
from bot.verdicts import Group

_ABOUT = {
    "verdict": "decides",
    "contradiction": "speaks against it",
    "outside_window": "dated when no text allowed it",
    "other_decree": "another decree in the same act",
    "unreadable": "could not be read",
}


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
    match verdict.outcome:
        case Outcome.DECREE:
            yield f"decree: {verdict.kind.value if verdict.kind else 'of no kind'}"
        case Outcome.UNCERTAIN if all(quote.about == "unreadable" for quote in verdict.evidence):
            yield "uncertain, a person must look: no page of it could be read, and its title does not say what it is about"
        case Outcome.UNCERTAIN:
            yield "uncertain, a person must look: it may concern algorithmic video surveillance, and nothing in it settles that"
        case Outcome.NOT_CONCERNED if verdict.evidence:
            yield "not concerned: it speaks of it and decides nothing on it"
        case Outcome.NOT_CONCERNED:
            yield "not concerned: words in it could be a sign, and turn out to speak of something else"
    yield from _evidence_lines(verdict.evidence)


def _evidence_lines(evidence: Iterable[Evidence]) -> Iterator[str]:
    for item in evidence:
        yield f"p. {item.page}  {_ABOUT.get(item.about, item.about)}: « {shortened(item.text, 300)} »"
