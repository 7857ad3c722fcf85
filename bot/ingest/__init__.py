"""What takes recueils in: polls, reading, judging, backfill, archive and the health of sources."""
