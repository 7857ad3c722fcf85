"""The operators are told once when a source stops working, and once when it works again."""

from bot.operators.decisions import Changes, Message, changes, to_tell
from bot.operators.post_teller import PostTeller
from bot.operators.review_asker import ReviewAsker
from bot.operators.teller import AlertStore, AlertTeller, OperatorsChat
from bot.operators.text import alert_text, short_list, source_name
from bot.operators.vocabulary import alert_words

__all__ = [
    "AlertStore",
    "AlertTeller",
    "Changes",
    "Message",
    "OperatorsChat",
    "PostTeller",
    "ReviewAsker",
    "alert_text",
    "alert_words",
    "changes",
    "short_list",
    "source_name",
    "to_tell",
]
