"""Questions and their answers: one core (`Questions`), and its faces (`TelegramBot`, `plain_answer` for terminals)."""

from bot.queries.answers import (
    CLI_PAGE,
    TELEGRAM_PAGE,
    Answer,
    BadInput,
    DecreeList,
    DecreeReader,
    Fault,
    NothingFound,
    OneDecree,
    Question,
    Questions,
    Topic,
    UnknownDecree,
    UnknownDepartment,
)
from bot.queries.plain_text import plain_answer
from bot.queries.telegram_app import TelegramBot, TokenRefused

__all__ = [
    "CLI_PAGE",
    "TELEGRAM_PAGE",
    "Answer",
    "BadInput",
    "DecreeList",
    "DecreeReader",
    "Fault",
    "NothingFound",
    "OneDecree",
    "Question",
    "Questions",
    "TelegramBot",
    "TokenRefused",
    "Topic",
    "UnknownDecree",
    "UnknownDepartment",
    "plain_answer",
]
