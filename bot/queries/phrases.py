"""An answer in plain words, without its decrees: what every face says the same way. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import chain
from zoneinfo import ZoneInfo

from bot.detection.text.cues import reason_words
from bot.domain.acts import Decree, Evidence, Place
from bot.domain.health import AuthorityHealth, Overview, Status
from bot.domain.law import legal_advice
from bot.domain.topics import topics
from bot.gazetteer.gazetteer import Commune, Department, gazetteer
from bot.messages.announcement import SEPARATOR, decree_line, plain_decree
from bot.messages.letters.drafting import LetterKind, NoSuchLetter, draft
from bot.messages.lines import MessageContext, MessageInput, capital, date_text, place_for, thousands, topics_told
from bot.messages.words import Language, Words, cut, data_file, inert, topic_words, words_in
from bot.queries.answers import (
    Answer,
    BadInput,
    DecreeList,
    DepartmentState,
    HelpRequest,
    ListKind,
    NotCovered,
    NothingFound,
    OneDecree,
    PlaceChoice,
    PlaceChoices,
    Question,
    RecueilWithout,
    SeveralPlaces,
    SubjectCard,
    TownAnswer,
    UnknownDecree,
    UnknownDepartment,
    UnknownPlace,
    WatchState,
)
from bot.queries.days import Days
from bot.queries.departments import place_label
from bot.queries.figures import FiguresAnswer, figures_text
from bot.queries.plain_words import echo
from bot.queries.vocabulary import Face, vocabulary

_LONGEST_ECHO = 120
"""Characters of a question repeated in its answer."""


def title(answer: DecreeList, language: Language) -> str:
    """Return `Décrets concernant Drôme (26) — 12 décrets, page 2 sur 3`."""
    words = vocabulary(language)
    count = words.count_one if answer.total == 1 else words.count_many.format(n=answer.total)
    page = "" if answer.pages == 1 else ", " + words.page.format(page=answer.question.page, pages=answer.pages)
    return words.header.format(title=_of_topic(answer, _subject(answer, words, language), language), total=count + page)


def shortcoming(
    answer: NothingFound | RecueilWithout | NotCovered | PlaceChoices | UnknownPlace | UnknownDepartment | UnknownDecree | BadInput,
    places: Mapping[str, Place],
    language: Language,
    face: Face = "terminal",
) -> str:
    """Return why there is no decree to show, never that none exists: the bot may have missed it. The examples are questions in the form of
    this `face`."""
    words = vocabulary(language)
    examples = words.faces[face]
    match answer:
        case RecueilWithout():
            about = topics_told(answer.topics, language, "on")
            text = str(words.ask.recueil_read if answer.is_read else words.ask.recueil_unread).format(about=about)
        case PlaceChoices():
            text = choices_text(answer, language, face)
            if answer.nothing is not None:
                text = f"{_nothing(answer.nothing, places, words, language)}\n{text}"
        case UnknownPlace():
            text = words.ask.unknown_place.format(asked=_echo(answer.asked))
        case NothingFound():
            text = _nothing(answer, places, words, language)
        case UnknownDepartment():
            names = ", ".join(place_label(place) for place in answer.suggestions)
            near = f" {words.did_you_mean.format(names=names)}" if names else ""
            text = words.unknown_department.format(asked=_echo(answer.asked), **examples) + near
        case NotCovered():
            text = words.outside.format(name=answer.name)
        case UnknownDecree():
            text = words.unknown_decree.format(number=_echo(answer.number))
        case _:
            text = words.faults[answer.fault].format(**examples)
    return text


def withdrawal(decree: Decree, place: Place, language: Language) -> str | None:
    """Say that a decree was withdrawn and when, by the clock of its place; None for one that stands."""
    if decree.withdrawn_at is None:
        return None
    day = decree.withdrawn_at.astimezone(ZoneInfo(place.time_zone)).date()
    return vocabulary(language).withdrawn.format(
        date=date_text(day, words_in(language).dates), name=topic_words(decree.topic, language).name
    )


class NoLetter(ValueError):
    """There is no such letter about a decree; the message says why, in words for the person who asked."""


def letter_text(letter: LetterKind, answer: OneDecree, places: Mapping[str, Place], language: Language) -> str:
    """Return the draft of a letter, in French, to whoever decided, who is not always whoever published. Raises NoLetter."""
    decree, at, place = answer.decree, answer.at, place_for(places, answer.decree.authority)
    gone = withdrawal(decree, place, language)
    if gone is not None:
        raise NoLetter(gone)  # nobody is to write to a prefect about a decree that is none
    addressee = place_for(places, decree.facts.authority or decree.authority)
    try:
        return draft(letter, decree, addressee, at, legal_advice(decree, place, at))
    except NoSuchLetter:
        raise NoLetter(vocabulary(language).no_gracieux) from None


def _nothing(answer: NothingFound, places: Mapping[str, Place], words: Words, language: Language) -> str:
    said = _of_topic(answer, _nothing_there(answer, words, language) if answer.recorded else words.nothing_recorded, language)
    if not answer.watched:
        return f"{said} {words.unwatched}"
    unfinished = (words.ask.unfinished,) if answer.unfinished else ()
    asked = words.ask.deciders.format(names=", ".join(inert(place_for(places, one.code).name) for one in answer.health))
    since = "" if answer.since is None else words.since.format(date=date_text(answer.since.date(), words_in(language).dates))
    parts = (
        said,
        asked if len(answer.health) > 1 else "",
        *unread_lines(answer.health, places, language),
        since,
        *unfinished,
        words.nothing_warning,
    )
    return " ".join(part for part in parts if part)


def _of_topic(answer: DecreeList | NothingFound | TownAnswer, text: str, language: Language) -> str:
    """Return a text after the topic that was asked for, if one was: `Drones · Derniers arrêtés relevés`."""
    topic = answer.question.topic
    return SEPARATOR.join((capital(topic_words(topic, language).short), text)) if topic else text


def _on_days(template: str, answer: DecreeList | NothingFound, language: Language) -> str:
    """Fill in the days that were asked about, and the place."""
    asked, words = Days.read(answer.question.words), words_in(language)
    first, last = (f"{words.dates.names_of_days[day.weekday()]} {date_text(day, words.dates)}" for day in (asked.first, asked.last))
    days = words.periods.one_day.format(day=first) if first == last else words.periods.range.format(start=first, end=last)
    name = place_name(answer)
    return capital(template.format(days=days, where=words.label.format(label=name, text="") if name else ""))


def _nothing_there(answer: NothingFound, words: Words, language: Language) -> str:
    ask, list_kind = words.ask, answer.question.list_kind
    if list_kind is ListKind.DAY:
        return _on_days(ask.nothing_day, answer, language)
    of_one = {ListKind.DEPARTMENT: words.nothing_department, ListKind.IN_FORCE: words.nothing_in_force_there}
    of_several = {
        ListKind.DEPARTMENT: ask.nothing_departments,
        ListKind.IN_FORCE: ask.nothing_in_force_departments,
        ListKind.TODAY: ask.nothing_today_there,
    }
    if answer.places:
        return _about(of_one.get(list_kind), of_several[list_kind], answer.places)
    bare = {ListKind.IN_FORCE: words.nothing_in_force, ListKind.TODAY: ask.nothing_today, ListKind.SEARCH: words.nothing_search}
    return bare.get(list_kind, words.nothing_recent).format(words=_echo(answer.question.words))


def _subject(answer: DecreeList, words: Words, language: Language) -> str:
    ask, list_kind, places = words.ask, answer.question.list_kind, answer.places
    if list_kind is ListKind.DAY:
        return _on_days(ask.day, answer, language)
    if list_kind is ListKind.RECUEIL:
        return str(ask.recueil)
    of_one = {ListKind.DEPARTMENT: words.department, ListKind.IN_FORCE: words.in_force_there}
    of_several = {ListKind.DEPARTMENT: ask.departments, ListKind.IN_FORCE: ask.in_force_departments, ListKind.TODAY: ask.today_there}
    if places:
        return _about(of_one.get(list_kind), of_several[list_kind], places)
    bare = {ListKind.IN_FORCE: words.in_force, ListKind.TODAY: ask.today, ListKind.SEARCH: words.search, ListKind.NUMBER: ask.numbered}
    asked = _echo(answer.searched or answer.question.words)
    return bare.get(list_kind, words.recent).format(words=asked, number=asked)


def _about(of_one: str | None, of_several: str, places: Sequence[Place]) -> str:
    """Fill in the template of one place, or of several, in which names stand bare."""
    if of_one is not None and len(places) == 1 and not places[0].territory:
        return of_one.format(name=places[0].department or places[0].name, code=places[0].code)
    return of_several.format(names=", ".join(place_label(place) for place in places))


def _echo(text: str) -> str:
    return echo(text, _LONGEST_ECHO)


# Towns, and the places that may be meant.


@dataclass(frozen=True, slots=True)
class TownParts:
    """What an answer on a town says besides its decrees: above those that name it, above those that name no commune, and of the watch."""

    title: str
    unplaced: str
    watch: str


def town_parts(answer: TownAnswer, places: Mapping[str, Place], language: Language) -> TownParts:
    """Say what is recorded of a town, and why that proves nothing: who decides there, how they are read, and since when."""
    words, ask = vocabulary(language), vocabulary(language).ask
    named = {"name": answer.commune.name, "code": answer.commune.department}
    count = words.count_many.format(n=answer.total)
    counted = (ask.town_count_one if answer.total == 1 else ask.town_count).format(total=count, current=answer.current)
    page = "" if answer.pages == 1 else ", " + words.page.format(page=answer.question.page, pages=answer.pages)
    head = words.header.format(title=ask.town.format(**named), total=counted + page) if answer.total else ask.town_none.format(**named)
    head = _of_topic(answer, head, language)
    unplaced = ask.unplaced_one if answer.unplaced_total == 1 else ask.unplaced_many
    since = "" if answer.since is None else ask.town_since.format(date=date_text(answer.since.date(), words_in(language).dates))
    whole = None if answer.commune.part_of is None else gazetteer().commune(answer.commune.part_of)
    part = "" if whole is None else ask.town_part.format(whole=whole.name, name=answer.commune.name)
    unfinished = ask.unfinished if answer.unfinished else ""
    watch = (part, *(authority_text(one, places, language) for one in answer.health), since, unfinished, ask.town_caution)
    return TownParts(
        head,
        unplaced.format(n=answer.unplaced_total, **named) if answer.unplaced_total else "",
        "\n".join(part for part in watch if part),
    )


def choices_text(answer: PlaceChoices, language: Language, face: Face) -> str:
    """Ask which place is meant, one line per place; where there are no buttons, say how it is put."""
    ask = vocabulary(language).ask
    asked = _echo(answer.asked)
    if not answer.sure:
        head = ask.choices_named if answer.in_sentence else ask.choices_near
    elif len(answer.choices) == 1:
        head = ask.choices_one
    else:
        head = ask.choices_postcode if asked.isdecimal() else ask.choices
    lines = [f"• {choice_text(choice, language)}" for choice in answer.choices]
    left = answer.total - len(answer.choices)
    more = [_more_choices(answer, left, language)] if left > 0 else []
    if not more and face != "telegram" and (example := _in_department(answer)):
        more = [ask.choices_again.format(example=example)]
    return "\n".join((head.format(asked=asked, n=answer.total), *lines, *more))


def _more_choices(answer: PlaceChoices, left: int, language: Language) -> str:
    """Say how many are left out, and to add the department; not where all that are shown lie in one: `Lyon 10e`."""
    words, first = vocabulary(language), answer.choices[0].place
    if len({getattr(choice.place, "department", choice.place.code) for choice in answer.choices}) == 1:
        return f"{words.state.and_more.format(n=left).capitalize()}."
    return words.ask.choices_more.format(n=left, example=_in_department(answer) or first.name)


def _in_department(answer: PlaceChoices) -> str:
    """Return how the first commune is asked for among those of its name (`Valence 26`); empty where there is none."""
    named = (f"{choice.place.name} {choice.place.department}" for choice in answer.choices if isinstance(choice.place, Commune))
    return next(named, "")


def choice_text(choice: PlaceChoice, language: Language) -> str:
    """Name one place so that it is not taken for another: with its department and how many people are there."""
    ask, place = vocabulary(language).ask, choice.place
    match place:
        case Commune():
            department = gazetteer().department(place.department)
            told = {"name": place.name, "department": place.department if department is None else department.name, "code": place.department}
            people = None if place.population is None else thousands(place.population, language)
            text = ask.commune.format(**told) if people is None else ask.commune_counted.format(people=people, **told)
        case Department():
            text = ask.department_choice.format(name=place.name, code=place.code)
        case _:
            text = ask.region_choice.format(name=place.name)
    return text if choice.matched is None else ask.matched.format(matched=choice.matched, place=text)


# An answer as plain text, for terminals and wherever markup cannot go. Pure.


def plain_answer(answer: Answer, places: Mapping[str, Place], language: Language = "fr", face: Face = "terminal") -> str:
    """Return a title and one line per decree, a decree in full, why there is none, or the state of the watch; no newline at the end. `face`
    as in `shortcoming`."""
    match answer:
        case DecreeList():
            lines = "\n".join(decree_lines(answer.decrees, answer, places, language))
            head = "\n".join((*filter(None, (instead(answer, language),)), title(answer, language)))
            return "\n\n".join(filter(None, (head, lines, unread(answer, places, language))))
        case TownAnswer():
            parts = town_parts(answer, places, language)
            named = decree_lines(answer.decrees, answer, places, language)
            unplaced = decree_lines(answer.unplaced, answer, places, language)
            blocks = ("\n".join((parts.title, *named)), "\n".join((parts.unplaced, *unplaced)) if parts.unplaced else "", parts.watch)
            return "\n\n".join(block for block in blocks if block)
        case HelpRequest() | SubjectCard():
            return _subject_text(answer.topics, language, face)
        case SeveralPlaces():
            return "\n\n".join((*(block for _, block in place_blocks(answer, places, language)), several_watch(answer, places, language)))
        case OneDecree():
            return _whole(answer, places, language)
        case WatchState() | DepartmentState() | FiguresAnswer():
            text = figures_text(answer, places, language) if isinstance(answer, FiguresAnswer) else state_text(answer, places, language)
        case _:
            text = shortcoming(answer, places, language, face)
    return text


def brief_answer(answer: Answer, places: Mapping[str, Place], language: Language) -> str:
    """Return an answer with the shortest of warnings, where there is little room: never without it."""
    warning = vocabulary(language).nothing_warning
    match answer:
        case TownAnswer():
            unread_there = unread_lines(answer.health, places, language)
            lines = decree_lines(answer.decrees, answer, places, language)
            parts = (town_parts(answer, places, language).title, *lines, *unread_there, warning)
        case NothingFound() if answer.recorded and answer.watched:
            parts = (
                _of_topic(answer, _nothing_there(answer, vocabulary(language), language), language),
                *unread_lines(answer.health, places, language),
                warning,
            )
        case SeveralPlaces():
            heads = (block for _, block in place_blocks(answer, places, language))
            parts = (*heads, *unread_lines(_health_of(answer), places, language), warning)
        case SubjectCard():
            return "\n\n".join(topic_words(topic, language).card.brief for topic in answer.topics)
        case _:
            return plain_answer(answer, places, language, "mastodon")
    return "\n".join(parts)


def _whole(answer: OneDecree, places: Mapping[str, Place], language: Language) -> str:
    message = message_of(answer.decree, places, answer.at, language)
    gone = withdrawal(answer.decree, message.place, language)
    said = gone if gone is not None else unwatched(answer, language)
    return "\n\n".join(filter(None, (said, plain_decree(message, places))))


def unwatched(answer: OneDecree, language: Language) -> str:
    """Say that the topic of a decree is no longer watched; empty where it is."""
    return (
        ""
        if answer.is_watched
        else vocabulary(language).ask.unwatched_topic.format(name=capital(topic_words(answer.decree.topic, language).name))
    )


def laws(topics: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses of the laws of topics."""
    return tuple(dict.fromkeys(str(topic_words(topic, "fr").card.law) for topic in topics))


