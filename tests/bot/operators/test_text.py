from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.health import Cause
from bot.domain.records import Alert
from bot.messages.words import telegram_length
from bot.operators.alerts import DueAlerts
from bot.operators.text import LONGEST, alert_text, alert_words, source_name
from sources.catalogue.authority import Authority, Source

NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)


def alert(cause: str, key: str = "26:site", detail: str = "") -> Alert:
    return Alert(1, key, cause, detail, NOW)


def names(key: str) -> str:
    return {"26:site": "Drôme (26)", "38:site": "Isère (38)"}.get(key, f"n° {key}")


def test_one_source_is_told_with_its_details_and_what_to_do() -> None:
    told = alert_text(DueAlerts((alert("moved", detail="https://www.drome.gouv.fr/RAA: 404"),)), names, "fr")
    assert told == (
        "⚠️ Vigie : une source demande votre attention\n"
        "\n"
        "La page des recueils a disparu ou changé d’adresse : Drôme (26)\n"
        "Drôme (26) : www.drome.gouv.fr/RAA: 404\n"
        "→ Trouvez la page des recueils sur le site et corrigez son adresse dans le catalogue (vigie sources check CODE)."
    )


def test_ninety_sources_are_one_message_by_cause_the_largest_first() -> None:
    begun = [alert("blocked", f"{n:02}:site", "https://x: 429") for n in (1, 2, 3)]
    begun += [alert("resting", f"{n:02}:site") for n in range(4, 95)]
    told = alert_text(DueAlerts(tuple(begun)), lambda key: f"D{key[:2]} ({key[:2]})", "en")
    title, resting, blocked = told.split("\n\n")
    assert title == "⚠️ Vigie: 94 sources need your attention"
    assert resting.startswith(f"{alert_words('en').causes[Cause.RESTING].what}: D04 (04), D05 (05), ")
    assert resting.splitlines()[0].endswith("D15 (15) and 79 more")
    assert blocked.splitlines()[:2] == [
        "The site refuses to serve the bot, or is out of order: D01 (01), D02 (02), D03 (03)",
        "D01 (01): x: 429",
    ]
    assert len(told) < 1200


def test_what_begins_and_what_ends_may_be_told_in_one_message() -> None:
    message = DueAlerts((alert("late", detail="2026-08-01"),), (alert("structure", "38:site", "details of before"),))
    assert alert_text(message, names, "fr").splitlines()[2:] == [
        "Rien de nouveau depuis plus longtemps que d’habitude : Drôme (26)",
        "Drôme (26) : dernier recueil le 1er août 2026",
        "→ Regardez le site : si des recueils y ont paru depuis, la source est à réparer (vigie sources check CODE).",
        "",
        "✅ Vigie : un problème résolu",
        "",
        "La page a changé : aucune liste de recueils n’y a été trouvée : Isère (38)",
    ]


def test_a_source_is_called_as_people_call_it() -> None:
    one = Source("26", "site", "national", "https://www.drome.gouv.fr/RAA", "newest-first", "download-list")
    two = (replace(one, authority="75"), replace(one, authority="75", route="police"))
    authorities = {
        "26": Authority("26", "Préfecture de la Drôme", "Drôme", "Europe/Paris", (one,)),
        "75": Authority("75", "Préfecture de Paris", "Paris", "Europe/Paris", two),
    }
    assert [source_name(authorities, key) for key in ("26:site", "75:police", "99:site")] == ["Drôme (26)", "Paris (75, police)", "99:site"]


def test_a_cause_that_only_another_version_knows_is_told_as_unexpected() -> None:
    assert "An unexpected error: Drôme (26)" in alert_text(DueAlerts((alert("a word of tomorrow"),)), names, "en")


@given(st.lists(st.tuples(st.sampled_from(Cause), st.text(max_size=60), st.text(max_size=900)), min_size=1, max_size=120))
def test_whatever_comes_from_outside_the_message_is_short_and_inert(found: list[tuple[Cause, str, str]]) -> None:
    begun = tuple(alert(cause.value, key, detail) for cause, key, detail in found)
    told = alert_text(DueAlerts(begun, begun), names, "fr")
    assert telegram_length(told) <= 4096
    assert "@" not in told
    assert "://" not in told
    assert all(character.isprintable() or character == "\n" for character in told)


def test_a_message_that_is_too_long_says_so() -> None:
    begun = tuple(alert(cause.value, f"{cause.value}{n}", "x" * 900) for cause in Cause for n in range(3))
    told = alert_text(DueAlerts(begun), names, "en")
    assert len(told) <= LONGEST + len(alert_words("en").shortened) + 2
    assert told.endswith(alert_words("en").shortened)
