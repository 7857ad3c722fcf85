"""What a month came to: what was missed, posted wrongly, noticed late or asked too often. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import pairwise
from statistics import mean, median

from benchmarks.month.plan import ANNOUNCED, START, TAIL, Kind, Plan
from benchmarks.month.run import INTERVAL, Poll, Record, Recovery

ROUND = 1.5 * INTERVAL
"""Seconds for each source by which a first poll after an outage may be later than usual: all wait in one queue."""

SETTLED = timedelta(hours=3)
"""How long after the end of a trouble a source may still be failing for it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One decree that is not as it should be. `trouble`: what was wrong when it was published, or is at its site at another time."""

    number: str
    authority: str
    published: str
    trouble: str | None
    posted_as: str | None = None


@dataclass(frozen=True, slots=True)
class Unnoticed:
    """Polls that ended well while the list could not be read, and the decrees on it were not found."""

    source: str
    trouble: str
    well: int
    polls: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """Polls that failed while all that a site had published could be read, and the last error."""

    source: str
    trouble: str | None
    failed: int
    polls: int
    error: str


@dataclass(frozen=True, slots=True)
class After:
    """The first good poll of each source after a trouble of the shared address: minutes after its end, and which came too late."""

    trouble: str
    median: float
    longest: float
    usual: float
    late: Mapping[str, float]
    sources: int
    asked_meanwhile: int


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is reported. `causes` are those that the store named, by trouble; minutes are from publication to post."""

    seed: int
    sources: int
    days: float
    published: int
    posted: int
    missed: tuple[Found, ...]
    misattributed: tuple[Found, ...]
    doubled: tuple[Found, ...]
    old: tuple[Found, ...]
    unnoticed: tuple[Unnoticed, ...]
    alarms: tuple[Alarm, ...]
    after: tuple[After, ...]
    causes: Mapping[str, Mapping[str, int]]
    minutes_median: float
    minutes_longest: float
    requests_mean: float
    requests_most: float
    requests_most_of: str
    fetched_again: int
    least_spacing: float

    @property
    def faults(self) -> tuple[str, ...]:
        """What is not as promised, in few words; empty for a month in which all went well."""
        late = sum(len(after.late) for after in self.after)
        counts = {
            "missed": len(self.missed),
            "under a wrong authority": len(self.misattributed),
            "posted twice": len(self.doubled),
            "old, announced as new": len(self.old),
            "sources that seemed fine while their list could not be read": len(self.unnoticed),
            "sources that failed while all could be read": len(self.alarms),
            "sources late after an outage": late,
            "requests while the address asked to be left alone": sum(after.asked_meanwhile for after in self.after),
            "files fetched again": self.fetched_again,
            "requests too close to each other": int(self.least_spacing < INTERVAL),
        }
        return tuple(f"{name}: {count}" for name, count in counts.items() if count)


def judge(record: Record) -> Figures:
    """Compare what was published with what was posted, and what was wrong with what was noticed."""
    plan, papers = record.plan, record.papers
    posted = Counter(post.decree.facts.number or "" for post in record.posts)
    awaited = {number for number, paper in papers.items() if START <= paper.recueil.up < plan.end - TAIL}
    late = _late_minutes(record)
    requests = Counter(asked.host for asked in record.asked)
    days = (plan.end - START) / timedelta(days=1)
    [(most_of, most)] = requests.most_common(1)

    def found(numbers: Iterable[str], posted_as: Mapping[str, str] = {}) -> tuple[Found, ...]:
        return tuple(_found(plan, record, number, posted_as.get(number)) for number in sorted(numbers))

    wrong = {
        number: post.decree.authority
        for post in record.posts
        if (number := post.decree.facts.number or "") in papers and papers[number].authority.code != post.decree.authority
    }
    return Figures(
        seed=plan.seed,
        sources=len(plan.sources),
        days=days,
        published=len(awaited),
        posted=len(awaited & set(posted)),
        missed=found(awaited - set(posted)),
        misattributed=found(wrong, wrong),
        doubled=found(number for number, times in posted.items() if times > 1),
        old=found(number for number in posted if number in papers and papers[number].recueil.day < (START - ANNOUNCED).date()),
        unnoticed=tuple(_unnoticed(record)),
        alarms=tuple(_alarms(record)),
        after=tuple(_after(record, recovery) for recovery in record.recoveries),
        causes=_causes(record),
        minutes_median=median(late) if late else 0.0,
        minutes_longest=max(late, default=0.0),
        requests_mean=mean(requests.values()) / days,
        requests_most=most / days,
        requests_most_of=most_of,
        fetched_again=_fetched_again(record),
        least_spacing=round(min(after.at - before.at for before, after in pairwise(record.asked)), 3),
    )