def _subject_text(topics: Sequence[str], language: Language, face: Face) -> str:
    """Return what the topics are, the briefer the more there are, with what can be asked next where there are no buttons."""
    words, form = vocabulary(language), "text" if len(topics) == 1 else "brief"
    told = "\n\n".join(str(topic_words(topic, language).card[form]).strip() for topic in topics)
    asked = "\n".join(
        words_in(language).label.format(label=text, text=words.faces[face][name]) for name, text in words.subject.next.items()
    )
    return told + ("" if face == "telegram" else f"\n\n{asked}")


_OF_ONE_PLACE = 2
"""Decrees shown of one of several places."""


def place_blocks(answer: SeveralPlaces, places: Mapping[str, Place], language: Language) -> Iterator[tuple[Question, str]]:
    """Yield the question about each of several places, and its status with the first decrees."""
    for one in answer.answers:
        match one:
            case TownAnswer():
                head, shown = town_parts(one, places, language).title, one.decrees[: min(max(one.current, 1), _OF_ONE_PLACE)]
            case DecreeList():
                head, shown = title(one, language), one.decrees[:_OF_ONE_PLACE]
            case _:
                yield one.question, _nothing_there(one, vocabulary(language), language)
                continue
        yield one.question, "\n".join((head, *decree_lines(shown, one, places, language)))


