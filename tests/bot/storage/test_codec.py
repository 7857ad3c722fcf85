from __future__ import annotations

import json
from datetime import date, time

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import CameraType, Evidence, Facts, Kind, Moment, Purpose, Reference, Where
from bot.domain.folding import clean
from bot.storage.codec import evidence_from_json, evidence_to_json, facts_from_json, facts_to_json

_text = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
_texts = st.lists(_text).map(tuple)
_moments = st.builds(Moment, st.dates(), st.none() | st.builds(time, st.integers(0, 23), st.integers(0, 59)))
_facts = st.builds(
    Facts,
    number=st.none() | _text,
    signed=st.none() | st.dates(),
    starts=st.none() | _moments,
    ends=st.none() | _moments,
    event=st.none() | _text,
    operators=_texts,
    places=_texts,
    purposes=st.lists(st.sampled_from(Purpose)).map(tuple),
    software=st.none() | _text,
    vendor=st.none() | _text,
    cameras=st.none() | st.integers(0, 10_000),
    legal_basis=_texts,
    court=st.none() | _text,
    camera_types=st.lists(st.sampled_from(CameraType)).map(tuple),
    office=st.none() | _text,
    authority=st.none() | _text,
    references=st.lists(
        st.builds(Reference, st.sampled_from(Kind), st.none() | _text, st.none() | st.dates(), st.none() | st.booleans())
    ).map(tuple),
)


@given(_facts)
def test_facts_come_back_through_json(facts: Facts) -> None:
    assert facts_from_json(json.loads(json.dumps(facts_to_json(facts)))) == facts


@given(
    st.lists(
        st.builds(
            Evidence, about=_text, page=st.integers(1, 2_000), text=_text, where=st.none() | st.sampled_from(Where), cue=st.none() | _text
        )
    ).map(tuple)
)
def test_evidence_comes_back_through_json(evidence: tuple[Evidence, ...]) -> None:
    assert evidence_from_json(json.loads(json.dumps(evidence_to_json(evidence)))) == evidence


@given(_facts, st.dictionaries(st.text(min_size=20), st.integers()))
def test_keys_of_a_newer_program_are_passed_over(facts: Facts, added: dict[str, int]) -> None:
    assert facts_from_json({**added, **facts_to_json(facts)}) == facts


def test_the_stored_form() -> None:
    facts = Facts(number="12", signed=date(2024, 4, 19), starts=Moment(date(2024, 4, 20), time(14)), operators=("SNCF",), cameras=0)
    assert facts_to_json(facts) == {
        "number": "12", "signed": "2024-04-19", "starts": "2024-04-20T14:00", "operators": ["SNCF"], "cameras": 0,
    }  # fmt: skip
    assert facts_from_json({}) == Facts()


def test_purposes_stored_in_words_by_older_programs_are_understood() -> None:
    stored = {"purposes": ["mouvement de foule", "objets abandonnés", "a purpose of a newer program"]}
    assert facts_from_json(stored).purposes == (Purpose.CROWD_MOVEMENT, Purpose.ABANDONED_OBJECT)


@given(st.text(alphabet=st.characters()) | st.text(alphabet="\x00\ud800\udfffé"))
def test_clean_text_can_be_stored_anywhere(text: str) -> None:
    cleaned = clean(text)
    assert "\x00" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert clean(cleaned) == cleaned
