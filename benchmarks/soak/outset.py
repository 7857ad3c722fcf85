"""The database before the first life: decrees found, their posts waiting."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.soak.plan import PLACES, Plan
from benchmarks.soak.servers import CHANNEL, FIRST_COMMANDS, Mastodon, Telegram
from bot.domain.acts import Facts, Kind, Reference
from bot.domain.posts import Follow, FollowKind, Topics
from bot.storage.store import open_store
from tests.bot.storage.building import one_recueil
from tests.bot.storage.finding import reading_of

_MANY = tuple(f"station numéro {number} de la ligne" for number in range(24))
"""More than one status has room for."""
_KINDS = {2: Kind.MODIFICATION, 3: Kind.ABROGATION}


def prepare(database: Path, plan: Plan, now: datetime) -> None:
    """Record the decrees of the plan, each with a post for every destination."""
    changes = dict(plan.changes)
    with open_store(f"sqlite:///{database}") as store:
        for chat in plan.chats:
            store.follows.add(chat, Follow(FollowKind.DEPARTMENT, "26"), "fr", now.date())
            # As its command tells: the servers count from there.
            store.follows.note_message(chat, FIRST_COMMANDS, now)
        for number in plan.found:
            kind = _KINDS[number] if number in changes else Kind.AUTHORISATION
            references = (Reference(kind, _name(changes[number]), None),) if number in changes else ()
            facts = Facts(number=_name(number), references=references, places=_MANY if plan.restored else ())
            result = reading_of(one_recueil(store, f"recueil-{number}"), facts, kind)
            store.recordings.record(result, lambda decree: [*PLACES, Topics(decree.kind, frozenset({"26"}))], now)


def _name(number: int) -> str:
    return f"2031-{number:05}"


def document(database: Path, telegram: Telegram, mastodon: Mastodon, plan: Plan) -> dict[str, Any]:
    """The configuration, as a file would give it."""
    return {
        "database": {"url": f"sqlite:///{database}"},
        "telegram": {"token": telegram.token, "api_url": telegram.url, "commands": bool(plan.followers), "reconcile": plan.mode},
        "mastodon": {"instance": mastodon.url, "token": mastodon.token},
        "delivery": {"max_posts_per_day": plan.most_per_day},
        "destinations": [
            {"name": "telegram", "platform": "telegram", "chat": str(CHANNEL)},
            {"name": "mastodon", "platform": "mastodon", "thread": plan.restored},
        ],
    }
