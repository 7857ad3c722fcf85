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
from bot.queries.phrases import evidence_text, plain_answer
from bot.queries.telegram.bot import TelegramBot
from bot.queries.vocabulary import vocabulary

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
    "Topic",
    "UnknownDecree",
    "UnknownDepartment",
    "evidence_text",
    "plain_answer",
    "vocabulary",
]
