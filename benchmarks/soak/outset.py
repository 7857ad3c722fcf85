"""The database before the first life: decrees found, their posts waiting."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.soak.plan import PLACES, Plan
from benchmarks.soak.servers import CHANNEL, Mastodon, Telegram
from bot.domain import Facts
from bot.storage.store import open_store
from tests.bot.storage.building import act, one_recueil, result_of, to


def prepare(database: Path, decrees: int, now: datetime) -> None:
    """Decrees 1 to `decrees`, each with a post for every destination."""
    with open_store(f"sqlite:///{database}") as store:
        for number in range(1, decrees + 1):
            judged = act(f"Arrêté {number}", facts=Facts(number=f"2031-{number:05}"))
            store.decrees.record(result_of(one_recueil(store, f"recueil-{number}"), judged), to(*PLACES), now)


def document(database: Path, telegram: Telegram, mastodon: Mastodon, plan: Plan) -> dict[str, Any]:
    """The configuration, as a file would give it."""
    return {
        "database": {"url": f"sqlite:///{database}"},
        "telegram": {"token": telegram.token, "api_url": telegram.url, "commands": False, "reconcile": plan.mode},
        "mastodon": {"instance": mastodon.url, "token": mastodon.token},
        "delivery": {"max_posts_per_day": plan.most_per_day},
        "destinations": [
            {"name": "telegram", "platform": "telegram", "chat": str(CHANNEL)},
            {"name": "mastodon", "platform": "mastodon"},
        ],
    }
