"""Completing history, in silence: what was published before the bot watched."""

from bot.ingest.backfill import Backfill, BackfillReport, FromIndex, Progress, SourceListing, Wanted

__all__ = ["Backfill", "BackfillReport", "FromIndex", "Progress", "SourceListing", "Wanted"]
