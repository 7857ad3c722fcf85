"""Judges a reading: returns what is recorded and shown of it. Pure: the only module where reading and detection meet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import takewhile
from types import MappingProxyType

from bot.detection.facts.identity import corrected, decided_by, identities, prefixes
from bot.detection.judging import as_decree, judge, judge_topics
from bot.detection.text.cues import VerdictReason
from bot.detection.text.document import has_sign, signs
from bot.detection.text.phrases import without_names
from bot.domain.acts import Act, Decree, Evidence, Facts, FactValue, Judged, Kind, Outcome, Reading, Verdict
from bot.domain.identity import COMPLETED, ActIdentity, act_keys, merge_facts, of_topic, text_digest
from bot.domain.records import Decision, ReadResult, Recueil, UncertainAct
from bot.domain.text import TextOrigin
from bot.domain.topics import WatchedTopics
from sources.catalogue.authority import Issuers, prefix_of


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """Holds what acts are judged by: whose they may be (by default, the authority's of their site), and the topics that are watched."""

    issuers: Issuers = field(default_factory=lambda: Issuers(()))
    watched: WatchedTopics = field(default_factory=WatchedTopics)


BY_DEFAULT = JudgedBy()


# What people decided of acts, over what the rules say of them. Pure.

NONE_DECIDED: Mapping[str, Decision] = MappingProxyType({})


def keys_of(url: str, acts: Sequence[Act]) -> list[tuple[str, ...]]:
    """Return the keys under which a person may have decided of each of the acts of the recueil at `url`, in either text of its pages; for
    another topic than the first, each with its mark (`of_topic`)."""
    return act_keys(url, [_known_by(act) for act in acts])


def as_decided(
    recueil: Recueil, found: Sequence[Judged], keys: Sequence[str], decided: Mapping[str, Decision], by: JudgedBy
) -> tuple[Judged, ...]:
    """Return the verdicts on an act, `found` by the rules for its topics, as a person decided; the strongest known key of a topic counts. A
    decree of which nobody decided, and whose number is of no authority known to publish there, is left to a person."""
    items = {item.verdict.topic: attributed(recueil, item, by.issuers) for item in found}
    by_rules = {item.verdict.topic: item for item in found}
    for topic in by.watched.names:
        decision = next((decided[key] for each in keys if (key := of_topic(each, topic)) in decided), None)
        if decision is not None and (topic in items or decision.outcome is Outcome.DECREE):
            items[topic] = _as_decided(by_rules.get(topic) or Judged(found[0].act, Verdict(Outcome.NOT_CONCERNED, topic=topic)), decision)
    return tuple(items.values())


def _as_decided(item: Judged, decision: Decision) -> Judged:
    act, topic = item.act, item.verdict.topic
    decided_quote = Evidence("decided", act.first_page, without_names(act.title))
    if decision.outcome is not Outcome.DECREE:
        return Judged(act, Verdict(Outcome.NOT_CONCERNED, evidence=(decided_quote, *item.verdict.evidence), topic=topic))
    own = item if item.verdict.outcome is Outcome.DECREE else accepted(act, topic, decision.kind)
    return Judged(own.act, _as_settled(own.verdict, decision.kind, decided_quote, decision.facts))


def _as_settled(verdict: Verdict, kind: Kind | None, decided_quote: Evidence, answers: Mapping[str, FactValue]) -> Verdict:
    facts = verdict.facts.settle(answers)
    # A phrase that says something else is no proof of what a person says.
    others = {name for name in answers if getattr(facts, name) != getattr(verdict.facts, name)}
    quotes = (quote for quote in verdict.evidence if quote.about not in others)
    return replace(verdict, kind=kind or verdict.kind, facts=facts, evidence=(decided_quote, *quotes))


def accepted(act: Act, topic: str, kind: Kind | None) -> Judged:
    """Return the decree on a topic that a person says an act is: that of the rules, else of the likeliest kind where none is given."""
    verdict = judge(act, topic)
    if verdict.outcome is not Outcome.DECREE or kind not in {None, verdict.kind}:
        verdict = as_decree(act, kind, topic)
    return Judged(act, corrected(act, verdict))


def in_the_other_text(act: Act) -> Act | None:
    """Return the act with the second text of its pages in the place of the first, None where no page has one."""
    if not any(page.other for page in act.pages):
        return None
    return replace(act, pages=tuple(replace(page, text=page.other or page.text) for page in act.pages))


def _known_by(act: Act) -> ActIdentity:
    other = in_the_other_text(act)
    return ActIdentity(act.id, act.title, act.first_page, act.text, None if other is None else other.text)


_STRENGTH = (Outcome.NOT_CONCERNED, Outcome.UNCERTAIN, Outcome.DECREE)


def concerned(act: Act, watched: WatchedTopics = BY_DEFAULT.watched) -> bool:
    """Return whether what is read of an act so far has a sign of a watched topic, or needs a person: its other pages are then read first. A
    decree always has a sign, so the verdict is not awaited."""
    other = in_the_other_text(act)
    if signs(act, watched.names) or (other is not None and signs(other, watched.names)):
        return True
    # Without a sign, only pages that could not be read leave a doubt.
    unreadable = not all(page.is_whole for page in act.pages)
    return unreadable and judge(act, watched.names[0]).outcome is not Outcome.NOT_CONCERNED


def judge_reading(reading: Reading, watched: WatchedTopics = BY_DEFAULT.watched) -> tuple[Judged, ...]:
    """Judge every act of a document, in order: one item for each watched topic that concerns it, or one where none does. An act on pages
    with two texts is judged in both: the stronger verdict counts, with its text. The verdict on an act with unrecognised pages is on what
    is read so far: see `early_result`."""
    return tuple(item for found in judge_acts(reading.acts, watched, stand_alone=_stands_alone(reading)) for item in found)


def judge_acts(acts: Sequence[Act], watched: WatchedTopics = BY_DEFAULT.watched, *, stand_alone: bool) -> list[tuple[Judged, ...]]:
    """Judge each of the acts of a document, in order, whatever its tables list. `stand_alone`: there is one, the whole file."""
    return without_summary_tables([_judge_act(act, watched, stand_alone=stand_alone) for act in acts])


def decision_keys(recueil: Recueil, reading: Reading, watched: WatchedTopics = BY_DEFAULT.watched) -> tuple[str, ...]:
    """Return the keys under which a person may have decided of an act of this reading: `read_result` takes what they decided."""
    keys = (key for its in keys_of(recueil.url, reading.acts) for key in its)
    return tuple(dict.fromkeys(of_topic(key, topic) for key in keys for topic in watched.names))


def early_result(
    recueil: Recueil,
    reading: Reading,
    *,
    next_try_at: datetime,
    decided: Mapping[str, Decision] = NONE_DECIDED,
    by: JudgedBy = BY_DEFAULT,
) -> ReadResult | None:
    """Return the decrees found before all pages are read, ready to be recorded; None if there is none. Only decrees of acts all of whose
    pages were tried are returned, those in the table of a bulk act together with those after it; the whole reading decides the rest."""
    recueil = _with_cover(recueil, reading)
    read = [act.part != 0 and not any(page.origin is TextOrigin.PENDING for page in act.pages) for act in reading.acts]
    items = [
        item
        for act, keys, whole in zip(reading.acts, keys_of(recueil.url, reading.acts), read, strict=True)
        if whole
        for item in as_decided(recueil, _judge_act(act, by.watched, stand_alone=_stands_alone(reading)), keys, decided, by)
    ]
    found = [item for item in items if item.verdict.outcome is Outcome.DECREE]
    return _result_of(recueil, reading, found, next_try_at, by, early=True) if found else None


def read_result(
    recueil: Recueil,
    reading: Reading,
    *,
    next_try_at: datetime | None,
    decided: Mapping[str, Decision] = NONE_DECIDED,
    gained: bool = False,
    by: JudgedBy = BY_DEFAULT,
) -> ReadResult:
    """Judge a recueil, ready to be recorded. `next_try_at`: when to read it again, None for never; `gained` as in `ReadResult`. `decided`:
    decisions of people, by `decision_keys`, which override the rules."""
    recueil = _with_cover(recueil, reading)
    judged = judge_acts(reading.acts, by.watched, stand_alone=_stands_alone(reading))
    keys = keys_of(recueil.url, reading.acts)
    items = [item for found, its in zip(judged, keys, strict=True) for item in as_decided(recueil, found, its, decided, by)]
    return replace(_result_of(recueil, reading, items, next_try_at, by, early=False), gained=gained)


def accepted_decree(recueil: Recueil, act: Act, topic: str, kind: Kind | None = None, issuers: Issuers = BY_DEFAULT.issuers) -> Decree:
    """Return the decree on a topic that a person says an act of this recueil is."""
    item = accepted(act, topic, kind)
    return decree_of(issuer_of(recueil, item, issuers) or recueil.authority, recueil.url, recueil.published, item)


def attributed(recueil: Recueil, item: Judged, issuers: Issuers) -> Judged:
    """Return the verdict on an act; a decree whose number is of no authority known to publish there is left to a person."""
    if item.verdict.outcome is not Outcome.DECREE or issuer_of(recueil, item, issuers) is not None:
        return item
    number = _own_number(item) or recueil.number or ""
    doubt = Evidence("doubt", item.act.first_page, number, cue=VerdictReason.UNKNOWN_ISSUER.value)
    return Judged(item.act, Verdict(Outcome.UNCERTAIN, evidence=(doubt, *item.verdict.evidence), topic=item.verdict.topic))


def issuer_of(recueil: Recueil, item: Judged, issuers: Issuers) -> str | None:
    """Return the code of the authority whose act this is; None if a person must decide. Its own number decides, else its recueil's; the
    préfet de police uses numbers of several departments, as the catalogue says. A number from OCR that names another authority than the
    site's may be misread, and counts only if the cover confirms it."""
    publisher, own = recueil.authority, _own_number(item)
    found = issuers.issuer(own or recueil.number, publisher)
    if found is None or found == publisher:
        return found
    verdict, text = item.verdict, item.act.text
    decider = decided_by(publisher, verdict.facts, identities(publisher, None, verdict.facts, text))
    if decider != publisher and issuers.publishes_in(decider, publisher) and issuers.publishes_in(decider, found):
        return publisher
    recognised = any(page.origin is TextOrigin.OCR for page in item.act.pages[:1])
    return None if recognised and (own is None or prefix_of(own) != prefix_of(recueil.number)) else found


def _own_number(item: Judged) -> str | None:
    """Return the number of the national template that an act bears: its identifier, else the number that it prints as its own."""
    return item.act.id or (item.verdict.facts.number if prefix_of(item.verdict.facts.number) is not None else None)


def _with_cover(recueil: Recueil, reading: Reading) -> Recueil:
    """Return the recueil with what its cover says, where it was read."""
    return replace(recueil, number=reading.cover.number or recueil.number, published=reading.cover.published or recueil.published)


def _result_of(
    recueil: Recueil, reading: Reading, judged: Sequence[Judged], next_try_at: datetime | None, by: JudgedBy, *, early: bool
) -> ReadResult:
    return ReadResult(
        recueil=recueil,
        reading=reading,
        digest=text_digest([page for act in reading.acts for page in act.pages]),
        judged=tuple(judged),
        decrees=tuple(
            (position, decree) for position, item in enumerate(judged) if (decree := decree_in(recueil, item, by.issuers)) is not None
        ),
        next_try_at=next_try_at,
        early=early,
        watched=by.watched,
    )


def _stands_alone(reading: Reading) -> bool:
    return len(reading.acts) == 1 and reading.acts[0].id is None


def _judge_act(act: Act, watched: WatchedTopics, *, stand_alone: bool) -> tuple[Judged, ...]:
    """Return the verdicts on an act for its topics, each from the text where it is strongest. `stand_alone`: it is a whole file. A decree
    in both texts has the facts of the first, better one, and those that only the second gives."""
    found = _judged(act, watched, stand_alone=stand_alone)
    other = in_the_other_text(act)
    if other is None:
        return found
    items = {item.verdict.topic: item for item in found}
    for again in _judged(other, watched, stand_alone=stand_alone):
        topic = again.verdict.topic
        items[topic] = _stronger(items[topic], again) if topic in items else again
    return tuple(item for item in items.values() if item.verdict.outcome is not Outcome.NOT_CONCERNED) or found


def _stronger(item: Judged, again: Judged) -> Judged:
    if _STRENGTH.index(again.verdict.outcome) > _STRENGTH.index(item.verdict.outcome):
        return again
    return _completed(item, again.verdict) if again.verdict.outcome is Outcome.DECREE else item


_UNDER_STAMPS = ("number", "signed", "office")


def _completed(item: Judged, other: Verdict) -> Judged:
    """Return a decree with the facts that only its other text gives: those are doubtful, and what stands under stamps where it differs."""
    own = item.verdict.facts
    facts = merge_facts(replace(own, doubtful=()), (other.facts,))
    unsure = {name for name in _UNDER_STAMPS if getattr(other.facts, name) not in {None, getattr(own, name)}}
    unsure |= {name for name in (*COMPLETED, "starts", "ends") if getattr(facts, name) != getattr(own, name)}
    facts = replace(facts, doubtful=tuple(dict.fromkeys((*own.doubtful, *sorted(unsure)))))
    given = {quote.about for quote in item.verdict.evidence}
    about = unsure | ({"period"} if unsure & {"starts", "ends"} else set())
    quotes = (quote for quote in other.evidence if quote.about in about - given)
    return replace(item, verdict=replace(item.verdict, facts=facts, evidence=(*item.verdict.evidence, *quotes)))


def _judged(act: Act, watched: WatchedTopics, *, stand_alone: bool) -> tuple[Judged, ...]:
    return tuple(Judged(act, corrected(act, verdict)) for verdict in judge_topics(act, watched.names, stand_alone=stand_alone))


def decree_in(recueil: Recueil, item: Judged, issuers: Issuers = BY_DEFAULT.issuers) -> Decree | None:
    """Return the decree that an act of a recueil is, under the authority whose act it is; None where it is none."""
    if item.verdict.outcome is not Outcome.DECREE:
        return None
    return decree_of(issuer_of(recueil, item, issuers) or recueil.authority, recueil.url, recueil.published, item)


def decree_of(authority: str, url: str, published: date | None, item: Judged) -> Decree:
    """Return the decree that an act was judged to be. Raises ValueError where it is none."""
    act, verdict = item.act, item.verdict
    if verdict.kind is None:
        raise ValueError("a decree has a kind")
    # The identifier of an act that was cut into its decrees is that of all of them.
    keys = identities(authority, act.id if act.part is None else None, verdict.facts, act.text)
    decider = decided_by(authority, verdict.facts, keys)
    facts, date_quotes = _dated(act, verdict)
    facts = facts if decider == authority else replace(facts, authority=decider)
    return Decree(
        authority=authority,
        kind=verdict.kind,
        # Titles of the table of contents do name people.
        title=without_names(act.title),
        facts=facts,
        evidence=(*verdict.evidence, *date_quotes),
        url=url,
        page=act.first_page,
        published=published,
        act_id=act.id,
        identities=keys,
        reference_prefixes=prefixes(facts, decider),
        topic=verdict.topic,
    )


def _dated(act: Act, verdict: Verdict) -> tuple[Facts, tuple[Evidence, ...]]:
    """Return the facts of a scanned decree checked against the day in its identifier, and the identifier as evidence if the day of
    signature is unreadable. Most identifiers have that day: if both agree it is certain, else doubtful. The day is no key of the decree,
    which has other identifiers elsewhere."""
    facts, day = verdict.facts, _day_of(act.id or "")
    told_on = {quote.page for quote in verdict.evidence if quote.about == "signed"} or {page.number for page in act.pages}
    scanned = any(page.confidence is not None or not page.is_whole for page in act.pages if page.number in told_on)
    if day is None or act.part is not None or not scanned or "signed" in facts.settled:
        return facts, ()
    others = tuple(name for name in facts.doubtful if name != "signed")
    if facts.signed is not None:
        return replace(facts, doubtful=others if facts.signed == day else (*others, "signed")), ()
    return replace(facts, signed=day, doubtful=(*others, "signed")), (Evidence("signed", act.first_page, act.id or ""),)


def _day_of(act_id: str) -> date | None:
    """Return the day in an identifier of the national template (`83-2025-07-07-00001`)."""
    found = re.search(r"(?:^|-)(\d{4}-\d\d-\d\d)-", act_id)
    try:
        return date.fromisoformat(found[1]) if found is not None else None
    except ValueError:
        return None


def uncertain_acts(authority: str, url: str, judged: Iterable[Judged]) -> tuple[UncertainAct, ...]:
    """Return the acts that a person must judge."""
    return tuple(
        UncertainAct(
            authority=authority,
            url=url,
            page=item.act.first_page,
            act_id=item.act.id,
            title=without_names(item.act.title),
            evidence=tuple(dict.fromkeys(evidence.text for evidence in item.verdict.evidence)),
        )
        for item in judged
        if item.verdict.outcome is Outcome.UNCERTAIN
    )


# The table at the head of a bulk act lists decrees that are acts of their own: it is none of them.

_ENTRY = re.compile(r"(?im)^[^\w\n]*(?:arr[êe]t[ée]|d[ée]cision)(?!\w)")
"""Where a line of the table begins: a title runs over several lines of the page."""


def without_summary_tables(judged: Sequence[tuple[Judged, ...]]) -> list[tuple[Judged, ...]]:
    """Return the verdicts on the acts of a document without tables of other decrees. Part 0 of a bulk act (see
    `Act.part`) that speaks of a topic is not concerned if as many later decrees as it lists are decrees on it or wait for a person; with
    fewer, a person must look; with none, its verdict stands."""
    return [
        tuple(_settled(item, _after(judged[place + 1 :], item)) if item.act.part == 0 else item for item in found)
        for place, found in enumerate(judged)
    ]


def _after(later: Sequence[tuple[Judged, ...]], table: Judged) -> int:
    """Return how many decrees on the topic of a table, or acts in doubt, follow under its identifier."""
    own = takewhile(lambda found: found[0].act.part and found[0].act.id == table.act.id, later)
    verdicts = (item.verdict for found in own for item in found)
    return sum(verdict.topic == table.verdict.topic and verdict.outcome is not Outcome.NOT_CONCERNED for verdict in verdicts)


def _settled(table: Judged, found: int) -> Judged:
    if table.verdict.outcome is Outcome.NOT_CONCERNED or found == 0:
        return table
    act, topic, quotes = table.act, table.verdict.topic, tuple(quote for quote in table.verdict.evidence if quote.about == "verdict")
    first_quote = quotes[0] if quotes else Evidence("verdict", act.first_page, "")
    if found >= _listed(act.text, topic):
        why = replace(first_quote, about="against", cue=VerdictReason.LISTED.value)
        return Judged(act, Verdict(Outcome.NOT_CONCERNED, evidence=(*quotes, why), topic=topic))
    why = replace(first_quote, about="doubt", cue=VerdictReason.LISTED_ONLY.value)
    return Judged(act, Verdict(Outcome.UNCERTAIN, evidence=(*quotes, why), topic=topic))


def _listed(text: str, topic: str) -> int:
    """Return how many lines of the table may be on the topic; one if only the whole table is."""
    starts = [match.start() for match in _ENTRY.finditer(text)]
    entries = (text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True))
    return sum(has_sign(entry, topic) for entry in entries) or 1
