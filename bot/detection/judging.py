"""Judges acts: gate, rules, facts; reads the facts of acts that a person accepted as decrees. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bot.detection.facts.cameras import camera_types, cameras, counts_others
from bot.detection.facts.days import slots
from bot.detection.facts.equipment import software, vendor
from bot.detection.facts.event import event, is_vague
from bot.detection.facts.identity import POLICE, POLICE_HEAD, number, number_is_whole, of_police_series, police_decides, references
from bot.detection.facts.operators import authorises, beside_formality, may_be_others, operators, up_to_author, who_may
from bot.detection.facts.period import is_whole, period
from bot.detection.facts.places import places
from bot.detection.facts.second_reader import TAGGED, agree, doubtful, leaves_out, second_values, tagged
from bot.detection.facts.signature import courts_named, first_prefect, office, passed_over, signed
from bot.detection.facts.territory import communes, without_town
from bot.detection.rules.deciding import decide
from bot.detection.rules.evidence import PRODUCT, Finding, article_verb, first_verb, is_generic, lists_acts, own_title
from bot.detection.text.cues import VerdictReason, cues, fold, name_of
from bot.detection.text.document import ActText, Block, DecreePart, Segment, TextMatch, document, signs
from bot.detection.text.mentions import (
    Mention,
    is_excluded,
    legal_bases,
    mentions,
    purposes_named,
    purposes_numbered,
)
from bot.detection.text.phrases import without_names
from bot.detection.text.rows import lists
from bot.domain.acts import CHANGING, GRANTS, Act, Evidence, Facts, FactValue, Kind, Outcome, Verdict, Where
from bot.domain.law import outside
from bot.domain.text import TextOrigin
from bot.domain.topics import first_topic, purposes_of, topics

T = TypeVar("T")

_MOST_REASONS = 6
"""Quotes kept of an act that is not concerned."""


def judge(act: Act, topic: str | None = None, *, stand_alone: bool = False) -> Verdict:
    """Return the verdict on an act: a decree on the topic (the first one unless given) with its kind and facts, or the reason why it is
    none, or why a person must look. `stand_alone`: the act is a whole file, whose title may be a file name or the text of a link: the
    heading inside counts instead."""
    return judge_topics(act, (topic or first_topic(),), stand_alone=stand_alone)[0]


def judge_topics(act: Act, watched: Sequence[str], *, stand_alone: bool = False) -> tuple[Verdict, ...]:
    """Return the verdicts on an act for the topics that concern it, or may do so; where none does, one verdict, of the first topic that has
    something against it."""
    signed = signs(act, watched)
    verdicts = [_of_topic(act, topic, stand_alone=stand_alone) for topic in signed]
    if not verdicts:
        return (_unread(act, watched[0], stand_alone=stand_alone),)
    concerned = tuple(verdict for verdict in verdicts if verdict.outcome is not Outcome.NOT_CONCERNED)
    return concerned or (max(verdicts, key=lambda verdict: bool(verdict.evidence)),)


def _of_topic(act: Act, topic: str, *, stand_alone: bool) -> Verdict:
    """Return the verdict on an act that has a sign of a topic."""
    unreadable = tuple(page.number for page in act.pages if not page.is_whole)
    text = document(act, topic)
    finding = decide(text, text.segment, unreadable=bool(unreadable), stand_alone=stand_alone)
    if finding.outcome is Outcome.DECREE:
        return _verdict(text, text.segment, finding)
    if finding.outcome is Outcome.UNCERTAIN:
        return Verdict(Outcome.UNCERTAIN, evidence=finding.evidence, topic=topic)
    reasons = finding.evidence[:_MOST_REASONS]
    lists = lists_acts(text, text.segment) if not reasons and not unreadable else None
    if lists is not None:
        reasons = (text.evidence("against", lists.start, lists.end, name_of(lists.value)),)
    return Verdict(Outcome.NOT_CONCERNED, evidence=reasons, topic=topic)


def _verdict(text: ActText, segment: Segment, finding: Finding) -> Verdict:
    facts, evidence = facts_of(text, segment, finding.mentions, finding.kind)
    product = [replace(quote, about="support", cue=PRODUCT) for quote in evidence if quote.about in {"software", "vendor"}]
    # One for which no text allowed the use is announced all the same, flagged with the phrase that dates it.
    dates = outside(facts.sure, text.cues.topic)
    flag = [replace(quote, about="outside_window") for quote in evidence if quote.about in dates]
    return Verdict(Outcome.DECREE, finding.kind, facts, (*finding.evidence, *product[:1], *evidence, *flag[:1]), text.cues.topic)


def _unread(act: Act, topic: str, *, stand_alone: bool) -> Verdict:
    """Return the verdict if no readable text has a sign. Unreadable pages already make the recueil incomplete, to be retried and shown: a
    person must look only if neither a title nor a readable page gives the act's subject."""
    nothing = Verdict(Outcome.NOT_CONCERNED, topic=topic)
    unreadable = tuple(page.number for page in act.pages if not page.is_whole)
    if not unreadable:
        return nothing
    readable = any(page.origin is not TextOrigin.UNREADABLE and page.text.strip() for page in act.pages)
    foreign = act.service is not None and cues(topic)["around.other_service"].search(fold(act.service).text) is not None
    if readable or foreign or (not stand_alone and not is_generic(fold(act.title).text)):
        return nothing
    title, where = without_names(act.title.strip()), act.title_from or Where.TITLE
    quote = Evidence("unreadable", unreadable[0], title, where, VerdictReason.UNREADABLE.value)
    return Verdict(Outcome.UNCERTAIN, evidence=(quote,), topic=topic)