def place_name(answer: TownAnswer | DecreeList | NothingFound) -> str:
    """Return `Valence (26)`, or the departments, that an answer is about."""
    if isinstance(answer, TownAnswer):
        return f"{answer.commune.name} ({answer.commune.department})"
    asked = Days.read(answer.question.words).place if answer.question.list_kind is ListKind.DAY else ""
    commune = gazetteer().commune(asked.removeprefix("c")) if asked.startswith("c") else None
    return ", ".join(map(place_label, answer.places)) if commune is None else f"{commune.name} ({commune.department})"


def several_watch(answer: SeveralPlaces, places: Mapping[str, Place], language: Language) -> str:
    """Say who of those that decide in several places is not read, and that nothing found proves nothing."""
    return "\n".join((*unread_lines(_health_of(answer), places, language), vocabulary(language).ask.town_caution))


def _health_of(answer: SeveralPlaces) -> tuple[AuthorityHealth, ...]:
    return tuple({one.code: one for each in answer.answers for one in each.health}.values())


def decree_lines(
    decrees: Iterable[Decree],
    answer: DecreeList | TownAnswer,
    places: Mapping[str, Place],
    language: Language,
    line: Callable[[MessageInput], str] = decree_line,
) -> Iterator[str]:
    """Yield one `line` per decree of an answer."""
    return (line(message_of(decree, places, answer.at, language, answer.topics)) for decree in decrees)


