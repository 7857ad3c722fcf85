"""Completing history, in silence: what was published before the bot watched."""

from bot.backfill.report import BackfillReport, FromIndex, Progress, SourceListing, Wanted
from bot.backfill.run import Backfill

__all__ = ["Backfill", "BackfillReport", "FromIndex", "Progress", "SourceListing", "Wanted"]