def as_decree(act: Act, kind: Kind | None = None, topic: str | None = None) -> Verdict:
    """Return the decree on a topic that a person says an act is, with its readable facts, of this `kind` or its likeliest."""
    text = document(act, topic or first_topic())
    found = mentions(text, text.segment).found
    said = kind or _probable_kind(text, text.segment, found)
    return Verdict(Outcome.DECREE, said, *facts_of(text, text.segment, found, said), text.cues.topic)


def judge_each(act: Act, topic: str | None = None) -> tuple[Verdict, ...]:
    """Return the verdicts on the decrees of an act, for measurements: acts are cut before, so there is one."""
    return (judge(act, topic),)


def confirmed(act: Act, kind: Kind | None = None) -> tuple[Verdict, ...]:
    """Return the decrees that a person says an act holds, for measurements, as `judge_each`."""
    return (as_decree(act, kind),)


@dataclass(frozen=True, slots=True)
class TwiceRead:
    """Holds a fact as shown and as the second reader has it, without names of persons; `poor`: its page was badly read; `settled`: a person
    decided it."""

    name: str
    told: FactValue
    second: FactValue
    agreed: bool
    doubtful: bool
    poor: bool
    settled: bool


def read_twice(act: Act, verdict: Verdict) -> tuple[TwiceRead, ...]:
    """Return each fact that both readers read, and why it is certain or not. Reads anew, as a verdict keeps only shown values."""
    text = document(act, verdict.topic)
    segment = text.segment
    text = amended(text, segment)
    second = second_values(text, tagged(text, segment))
    poor = {quote.about for quote in verdict.evidence if text.is_poor(quote)}
    doubtful, settled = verdict.facts.doubtful, verdict.facts.settled

    def read(name: str, told: FactValue) -> TwiceRead:
        theirs = second.get(name)
        agreed = agree(text, segment, name, told, theirs)
        return TwiceRead(name, told, _anonymous(theirs), agreed, name in doubtful, name in poor, name in settled)

    return tuple(read(name, told) for name in TAGGED if (told := getattr(verdict.facts, name)))


def not_told(act: Act, topic: str) -> tuple[Evidence, ...]:
    """Return the days (`signed`) and offices at the end of a decree that are not shown; each cue is the reason."""
    text = document(act, topic)
    text = amended(text, text.segment)
    found = passed_over(text, text.segment, number(text, text.segment))
    return tuple(text.evidence(name, one.start, one.end, one.value) for name, one in found)


def _anonymous(value: FactValue) -> FactValue:
    # The second reader may take a person for a maker.
    return tuple(without_names(one) for one in value) if isinstance(value, tuple) else without_names(value or "") or None


def _probable_kind(text: ActText, segment: Segment, found: tuple[Mention, ...]) -> Kind:
    """Return the kind by the verb of its title, else of its articles, those on the topic first, else an authorisation."""
    title = own_title(text, segment, stand_alone=False)
    # What the event is called ("la Nuit du refus") says nothing of the act.
    event = title.search("around.event")
    verb = first_verb(text, title.start, title.end if event is None else event.start, anchored=True)
    if verb is not None:
        return verb.kind
    spoken = {segment.at(mention.start) for mention in found}
    articles = sorted(segment.of(DecreePart.ARTICLE), key=lambda block: block not in spoken)
    verbs = (article_verb(text, block.start, block.end) for block in articles)
    return next((verb.kind for verb in verbs if verb is not None), Kind.AUTHORISATION)


