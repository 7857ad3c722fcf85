"""The national index, served beside the sites of the replay."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.app.demo.replay import CannedAnswer, Replay
from sources.crawl.history import METADATA

TABLE = "https://static.data.gouv.fr/resources/recueils/20260817-012543/raa-des-prefectures.csv"


def serve_index(replay: Replay, *rows: str, url: str = TABLE) -> None:
    """Serve an index with these rows (`titre;url;departement;mise_a_jour`)."""
    resources = replay.resources
    assert isinstance(resources, dict)
    described = {"resources": [{"url": url, "format": "csv", "last_modified": "2026-08-17T01:25:43+00:00"}]}
    resources[METADATA] = CannedAnswer(json.dumps(described).encode(), "application/json")
    resources[url] = CannedAnswer(_table(rows), "text/csv")


def _table(rows: Sequence[str]) -> bytes:
    return ("\ufeff" + "\r\n".join(("titre;url;departement;mise_a_jour", *rows)) + "\r\n").encode()


def pdf(replay: Replay, ending: str) -> str:
    """The address of a file of the replay."""
    return next(url for url in replay.resources if url.endswith(ending))
