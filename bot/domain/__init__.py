"""The words of the field as frozen dataclasses. This package imports nothing else of the project.

Dates are `datetime.date`; instants are timezone-aware `datetime` in UTC; page numbers start at 1 and count the
pages of the PDF file (not the printed numbers).
"""

from bot.domain.acts import (
    CHANGING,
    Act,
    CameraType,
    Cover,
    Evidence,
    Facts,
    Judged,
    Kind,
    Moment,
    Outcome,
    PageText,
    Purpose,
    Reading,
    Reference,
    TextOrigin,
    Verdict,
    Where,
)
from bot.domain.decrees import Change, Decree, Filter, Place, Sighting, deciding_in
from bot.domain.legal_advice import Court, Flag, LegalAdvice, Recourse, Standing
from bot.domain.posts import ChatHistory, DestinationCheck, DestinationTrouble, Post, PostCause, PostState, SentMessage

__all__ = [
    "CHANGING",
    "Act",
    "CameraType",
    "Change",
    "ChatHistory",
    "Court",
    "Cover",
    "Decree",
    "DestinationCheck",
    "DestinationTrouble",
    "Evidence",
    "Facts",
    "Filter",
    "Flag",
    "Judged",
    "Kind",
    "LegalAdvice",
    "Moment",
    "Outcome",
    "PageText",
    "Place",
    "Post",
    "PostCause",
    "PostState",
    "Purpose",
    "Reading",
    "Recourse",
    "Reference",
    "SentMessage",
    "Sighting",
    "Standing",
    "TextOrigin",
    "Verdict",
    "Where",
    "deciding_in",
]