def instead(answer: DecreeList, language: Language) -> str | None:
    """Say that other words were searched than those that were asked; None where the answer is to what was asked."""
    if answer.searched is None:
        return None
    return vocabulary(language).ask.searched.format(asked=_echo(answer.question.words), searched=_echo(answer.searched))


def unread(answer: DecreeList, places: Mapping[str, Place], language: Language) -> str:
    """Say which of those who decide in the places that were asked for are not read, empty where all are: there may be other decrees."""
    lines = unread_lines(answer.health, places, language)
    return "\n".join((*lines, vocabulary(language).state.warning)) if lines else ""


def message_of(decree: Decree, places: Mapping[str, Place], at: datetime, language: Language, topics: Collection[str] = ()) -> MessageInput:
    """Return what the words of an answer on this decree are made from, with the law's part as at `at` (aware). `topics`: watched."""
    place = place_for(places, decree.authority)
    return MessageInput(decree, place, at, language, legal_advice(decree, place, at), MessageContext(topics=topics))


# The phrases on which the facts of a decree rest, in plain words. Pure.

_LONGEST = 300
"""Characters of one phrase."""


def evidence_text(decree: Decree, language: Language = "fr") -> str:
    """Return a heading and one line per phrase, in order of finding: its page, its place there, what it supports, the cue it matched;
    identical lines once. No newline at the end."""
    words = vocabulary(language).evidence
    if not decree.evidence:
        return words.none
    return "\n".join((words.head, *dict.fromkeys(f"  {_line(item, words, language)}" for item in decree.evidence)))


