"""Composes the facts of a message as lines, whole and brief, and writes days, hours and periods. Unknown facts are left out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from bot.domain.acts import Decree, Facts, Kind, Moment, Place, Sighting, Slot
from bot.domain.facts import CAMERA_TYPES, ValueKind, facts_of_row
from bot.domain.law import LegalAdvice, ends_first
from bot.domain.topics import first_topic, topics
from bot.messages.words import Language, Words, clean, data_file, inert, link_to, topic_words, words_in

# What a post says besides the decree itself: where its own page is, and which decrees are told after it.


@dataclass(frozen=True, slots=True)
class MessageContext:
    """Context of a message. `public_url`: address of decrees' pages, without final slash, or None. `below`: later changing decrees posted
    after it there. `publisher`: authority on whose site it was found, if another. `announced`: when an edited post was sent (aware), to
    which its times refer; else None. `topics`: those among which a reader must tell its own.
    """

    public_url: str | None = None
    below: frozenset[int] = frozenset()
    publisher: Place | None = None
    announced: datetime | None = None
    topics: Collection[str] = ()

    def page_of(self, decree: Decree) -> str | None:
        """Return the decree's own page, `<public_url>/arretes/<id>`; None where there is none, or the decree is not stored."""
        return f"{self.public_url}/arretes/{decree.id}" if self.public_url and decree.id is not None else None


ALONE = MessageContext()
"""Nothing besides."""


@dataclass(frozen=True, slots=True)
class MessageInput:
    """A decree for readers: `place` of its authority, `now` (aware), language; `legal_advice` or None for nothing of law; `context`."""

    decree: Decree
    place: Place
    now: datetime
    language: Language = "fr"
    legal_advice: LegalAdvice | None = None
    context: MessageContext = ALONE

    @property
    def words(self) -> Words:
        """Return the words of its language."""
        return words_in(self.language)

    @property
    def today(self) -> date:
        """Return the day at the place of the authority."""
        return self.now.astimezone(ZoneInfo(self.place.time_zone)).date()


# Where: names of authorities and their hashtags.

_MOST_TAGS = 5
_LONGEST_OPERATOR = 24
_PLAIN = re.compile(r"[0-9A-Za-zÀ-ÖØ-öø-ÿŒœŸ]+(?:[ '’-][0-9A-Za-zÀ-ÖØ-öø-ÿŒœŸ]+){0,4}")
_COMMUNE = re.compile(r"(?:Commune|Ville) (?:de |d['’])")
"""Before the name of a town, which is the tag that people follow."""
_DEPARTMENT = re.compile(r"\d{2,3}|2[AB]")


def place_for(places: Mapping[str, Place], authority: str) -> Place:
    """Return the place of an authority; one made of its code where the catalogue no longer has it, so that its decrees still go out."""
    known = places.get(authority)
    return known if known is not None else Place(code=authority, name=authority, department="")


def where_text(place: Place, words: Words) -> str:
    """Return `Drôme (26), Préfecture de la Drôme`."""
    department, name, code = inert(place.department), inert(place.name), inert(place.code)
    if department and _DEPARTMENT.fullmatch(code):
        department = f"{department} ({code})"
    return ", ".join(dict.fromkeys(filter(None, (department, name)))) or words.no_place


def short_where(place: Place, words: Words) -> str:
    """Return `Drôme (26)`; for the préfet de police or a region, the authority; the whole name without a department."""
    if place.territory and inert(place.name):
        return inert(place.name)
    where = where_text(place, words)
    return where.split(", ")[0] if place.department else where


def hashtags(place: Place, topic: str, operators: Iterable[str] = ()) -> tuple[str, ...]:
    """Return at most five hashtags (`#VSA #Drôme #dept26 #SNCF`), capitalised for screen readers, without long or odd operators."""
    tags = [topics()[topic].hashtag]
    if name := _camel_case(place.department):
        tags.append(f"#{name}")
    if _DEPARTMENT.fullmatch(place.code):
        tags.append(f"#dept{place.code}")
    named = (_COMMUNE.sub("", clean(operator)) for operator in operators if operator not in _without_tag())
    named = (operator for operator in named if _PLAIN.fullmatch(operator))
    tags += [f"#{name}" for operator in named if (name := _camel_case(operator)) and len(name) <= _LONGEST_OPERATOR]
    once: dict[str, str] = {}
    for tag in tags:
        once.setdefault(tag.casefold(), tag)
    return tuple(once.values())[:_MOST_TAGS]


