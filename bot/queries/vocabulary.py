"""The words of the answers in one language, from the data file that bears its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal

from bot.messages.words import Language, Table, data_file


class StateWords(Table):
    """How the watch itself is, in words for people. `causes` go by `bot.domain.health.Cause`."""

    head: str
    stalled: str
    failing: str
    partly: str
    late: str
    never_polled: str
    not_covered: str
    since: str
    and_more: str
    warning: str
    hint: str
    last: str
    one_fine: str
    one_failing: str
    one_failing_always: str
    one_late: str
    one_partly: str
    one_never_polled: str
    one_not_covered: str
    one_not_watched: str
    causes: Mapping[str, str]


class EvidenceWords(Table):
    """Holds words for the evidence of facts: `about` by `Evidence.about`, `where` by `Where`; `met` adds the cue that a phrase matched."""

    head: str
    line: str
    placed: str
    met: str
    none: str
    about: Mapping[str, str]
    where: Mapping[str, str]


class SettlementWords(Table):
    """What operators are answered when they settle what becomes of a doubtful act."""

    accepted: str
    accepted_silently: str
    accepted_many: str
    accepted_many_silently: str
    rejected: str
    withdrawn: str
    withdrawn_out: str
    already_accepted: str
    already_rejected: str
    fact: str
    fact_absent: str
    fact_already: str
    fact_gone: str
    not_here: str
    gone: str
    failed: str


class AskWords(Table):
    """What is said of questions about several places, towns, today, and by the number of an authority. `names` are those of places."""

    departments: str
    in_force_departments: str
    today: str
    today_there: str
    numbered: str
    nothing_departments: str
    nothing_in_force_departments: str
    nothing_today: str
    nothing_today_there: str
    deciders: str
    no_town: str
    town: str
    town_count: str
    town_count_one: str
    town_none: str
    unplaced_one: str
    unplaced_many: str
    town_part: str
    town_since: str
    town_caution: str
    unfinished: str
    choices: str
    choices_one: str
    choices_postcode: str
    choices_near: str
    choices_named: str
    choices_more: str
    choices_again: str
    commune: str
    commune_counted: str
    department_choice: str
    region_choice: str
    matched: str
    unknown_place: str
    searched: str


class FiguresWords(Table):
    """What maps and charts say, on them and in their captions. `names` are several `counted`, or labels of departments."""

    map_title: str
    chart_title: str
    by_month: str
    by_authority: str
    map_head: str
    map_there: str
    map_none: str
    map_doubtful: str
    map_unread: str
    map_not_covered: str
    stalled: str
    caution: str
    chart_head: str
    chart_months: str
    chart_authorities: str
    chart_since: str
    chart_caution: str
    counted: str
    and_more: str
    nothing: str
    legend_unread: str
    legend_not_covered: str
    legend_before: str
    legend_above: str
    legend_below: str
    recorded: str
    independent: str
    map_file: str
    chart_file: str
    months: Sequence[str]


class ChatWords(Table):
    """What chats say besides. `help` goes on after that of `Vocabulary`; `commands` are what Telegram proposes, besides those there."""

    help: str
    no_number: str
    unknown_command: str
    not_text: str
    which_language: str
    language_name: str
    language_chosen: str
    language_admins: str
    inline_open: str
    inline_follow: str
    letter_cada: str
    letter_gracieux: str
    letter_caption: str
    changes: str
    changed_by: str
    letter_names: Mapping[str, str]
    commands: Mapping[str, str]


class MastodonWords(Table):
    """What answers to mentions on Mastodon say besides; there are no commands there."""

    help: str
    slow_down: str


Face = Literal["telegram", "terminal", "mastodon"]
"""Where answers are given: each has its own way of putting a question."""


class Vocabulary(Table):
    """Everything an answer says that does not come from a decree."""

    recent: str
    department: str
    search: str
    in_force: str
    in_force_there: str
    header: str
    count_one: str
    count_many: str
    page: str
    more_hint: str
    previous: str
    next: str
    nothing_recorded: str
    nothing_recent: str
    nothing_department: str
    nothing_search: str
    nothing_in_force: str
    nothing_in_force_there: str
    nothing_warning: str
    unwatched: str
    since: str
    unknown_department: str
    did_you_mean: str
    outside: str
    unknown_decree: str
    no_department: str
    no_words: str
    too_long: str
    no_number: str
    not_a_number: str
    no_gracieux: str
    withdrawn: str
    failed: str
    slow_down: str
    expired: str
    not_understood: str
    help: str
    faces: Mapping[Face, Mapping[str, str]]
    commands: Mapping[str, str]
    state: StateWords
    evidence: EvidenceWords
    reviews: SettlementWords
    ask: AskWords
    figures: FiguresWords
    chat: ChatWords
    mastodon: MastodonWords


@cache
def vocabulary(language: Language) -> Vocabulary:
    """Return the words of a language, read once from its packaged file."""
    return Vocabulary.model_validate(data_file("bot.queries", "words", f"{language}.toml"))