# The facts of a decree, each with the phrase and the page it was read on.


def facts_of(
    document: ActText, segment: Segment, mentions: tuple[Mention, ...], kind: Kind | None = None
) -> tuple[Facts, tuple[Evidence, ...]]:
    """Read every fact of one decree of this kind, and list those to be verified. Missing facts stay None or empty."""
    facts, evidence = gather(document, segment, mentions, kind)
    left, unknown = amended(document, segment), topics()[document.cues.topic].without
    unsure = doubtful(left, segment, facts, evidence, second_values(left, tagged(left, segment)))
    facts = replace(facts.without(unknown), doubtful=tuple(name for name in unsure if name not in unknown))
    return facts, tuple(quote for quote in evidence if quote.about not in unknown)


def gather(
    document: ActText, segment: Segment, mentions: tuple[Mention, ...], kind: Kind | None = None
) -> tuple[Facts, tuple[Evidence, ...]]:
    """Read every fact by the rules alone."""
    product, maker = _software_and_maker(document, segment)
    document = amended(document, segment)
    speaking = _speaking(document, segment, mentions)
    mentioning = tuple(dict.fromkeys(segment.at(mention.start) for mention in mentions if not mention.citation))
    evidence: list[Evidence] = []

    def noted(about: str, found: TextMatch[Any] | None) -> Any:
        if found is None:
            return None
        evidence.append(document.evidence(about, found.start, found.end))
        return without_names(found.value) if type(found.value) is str else found.value

    def all_noted(about: str, found: Sequence[TextMatch[T]]) -> tuple[T, ...]:
        return tuple(noted(about, entry) for entry in found)

    own_number = number(document, segment)
    courts = all_noted("court", courts_named(document, segment))
    own_signature = signed(document, segment, own_number)
    signed_on = own_signature.value if own_signature is not None else None
    own_event = event(document, segment, speaking, mentioning if kind in {*CHANGING, Kind.REFUSAL} else ())
    occasion = own_event.value if own_event is not None else None
    recounted = own_event is not None and segment.at(own_event.start).part is DecreePart.RECITAL
    own_period = period(document, segment, speaking, signed_on)
    if own_period is not None and kind in {Kind.ABROGATION, Kind.SUSPENSION}:
        first, last = own_period.value
        if last is not None and (kind is Kind.ABROGATION or first == last):
            own_period = None  # an end has a first day only, and a suspension lasts: any other day is of what happened before
    starts, ends = noted("period", own_period) or (None, None)
    counted = cameras(document, segment, speaking)
    recited = counted is not None and segment.at(counted.start).part in {DecreePart.VISA, DecreePart.RECITAL}
    counted = None if recited and kind is Kind.REFUSAL else counted  # what was only asked for
    whole = own_period is None or is_whole(document, segment, own_period, signed_on)
    users, unsure = who_may(document, segment, operators(document, segment, speaking, mentioning, occasion))
    towns, are_towns = _communes(_without(document, _named_after_town(document, occasion)), segment, speaking)
    where = places(document, segment, speaking, occasion)
    where = without_town(where, towns, users)
    looked_for = _purposes(document, segment, kind) if mentions else []
    doubts = {
        "number": own_number is not None and not number_is_whole(document, segment, own_number),
        "starts": not whole,
        "ends": not whole,
        "event": own_event is not None and (is_vague(own_event.value) or (recounted and kind in GRANTS)),
        "operators": unsure or (bool(users) and may_be_others(document, segment, users)),
        "places": leaves_out(document, where),
        "communes": not are_towns,
        "purposes": _has_unread_purpose(document, segment, looked_for),
        "cameras": recited or (counted is not None and counts_others(document, segment, counted)),
    }
    facts = Facts(
        number=noted("number", own_number),
        signed=noted("signed", own_signature),
        starts=starts,
        ends=ends,
        slots=slots(document, own_period) if own_period is not None and whole else (),
        event=noted("event", own_event),
        operators=all_noted("operators", users),
        places=all_noted("places", where),
        communes=all_noted("communes", towns),
        purposes=all_noted("purposes", looked_for),
        software=noted("software", product),
        vendor=noted("vendor", maker),
        cameras=noted("cameras", counted),
        legal_basis=all_noted(
            "legal_basis", [TextMatch(basis.label, *span) for basis, *span in legal_bases(document, segment.start, segment.end)]
        ),
        # Of several, none is the court: each is in the evidence, and the law decides by the authority's seat.
        court=courts[0] if len(courts) == 1 else None,
        camera_types=all_noted("camera_types", camera_types(document, segment, mentioning)),
        office=noted("office", office(document, segment)),
        references=all_noted("references", references(document, segment, kind, own_number.value if own_number is not None else None)),
        authority=noted("authority", _authority(document, segment, own_number)),
        doubtful=tuple(name for name, unsure in doubts.items() if unsure),
    )
    return facts, tuple(evidence)


