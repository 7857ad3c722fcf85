from __future__ import annotations

import json
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from bot.domain.acts import Evidence, Facts, Kind, Moment, Reference, Slot, Where
from bot.domain.facts import CAMERA_TYPES
from bot.domain.posts import PostCause
from bot.domain.text import clean
from bot.domain.topics import purposes_of
from bot.storage.columns import EnumText, evidence_from_json, facts_from_json, to_json

_text = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
_texts = st.lists(_text).map(tuple)
_clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
_moments = st.builds(Moment, st.dates(), st.none() | _clocks)
_facts = st.builds(
    Facts,
    number=st.none() | _text,
    signed=st.none() | st.dates(),
    slots=st.lists(st.builds(Slot, st.dates(), st.dates(), _clocks, _clocks, st.lists(st.integers(0, 6)).map(tuple))).map(tuple),
    starts=st.none() | _moments,
    ends=st.none() | _moments,
    event=st.none() | _text,
    operators=_texts,
    places=_texts,
    purposes=st.lists(st.sampled_from(purposes_of("vsa"))).map(tuple),
    software=st.none() | _text,
    vendor=st.none() | _text,
    cameras=st.none() | st.integers(0, 10_000),
    legal_basis=_texts,
    court=st.none() | _text,
    camera_types=st.lists(st.sampled_from(CAMERA_TYPES)).map(tuple),
    office=st.none() | _text,
    authority=st.none() | _text,
    references=st.lists(
        st.builds(Reference, st.sampled_from(Kind), st.none() | _text, st.none() | st.dates(), st.none() | st.booleans())
    ).map(tuple),
)


@given(_facts)
def test_facts_come_back_through_json(facts: Facts) -> None:
    assert facts_from_json(json.loads(json.dumps(to_json(facts)))) == facts


@given(
    st.lists(
        st.builds(
            Evidence, about=_text, page=st.integers(1, 2_000), text=_text, where=st.none() | st.sampled_from(Where), cue=st.none() | _text
        )
    ).map(tuple)
)
def test_evidence_comes_back_through_json(evidence: tuple[Evidence, ...]) -> None:
    assert evidence_from_json(json.loads(json.dumps(to_json(evidence)))) == evidence


def test_the_stored_form() -> None:
    facts = Facts(number="12", signed=date(2024, 4, 19), starts=Moment(date(2024, 4, 20), time(14)), operators=("SNCF",), cameras=0)
    assert to_json(facts) == {
        "number": "12", "signed": "2024-04-19", "starts": "2024-04-20T14:00", "operators": ["SNCF"], "cameras": 0,
    }  # fmt: skip
    assert facts_from_json({}) == Facts()


STORED = """{"number": "2031-00493", "signed": "2031-04-17", "starts": "2031-04-20T14:00", "ends": "2031-04-21", "event": "Foire",
"operators": ["SNCF"], "places": ["gare de Valence"], "purposes": ["crowd_movement"], "software": "Regardix", "vendor": "Exemple",
"cameras": 118, "legal_basis": ["loi n\\u00b0 2023-380"], "court": "Tribunal administratif de Toulon", "camera_types": ["fixed"],
"office": "Le pr\\u00e9fet de police", "authority": "PP", "references": [{"change": "abrogation", "number": "2030-7",
"signed": "2030-12-01", "retroactive": false}, {"change": "renewal"}]}"""
STORED_EVIDENCE = """[{"about": "verdict", "page": 3, "text": "traitement", "where": "title", "cue": "vsa"},
{"about": "doubt", "page": 4, "text": ""}]"""


def test_documents_stored_by_earlier_versions_are_read_and_written_as_they_were() -> None:
    facts = facts_from_json(json.loads(STORED))
    assert facts == Facts(
        number="2031-00493", signed=date(2031, 4, 17), starts=Moment(date(2031, 4, 20), time(14)), ends=Moment(date(2031, 4, 21)),
        event="Foire", operators=("SNCF",), places=("gare de Valence",), purposes=("crowd_movement",), software="Regardix",
        vendor="Exemple", cameras=118, legal_basis=("loi n° 2023-380",), court="Tribunal administratif de Toulon",
        camera_types=("fixed",), office="Le préfet de police", authority="PP",
        references=(Reference(Kind.ABROGATION, "2030-7", date(2030, 12, 1), False), Reference(Kind.RENEWAL)),
    )  # fmt: skip
    assert to_json(facts) == json.loads(STORED)
    evidence = evidence_from_json(json.loads(STORED_EVIDENCE))
    assert evidence == (Evidence("verdict", 3, "traitement", Where.TITLE, "vsa"), Evidence("doubt", 4, ""))
    assert to_json(evidence) == json.loads(STORED_EVIDENCE)


def test_words_of_a_newer_program_are_left_out() -> None:
    stored = {"camera_types": ["x-ray"], "references": [{"change": "annulment"}, {"change": "renewal"}], "starts": None, "ends": ""}
    assert facts_from_json(stored) == Facts(references=(Reference(Kind.RENEWAL),))
    assert evidence_from_json([{"about": "verdict", "page": 1, "text": "t", "where": "margin", "new": 1}]) == (Evidence("verdict", 1, "t"),)
    word = EnumText(PostCause, optional=True)
    dialect = sqlite.dialect()
    assert word.process_result_value("of a newer program", dialect) is None
    assert word.process_result_value("killed", dialect) is PostCause.KILLED
    with pytest.raises(ValueError, match="of a newer program"):
        EnumText(PostCause).process_result_value("of a newer program", dialect)


@given(st.text(alphabet=st.characters()) | st.text(alphabet="\x00\ud800\udfffé"))
def test_clean_text_can_be_stored_anywhere(text: str) -> None:
    cleaned = clean(text)
    assert "\x00" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert clean(cleaned) == cleaned
