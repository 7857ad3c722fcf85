"""Keys under which a decree is the same wherever it appears, and how another decree names it in those terms.

Two sightings that share one key are one decree.

A false merge loses a decree for good (it is taken for one already announced); a miss announces one twice. So every key is
as narrow as the text allows:

- `number:…` joins the authority, the comparable number (`DUPA 2024-1017` = `2024-1017`, `2025-001006` = `2025-01006`) and a
  date: that of signature, or the first day of the period. The date is needed because an authority numbers in several series:
  `2024-00493` of the cabinet and `DUPA 2024-493` compare equal, and are two decrees. Two keys, because the sighting in a
  table of contents shows the period while the scan shows the signature. Where services are named before the year
  (`CAB-SIDPC-2026-447`) there are two more without them, as the next print may name them before "n°" or not at all.
- Only where neither date is known does a number count alone, and then with its series and its zeros as printed, and only if
  it holds a year: `n° 12` is every service's.
- `act:…` is the identifier of the national template, unique in France.
- `text:…` is the hash of the squeezed text, when it is long enough to be a decree of its own.

The authority in a number key is the one that decided, not the one that published: the préfet de police's decrees also appear
in the recueils of 92, 93 and 94, and what several prefects decide together in those of each, under the one named first. What this
misses: a decree that prints no number, seen once in a recueil and once as a scan whose OCR differs.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from functools import cache

from bot.detection.facts.numbers import without_service
from bot.detection.text.cues import load
from bot.detection.text.segments import erratum_in
from bot.detection.text.views import fold
from bot.domain.acts import GRANTS, Act, Facts, Kind, Outcome, Reference, Verdict
from bot.domain.folding import fold_letters
from bot.domain.identity import comparable

POLICE = "PP"
"""Code of the préfecture de police among the authorities."""

_SHORTEST = 600
"""Squeezed characters below which a text is a title or a fragment that two decrees may share."""

# Letterhead, "Le préfet de police," before the visas or the operative word, or the signature. "La préfecture de police" is spoken of.
_POLICE_SIGNS = re.compile(
    r"^.{0,80}(?<!la)prefecturedepolice(?!desbouches)|(?<!par)(?<!avec)(?<!que)leprefetdepolice(?:vu|arrete(?!n?\d))|pourleprefetdepolice(?!desbouches)"
)
# The préfet de police des Bouches-du-Rhône is another one, who signs "Le préfet de police" too. A match against Marseille is no sign of
# him: only his titles, where he signs and his court are.
_BOUCHES_DU_RHONE = re.compile(
    r"prefe(?:te?|cture)[a-z]{0,60}bouchesdurhone|faitamarseille|(?<![a-z])marseillele\d|tribunaladministratifdemarseille"
)
_POLICE_SERIES = re.compile(r"dupa\b", re.IGNORECASE)
_HEAD = 6000
"""Squeezed characters in which the deciding authority is named."""


def identities(authority: str, act_id: str | None, facts: Facts, text: str) -> tuple[str, ...]:
    """Return the keys of one sighting, strongest first. `authority` is the code of the publisher, `text` the act's pages joined."""
    tight = fold_letters(text)
    keys: list[str] = []
    if act_id is not None:
        keys.append(f"act:{act_id.strip().lower()}")
    if facts.number is not None:
        keys.extend(_number_keys(facts.authority or deciding_authority(authority, facts.number, tight), facts.number, facts))
    if len(tight) >= _SHORTEST:
        keys.append(f"text:{hashlib.sha256(tight.encode('ascii')).hexdigest()[:40]}")
    return tuple(keys)


def deciding_authority(authority: str, number: str, tight: str) -> str:
    """`PP` for a number of its own series or a squeezed text that the préfet de police decides; else the publisher."""
    return POLICE if of_police_series(number) or police_decides(tight) is not None else authority


def police_decides(tight: str) -> tuple[int, int] | None:
    """Where a squeezed text shows that the préfet de police (of Paris) decides, by its letterhead, opening or signature; None for the
    préfet de police des Bouches-du-Rhône."""
    match = _POLICE_SIGNS.search(tight, 0, _HEAD)
    return match.span() if match is not None and _BOUCHES_DU_RHONE.search(tight, 0, _HEAD) is None else None


def of_police_series(number: str) -> bool:
    """Return True for a number of the series that only the préfecture de police has (`DUPA-2024-1017`)."""
    return _POLICE_SERIES.match(number) is not None


def _number_keys(authority: str, number: str, facts: Facts) -> list[str]:
    keys: list[str] = []
    for plain in dict.fromkeys((comparable(number), without_service(number))):
        if facts.signed is not None:
            keys.append(f"number:{authority}:{plain}:signed:{facts.signed.isoformat()}")
        if facts.starts is not None:
            keys.append(f"number:{authority}:{plain}:starts:{facts.starts.day.isoformat()}")
    if not keys and re.search(r"20\d\d", number):
        printed = "-".join(re.findall(r"[a-z]+|\d+", number.lower()))
        keys.append(f"number:{authority}:{printed}")
    return keys


def prefix(reference: Reference, authority: str) -> str | None:
    """Return what the keys of the decree that is named begin with (`number:PP:2024-1017:`), None where only its day is named.

    `authority` is the code of the one whose decree names it: an authority changes its own decrees, but for those whose series tells
    another one. The keys are those of `bot.detection.facts.identity`.
    """
    if reference.number is None:
        return None
    return f"number:{deciding_authority(authority, reference.number, '')}:{comparable(reference.number)}:"


def prefixes(facts: Facts, authority: str) -> tuple[str | None, ...]:
    """Return the prefix of each reference of a decree that this authority decided, in order."""
    return tuple(prefix(reference, authority) for reference in facts.references)


def decided_by(publisher: str, facts: Facts, keys: tuple[str, ...]) -> str:
    """Code of the authority that decided: as the text tells it, as the key of its number has it, else whoever published it."""
    if facts.authority is not None:
        return facts.authority
    return next((key.split(":")[1] for key in keys if key.startswith("number:")), publisher)


def corrected(act: Act, verdict: Verdict) -> Verdict:
    """Return the verdict on an erratum: whatever the title that it repeats grants, it modifies the decree that it corrects.

    A number and a day that it prints as its own are those of that decree, by which it would be taken for one more sighting of it, and
    nobody would be told.
    """
    facts = verdict.facts
    if verdict.outcome is not Outcome.DECREE or verdict.kind is None or not _is_erratum(act):
        return verdict
    kind = Kind.MODIFICATION if verdict.kind in GRANTS else verdict.kind
    if facts.references:
        # It has a number of its own, or none.
        return replace(verdict, kind=kind) if all(entry.change is kind for entry in facts.references) else verdict
    if facts.number is None:
        return verdict
    named = Reference(kind, facts.number, facts.signed)
    return replace(verdict, kind=kind, facts=replace(facts, number=None, signed=None, references=(named,)))


def _is_erratum(act: Act) -> bool:
    """By a word of its title, or by a line of its first page that begins with it before much else is said."""
    title, head = fold(act.title).text, fold(act.pages[0].text).text if act.pages else ""
    return _named().search(title) is not None or erratum_in(title) is not None or erratum_in(head) is not None


@cache
def _named() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(load('links.toml')['erratum'])})\b")
