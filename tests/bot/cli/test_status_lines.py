from __future__ import annotations

from datetime import UTC, datetime

from bot.cli.status_report import status_lines
from bot.domain.health import AuthorityHealth, Cause, Overview, SourceHealth, Status
from bot.domain.records import RecueilState
from sources.catalogue.authority import Authority

NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
NAMES = {code: Authority(code, f"Préfecture {code}", code, "Europe/Paris", ()) for code in ("26", "972", "38")}


def lines(*authorities: AuthorityHealth, counts: dict[str, dict[RecueilState, int]] | None = None) -> list[str]:
    return list(status_lines(Overview(NOW, authorities), NAMES, counts or {}, every=False))


def test_a_broken_route_is_shown_though_another_works() -> None:
    good = SourceHealth("26:site", Status.OK, last_ok_at=NOW)
    broken = SourceHealth("26:mirror", Status.FAILING, Cause.MOVED, NOW, "404", 1)
    assert lines(AuthorityHealth("26", Status.OK, (good, broken)))[3:] == [
        "Failing",
        "26     mirror     The page of the recueils is gone or has moved (another route of 26 is fine)",
        "    since 2026-08-14 12:00 UTC, 1 failed poll; last success never",
        "    404",
        "    → Find the page of the recueils on the site, and correct its address in the catalogue (vigie sources check CODE).",
    ]


def test_a_list_whose_recueils_cannot_be_read_is_a_failure_and_a_single_one_is_not_silent() -> None:
    broken = SourceHealth("26:site", Status.FAILING, Cause.FILES, NOW, "503", unread=3, last_ok_at=NOW)
    assert lines(AuthorityHealth("26", Status.FAILING, (broken,)))[3:7] == [
        "Failing",
        "26     site       The list of recueils answers, but the recueils can neither be downloaded nor opened",
        "    since 2026-08-14 12:00 UTC, 3 recueils tried in vain since the last that could be read; last success 2026-08-14 12:00 UTC",
        "    503",
    ]
    single = SourceHealth("26:site", Status.OK, unread=1, last_ok_at=NOW)
    assert lines(AuthorityHealth("26", Status.OK, (single,)))[3:] == [
        "Recueils that were not read",
        "26     site       1 recueil tried in vain since the last that could be read",
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
        "972    Préfecture 972: its pages were never seen",
    ]


def failing(code: str, route: str = "site", cause: Cause = Cause.UNREACHABLE) -> AuthorityHealth:
    return AuthorityHealth(code, Status.FAILING, (SourceHealth(f"{code}:{route}", Status.FAILING, cause, NOW, f"{code} is silent", 1),))


def test_many_sources_with_one_thing_wrong_are_told_together() -> None:
    many = [failing(f"{number:02}") for number in range(1, 21)]
    shown = lines(*many, failing("R-PACA", cause=Cause.MOVED))
    named = ", ".join(f"{number:02}:site" for number in range(1, 13))
    assert shown[1:] == [
        "No poll has succeeded yet",
        "",
        "Failing",
        "20 sources: No answer from the site",
        f"    {named} and 8 more  (--all tells of each)",
        "    the first of them since 2026-08-14 12:00 UTC",
        "    such as 01:site: 01 is silent",
        "    → Often passes by itself. If it lasts: does the site open in a browser?",
        "R-PACA site       The page of the recueils is gone or has moved",
        "    since 2026-08-14 12:00 UTC, 1 failed poll; last success never",
        "    R-PACA is silent",
        "    → Find the page of the recueils on the site, and correct its address in the catalogue (vigie sources check CODE).",
    ]
    each = list(status_lines(Overview(NOW, tuple(many)), NAMES, {}, every=True))
    assert sum("is silent" in line for line in each) == 20