def _found(plan: Plan, record: Record, number: str, posted_as: str | None) -> Found:
    paper = record.papers[number]
    code, up = paper.authority.code, paper.recueil.up
    own = plan.trouble_of(code)
    trouble = next((trouble.kind.value for trouble in plan.troubles if trouble.strikes(code, up)), None)
    if trouble is None and own is not None:
        trouble = f"on a site with: {own.kind.value}"
    return Found(number, code, f"{up:%Y-%m-%d %H:%M}", trouble, posted_as)


def _late_minutes(record: Record) -> list[float]:
    """From publication to post, where nothing was wrong with a site."""
    waits = []
    for post in record.posts:
        paper = record.papers.get(post.decree.facts.number or "")
        if paper is None or paper.recueil.up < START or post.decree.found_at is None or record.plan.trouble_of(paper.authority.code):
            continue
        if not any(trouble.strikes("", paper.recueil.up) for trouble in record.plan.troubles if trouble.kind.is_shared):
            waits.append((post.decree.found_at - paper.recueil.up) / timedelta(minutes=1))
    return waits


def _unnoticed(record: Record) -> Iterable[Unnoticed]:
    found_at = {post.decree.facts.number: post.decree.found_at or record.plan.end for post in record.posts}
    for trouble in record.plan.troubles:
        for code in trouble.authorities if trouble.kind.hides_the_list else ():
            polls = [poll for poll in _of(record, code) if trouble.begin <= poll.began and poll.ended < trouble.end]
            papers = [paper for paper in record.papers.values() if paper.authority.code == code]
            hidden = {paper.decree for paper in papers if trouble.begin <= paper.recueil.up < trouble.end}
            was_found = hidden <= {number for number, moment in found_at.items() if moment < trouble.end}
            if not was_found and (well := sum(poll.cause is None for poll in polls)):
                yield Unnoticed(polls[0].source.key, trouble.kind.value, well, len(polls))


def _alarms(record: Record) -> Iterable[Alarm]:
    excused = [trouble for trouble in record.plan.troubles if trouble.kind.is_failure]
    by_source: dict[str, list[Poll]] = defaultdict(list)
    for poll in record.polls:
        code = poll.source.authority
        meanwhile = (trouble for trouble in excused if trouble.begin <= poll.ended and poll.began < trouble.end + SETTLED)
        if not any(trouble.kind.is_shared or code in trouble.authorities for trouble in meanwhile):
            by_source[poll.source.key].append(poll)
    for key, polls in by_source.items():
        if failed := [poll for poll in polls if poll.error is not None]:
            own = record.plan.trouble_of(failed[0].source.authority)
            yield Alarm(key, None if own is None else own.kind.value, len(failed), len(polls), failed[-1].error or "")


def _after(record: Record, recovery: Recovery) -> After:
    trouble, waits = recovery.trouble, {}
    for source in record.plan.sources:
        # One that has a trouble of its own then is not judged.
        own = record.plan.trouble_of(source.authority)
        if own is not None and own.begin < trouble.end + SETTLED and trouble.end < own.end:
            continue
        good = (poll.ended for poll in _of(record, source.authority) if poll.cause is None and poll.began >= trouble.end)
        waits[source.key] = next(good, record.plan.end) - trouble.end
    allowed = timedelta(seconds=ROUND * len(record.plan.sources))
    late = {key: wait for key, wait in waits.items() if wait > max(recovery.usual[key], record.every) + allowed}
    minutes = [_minutes(wait) for wait in waits.values()]
    begin, end = ((moment - START).total_seconds() for moment in (trouble.begin, trouble.end))
    return After(
        trouble=trouble.kind.value,
        median=median(minutes),
        longest=max(minutes),
        usual=median(_minutes(recovery.usual[key]) for key in waits),
        late={key: _minutes(wait) for key, wait in late.items()},
        sources=len(waits),
        # The first was answered with the wish to be left alone.
        asked_meanwhile=max(0, sum(asked.status == 503 for asked in record.asked if begin <= asked.at < end) - 1)
        if trouble.kind is Kind.BUSY
        else 0,
    )


