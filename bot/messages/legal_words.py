"""The words about standing, flags and law: what a message says that rests on `Counsel`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A missing or unknown key in a language file is an error when the file is read, not an odd message later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
    """Sentences of the paragraph of posts about contesting. The `brief` ones replace it where room is scarce."""

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