def followed_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return the two by which people follow a place: `#VSA`, and `#dept26` or, of an authority with another code, its name."""
    department = next((tag for tag in tags if tag.startswith("#dept")), None)
    return tuple(tags[:2] if department is None else (tags[0], department))


@cache
def _without_tag() -> frozenset[str]:
    return frozenset(data_file("bot.messages", "tags.toml")["without"])


def _camel_case(text: str) -> str:
    """Return `PréfectureDePolice`; empty where there is no letter: no network takes such a tag."""
    words = re.findall(r"[^\W\d_]+|\d+", clean(text))
    name = "".join(word[0].upper() + word[1:] for word in words)
    return "" if name.isdigit() else name


# The facts, one line each.


_ITEMS_SHOWN = 12
"""Of a list of places: a decree may name 46 stations."""
_MOST_SIGHTINGS = 5


class PostPart(StrEnum):
    """The parts of a post that may be shortened or left out. From `OFFICE` on, they are said in the long form only."""

    NOTICE = "notice"
    FLAGS = "flags"
    TIMELINESS = "timeliness"
    TITLE = "title"
    LINKS = "links"
    PUBLISHER = "publisher"
    EVENT = "event"
    PERIOD = "period"
    PLACES = "places"
    OPERATORS = "operators"
    PURPOSES = "purposes"
    SOFTWARE = "software"
    CAMERAS = "cameras"
    NUMBER = "number"
    SIGNED = "signed"
    PUBLISHED = "published"
    RECOURSE = "recourse"
    OFFICE = "office"
    ONLINE = "online"
    DECIDED = "authority"
    CHANGED = "changed"
    ADVICE = "advice"
    SIGHTINGS = "sightings"


PARTS = {part.value: part for part in PostPart}


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact: a `PostPart` or row of the table of facts, label (or empty), items, and number of items not shown. `brief`: the whole line
    shortened, where cuts are forbidden; `href`: its link; `is_doubtful`: labelled as to verify.
    """

    part: str
    label: str
    items: tuple[str, ...]
    hidden: int = 0
    more: str = "(+{n})"
    brief: str | None = None
    href: str | None = None
    is_doubtful: bool = False

    @property
    def text(self) -> str:
        """Return the items in one text."""
        shown = ", ".join(self.items)
        return f"{shown} {self.more.format(n=self.hidden)}".strip() if self.hidden else shown


def line(part: str, label: str, texts: Iterable[str | None], words: Words) -> Iterator[FactLine]:
    """Return one line with the texts of a document that say something, each once and made inert; none where none does."""
    yield from said_line(part, label, (inert(text or "") for text in texts), words)


def said_line(part: str, label: str, texts: Iterable[str | None], words: Words) -> Iterator[FactLine]:
    """Return one line with these words of the program, each once; none where there are none."""
    items = tuple(dict.fromkeys(text for text in texts if text))
    if items:
        yield FactLine(part, label, items[:_ITEMS_SHOWN], hidden=max(len(items) - _ITEMS_SHOWN, 0), more=words.more)


def capital(text: str) -> str:
    """Return the text with its first letter capitalised and the rest as it is."""
    return text[:1].upper() + text[1:]


# What a decree says of itself.


def kind_text(decree: Decree, words: Words, among: Collection[str] = ()) -> str:
    """Return `autorisation`; among several topics, or of another than the first, also what it is about: `autorisation (drones)`."""
    kind: str = words.short_kinds[decree.kind]
    return kind if decree.topic == first_topic() and len(among) < 2 else f"{kind} ({topic_words(decree.topic, words.language).short})"


def to_verify(line: FactLine, decree: Decree, words: Words) -> FactLine:
    """Mark the line of an unsure fact "to be verified" with its page; a number not in shortened posts, which are recognised by it."""
    doubtful = [name for name in decree.facts.doubtful if name != "communes" or not decree.facts.places]  # which are told instead of them
    about = {fact.about for fact in facts_of_row(line.part) if fact.name in doubtful}
    if not about:
        return line
    page = next((quote.page for quote in decree.evidence if quote.about in about), max(decree.page, 1))
    told = words.labels.doubtful.format(label=line.label or line.text, page=page)
    marked = replace(line, label=told) if line.label else replace(line, items=(told,))
    return replace(marked, is_doubtful=line.part is not PostPart.NUMBER)


