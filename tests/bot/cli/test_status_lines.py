from __future__ import annotations

from datetime import UTC, datetime

from bot.cli.status_lines import status_lines
from bot.health import AuthorityHealth, Cause, Overview, SourceHealth, Status
from bot.storage.rows import RecueilState
from sources import Authority

NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
NAMES = {code: Authority(code, f"Préfecture {code}", code, "Europe/Paris", ()) for code in ("26", "972", "38")}


def lines(*authorities: AuthorityHealth, counts: dict[str, dict[RecueilState, int]] | None = None) -> list[str]:
    return list(status_lines(Overview(NOW, authorities), NAMES, counts or {}, every=False))


def test_a_broken_route_is_shown_though_another_works() -> None:
    good = SourceHealth("26:site", Status.FINE, last_ok_at=NOW)
    broken = SourceHealth("26:mirror", Status.FAILING, Cause.MOVED, NOW, "404", 1)
    assert lines(AuthorityHealth("26", Status.FINE, (good, broken)))[3:] == [
        "Failing",
        "26    mirror    The page is no longer where the catalogue says (another route of 26 is fine)",
        "    since 2026-08-14 12:00 UTC, 1 failed poll; last success never",
        "    404",
        "    → Find the page of the recueils on the site, and correct its address in the catalogue (vigie sources check CODE).",
    ]


def test_what_is_not_covered_or_never_polled_is_never_silent() -> None:
    shown = lines(
        AuthorityHealth("972", Status.NOT_COVERED, not_covered="its pages were\nnever seen"),
        AuthorityHealth("38", Status.UNPOLLED, (SourceHealth("38:site", Status.UNPOLLED),)),
    )
    assert shown == [
        "2 authorities: 1 never polled, 1 not covered",
        "Nothing was polled yet: start the bot with  vigie run",
        "",
        "Never polled",
        "38:site",
        "",
        "Not covered",
        "972   Préfecture 972: its pages were never seen",
    ]


def test_recueils_that_were_not_read_are_counted_where_they_are_watched() -> None:
    counts = {"26": {RecueilState.FAILED: 2, RecueilState.INCOMPLETE: 1, RecueilState.READ: 9}, "38": {RecueilState.FAILED: 1}}
    good = AuthorityHealth("26", Status.FINE, (SourceHealth("26:site", Status.FINE, last_ok_at=NOW),))
    assert lines(good, AuthorityHealth("38", Status.UNWATCHED), counts=counts)[-1:] == ["26    2 given up, 1 read in part"]
