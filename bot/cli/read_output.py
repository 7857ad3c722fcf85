"""Formats what `vigie read` prints: acts, decrees, and unread parts. Pure except `Report.show`."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

import typer

from bot.app.config.model import Settings
from bot.cli.context import print_json, print_lines
from bot.cli.output import count, page_json, reading_json
from bot.cli.read import ReadChoice, ReadView
from bot.detection.judging import TwiceRead, not_told, read_twice
from bot.detection.text.cues import reason_words
from bot.detection.text.document import signs
from bot.domain.acts import Evidence, Facts, FactValue, Judged, Kind, Moment, Outcome, Place, Reading, Reference, Verdict
from bot.domain.facts import FACTS
from bot.domain.shape import Json
from bot.domain.text import PageText, TextOrigin
from bot.domain.topics import WatchedTopics, first_topic
from bot.ingest.judging import BY_DEFAULT, judge_reading
from bot.messages.lines import place_for
from bot.messages.words import clean, topic_words, words_in
from bot.reading.model import ReadingLimits
from bot.reading.sandbox.probe import OcrLack
from sources.catalogue.authority import load_authorities


@dataclass(frozen=True, slots=True)
class Report:
    """Holds what is printed. `pages`: those requested; `judged`: the acts, only if all were. `troubles`: lines."""

    file: str
    choice: ReadChoice
    reading: Reading
    pages: tuple[PageText, ...]
    judged: tuple[Judged, ...]
    troubles: tuple[str, ...]
    watched: WatchedTopics

    def show(self) -> None:
        """Print the result on standard output and what is missing on standard error."""
        summary = not self.choice.as_json and self.choice.pages is None and self.choice.view in {ReadView.SUMMARY, ReadView.EXPLAIN}
        if self.choice.as_json:
            print_json(self._document())
        elif summary:
            print_lines(summary_lines(self.file, self.reading, self.judged, self.troubles))
            if self.choice.view is ReadView.EXPLAIN:
                print_lines(("", *explain_lines(self.reading, self.judged, self.watched)))
        else:
            print_lines(text_lines(self.pages))
        if not summary:
            for line in self.troubles:
                typer.echo(line, err=True)

    def _document(self) -> Json:
        if self.choice.pages is not None:
            details = [page_json(page, text=True) for page in self.pages]
            return {"file": self.file, "pages": self.reading.page_count, "page_details": details}
        view, explain = self.choice.view, self.choice.view is ReadView.EXPLAIN
        place = _place(self.reading.cover.authority or "")
        return reading_json(self.file, self.reading, self.judged, place, datetime.now(UTC), text=view is ReadView.TEXT, explain=explain)


def _place(authority: str) -> Place:
    """Return the place, for hours. Loads the slow catalogue only for overseas, whose hours differ from Paris."""
    if not authority.startswith("97"):
        return place_for({}, authority)
    from bot.app.inventory import places_of  # noqa: PLC0415 - see above

    return place_for(places_of(load_authorities()), authority)


def report(file: str, reading: Reading, choice: ReadChoice, settings: Settings, seconds: float, lacks: OcrLack | None) -> Report:
    """Return the report of a reading; `seconds` taken, `lacks`: what OCR needs here."""
    limits, watched = settings.reading.limits(), settings.watch.watched
    pages = tuple(page for page in reading.pages if choice.pages is None or page.number in choice.pages)
    unread = [page.number for page in pages if page.number in reading.unreadable_pages]
    troubles = trouble_lines(unread, reading, limits, seconds, lacks) if unread or reading.salvaged else ()
    judged = judge_reading(reading, watched) if choice.pages is None else ()
    return Report(file, choice, reading, pages, judged, tuple(troubles), watched)


# A document, act by act.

_MARKS = {Outcome.DECREE: "DECREE   ", Outcome.UNCERTAIN: "UNCERTAIN", Outcome.NOT_CONCERNED: "         "}


def summary_lines(file: str, reading: Reading, judged: Sequence[Judged], reasons: Sequence[str] = ()) -> Iterator[str]:
    """Describe a document, act by act. `reasons` say why pages are unread (see `trouble_lines`)."""
    cover = reading.cover
    name = f"{cover.number or 'no number on the cover'}, {'published ' + cover.published.isoformat() if cover.published else 'no date'}"
    yield f"{file}: {count(reading.page_count, 'page')}, {name}"
    if reading.ocr_pages:
        yield f"  read by OCR: pages {page_ranges(reading.ocr_pages)}"
    yield from (f"  {line}" for line in (*reasons, *act_lines(judged)))
    decrees = [item for item in judged if item.verdict.outcome is Outcome.DECREE]
    for item in decrees:
        yield ""
        verdict = item.verdict
        yield f"  {verdict.kind.value if verdict.kind else ''}: {clean(item.act.title)}"
        yield from (f"    {line}" for line in fact_lines(verdict.facts, verdict.kind, verdict.topic))
    uncertain = sum(item.verdict.outcome is Outcome.UNCERTAIN for item in judged)
    doubt = f", {uncertain} to be checked by a person (--explain says why)" if uncertain else ""
    acts = {(item.act.id, item.act.first_page, item.act.title, item.act.part) for item in judged}
    yield f"  {count(len(acts), 'act')}, {', '.join(_counted_by_topic(decrees))}{doubt}"


def _counted_by_topic(decrees: Sequence[Judged]) -> Iterator[str]:
    found = Counter(item.verdict.topic for item in decrees) or {first_topic(): 0}
    yield from (f"{count(number, 'decree')} {topic_words(topic, 'en').on}" for topic, number in found.items())


def act_lines(judged: Iterable[Judged]) -> Iterator[str]:
    """Describe each act on a line: verdict, pages, id, title."""
    for item in judged:
        act, verdict = item.act, item.verdict
        mark = "" if verdict.outcome is Outcome.NOT_CONCERNED or verdict.topic == first_topic() else f"{verdict.topic}  "
        yield f"{_MARKS[verdict.outcome]} p. {act.first_page}-{act.last_page}  {act.id or '-'}  {mark}{clean(act.title)}"


# Why `vigie read` says what it says: how every page was read, and what each verdict rests on.


def explain_lines(reading: Reading, judged: Sequence[Judged], watched: WatchedTopics = BY_DEFAULT.watched) -> Iterator[str]:
    """Explain the pages, then acts that are decrees, uncertain, or not concerned despite a sign."""
    yield "How the pages were read:"
    yield from (f"  {line}" for line in method_lines(reading.pages))
    explained = [item for item in judged if _worth_explaining(item, watched)]
    yield "Why each act is judged as it is:"
    for item in explained:
        yield ""
        yield from (f"  {line}" for line in act_lines([item]))
        yield from (f"    {line}" for line in _verdict_lines(item.verdict))
        if item.verdict.outcome is Outcome.DECREE:
            yield from (f"    {line}" for line in twice_lines(read_twice(item.act, item.verdict)))
            for quote in not_told(item.act, item.verdict.topic):
                yield f"    {quote.about}, p. {quote.page}, passed over: « {clean(quote.text)} »; {quote.cue}"
    silent = len(judged) - len(explained)
    if silent:
        yield ""
        names = (topic_words(topic, "en").name for topic in watched.names)
        yield f"  {'the others' if explained else 'all acts'} ({silent}): not a word of {' or '.join(names)}"


def twice_lines(facts: Iterable[TwiceRead]) -> Iterator[str]:
    """Return `places, to verify: « gare du Nord »; the second reader has « gare de l'Est »` for each fact that is read twice."""
    for fact in facts:
        second = f"the second reader has {f'« {_fact_value_text(fact.second)} »' if fact.second else 'nothing'}"
        if fact.settled:
            second += "; a person said so"
        elif fact.poor:
            second += "; its page was badly read"
        elif fact.agreed:
            second = second if fact.doubtful or not fact.second else "both readers agree"
        elif not fact.doubtful:
            second += "; it is of the list, and no other one of it is named"
            second += ", or its maker stands beside it" if fact.name == "software" and not fact.second else ""
        yield f"{fact.name}, {'to verify' if fact.doubtful else 'sure'}: « {_fact_value_text(fact.told)} »; {second}"


def _fact_value_text(value: FactValue) -> str:
    return shortened("; ".join(value) if isinstance(value, tuple) else value or "", _LONGEST)


def _worth_explaining(item: Judged, watched: WatchedTopics) -> bool:
    return item.verdict.outcome is not Outcome.NOT_CONCERNED or bool(item.verdict.evidence) or bool(signs(item.act, watched.names))


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    evidence = verdict.evidence
    spoken = any(quote.about == "verdict" for quote in evidence)
    match verdict.outcome:
        case Outcome.DECREE:
            yield f"decree: {verdict.kind.value if verdict.kind else 'of no kind'}"
        case Outcome.UNCERTAIN:
            name = topic_words(verdict.topic, "en").name
            yield f"uncertain, a person must look: {reason(evidence) or f'it may concern {name}, and nothing in it settles that'}"
        case Outcome.NOT_CONCERNED if spoken:
            yield "not concerned: it speaks of it and decides nothing on it"
        case Outcome.NOT_CONCERNED:
            yield "not concerned: words in it could be a sign, and turn out to speak of something else"
    yield from evidence_lines(evidence, decides=verdict.outcome is Outcome.DECREE)


# The phrases that a verdict rests on, a line each, and why an act is for a person to see.

_ABOUT = {
    "support": "supports",
    "against": "speaks against it",
    "contradiction": "contradicts the title",
    "sign": "sign",
    "doubt": "in doubt",
    "unreadable": "could not be read",
    "outside_window": "dated when no text allowed it",
}
_LONGEST = 300


def evidence_lines(evidence: Iterable[Evidence], *, decides: bool) -> Iterator[str]:
    """Return `p. 6  title  decides: algorithmic processing of images « … »`: page, part, purpose, cue (if any), phrase. `decides`: a
    decree. Reasons already in the head line are omitted.
    """
    known = tuple(evidence)
    quoted = {(quote.page, quote.text) for quote in known if quote.about == "verdict"}
    shown = [quote for quote in known if quote.about != "doubt" or (quote.page, quote.text) not in quoted]
    wheres = [quote.where.value.replace("_", " ") if quote.where is not None else "" for quote in shown]
    pages = [f"p. {quote.page}" for quote in shown]
    widest, longest = max(map(len, wheres), default=0), max(map(len, pages), default=0)
    for quote, page, where in zip(shown, pages, wheres, strict=True):
        about = ("decides" if decides else "speaks of it") if quote.about == "verdict" else _ABOUT.get(quote.about, quote.about)
        place = f"{page:<{longest}}  {where:<{widest}}" if widest else page
        cue = f" {reason_words(quote.cue) or quote.cue}" if quote.cue else ""
        yield f"{place}  {about}:{cue} « {shortened(quote.text, _LONGEST)} »"


def reason(evidence: Iterable[Evidence]) -> str | None:
    """Return why a person must look, in words; None where the evidence does not say."""
    return next((words for quote in evidence if (words := reason_words(quote.cue)) is not None), None)


# Every fact that was read in a decree, a line each, in the English of the command line: what the act itself says stays in French.


def fact_lines(facts: Facts, kind: Kind | None, topic: str) -> Iterator[str]:
    """Return `number: 2026-2`, one line per fact that was found. Days are `2026-08-14`, hours wall-clock hours of the place."""
    for fact in FACTS:
        value = getattr(facts, fact.name)
        if value in (None, ()):
            continue
        named = {"camera_types": words_in("en").cameras, "purposes": topic_words(topic, "en").purposes}.get(fact.name)
        values = value if isinstance(value, tuple) else (value,)
        text = "; ".join(_fact_text(each) if named is None else named[each] for each in values)
        label = _LABELS.get(fact.name, fact.name.replace("_", " "))
        # A refusal sets nothing going: whoever is named asked for it.
        label = "requested by" if fact.name == "operators" and kind is Kind.REFUSAL else label
        yield f"{label}: {clean(text)}{' (to verify)' if fact.name in facts.doubtful else ''}"


_LABELS = {"office": "signed by", "authority": "decided by"}


def _fact_text(value: object) -> str:
    words = words_in("en")
    match value:
        case Reference():
            return f"{words.short_kinds[value.change]} {_reference_text(value)}"
        case date() | Moment():
            return value.isoformat()
        case _:
            return str(value)


def _reference_text(reference: Reference) -> str:
    """Return `of n° 2026-1 of 2026-08-01 (withdrawn)`: the decree changed, and how it ends, if known."""
    number = None if reference.number is None else f"n° {reference.number}"
    signed = None if reference.signed is None else reference.signed.isoformat()
    named = " of ".join(text for text in (number, signed) if text) or "another decree"
    how = {True: " (withdrawn, as if it had never been)", False: " (for the time to come)", None: ""}[reference.retroactive]
    return f"of {named}{how}"


# How pages were read, and their text.


def text_lines(pages: Iterable[PageText]) -> Iterator[str]:
    """Return the pages' text with running titles, each page under its method."""
    for page in pages:
        yield f"--- page {page.number} ({how(page)}) ---"
        yield from map(_visible, page.text.splitlines())


