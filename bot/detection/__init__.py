"""Detection: an act in, a verdict out. Pure: reads nothing but its own packaged cues, once.

`judge` says whether an act is a decree on algorithmic video surveillance, of which kind, with which facts, each with the
phrase, the page it was read on, where it stood and the cue that it met (`bot.detection.rules.evidence` says which). `reason_words`
tells why an act is uncertain, and `probable_kind` what it would be if a person says that it is a decree.
`identities` gives the keys under which a decree is the same wherever it appears.
"""

from __future__ import annotations

from bot.detection.facts.identity import identities
from bot.detection.judging import probable_kind, verdicts
from bot.detection.text.cues import reason_words
from bot.detection.text.privacy import without_names
from bot.domain.acts import Act, Evidence, Verdict

__all__ = [
    "identities",
    "judge",
    "judge_each",
    "probable_kind",
    "reason_words",
    "without_names",
]


def judge(act: Act, *, stand_alone: bool = False) -> Verdict:
    """Return the verdict on an act.

    `stand_alone` says that the act is a whole file, so that its title may be a file name or the text of a link and
    the heading inside is trusted instead. An act that holds several decrees on VSA gets the verdict of the first; the
    others are named in its evidence as `other_decree` (`judge_each` gives them all).
    """
    first, *others = verdicts(act, stand_alone=stand_alone)
    if not others:
        return first
    named = tuple(
        Evidence("other_decree", quote.page, quote.text, quote.where, quote.cue) for other in others for quote in other.evidence[:1]
    )
    return Verdict(first.outcome, first.kind, first.facts, (*first.evidence, *named))


def judge_each(act: Act, *, stand_alone: bool = False) -> tuple[Verdict, ...]:
    """Return the verdicts on all decrees on VSA that an act holds, or the single verdict that there is none or that a person must look."""
    return verdicts(act, stand_alone=stand_alone)
