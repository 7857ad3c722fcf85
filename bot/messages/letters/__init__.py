"""Drafts of letters to the authority that took a decree, for people to complete, check and sign themselves. Values in, text out."""

from bot.messages.letters.drafting import LetterKind, NoSuchLetter, draft

__all__ = ["LetterKind", "NoSuchLetter", "draft"]