def how(page: PageText) -> str:
    """Return `ocr, 91 %, 0.42 s`: the method, the confidence of the engine, the time."""
    sure = "" if page.confidence is None else f", {page.confidence} %"
    took = f", {page.seconds:.2f} s" if page.seconds >= 0.005 else ""
    doubt = ", in doubt" if page.other else ""
    damaged = ", damaged" if page.damaged else ""
    return f"{METHODS[page.origin]}{sure}{took}{doubt}{damaged}"


def method_lines(pages: Sequence[PageText]) -> Iterator[str]:
    """Describe how pages were read, equal neighbours on one line."""
    for _, run in groupby(enumerate(pages), key=_alike):
        together = [page for _, page in run]
        first, last = together[0], together[-1]
        if len(together) == 1:
            yield f"p. {first.number}: {how(first)}, {count(len(first.text), 'character')}"
            if first.other:
                kept = "the text layer" if first.origin is TextOrigin.OCR else "what OCR made of it"
                yield f"    neither of its two texts can be trusted alone; kept beside it, {kept}: « {shortened(first.other)} »"
        else:
            seconds = sum(page.seconds for page in together)
            characters = sum(len(page.text) for page in together)
            yield f"p. {first.number}-{last.number}: {METHODS[first.origin]}, {seconds:.2f} s, {count(characters, 'character')}"