def _speaking(document: ActText, segment: Segment, mentions: tuple[Mention, ...]) -> tuple[Block, ...]:
    """Return the articles that speak of the topic, in order; failing those, the first that authorises, or the first."""
    telling = (mention for mention in mentions if mention.part in {DecreePart.ARTICLE, DecreePart.BODY} and not mention.citation)
    spoken = dict.fromkeys(segment.at(mention.start) for mention in telling)
    articles = list(segment.of(DecreePart.ARTICLE))
    return tuple(spoken or [block for block in articles if authorises(document, block)][:1] or articles[:1])


def _communes(document: ActText, segment: Segment, speaking: tuple[Block, ...]) -> tuple[list[TextMatch[str]], bool]:
    """Return the communes in which a decree applies: those of its articles, first of those on the topic, else of its title; and whether it
    says that they are communes."""
    articles = [block for block in segment.of(DecreePart.ARTICLE) if block not in speaking]
    titles = [up_to_author(document, block) for block in segment.of(DecreePart.TITLE, DecreePart.HEADING)]
    for blocks in (speaking, beside_formality(document, articles), titles):
        found, said = communes(document, blocks)
        if found:
            return found, said
    return [], True


# "Jazz à Vienne" is a name; "visite du pape à Lourdes" says where.
_NAMED_AFTER_TOWN = re.compile(r"\b[A-ZÀ-Þ][\w'’-]*\s(?:à|au|aux|sur)\s")


def _named_after_town(document: ActText, event: str | None) -> list[tuple[int, int]]:
    """Return where an event stands whose proper name has a town."""
    if event is None or _NAMED_AFTER_TOWN.search(event) is None:
        return []
    return [match.span() for match in re.finditer(re.escape(fold(event).text), document.flat)]


def _authority(document: ActText, segment: Segment, number: TextMatch[str] | None) -> TextMatch[str] | None:
    """Return the first of several prefects, None if one sentence names them; or the préfet de police if text or number identify him."""
    if (first_named := first_prefect(document, segment)) is not None:
        return first_named if first_named.value else None
    if number is not None and of_police_series(number.value):
        return TextMatch(POLICE, number.start, number.end)
    # The title says what is decided, not by whom.
    start = max(segment.start, document.title_end)
    end = min(document.around(start, start, 0, POLICE_HEAD)[1], segment.end)
    sign = police_decides(lambda cue: document.search(cue, start, end, anchored=True))
    return TextMatch(POLICE, sign.start, sign.end) if sign is not None else None


