"""The words of one language, from the data file that bears its name; and how data files of words are read."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

# The words about standing, flags and law: what a message says that rests on `LegalAdvice`.


class Table(BaseModel):
    """A table of a data file: a missing or unknown key is an error when the file is read, not an odd message later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def data_file(package: str, *path: str) -> dict[str, Any]:
    """Return the content of a packaged TOML file."""
    return tomllib.loads(files(package).joinpath(*path).read_text(encoding="utf-8"))


class StandingWords(Table):
    """Where a decree stands, in lists."""

    upcoming: str
    in_force: str
    started: str
    over: str
    ended: str
    ended_since: str
    suspended: str
    suspended_since: str
    in_doubt: str
    unknown: str
    modified: str
    renewed: str


class FlagWords(Table):
    """What is striking in the dates, whole in posts and brief in lists. `late` is said where the number of days is not known,
    `outside` where it is not known which days those are."""

    late: str
    late_one: str
    late_many: str
    late_brief: str
    outside: str
    outside_days: str
    outside_brief: str
    longer: str
    longer_one: str
    longer_many: str
    longer_brief: str


class RecourseWords(Table):
    """Sentences of the paragraph of posts about contesting. The `brief` ones replace it where room is scarce; `brief_possible` and
    `brief_useless` say in them what becomes of an urgent application."""

    limit: str
    limit_passed: str
    limit_unknown: str
    limit_at_least: str
    over: str
    differs: str
    future: str
    running: str
    no_longer: str
    ended: str
    in_doubt: str
    source: str
    no_court: str
    short_court: str
    two_courts: str
    brief: str
    brief_passed: str
    brief_unknown: str
    brief_at_least: str
    brief_possible: str
    brief_useless: str


class AdviceWords(Table):
    """Lines of the long form about contesting. Fields that begin with `art_` are articles, as `article` writes them."""

    heading: str
    limit: str
    limit_passed: str
    limit_unknown: str
    limit_at_least: str
    court_both: str
    court_named: str
    court_seat: str
    court_differs: str
    court_unknown: str
    unknown: str
    suspension: str
    liberty: str
    traps: str
    sources: str
    article: str


Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class KindWords(Table):
    """One text per kind of decree."""

    authorisation: str
    renewal: str
    modification: str
    abrogation: str
    suspension: str
    refusal: str


class PurposeWords(Table):
    """The short official name of each purpose (décret n° 2023-828, article 3)."""

    abandoned_object: str
    weapon: str
    wrong_way: str
    forbidden_zone: str
    person_down: str
    crowd_movement: str
    crowd_density: str
    fire: str


class FactLabels(Table):
    """What stands before each fact."""

    event: str
    period: str
    places: str
    operators: str
    requested: str
    purposes: str
    software: str
    cameras: str
    link: str
    button: str
    number: str
    signed: str
    published: str
    office: str
    decided: str
    publisher: str
    sighting: str
    page: str


class TimingWords(Table):
    """Where a decree stands in time, relative to the reader."""

    upcoming: str
    started: str
    ended: str
    minutes: str
    hours: str
    days: str


class DateWords(Table):
    """How days and hours are written. `first` is the first day of a month."""

    months: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)]
    first: str
    day_month: str
    date: str
    time: str
    time_minutes: str
    moment: str


class PeriodWords(Table):
    """How a period is written."""

    one_day: str
    one_day_from: str
    one_day_until: str
    one_day_hours: str
    range: str
    from_on: str
    until: str


class CameraWords(Table):
    """Whose images, after the label of the cameras. `one_fixed` and `one_drone` are of a single camera."""

    videoprotection: str
    fixed: str
    drone: str
    both: str
    counted: str
    one_fixed: str
    one_drone: str


class UndoneWords(Table):
    """That what changes a decree was ended itself. `withdrawn`, `abrogated` and `ended` (the text tells neither) say by what; `revives`,
    `stays` and `unclear` what that does to a decree that it had ended. `joint` stands between them, `brief` says all of it in few words."""

    joint: str
    withdrawn: str
    abrogated: str
    ended: str
    revives: str
    stays: str
    unclear: str
    brief: str


class ChangeWords(Table):
    """What decrees do to each other. `does` and `undergoes`, in place of which an end by retrait `withdraws` and is
    `withdrawn`, take the other decree, which the others name."""

    does: KindWords
    undergoes: KindWords
    withdraws: str
    withdrawn: str
    undone: UndoneWords
    numbered: str
    numbered_dated: str
    dated: str
    other: str
    stored: str
    since: str
    period: str


class NoticeWords(Table):
    """What an edited post says of later decrees. `below`: one that is told after it; `text` is what it does. `undone`: the mark of one that
    was ended itself.
    """

    below: str
    undone: str
    marks: KindWords


class Words(Table):
    """Everything a message says that does not come from a decree."""

    more: str
    label: str
    no_place: str
    kinds: KindWords
    short_kinds: KindWords
    purposes: PurposeWords
    labels: FactLabels
    cameras: CameraWords
    timing: TimingWords
    dates: DateWords
    periods: PeriodWords
    changes: ChangeWords
    notice: NoticeWords
    standing: StandingWords
    flags: FlagWords
    recourse: RecourseWords
    advice: AdviceWords


@cache
def words_in(language: Language) -> Words:
    """Return the words of a language, read once from its packaged file."""
    return Words.model_validate(data_file("bot.messages", f"{language}.toml"))
