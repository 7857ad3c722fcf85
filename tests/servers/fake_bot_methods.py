"""The methods of the fake Bot API: what each does to the chats, and what it refuses."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.servers.fake_bot_chats import (
    BOT_ID,
    CAPTION_LIMIT,
    TEXT_LIMIT,
    ApiError,
    BotMessage,
    Chat,
    Chats,
    bad,
    bot_user,
    checked_markup,
    read_text,
)

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
_TAKEN_NOTE_OF = frozenset({"setMyCommands", "deleteMyCommands", "deleteWebhook", "sendChatAction", "setMyDescription"})
_RIGHTS = (
    "can_manage_chat",
    "can_change_info",
    "can_delete_messages",
    "can_invite_users",
    "can_restrict_members",
    "can_promote_members",
    "can_manage_video_chats",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_post_messages",
    "can_edit_messages",
)
_NO_GIFTS = dict.fromkeys(("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False)


class Methods:
    """Not thread-safe by itself: the server locks."""

    def __init__(self, chats: Chats, per_chat_per_minute: int | None) -> None:
        self.callback_answers: list[dict[str, Any]] = []
        self.inline_answers: list[dict[str, Any]] = []
        self.open_queries: set[str] = set()
        self._chats = chats
        self._limit = per_chat_per_minute
        self._recent: dict[int, deque[float]] = {}

    def carry_out(self, method: str, params: dict[str, Any]) -> Any:
        """The result of a method. Raises ApiError."""
        name = "_do_" + "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in method)
        action: Callable[[dict[str, Any]], Any] | None = getattr(self, name, None)
        if action is not None:
            return action(params)
        if method in _TAKEN_NOTE_OF:
            return True
        raise ApiError(404, "Not Found")

    def _do_get_me(self, _: dict[str, Any]) -> dict[str, Any]:
        return bot_user() | {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": True}

    def _do_get_chat(self, params: dict[str, Any]) -> dict[str, Any]:
        return self._chats.get(params.get("chat_id")).as_json() | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": _NO_GIFTS,
        }

    def _do_get_chat_member(self, params: dict[str, Any]) -> dict[str, Any]:
        chat = self._chats.get(params.get("chat_id"))
        person = int(params.get("user_id") or 0)
        if person != BOT_ID and chat.type not in {"group", "supergroup"}:
            raise bad("PARTICIPANT_ID_INVALID")
        if person != BOT_ID:
            user = {"id": person, "is_bot": False, "first_name": "Lectrice"}
            if person not in chat.administrators:
                return {"status": "member", "user": user}
            return {"status": "creator", "user": user, "is_anonymous": False}
        if chat.type != "channel":
            return {"status": "member", "user": bot_user()}
        rights = dict.fromkeys(_RIGHTS, False) | {"can_post_messages": True, "can_edit_messages": chat.can_edit}
        return {"status": "administrator", "user": bot_user(), "can_be_edited": False, "is_anonymous": False} | rights

    def _do_send_message(self, params: dict[str, Any]) -> dict[str, Any]:
        source, parse_mode = str(params.get("text", "")), params.get("parse_mode")
        return self._send(params, source, parse_mode, read_text(source, parse_mode))

    def _do_send_photo(self, params: dict[str, Any]) -> dict[str, Any]:
        return self._send_file(params, "photo")

    def _do_send_document(self, params: dict[str, Any]) -> dict[str, Any]:
        return self._send_file(params, "document")

    def _send_file(self, params: dict[str, Any], kind: str) -> dict[str, Any]:
        if not isinstance(params.get(kind), bytes):
            raise bad(f"there is no {kind} in the request")
        caption, parse_mode = str(params.get("caption", "")), params.get("parse_mode")
        read = read_text(caption, parse_mode, CAPTION_LIMIT) if caption else ("", ())
        return self._send(params, caption, parse_mode, read, params[kind])

    def _send(
        self,
        params: dict[str, Any],
        source: str,
        parse_mode: str | None,
        read: tuple[str, tuple[dict[str, Any], ...]],
        file: bytes | None = None,
    ) -> dict[str, Any]:
        chat = self._chats.get(params.get("chat_id"))
        self._check_rate(chat)
        markup = checked_markup(params.get("reply_markup"))
        reply = self._chats.replied_to(chat, params.get("reply_parameters"))
        message = BotMessage(chat.id, 0, read[0], source if parse_mode else None, read[1], markup, file=file, reply_to=reply)
        message.file_name = params.get("file_name")
        return self._chats.as_json(self._chats.put(chat, message))

    def _check_rate(self, chat: Chat) -> None:
        if self._limit is None or chat.type == "private":
            return
        recent, now = self._recent.setdefault(chat.id, deque()), time.monotonic()
        while recent and recent[0] <= now - 60:
            recent.popleft()
        if len(recent) >= self._limit:
            wait = max(int(recent[0] + 60 - now) + 1, 1)
            raise ApiError(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
        recent.append(now)

    def _do_edit_message_text(self, params: dict[str, Any]) -> dict[str, Any]:
        message = self._chats.editable(self._chats.get(params.get("chat_id")), params.get("message_id"))
        if message.file is not None:
            raise bad("there is no text in the message to edit")
        return self._edit(message, params, str(params.get("text", "")))

    def _do_edit_message_caption(self, params: dict[str, Any]) -> dict[str, Any]:
        message = self._chats.editable(self._chats.get(params.get("chat_id")), params.get("message_id"))
        if message.file is None:
            raise bad("there is no caption in the message to edit")
        return self._edit(message, params, str(params.get("caption", "")), CAPTION_LIMIT)

    def _edit(self, message: BotMessage, params: dict[str, Any], source: str, limit: int = TEXT_LIMIT) -> dict[str, Any]:
        parse_mode = params.get("parse_mode")
        text, entities = read_text(source, parse_mode, limit)
        markup = checked_markup(params.get("reply_markup"))
        if (text, entities, markup) == (message.text, message.entities, message.reply_markup):
            raise bad(_NOT_MODIFIED)
        message.text, message.entities, message.reply_markup = text, entities, markup
        message.html = source if parse_mode else None
        return self._chats.as_json(message)

    def _do_edit_message_reply_markup(self, params: dict[str, Any]) -> dict[str, Any]:
        message = self._chats.editable(self._chats.get(params.get("chat_id")), params.get("message_id"))
        markup = checked_markup(params.get("reply_markup"))
        if markup == message.reply_markup:
            raise bad(_NOT_MODIFIED)
        message.reply_markup = markup
        return self._chats.as_json(message)

    def _do_delete_message(self, params: dict[str, Any]) -> bool:
        chat = self._chats.get(params.get("chat_id"))
        if chat.messages.pop(int(params.get("message_id") or 0), None) is None:
            raise bad("message to delete not found")
        return True

    def _do_answer_callback_query(self, params: dict[str, Any]) -> bool:
        query = str(params.get("callback_query_id"))
        if query not in self.open_queries:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        self.open_queries.discard(query)
        self.callback_answers.append(params)
        return True

    def _do_answer_inline_query(self, params: dict[str, Any]) -> bool:
        self.inline_answers.append(params)
        return True
