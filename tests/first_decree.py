"""What the program loads with its first decree: patterns, places. Processes that are forked then need not load it each."""

from __future__ import annotations

from datetime import date

from bot.app.demo.scenario import demo_text
from bot.detection.judging import judge
from bot.domain.acts import Act, Decree, Facts, Kind
from bot.domain.text import PageText
from bot.gazetteer.naming import communes_of


def recognise() -> None:
    """Judge acts of each kind, and find the communes of one."""
    for name in ("abrogation", "authorisation", "videoprotection"):
        text = demo_text(name, date(2026, 8, 14), number="2026-1", abrogated="2026-2")
        judge(Act(None, f"Arrêté portant {name} d'un traitement algorithmique", None, 1, 1, (PageText(1, text),)))
    drome = Decree("26", Kind.AUTHORISATION, "", Facts(places=("gare de Valence",)), (), "https://www.drome.gouv.fr/raa.pdf", 1, None)
    communes_of(drome, ["26"])