def _purposes(document: ActText, segment: Segment, kind: Kind | None) -> list[TextMatch[str]]:
    """Return the purposes, or of a refusal those refused, in the operative part; without articles, anywhere except in visas.
    Articles may only refer to the recital that names them."""
    parts = (DecreePart.ARTICLE,) if segment.has_articles else (DecreePart.TITLE, DecreePart.HEADING, DecreePart.BODY)
    found: dict[str, TextMatch[str]] = {}
    excluded: dict[str, TextMatch[str]] = {}
    for block in segment.of(*parts):
        if (but := document.cues["purposes.all_but"].search(document.flat, block.start, block.end)) is not None:
            out = {purpose for purpose, *_ in purposes_named(document, *but.span("those"), listed=True)}
            return [TextMatch(purpose, *but.span()) for purpose in purposes_of(document.cues.topic) if purpose not in out]
        if (every := document.search(document.cues["purposes.all"], block.start, block.end)) is not None:
            return [TextMatch(purpose, every.start, every.end) for purpose in purposes_of(document.cues.topic)]
        # Other words are looser in an article that already names an event, or says what is looked for.
        listed = block.part is DecreePart.ARTICLE and (
            document.search(document.cues["purposes.listing"], block.start, block.end) is not None
            or bool(purposes_named(document, block.start, block.end))
        )
        numbered = purposes_numbered(document, block.start, block.end)
        for purpose, start, end in (*purposes_named(document, block.start, block.end, listed=listed), *numbered):
            kept = excluded if is_excluded(document, start, end, block.start, block.end) else found
            kept.setdefault(purpose, TextMatch(purpose, start, end))
    if not found and any(
        document.cues["purposes.as_above"].search(document.flat, block.start, block.end) for block in segment.of(DecreePart.ARTICLE)
    ):
        recited = [purposes_named(document, block.start, block.end) for block in segment.of(DecreePart.RECITAL)]
        told = [named for named in recited if named]
        found = {purpose: TextMatch(purpose, start, end) for named in told if not told[1:] for purpose, start, end in named}
    found = found or (excluded if kind is Kind.REFUSAL else {})
    return [found[purpose] for purpose in purposes_of(document.cues.topic) if purpose in found]


def _has_unread_purpose(document: ActText, segment: Segment, read: Sequence[TextMatch[str]]) -> bool:
    """Return whether a list of what is to be detected has an item in which no purpose was found: the list told is not whole."""
    for block in {segment.at(entry.start) for entry in read}:
        if document.cues["purposes.all_but"].search(document.flat, block.start, block.end) is not None:
            return True
        spans = [printed.items for printed in lists(document, block.start, block.end)]
        told = [entry for entry in read if block.start <= entry.start < block.end]
        for items in (*spans, *_in_one_sentence(document, block), _between(document.flat, told)):
            named = [bool(purposes_named(document, *item, listed=True)) for item in items]
            if not all(named) and sum(named) * 2 >= len(named) > 1:
                return True
    return False


def _in_one_sentence(document: ActText, block: Block) -> Iterator[list[tuple[int, int]]]:
    """Yield the items of each enumeration by semicolons of what is to be detected."""
    for match in document.cues["purposes.in_one_sentence"].finditer(document.flat[: block.end], block.start):
        start, end = match.span("items")
        cuts = [start, *(start + mark.end() for mark in re.finditer(";", match["items"]))]
        yield list(zip(cuts, [*(cut - 1 for cut in cuts[1:]), end], strict=True))


_NEXT_PURPOSE = re.compile(r"(?:,|\bet)\s(?=(?:l[ae]s?|une?|des)\s|l')")


def _between(text: str, read: Sequence[TextMatch[str]]) -> list[tuple[int, int]]:
    """Return the parts of an enumeration by commas from the first of these purposes to the last, if they stand in one sentence."""
    start, end = min(entry.start for entry in read), max(entry.end for entry in read)
    if re.search(r"[.;:]\s", text[start:end]) is not None:
        return []
    cuts = [match.start() for match in _NEXT_PURPOSE.finditer(text, start, end)]
    return list(zip([start, *cuts], [*cuts, end], strict=True))


# A decree without the words that it removes: « Les mots "place Pie" sont remplacés par les mots "place Kléber" » names one place. Removed
# words become blanks of the same length, so that positions stay valid.

