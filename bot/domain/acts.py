"""What reading makes of a PDF: its pages, its acts, what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class TextOrigin(StrEnum):
    """How the text of a page was obtained. `PENDING`: it is still to be recognised, and the document is read in part until then."""

    LAYER = "layer"
    OCR = "ocr"
    BLANK = "blank"
    PENDING = "pending"
    UNREADABLE = "unreadable"


class Where(StrEnum):
    """Where in an act a phrase stood. A `RUNNING_TITLE` is printed on every page, a line of the `CONTENTS` opens the recueil."""

    TITLE = "title"
    RUNNING_TITLE = "running_title"
    CONTENTS = "contents"
    HEADING = "heading"
    VISA = "visa"
    RECITAL = "recital"
    OPERATIVE = "operative"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of one page. An `UNREADABLE` page has an empty text that means "could not read", not "nothing there".

    A `PENDING` page has what its text layer holds, a stamped running title at most. `other` is a second text of the same page, where
    neither the layer nor the recognised one can be trusted alone: what is looked for may stand in either. `confidence` is the engine's own
    (0 to 100, mean over the words) of a recognised page; `seconds` is what the page took. Of a `damaged` page the file has lost something:
    the text is what is left of it.
    """

    number: int
    text: str
    origin: TextOrigin = TextOrigin.LAYER
    other: str = ""
    confidence: int | None = None
    seconds: float = field(default=0.0, compare=False)
    damaged: bool = False

    @property
    def is_whole(self) -> bool:
        """False when the page could not be read, or in part only. Of a page that is still to be recognised, not known."""
        return self.origin is not TextOrigin.UNREADABLE and not self.damaged

    @property
    def is_unread(self) -> bool:
        """True of a page that could not be read, or is still to be recognised."""
        return self.origin in (TextOrigin.PENDING, TextOrigin.UNREADABLE)


@dataclass(frozen=True, slots=True)
class Act:
    """One decree, notice or receipt inside a recueil: a page range, with running titles already removed from its pages.

    `id` is the identifier of the national template (`83-2025-07-07-00001`) or None where there is none. Where one identifier holds many
    decrees, each is an act of its own: `part` is 1, 2, … for them and 0 for the pages before the first (separator page, inner table of
    contents). It is None for an act that has its identifier to itself. `title_from` is where the title was read, None where not told,
    `title_page` the page of the file on which it was read, None where that is not known.
    """

    id: str | None
    title: str
    service: str | None
    first_page: int
    last_page: int
    pages: tuple[PageText, ...] = field(repr=False)
    part: int | None = None
    title_from: Where | None = None
    title_page: int | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """What a recueil says of itself: department code of its number, number (`83-2025-240`), date of publication."""

    authority: str | None = None
    number: str | None = None
    published: date | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One PDF, read. It is complete only when every page could be read. `pages` are as read, their running titles included.

    `unreadable_pages` could not be read, or not wholly: see `PageText.damaged`. `salvaged`: the file is cut short or its structure is
    damaged, and more may be missing than these pages.
    """

    page_count: int
    cover: Cover
    acts: tuple[Act, ...]
    ocr_pages: tuple[int, ...] = ()
    unreadable_pages: tuple[int, ...] = ()
    pending_pages: tuple[int, ...] = ()
    pages: tuple[PageText, ...] = field(default=(), repr=False)
    salvaged: bool = False

    @property
    def complete(self) -> bool:
        """False when a page could not be read, or not yet: "nothing found" must then never be concluded."""
        return not (self.unreadable_pages or self.pending_pages or self.salvaged)

    @property
    def damaged(self) -> bool:
        """True when these bytes are damaged: reading them again gives no more, another copy may."""
        return self.salvaged or any(page.damaged for page in self.pages)
