"""The table of facts: whole, and without a row that nothing tells."""

from dataclasses import fields

from bot.domain.acts import Facts
from bot.domain.facts import FACTS, FULL_ROWS, PAGE_ROWS, POST_ROWS, REFERENCE_ROWS, SETTLED_BY_PERSONS, ValueKind, facts_of_row

MARKS = {"doubtful", "settled"}


def test_every_fact_is_declared_once() -> None:
    names = [fact.name for fact in FACTS]
    assert sorted(names) == sorted({field.name for field in fields(Facts)} - MARKS)
    for rows in ((*POST_ROWS, *REFERENCE_ROWS, *FULL_ROWS), PAGE_ROWS):
        assert len(set(rows)) == len(rows)
        assert all(map(facts_of_row, rows))


def test_only_texts_are_settled_by_persons() -> None:
    kinds = {fact.name: fact.kind for fact in FACTS}
    assert {kinds[name] for name in SETTLED_BY_PERSONS} <= {ValueKind.TEXT, ValueKind.TEXTS}


def test_a_value_is_of_the_kind_that_is_declared() -> None:
    empty = Facts()
    several = {ValueKind.TEXTS, ValueKind.CODES, ValueKind.DECREES, ValueKind.SLOTS}
    assert all(getattr(empty, fact.name) == (() if fact.kind in several else None) for fact in FACTS)
    assert all((fact.codes is not None) == (fact.kind is ValueKind.CODES) for fact in FACTS)
