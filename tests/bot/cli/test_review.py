"""`vigie review`, as a person or a script runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.output import doubt_line
from bot.domain.acts import Evidence
from bot.domain.identity import REVIEWED
from bot.domain.records import UncertainAct
from bot.storage.store import open_store
from tests.bot.cli.conftest import Vigie
from tests.bot.real_acts import ARTICLE_IN_DOUBT, authorisation, doubtful, judged_before, new_recueil, read, road
from tests.bot.storage.ready import ready_store


@pytest.fixture
def stored(tmp_path: Path) -> None:
    """Act 2 waits for a person; decree 1 is recorded, without any post."""
    with ready_store(tmp_path) as store:
        read(store, new_recueil(store), road(), doubtful())
        read(store, new_recueil(store, "b"), authorisation(), destinations=())


@pytest.mark.usefixtures("stored")
def test_what_waits_is_listed_and_shown(vigie: Vigie) -> None:
    listed = vigie("review", "list")
    assert (listed.code, listed.err) == (0, "")
    assert listed.out.splitlines()[0].startswith("[2] 26 ")
    assert "https://p.example/a.pdf#page=5" in listed.out
    assert listed.out.endswith("1 act to judge: vigie review show N, accept N, reject N\n")
    [one] = vigie("review", "list", "--json").json
    assert set(one) == {"id", "topic", "authority", "url", "page", "act_id", "title", "evidence", "since", "asked_at", "decree"}
    assert (one["id"], one["act_id"], one["asked_at"], one["decree"]) == (2, "26-2026-08-14-00005", None, None)

    shown = vigie("review", "show", "2")
    assert shown.out.startswith("[2] 26  page 5  ")
    assert "most likely: authorisation" in shown.out
    assert "    uncertain: it speaks of it, and neither its title nor an article decides\n" in shown.out
    assert "speaks of it: algorithmic processing of images « " in shown.out
    assert ARTICLE_IN_DOUBT not in shown.out
    assert ARTICLE_IN_DOUBT in vigie("review", "show", "2", "--text").out
    whole = vigie("review", "show", "2", "--text", "--json").json
    assert (whole["last_page"], whole["likely_kind"], [page["number"] for page in whole["pages"]]) == (5, "authorisation", [5])
    assert "pages" not in vigie("review", "show", "2", "--json").json


@pytest.mark.parametrize(
    ("quotes", "lines"),
    [
        ((("verdict", "traitement algorithmique"),), ["    (no title)", "    p. 5: « traitement algorithmique »"]),
        ((), ["    (no title)", "    uncertain: every new decree of this sort is asked about before it is posted (watch.review_all)"]),
    ],
)
@pytest.mark.usefixtures("stored")
def test_an_act_without_number_or_title_is_listed_by_what_there_is(
    vigie: Vigie, tmp_path: Path, quotes: tuple[tuple[str, str], ...], lines: list[str]
) -> None:
    evidence = (Evidence("doubt", 5, "", cue=REVIEWED), *(Evidence(about, 5, text) for about, text in quotes))
    with open_store(f"sqlite:///{tmp_path}/vigie.db") as store:
        judged_before(store, 2, title="", evidence=evidence)
    assert vigie("review", "list").out.splitlines()[1:3] == lines
    uncertain = UncertainAct("26", "https://p.example/a.pdf", 5, None, "", tuple(quote.text for quote in evidence))
    assert doubt_line(uncertain).endswith(f"#page=5  {quotes[0][1] if quotes else '(no title)'}")


@pytest.mark.usefixtures("stored")
def test_an_accepted_act_is_posted_at_once(vigie: Vigie) -> None:
    accepted = vigie("review", "accept", "2", "--kind", "renewal", "--json")
    assert accepted.code == 0
    told = accepted.json
    assert (told["outcome"], told["kind"], told["by"], told["already"], told["decree"]) == ("decree", "renewal", "command", False, 2)
    assert [(post["destination"], post["decree"], post["state"]) for post in told["posts"]] == [("console", 2, "sent")]
    again = vigie("review", "reject", "2")
    assert again.code == 1, "it is not rejected"
    assert again.out.splitlines() == [
        "Already decided: it is a decree (renewal).", "A decree that is none is withdrawn by:  vigie review reject --decree NUMBER",
    ]  # fmt: skip
    assert vigie("review", "accept", "2").code == 0
    assert vigie("review", "list").out == "0 acts to judge\n"
    gone = vigie("review", "show", "2")
    assert gone.code == 1
    assert "decided by command" in gone.err


@pytest.mark.usefixtures("stored")
def test_an_accepted_act_is_printed_where_the_console_is_the_destination(vigie: Vigie) -> None:
    done = vigie("review", "accept", "2")
    assert (done.code, done.err) == (0, "")
    assert "https://p.example/a.pdf#page=5" in done.out
    assert done.out.endswith("It is a decree (authorisation): recorded as [2], it will be posted.\n")


@pytest.mark.usefixtures("stored")
def test_a_rejected_act_is_filed(vigie: Vigie) -> None:
    done = vigie("review", "reject", "2")
    assert (done.code, done.out) == (0, "It is none: filed.\n")
    assert vigie("review", "list", "--json").json == []
    assert (vigie("review", "accept", "2").code, vigie("review", "reject", "2").code) == (1, 0)


@pytest.mark.usefixtures("stored")
def test_a_false_decree_is_withdrawn_and_a_withdrawal_taken_back(vigie: Vigie) -> None:
    withdrawn = vigie("review", "reject", "--decree", "1", "--json")
    assert withdrawn.code == 0
    assert (withdrawn.json["withdrawn"], withdrawn.json["posted_to"], withdrawn.json["outcome"]) == (1, [], "not_concerned")
    assert vigie("recent", "--json").json == vigie("search", "algorithmique", "--json").json == []
    shown = vigie("show", "1", "-l", "en")
    assert shown.out.startswith("Removed on ")
    assert "Écarté le " in vigie("show", "1").out
    assert vigie("show", "1", "--json").json["withdrawn_at"] is not None
    letter = vigie("show", "1", "--letter", "cada")
    assert (letter.code, letter.out) == (2, "")
    assert "Écarté le " in letter.err
    assert vigie("review", "reject", "--decree", "1").out == "Already decided: it is none.\n"

    back = vigie("review", "accept", "--decree", "1")
    assert (back.code, back.out) == (0, "It is a decree (authorisation): recorded as [1]; known already or old, it is not posted.\n")
    assert [found["withdrawn_at"] for found in vigie("recent", "--json").json] == [None]


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "99"), 1, "no act waits under the number 99"),
        (("accept", "99"), 1, "99"),
        (("reject", "99"), 1, "99"),
        (("reject", "--decree", "99"), 1, "no decree is recorded under the number 99"),
        (("accept", "--decree", "1"), 1, "no withdrawn decree has the number 1"),
        (("accept", "--decree", "1", "--kind", "renewal"), 2, "--kind"),
        (("reject",), 2, "--decree"),
        (("reject", "2", "--decree", "1"), 2, "--decree"),
        (("accept", "2", "--kind", "poem"), 2, "poem"),
        (("show", "0"), 2, "number"),
        (("settle", "1", "places"), 2, "--absent"),
        (("settle", "1", "places", "a", "--absent"), 2, "--absent"),
        (("settle", "1", "number", "a"), 2, "places, operators"),
        (("settle", "9", "event", "a"), 1, "9"),
        (("facts", "9"), 1, "9"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(vigie: Vigie, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = vigie("review", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert len(vigie("review", "list", "--json").json) == len(vigie("recent", "--json").json) == 1


@pytest.mark.usefixtures("stored")
def test_a_fact_is_settled(vigie: Vigie) -> None:
    twice = vigie("review", "facts", "1")
    assert "places, sure: « place des Clercs; esplanade du Champ-de-Mars; gare de Valence-Ville »; both readers agree" in twice.out
    assert {fact["name"] for fact in vigie("review", "facts", "1", "--json").json} >= {"places", "operators", "event"}
    done = vigie("review", "settle", "1", "places", "gare de Valence", 'place « du "Peyrou" »')
    assert (done.code, done.out) == (0, 'Decree [1]: noted, “gare de Valence; place « du "Peyrou" »”.\n')
    [decree] = vigie("recent", "--json").json
    assert (decree["places"], "places" in decree["doubtful"]) == (["gare de Valence", 'place « du "Peyrou" »'], False)
    gone = vigie("review", "settle", "1", "event", "--absent", "--json").json
    assert gone == {"decree": 1, "fact": "event", "value": None, "already": False}
