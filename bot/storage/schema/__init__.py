"""The tables. Instants are UTC; dates are ISO days; facts, evidence and page lists are JSON written by `bot.storage.codec`.

Foreign keys name their tables by text, so that no file need know another: importing this package brings all tables together.
"""

from bot.storage.schema.acts import act_numbers, act_terms, acts, decisions, reviews, search_rules
from bot.storage.schema.decrees import decrees, identities, links, sightings
from bot.storage.schema.operators import alerts, post_alerts, requests
from bot.storage.schema.posts import destination_checks, edits, holds, moved_chats, newest_messages, posts, searches
from bot.storage.schema.recueils import addresses, backfills, contents, recueils, robots, sources
from bot.storage.schema.types import Instant, metadata

__all__ = [
    "Instant",
    "act_numbers",
    "act_terms",
    "acts",
    "addresses",
    "alerts",
    "backfills",
    "contents",
    "decisions",
    "decrees",
    "destination_checks",
    "edits",
    "holds",
    "identities",
    "links",
    "metadata",
    "moved_chats",
    "newest_messages",
    "post_alerts",
    "posts",
    "recueils",
    "requests",
    "reviews",
    "robots",
    "search_rules",
    "searches",
    "sightings",
    "sources",
]