def _line(item: Evidence, words: Words, language: Language) -> str:
    about = words.about.get(item.about, words_in(language).facts.get(item.about, inert(item.about)))
    if item.cue:
        about = words.met.format(about=about, cue=inert(cue_words(item.cue, language)))
    told = {"page": item.page, "about": about, "text": cut(inert(item.text), _LONGEST)}
    if item.where is None:
        return words.line.format(**told)
    return words.placed.format(where=words.where.get(item.where.value, item.where.value), **told)


# What the signs that a verdict rests on are called, and why an act is left to a person. Pure.


def cue_words(cue: str, language: Language) -> str:
    """Return a sign or a reason by its name (`Evidence.cue`), in words; as it is where there are none, as for a text of law."""
    if language == "fr":
        return _french().get(cue.replace(" ", "_"), cue)
    return reason_words(cue) or cue


def doubt_words(evidence: Iterable[Evidence], language: Language) -> str | None:
    """Return why a person must look; None where the evidence does not tell."""
    return next((cue_words(quote.cue, language) for quote in evidence if quote.cue and reason_words(quote.cue) is not None), None)


@cache
def _french() -> Mapping[str, str]:
    own = [topic.name for topic in topics().values() if topic.folder.joinpath("cues_fr.toml").is_file()]
    every = (topic_words(name, "cues_fr").items() for name in own)
    return {**data_file("bot.queries", "words", "cues_fr.toml"), **dict(chain.from_iterable(every))}


# How the watch itself is, without addresses or internals.

