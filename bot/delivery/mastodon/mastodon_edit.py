"""A status of the account's own, edited: PUT /api/v1/statuses/:id, since Mastodon 3.5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bot.delivery.channel import Refused
from bot.delivery.errors import EditExposed, Missing
from bot.delivery.mastodon.mastodon_media import Request
from bot.delivery.mastodon.search import json_of


async def edit_status(request: Request, status_id: str, text: str, *, language: str, warning: str) -> None:
    """Give a status this text. Its pictures are named again: an edit that does not takes them away. Raises DeliveryError, Refused where the
    status is gone or the server knows no edits, EditExposed where the edit has changed who sees it, which some servers do."""
    path = f"/api/v1/statuses/{quote(status_id, safe='')}"
    try:
        status = await _status(request, path)
        pictures, is_sensitive = _pictures(status), isinstance(status, Mapping) and status.get("sensitive") is True
        form: dict[str, Any] = {"status": text, "language": language, "spoiler_text": warning}
        # Somebody may have marked its picture as sensitive meanwhile.
        form["sensitive"] = "true" if warning or is_sensitive else "false"
        answer = await request("PUT", path, data=form | ({"media_ids[]": pictures} if pictures else {}))
    except Missing as error:
        raise Refused(f"{error}; the status is gone, or the server knows no edits") from None
    before, after = _visibility(status), _visibility(json_of(answer))
    if before is not None and after is not None and before != after:
        raise EditExposed(f"Mastodon: by the edit the server made a status {after} that was {before}; nothing is edited there any more")


def _visibility(status: object) -> str | None:
    shown = status.get("visibility") if isinstance(status, Mapping) else None
    return shown if isinstance(shown, str) else None


async def _status(request: Request, path: str) -> object:
    answer = await request("GET", path)
    try:
        return answer.json()
    except ValueError:
        raise Refused("Mastodon: a status that cannot be read cannot be edited") from None


def _pictures(status: object) -> list[str]:
    shown = status.get("media_attachments") if isinstance(status, Mapping) else None
    return [str(one["id"]) for one in shown if isinstance(one, Mapping) and one.get("id")] if isinstance(shown, list) else []