def row_lines(rows: Iterable[str], decree: Decree, words: Words) -> Iterator[FactLine]:
    """Return one line per row of the table of facts that tells something, with marks to verify."""
    for row in rows:
        compose = line if is_quoted(row) else said_line
        texts = row_texts(row, decree, words)
        # "12 caméras fixes" says what it counts.
        label = "" if row == "cameras" and decree.facts.cameras is not None and not texts[0].isdigit() else row_label(row, decree, words)
        found = compose(PARTS.get(row, row), label, texts, words)
        yield from (to_verify(each, decree, words) for each in found)


def row_label(row: str, decree: Decree, words: Words) -> str:
    """Return what stands before a row. A refusal sets nothing going: whoever is named asked for it."""
    name = "requested" if row == "operators" and decree.kind is Kind.REFUSAL else row
    own = topic_words(decree.topic, words.language).facts
    return own[name] if name in own.keys() else words.facts[name]  # noqa: SIM118 - no dictionary


def row_texts(row: str, decree: Decree, words: Words) -> tuple[str, ...]:
    """Return what a row tells, none where nothing is known: in the words of the decree as they stand there, or of the program."""
    facts = decree.facts
    match row:
        case "period":
            text = period_text(facts, words)
        case "software":
            text = _software(facts)
        case "cameras":  # those of a refusal film nothing
            text = _cameras(facts, words, typed=decree.kind is not Kind.REFUSAL)
        case "purposes":
            own = topic_words(decree.topic, words.language).purposes
            return tuple(own[code] for code in facts.purposes)
        case _:
            value = facts.places or facts.communes if row == "places" else getattr(facts, row)
            return tuple(_value_text(each, words) for each in (value if isinstance(value, tuple) else (value,)) if each is not None)
    return () if text is None else (text,)


def is_quoted(row: str) -> bool:
    """Return whether a row tells words of the decree."""
    return facts_of_row(row)[0].kind in {ValueKind.TEXT, ValueKind.TEXTS}


def _value_text(value: str | date | Moment | int, words: Words) -> str:
    match value:
        case Moment():
            return moment_text(value, words.dates)
        case date():
            return date_text(value, words.dates)
        case _:
            return str(value)


def reference_lines(decree: Decree, words: Words) -> Iterator[FactLine]:
    """Return lines of number, day of signature, day of publication, with marks to verify."""
    facts, labels = decree.facts, words.labels
    days = {PostPart.SIGNED: (labels.signed, facts.signed), PostPart.PUBLISHED: (labels.published, decree.published)}
    number = inert(facts.number or "")
    texts = {PostPart.NUMBER: labels.number.format(number=number) if number else ""}
    texts |= {part: "" if day is None else form.format(date=date_text(day, words.dates)) for part, (form, day) in days.items()}
    return (to_verify(FactLine(part, "", (text,)), decree, words) for part, text in texts.items() if text)


def sighting_lines(decree: Decree, words: Words, places: Mapping[str, Place]) -> Iterator[FactLine]:
    """Return where else it was published, each as a link: nothing where it was seen once only."""
    own = link_to(decree.url, decree.page)
    others: dict[str, Sighting] = {}
    for sighting in decree.sightings:
        link = link_to(sighting.url, sighting.page)
        if link is not None and link != own:
            others.setdefault(link, sighting)
    shown = list(others.items())[:_MOST_SIGHTINGS]
    for position, (link, sighting) in enumerate(shown, start=1):
        where = where_text(place_for(places, sighting.authority), words)
        said = words.labels.sighting.format(where=where, page=max(sighting.page, 1))
        left = len(others) - len(shown) if position == len(shown) else 0
        yield FactLine(PostPart.SIGHTINGS, "", (said,), hidden=left, more=words.more, href=link)


def _software(facts: Facts) -> str | None:
    if facts.software and facts.vendor:
        return f"{facts.software} ({facts.vendor})"
    return facts.software or facts.vendor


