"""The pages of one file so far, and whether a reading process may be believed. Pure: no process, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.domain.acts import PageText, TextOrigin
from bot.reading.model import PageRead, ReadingLimits, Unreadable
from bot.reading.sandbox.wire import Failed, FileOpened, NotUnderstood, decode, printable

_KEPT = frozenset({TextOrigin.LAYER, TextOrigin.OCR, TextOrigin.BLANK})


class PageBuffer:
    """What is known of each page, from one or several processes and from an earlier reading. Each page is kept once."""

    def __init__(self, limits: ReadingLimits, known: Iterable[PageText] = ()) -> None:
        self.limits = limits
        self.count: int | None = None
        self.salvaged = False
        self.received_bytes = 0
        self.known: dict[int, PageText] = {page.number: page for page in known if page.origin in _KEPT and not page.damaged}
        self._pages: list[PageText] = []
        self.pending = 0
        """How many pages are to be recognised."""
        self.to_recognise = 0
        """How many were, before any was recognised."""

    @property
    def next_page(self) -> int:
        """The first page that was not surveyed."""
        return len(self._pages) + 1

    def surveyed(self) -> bool:
        """Every page was tried once."""
        return self.count is not None and len(self._pages) >= self.count

    def any_read(self) -> bool:
        """At least one page was read, or is known to need recognition."""
        return any(page.origin is not TextOrigin.UNREADABLE for page in self._pages)

    def progress(self, page: PageText, seconds: float | None = None) -> PageRead:
        """Return the event of a page that was just done, `seconds` after the first page was recognised; None before that.

        The time left is counted from the recognised pages so far: surveying takes next to nothing.
        """
        recognised = self.to_recognise - self.pending
        left = seconds / recognised * self.pending if seconds is not None and recognised else None
        return PageRead(page, self.count or 0, len(self._pages) - self.pending, self.to_recognise, recognised, left)

    @property
    def full(self) -> bool:
        """The processes have sent more than is allowed for one file."""
        return self.received_bytes > self.limits.max_output_bytes

    @property
    def pages(self) -> Sequence[PageText]:
        """The pages surveyed so far, in order from page 1; not a copy."""
        return self._pages

    def open(self, line: bytes) -> None:
        """Take the first line of a process. Raises Unreadable when the file cannot be read at all, NotUnderstood."""
        match self._decoded(line):
            case Failed(reason):
                raise Unreadable(printable(reason))
            case FileOpened(count, salvaged):
                self._opened(count)
                self.salvaged = self.salvaged or salvaged
            case _:
                raise NotUnderstood("a page before the number of pages")

    def survey(self, line: bytes) -> PageText:
        """Take the page that comes next. Raises NotUnderstood."""
        page = self._decoded(line)
        if not isinstance(page, PageText) or page.number != self.next_page or self.surveyed() or page.origin is TextOrigin.OCR:
            raise NotUnderstood("something else than the page that was asked for")
        self._add(page)
        self._add_known()
        return page

    def recognise(self, line: bytes, number: int) -> PageText:
        """Take one page that was pending. Raises NotUnderstood."""
        page = self._decoded(line)
        if not isinstance(page, PageText) or page.number != number or page.origin is TextOrigin.PENDING:
            raise NotUnderstood("something else than the page that was asked for")
        self._replace(page)
        return page

    def give_up(self, number: int) -> PageText:
        """Give up a page: the next one of the survey, or one that was pending."""
        page = PageText(number, "", TextOrigin.UNREADABLE)
        if number == self.next_page:
            self._add(page)
            self._add_known()
        else:
            self._replace(page)
        return page

    def give_up_unsurveyed(self) -> tuple[int, ...]:
        """Every page that was not surveyed is unreadable; their numbers."""
        given_up = []
        while self.count is not None and not self.surveyed():
            given_up.append(self.give_up(self.next_page).number)
        return tuple(given_up)

    def give_up_pending(self) -> tuple[int, ...]:
        """Every page still to be recognised is unreadable; their numbers."""
        given_up = tuple(page.number for page in self._pages if page.origin is TextOrigin.PENDING)
        for number in given_up:
            self.give_up(number)
        return given_up

    def _decoded(self, line: bytes) -> FileOpened | Failed | PageText:
        self.received_bytes += len(line)
        return decode(line)

    def _opened(self, count: int) -> None:
        if count == 0:
            raise Unreadable("this PDF has no page")
        if count > self.limits.max_pages:
            raise Unreadable(f"this PDF has {count} pages, more than the {self.limits.max_pages} allowed")
        if self.count not in (None, count):
            raise NotUnderstood("a page count that changes")
        self.count = count
        self._add_known()

    def _add(self, page: PageText) -> None:
        self._pages.append(page)
        if page.origin is TextOrigin.PENDING:
            self.pending += 1
            self.to_recognise += 1

    def _add_known(self) -> None:
        while not self.surveyed() and (page := self.known.pop(self.next_page, None)) is not None:
            self._add(page)

    def _replace(self, page: PageText) -> None:
        if self._pages[page.number - 1].origin is not TextOrigin.PENDING:
            raise NotUnderstood("a page that was not to be recognised")
        self._pages[page.number - 1] = page
        self.pending -= 1
