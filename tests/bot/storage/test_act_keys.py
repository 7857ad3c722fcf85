from __future__ import annotations

from dataclasses import replace

from bot.domain.identity import ActIdentity, act_keys

URL = "https://prefecture.example/raa.pdf"
LONG = "Le préfet arrête : la commune est autorisée à traiter les images. " * 8
ACT = ActIdentity("26-2026-08-14-00001", "Arrêté", 3, LONG)


def keys(*acts: ActIdentity, url: str = URL) -> list[set[str]]:
    return [set(each) for each in act_keys(url, acts)]


def test_an_act_is_known_by_its_identifier_and_its_text() -> None:
    [one] = keys(ACT)
    assert one == {"act:26-2026-08-14-00001", next(key for key in one if key.startswith("text:"))}
    assert keys(replace(ACT, text=LONG + "Une page de plus, lue enfin."))[0] & one, "by its identifier"
    assert keys(replace(ACT, act_id=None, text=LONG.upper().replace(" ", "\n")), url="https://elsewhere.example/")[0] & one, "by its text"
    assert keys(replace(ACT, text="", other=LONG))[0] & one
    assert not keys(replace(ACT, act_id="26-2026-08-14-00002", text=LONG + "autre"))[0] & one


def test_an_identifier_of_several_acts_is_none_s() -> None:
    one, two = keys(ACT, replace(ACT, first_page=7, text=LONG + "autre"))
    assert not one & two
    assert not any(key.startswith("act:") for key in one | two)


def test_without_identifier_or_text_an_act_is_known_by_its_place_and_title() -> None:
    scan = ActIdentity(None, "AP signé", 1, "")
    [one] = keys(scan)
    assert len(one) == 1
    assert keys(replace(scan, text=LONG))[0] & one, "a page was read since"
    for other in (replace(scan, first_page=2), replace(scan, title="Autre")):
        assert not keys(other)[0] & one
    assert not keys(scan, url="https://prefecture.example/other.pdf")[0] & one


def test_where_two_acts_begin_on_a_page_the_place_is_neither_s() -> None:
    scan = ActIdentity(None, "AP signé", 1, "")
    assert keys(scan, replace(scan, title="Autre")) == [set(), set()]
    assert keys(scan, replace(scan, first_page=2)) == [*keys(scan), *keys(replace(scan, first_page=2))]