def page_ranges(pages: Iterable[int]) -> str:
    """Return `3-5, 9` for 3, 4, 5, 9."""
    runs: list[list[int]] = []
    for page in sorted(pages):
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def shortened(text: str, longest: int = 160) -> str:
    """Return one line of visible text, cut."""
    line = clean(text)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _alike(entry: tuple[int, PageText]) -> tuple[TextOrigin, int]:
    index, page = entry
    # One of which there is more to say stands alone.
    alone = page.confidence is not None or page.other
    return page.origin, index if alone else -1


def _visible(line: str) -> str:
    """Return a line without control of cursor or text direction, as PDFs are untrusted."""
    return "".join(character for character in line if character == "\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs"})


# Why pages of a document could not be read, and what to do about it.


def trouble_lines(unread: Sequence[int], reading: Reading, limits: ReadingLimits, seconds: float, lacks: OcrLack | None) -> Iterator[str]:
    """Explain what of a reading is unread and why; `seconds` taken, `lacks`: what OCR needs here."""
    if reading.damaged:
        lost = f", could not read or not whole: pages {page_ranges(unread)}" if unread else ""
        yield f"INCOMPLETE, the file is damaged or cut short{lost}"
        yield "  why: part of what it holds is lost; download it again"
        return
    yield f"INCOMPLETE, could not read: pages {page_ranges(unread)}"
    yield from (f"  why: {reason}; look at the file yourself" for reason in reading.lacks)
    if not limits.ocr:
        yield "  why: OCR is off in the configuration; set ocr = true under [reading] to have scanned pages read"
    elif lacks is not None:
        yield f"  why: {lacks.says}; to have scanned pages read:"
        yield f"    {lacks.todo}"
    elif seconds >= limits.seconds:
        yield f"  why: the {limits.seconds:g} s allowed for one file were over; raise timeout_seconds under [reading]"
    elif not reading.lacks:
        yield "  why: damaged, or too much for the process that reads them in the time and memory a page may take; look at them yourself"


# How the ways to read a page are called.

METHODS = {
    TextOrigin.LAYER: "text layer",
    TextOrigin.OCR: "ocr",
    TextOrigin.BLANK: "blank",
    TextOrigin.PENDING: "not read yet",
    TextOrigin.UNREADABLE: "NOT READ",
}