def _cameras(facts: Facts, words: Words, *, typed: bool) -> str | None:
    """Return `118`, `118 caméras de vidéoprotection et sur drones`, `sur drones`."""
    named = [words.cameras[kind] for kind in CAMERA_TYPES if kind in facts.camera_types] if typed else []
    types = listed(named, words) or None
    if facts.cameras is None or types is None:
        return types if facts.cameras is None else str(facts.cameras)
    if facts.cameras == 1 and len(set(facts.camera_types)) == 1:
        types = words.cameras.single.get(facts.camera_types[0], types)
    return (words.cameras.one if facts.cameras == 1 else words.cameras.many).format(count=facts.cameras, types=types)


# When: the period of a decree in words, and where it stands relative to a given instant.

_HOURS_UP_TO = timedelta(hours=48)


class PeriodStage(Enum):
    """Where a period stands relative to an instant."""

    UNKNOWN = "unknown"
    UPCOMING = "upcoming"
    STARTED = "started"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class PeriodTiming:
    """Holds a stage; of an upcoming one also the time left until the start, and the calendar days until then, at its place."""

    stage: PeriodStage
    delay: timedelta | None = None
    days: int = 0


def timing(facts: Facts, time_zone: str, now: datetime) -> PeriodTiming:
    """Return where the period stands at `now` (aware). Hours are wall-clock in `time_zone` (IANA); without an hour, a start is 0 h, an end
    24 h. An end before the start is ignored.
    """
    zone = ZoneInfo(time_zone)
    start = _instant(facts.starts, zone, at_end=False)
    end = _instant(facts.ends, zone, at_end=True)
    if facts.starts is not None and facts.ends is not None and ends_first(facts.ends, facts.starts):
        end = None
    if end is not None and now >= end:
        return PeriodTiming(PeriodStage.ENDED)
    if start is None:
        return PeriodTiming(PeriodStage.UNKNOWN)
    if now >= start:
        return PeriodTiming(PeriodStage.STARTED)
    days = (start.astimezone(zone).date() - now.astimezone(zone).date()).days
    return PeriodTiming(PeriodStage.UPCOMING, start - now.astimezone(UTC), days)


def _instant(moment: Moment | None, zone: ZoneInfo, *, at_end: bool) -> datetime | None:
    if moment is None:
        return None
    try:
        day = moment.day + timedelta(days=1) if at_end and moment.time is None else moment.day
        return datetime.combine(day, moment.time or time(), tzinfo=zone).astimezone(UTC)
    except OverflowError:  # the last or the first day of the calendar: a misread date
        return None


def timing_text(moment: PeriodTiming, words: Words, day: str) -> str | None:
    """Return `Pas encore commencé le 1er mai 2024` (`day`: of the post), `Commencé avant cette annonce`; None if nothing can be said."""
    said = {PeriodStage.UPCOMING: words.upcoming.format(day=day), PeriodStage.STARTED: words.started, PeriodStage.ENDED: words.ended}
    return said.get(moment.stage)