_READ = r"\b(?:lire|il (?:y a lieu|faut|convient)|le mot)\b"
_CLAUSE_END = r"\.\s|[;:\"]|,\s(?:l[ae] |les |l'|aux? |dans |sur |il |elle |ils |elles |on )|\b(?:est|sont|peut|peuvent|sera|seront)\b"
_QUOTED = r'"([^"]{1,400})"'
# « Les mots "…" sont remplacés », "remplacer les mots « … »", "il est substitué aux mots « … »".
_REPLACED = re.compile(
    rf"{_QUOTED}(?:\s*\")?\s*,?\s*(?:est|sont|doit etre|doivent etre)\s+(?:ainsi\s+)?(?:remplace|supprime)"
    rf"|\b(?:remplacer|supprimer|substituer? (?:aux?|a la|a l'))\b[^\".;]{{0,60}}{_QUOTED}"
)
_INSTEAD = re.compile(rf"\bau lieu (?:de|du|des)\b((?:(?!{_READ}).){{1,220}})(?={_READ})")
# What comes before "en lieu et place de" holds. A place where people gather is no change.
_IN_PLACE = re.compile(
    r"(\b(?:aux? lieux?(?: et places?)?|en lieu et place|en remplacement)(?=\s(?:de |des |du |d'))"
    r"(?!\s(?:du |de |de l'|de la )(?:rassemblement|rendez|depart|stationnement|culte|evenement|manifestation))"
    rf"(?:(?!{_CLAUSE_END}).){{1,220}})"
)
# Of things, a sentence says it without quotes: "le logiciel X est remplacé par le logiciel Y", "Y remplace X".
_IS_REPLACED = re.compile(r"\b(?:est|sont|sera|seront|a ete|ont ete)\s(?:ainsi\s)?remplacee?s?\spar\b")
_SUBJECT = re.compile(r"(?:(?!\.\s|\b(?:est|sont)\b)[^;\"]){1,200}$")
_REPLACES = re.compile(
    r"(?<!est )(?<!sont )(?<!sera )(?<!ete )"
    r"\b(?:remplace(?:nt|ra|ront)?|remplacant|(?:se substitue|succede)(?:nt|ra|ront)?\s(?:a|au|aux))\s(?!par\b)"
    rf"((?:(?!{_CLAUSE_END}).){{1,220}})"
)
_NEW_WORDING = re.compile(rf"[^\"]{{0,30}}\b(?:par|les mots|{_READ})[^\"]{{0,40}}\"(?![^\"]{{0,40}}\b(?:logiciel|solution))")
_OF_SOFTWARE = re.compile(r"\b(?:societe|entreprise|editeur|start-?up|logiciel|solution)\b")
_SOFTWARE = " logiciel "


def amended(document: ActText, segment: Segment) -> ActText:
    """Return the document without the wording that this decree replaces or removes."""
    return _without(document, list(_wordings(document.flat, segment)))


def _software_and_maker(document: ActText, segment: Segment) -> tuple[TextMatch[str] | None, TextMatch[str] | None]:
    """Return software and maker, except those that this decree replaces. A new wording that replaces one on a maker is about software too.
    One in a visa or recital does not count if an article removes it, its maker or its product."""
    text = document.flat
    wordings = list(_wordings(text, segment))
    told = [span for span in wordings if _OF_SOFTWARE.search(text, *span)]
    leads = (_NEW_WORDING.match(text, min(end + 1, segment.end), segment.end) for _, end in told)
    gone = [*wordings, *_things(text, segment)]
    left = _without(document, gone, [(lead.end() - len(_SOFTWARE), _SOFTWARE) for lead in leads if lead is not None])
    first = next((block.start for block in segment.of(DecreePart.ARTICLE)), 0)
    taken = [fold(document.original(start, end)).text for start, end in gone if start >= first]

    def kept(found: TextMatch[str] | None) -> TextMatch[str] | None:
        if found is None or found.start >= first:
            return found
        return None if any(fold(found.value).text in words or _OF_SOFTWARE.search(words) for words in taken) else found

    return kept(software(left, segment)), kept(vendor(left, segment))


def _wordings(text: str, segment: Segment) -> Iterator[tuple[int, int]]:
    for words in (_REPLACED, _INSTEAD, _IN_PLACE):
        yield from (match.span(match.lastindex or 0) for match in words.finditer(text, segment.start, segment.end))


def _things(text: str, segment: Segment) -> Iterator[tuple[int, int]]:
    for block in segment.of(DecreePart.ARTICLE, DecreePart.BODY):
        for match in _IS_REPLACED.finditer(text, block.start, block.end):
            subject = _SUBJECT.search(text[max(match.start() - 200, block.start) : match.start()])
            if subject is not None:
                yield match.start() - len(subject.group()), match.start()
        yield from (match.span(1) for match in _REPLACES.finditer(text, block.start, block.end))


def _without(document: ActText, gone: list[tuple[int, int]], written: Sequence[tuple[int, str]] = ()) -> ActText:
    """Return the document with some stretches blanked and some replaced by words. Line ends stay."""
    if not gone:
        return document
    letters = list(document.folded.text)
    # A semicolon ends every sentence and name that would run on into what is gone.
    for start, words in (*((start, ";" + " " * (end - start - 1)) for start, end in gone), *written):
        for position, letter in enumerate(words, start):
            letters[position] = "\n" if letters[position] == "\n" else letter
    text = "".join(letters)
    return replace(document, flat=text.replace("\n", " "), folded=replace(document.folded, text=text))