_NAMES = 20
"""Prefectures named of one sort: with their dates they must fit in one message, however many there are."""
_FEW = 3
"""Prefectures of which each has a line of its own below a list of decrees."""


def state_text(answer: WatchState | DepartmentState, places: Mapping[str, Place], language: Language) -> str:
    """Return the answer in plain words, one line a sort of prefecture, or one line a prefecture."""
    words = vocabulary(language).state
    match answer:
        case WatchState():
            return "\n".join(_watch_lines(answer.overview, places, words, language))
        case DepartmentState():
            return "\n".join(authority_text(authority, places, language) for authority in answer.authorities)


def authority_text(authority: AuthorityHealth, places: Mapping[str, Place], language: Language) -> str:
    """Return how one authority is read, on one line, with the day of its last recueil."""
    place, words, dates = place_for(places, authority.code), vocabulary(language).state, words_in(language).dates
    cause, since = authority.main.cause if authority.main else None, failing_since(authority, place)
    forms = {
        Status.OK: words.one_fine,
        Status.LATE: words.one_late,
        Status.PARTLY: words.one_partly,
        Status.FAILING: words.one_failing_always if since is None else words.one_failing,
        Status.UNPOLLED: words.one_never_polled,
        Status.NOT_COVERED: words.one_not_covered,
        Status.UNWATCHED: words.one_not_watched,
    }
    named = {"name": inert(place.name), "cause": words.causes.get(cause.value, "") if cause else ""}
    text = forms[authority.status].format(date="" if since is None else date_text(since, dates), **named)
    if authority.last_published is None or authority.status in {Status.UNPOLLED, Status.NOT_COVERED, Status.UNWATCHED}:
        return text
    return f"{text} {words.last.format(date=date_text(authority.last_published, dates))}"


def unread_lines(health: Sequence[AuthorityHealth], places: Mapping[str, Place], language: Language) -> list[str]:
    """Return which of these authorities are not read, or only in part: a line each, or a line per category if they are many; none if all
    are read."""
    unread = [one for one in health if one.status not in {Status.OK, Status.LATE}]
    if len(unread) <= _FEW:
        return [authority_text(one, places, language) for one in unread]
    return list(_status_lines(unread, places, vocabulary(language).state, language))


def _watch_lines(overview: Overview, places: Mapping[str, Place], words: Words, language: Language) -> list[str]:
    counts = Counter(one.status for one in overview.authorities)
    watched = sum(counts[status] for status in (Status.OK, Status.LATE, Status.PARTLY, Status.FAILING, Status.UNPOLLED))
    lines = [words.head.format(watched=watched, working=counts[Status.OK])]
    if overview.stalled_since is not None:
        lines.append(words.stalled.format(date=date_text(overview.stalled_since.date(), words_in(language).dates)))
    # Which ones are not watched is the choice of who runs it, and may be nearly all.
    lines += _status_lines([one for one in overview.authorities if one.status is not Status.UNWATCHED], places, words, language)
    if len(lines) > 1:
        lines.append(words.warning)
    return [*lines, words.hint]


def _status_lines(authorities: Sequence[AuthorityHealth], places: Mapping[str, Place], words: Words, language: Language) -> Iterator[str]:
    """Yield a line for each sort of them but those that are read as they should be."""
    for template, statuses in (
        (words.failing, {Status.FAILING}),
        (words.partly, {Status.PARTLY}),
        (words.late, {Status.LATE}),
        (words.never_polled, {Status.UNPOLLED}),
        (words.not_covered, {Status.NOT_COVERED, Status.UNWATCHED}),
    ):
        if of_sort := [one for one in authorities if one.status in statuses]:
            yield template.format(names=_names_of(of_sort, places, words, language))


def _names_of(authorities: Sequence[AuthorityHealth], places: Mapping[str, Place], words: Words, language: Language) -> str:
    names = []
    for authority in authorities[:_NAMES]:
        place = place_for(places, authority.code)
        name = inert(place.name if place.territory else place_label(place))
        since = failing_since(authority, place)
        names.append(name if since is None else words.since.format(name=name, date=date_text(since, words_in(language).dates)))
    more = len(authorities) - len(names)
    return ", ".join(names) + (f" {words.and_more.format(n=more)}" if more else "")


def failing_since(authority: AuthorityHealth, place: Place) -> date | None:
    """Return the day since which an authority cannot be read, at its place; None where that is not known."""
    since: datetime | None = authority.main.since if authority.main else None
    return None if since is None else since.astimezone(ZoneInfo(place.time_zone)).date()