def delay_text(moment: PeriodTiming, words: Words) -> str:
    """Return `14 h`, rounded down, so that nobody has less time; from 48 h on `3 jours`, as a calendar counts them."""
    delay = moment.delay or timedelta()
    minutes = max(int(delay.total_seconds() // 60), 1)
    if minutes < 60:
        return words.minutes.format(n=minutes)
    if delay < _HOURS_UP_TO:
        return words.hours.format(n=minutes // 60)
    return words.days.format(n=moment.days)


def date_text(day: date, words: Words) -> str:
    """Return `17 avril 2024`, `1er mai 2024`."""
    return words.date.format(day=_day(day, words), month=words.months[day.month - 1], year=day.year)


def _day(day: date, words: Words) -> str:
    return words.first if day.day == 1 else str(day.day)


def time_text(clock: time, words: Words) -> str:
    """Return `14 h`, `14 h 30`."""
    return (words.time_minutes if clock.minute else words.time).format(hour=clock.hour, minute=clock.minute)


def moment_text(moment: Moment, words: Words) -> str:
    """Return `17 avril 2024 à 14 h`; the day alone where the hour is not known."""
    day = date_text(moment.day, words)
    return day if moment.time is None else words.moment.format(date=day, time=time_text(moment.time, words))


def moment_at(at: datetime, zone: ZoneInfo) -> Moment:
    """Return an instant (aware) by the clock of a place, to the minute."""
    there = at.astimezone(zone)
    return Moment(there.date(), there.time().replace(second=0, microsecond=0))


def thousands(number: int, language: Language) -> str:
    """Return a number as it is read: `64 458`, in English `64,458`."""
    return f"{number:,}".replace(",", "," if language == "en" else "\u202f")


def period_text(facts: Facts, words: Words) -> str | None:
    """Return the period with its hours, as short as it can be said, of many slots their number; None when neither end of it is known."""
    starts, ends = facts.starts, facts.ends
    if 0 < len(facts.slots) <= _MOST_SLOTS:
        return listed([_slot_text(slot, words) for slot in facts.slots], words)
    if facts.slots and starts is not None and ends is not None:
        days = period_text(Facts(starts=Moment(starts.day), ends=Moment(ends.day)), words)
        return words.periods.slots.format(days=days, count=len(facts.slots))
    if starts is None:
        return None if ends is None else words.periods.until.format(end=moment_text(ends, words.dates))
    if ends is None:
        return words.periods.from_on.format(start=moment_text(starts, words.dates))
    if starts.day == ends.day:
        return _one_day(starts, ends, words)
    return words.periods.range.format(start=_start_of_range(starts, ends, words.dates), end=moment_text(ends, words.dates))


_MOST_SLOTS = 4
"""Slots that are told one by one."""


def _slot_text(slot: Slot, words: Words) -> str:
    """Return `le 4 mai 2031 de 14 h à 20 h`, `du 4 au 7 mai 2031, chaque jour de 14 h à 20 h`."""
    if slot.first == slot.last:
        return _one_day(Moment(slot.first, slot.opens), Moment(slot.last, slot.closes), words)
    days = period_text(Facts(starts=Moment(slot.first), ends=Moment(slot.last)), words)
    each = [words.dates.weekdays[day] for day in slot.weekdays]
    on = words.periods.on_weekdays.format(weekdays=listed(each, words)) if each else words.periods.every_day
    opens, closes = time_text(slot.opens, words.dates), time_text(slot.closes, words.dates)
    return words.periods.daily.format(days=days, each=on, start=opens, end=closes)


def days_text(stretches: Iterable[tuple[date, date]], words: Words) -> str:
    """Return stretches of days, both ends included: `le 2 mai 2031 et du 9 au 12 juin 2031`."""
    texts = [period_text(Facts(starts=Moment(first), ends=Moment(last)), words) or "" for first, last in stretches]
    return listed([text for text in texts if text], words)


def topics_told(topics: Sequence[str], language: Language, form: str, *, explained: bool = False) -> str:
    """Return this form of the words of topics in a row: `sur la …, sur les … et sur les …`; of one alone also what it is (`explained`)."""
    words = words_in(language)
    told = listed([topic_words(topic, language)[form] for topic in topics], words)
    return words.label.format(label=told, text=topic_words(topics[0], language).what) if explained and len(topics) == 1 else told


def with_topic_hint(text: str, form: str, topics: Sequence[str], language: Language) -> str:
    """Return a help text and, where several topics are watched, how one of them is asked for, in this `form`."""
    named = [topic_words(topic, language).short for topic in topics]
    return f"{text}\n\n{form.format(names=', '.join(named), short=named[1])}" if len(named) > 1 else text


def listed(texts: Sequence[str], words: Words) -> str:
    """Return `un, deux et trois`."""
    return words.cameras.both.format(one=", ".join(texts[:-1]), other=texts[-1]) if len(texts) > 1 else "".join(texts)


def _one_day(starts: Moment, ends: Moment, words: Words) -> str:
    day = date_text(starts.day, words.dates)
    start = None if starts.time is None else time_text(starts.time, words.dates)
    end = None if ends.time is None else time_text(ends.time, words.dates)
    if start and end:
        return words.periods.one_day_hours.format(day=day, start=start, end=end)
    if start:
        return words.periods.one_day_from.format(day=day, start=start)
    if end:
        return words.periods.one_day_until.format(day=day, end=end)
    return words.periods.one_day.format(day=day)


def _start_of_range(starts: Moment, ends: Moment, words: Words) -> str:
    """Return the start without what the end repeats: `19` in "du 19 au 22 avril 2024"."""
    if starts.time is not None or ends.time is not None or starts.day.year != ends.day.year:
        return moment_text(starts, words)
    day = _day(starts.day, words)
    if starts.day.month == ends.day.month:
        return day
    return words.day_month.format(day=day, month=words.months[starts.day.month - 1])