def _causes(record: Record) -> Mapping[str, Mapping[str, int]]:
    causes: dict[str, Counter[str]] = {}
    for trouble in record.plan.troubles:
        counted = causes.setdefault(trouble.kind.value, Counter())
        for poll in record.polls:
            if trouble.strikes(poll.source.authority, poll.began):
                counted[poll.cause or "fine"] += 1
    return causes


def _fetched_again(record: Record) -> int:
    """Files that a site gave more than once, whatever noise stood in their addresses."""
    files = (asked for asked in record.asked if asked.status == 200 and "/file/" in asked.target)
    given = Counter((asked.host, asked.target.partition("/file/")[0]) for asked in files)
    return sum(times - 1 for times in given.values())


def _of(record: Record, authority: str) -> Sequence[Poll]:
    return [poll for poll in record.polls if poll.source.authority == authority]


def _minutes(time: timedelta) -> float:
    return round(time / timedelta(minutes=1), 1)


def to_json(figures: Figures) -> dict[str, object]:
    """The same, for a program."""
    return asdict(figures) | {"faults": list(figures.faults)}


def report(figures: Figures) -> str:
    """For a person: the figures, then every decree and source that is not as it should be."""
    head = f"Simulated month: {figures.sources} sources behind one address, {figures.days:g} days from {START:%Y-%m-%d %H:%M} UTC"
    lines = [
        f"{head}, seed {figures.seed}",
        "",
        _row("decrees published", figures.published),
        _row("  posted", figures.posted),
        _row("  missed", len(figures.missed)),
        _row("posted under a wrong authority", len(figures.misattributed)),
        _row("posted twice", len(figures.doubled)),
        _row("old ones announced as new", len(figures.old)),
        _row("minutes from publication to post, median", figures.minutes_median),
        _row("  longest, where nothing was wrong", figures.minutes_longest),
        _row("sources fine while their list could not be read", len(figures.unnoticed)),
        _row("sources failing while all could be read", len(figures.alarms)),
    ]
    for after in figures.after:
        lines += [
            _row(f"first good poll after the {after.trouble}, median minutes", after.median),
            _row("  longest", after.longest),
            _row("  usual interval then", after.usual),
            _row("  sources later than usual", len(after.late)),
        ]
        if after.trouble == Kind.BUSY:
            lines.append(_row("  requests while asked to wait", after.asked_meanwhile))
    lines += [
        _row("requests per source and day", figures.requests_mean),
        _row(f"  most: {figures.requests_most_of}", figures.requests_most),
        _row("files fetched again", figures.fetched_again),
        _row("least seconds between two requests", figures.least_spacing),
        "",
        "What the store said of sources (polls):",
    ]
    for trouble, causes in figures.causes.items():
        named = ", ".join(f"{cause} {times}" for cause, times in sorted(causes.items(), key=lambda item: -item[1]))
        lines.append(f"  {trouble}: {named or 'no poll'}")
    lines += _details(figures)
    lines += ["", "; ".join(figures.faults) or "all is well"]
    return "\n".join(lines)


def _details(figures: Figures) -> Iterable[str]:
    named = {"missed": figures.missed, "wrong authority": figures.misattributed, "twice": figures.doubled, "old": figures.old}
    for name, those in named.items():
        for one in those:
            as_whom = f", posted as {one.posted_as}" if one.posted_as else ""
            yield f"{name}: {one.number} of {one.authority}, on line {one.published}{as_whom} [{one.trouble or 'nothing was wrong'}]"
    for unnoticed in figures.unnoticed:
        yield f"unnoticed: {unnoticed.source}, {unnoticed.well} of {unnoticed.polls} polls fine [{unnoticed.trouble}]"
    for alarm in figures.alarms:
        yield f"failing: {alarm.source}, {alarm.failed} of {alarm.polls} polls [{alarm.trouble or 'nothing was wrong'}] {alarm.error}"
    for after in figures.after:
        for key, minutes in after.late.items():
            yield f"late: {key}, {minutes:g} minutes after the {after.trouble}"


def _row(name: str, value: float) -> str:
    return f"{name:62}{value:>10}" if isinstance(value, int) else f"{name:62}{value:>10.1f}"
