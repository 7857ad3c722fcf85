"""Opens one PDF in a process of its own, `python -m bot.reading.sandbox.child START`: confines itself, then carries out orders from
standard input, and ends with that input."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from ctypes import create_string_buffer
from dataclasses import replace
from functools import cache, cached_property, lru_cache, partial
from itertools import repeat
from mmap import ACCESS_READ, mmap
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter, process_time
from typing import Any, NoReturn, TypeVar

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from bot.domain.publication import FileStatement
from bot.domain.text import PageText, TextOrigin
from bot.domain.topics import topics, use_topics_of
from bot.reading.pages.additions import (
    ATTACHED,
    DYNAMIC_FORM,
    Annotations,
    annotations_of,
    attached_files,
    draw_annotations,
    is_dynamic_form,
)
from bot.reading.pages.damage import (
    completed,
    damaged_pages,
    decrypted,
    draws_letters,
    has_drawn_pages,
    has_empty_streams,
    has_orders,
    is_encrypted,
    may_repeat_pages,
    pages_out_of_reach,
    spoiled_streams,
    streams_unpack,
)
from bot.reading.pages.drawing import (
    CLOSE,
    GLANCE,
    draw,
    draw_in_black,
    forms_are_shown,
    has_coloured_ink,
    hidden_text,
    image_coverage,
    image_sizes,
    images_decode,
    images_unpack,
    ink,
    is_plainly_inked,
)
from bot.reading.pages.layer import count_visible, lost_letters, text_in_order
from bot.reading.pages.recognition import (
    FIRST_DPI,
    HALF_A_PAGE,
    LITTLE_TEXT,
    MUCH_IMAGE,
    NO_TEXT,
    SOME_GARBAGE,
    SOME_IMAGE,
    SOME_INK,
    Layer,
    Ocr,
    OcrFailed,
    PageInk,
    Raster,
    Recognised,
    combine,
    find_ocr,
    is_convincing,
    judge,
    own_length,
    reads_as_french,
    recognise,
    repair,
)
from bot.reading.sandbox.process import (
    MOST_STATED,
    REFUSED,
    Failed,
    FileOpened,
    RecogniseOrder,
    StartOrder,
    TextLayerOrder,
    confine,
    encode,
    parse_order,
)

# How a process that does one thing for its parent begins and ends.


def run(main: Callable[[str], int]) -> NoReturn:
    """Call `main` with the argument of the process and exit with its status; after an exception print a trace and exit with 1, or `REFUSED`
    if the system refused an operation."""
    status = 1
    try:
        status = main(sys.argv[1])
    except BaseException as error:
        status = REFUSED if isinstance(error, PermissionError) else 1
        sys.excepthook(*sys.exc_info())
    # Not `sys.exit`: the listener may be inside standard input, which an orderly end would want to close.
    os._exit(status)


_POLITE = 10
"""Niceness of a process that recognises: reading texts and answering people come first."""


def main(argument: str) -> int:
    """Carry out orders until there are none. Exit status 1 when the file cannot be opened."""
    start = StartOrder.parse(argument)
    use_topics_of(start.topics)
    _telling()
    confine(start)
    orders: SimpleQueue[TextLayerOrder | RecogniseOrder] = SimpleQueue()
    # After the confinement, which holds for the threads that are started in it.
    threading.Thread(target=_listen, args=(lambda line: orders.put(parse_order(line)),), daemon=True).start()
    _give_time(start)
    try:
        document = PdfDocument(Path(start.path), partial(find_ocr, start.data), trusting=start.trusting)
    except NotReadable as error:
        _say(encode(Failed(str(error))))
        return 1
    _say(encode(FileOpened(len(document), document.salvaged, document.made())))
    polite = False
    while True:
        order = orders.get()
        if isinstance(order, RecogniseOrder) and not polite:
            os.nice(_POLITE)
            polite = True
        _give_time(start)
        if isinstance(order, TextLayerOrder):
            for _ in document.recall(order.known):
                _give_time(start)
        for page in _carry_out(document, order):
            _say(encode(page))
            _give_time(start)


def _carry_out(document: PdfDocument, order: TextLayerOrder | RecogniseOrder) -> Iterator[PageText]:
    match order:
        case TextLayerOrder(first, known):
            yield from (document.survey(number) for number in range(first, len(document) + 1) if number not in known)
        case RecogniseOrder(number):
            yield document.recognise(number)


def _give_time(start: StartOrder) -> None:
    """Let this process take so much processor time from now on; it ends by SIGPROF then, whatever code it is in."""
    signal.setitimer(signal.ITIMER_PROF, start.page_seconds)


def _listen(take: Callable[[bytes], object]) -> None:
    """Pass the orders on. Standard input ends when the parent does, however it ended: nobody reads the answers any more."""
    try:
        for line in sys.stdin.buffer:
            take(line)
    finally:
        os._exit(0)


def answer_one(work: Callable[[StartOrder, bytes], bytes], argument: str) -> int:
    """Carry out one order in the confinement: send what `work` returns."""
    start = StartOrder.parse(argument)
    confine(start)
    order = sys.stdin.buffer.readline()
    threading.Thread(target=_listen, args=(bool,), daemon=True).start()
    _say(work(start, order))
    return 0


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


# A PDF page by page, through pdfium: its text layer if good, else OCR. In a child process only: pdfium is native code that reads files from
# outside.

MOST_CHARACTERS = 500_000
"""A page with more is an attack, not a page: the fullest real one holds some 15,000."""
_MOST_COMPLETED = 256 * 1024**2
"""Bytes of a file of which a copy is made in memory."""
_SOME_TEXT = 150
"""Characters of its own below which a page may have lost all but a running title, before which the name of a service stands."""
_MOST_STATED_BYTES = 64 * 1024
NOT_FRENCH = "letters that make no French words, and are not recognised"
T = TypeVar("T")

_AT_ONCE = 50
"""Pages checked for damage together, so that shared objects are checked once."""


class NotReadable(Exception):
    """The file as a whole cannot be opened. The message says why, for an operator."""


class PdfDocument:
    """One open PDF. Pages are read in any order, one at a time, by their number from 1; none raises for one bad page."""

    def __init__(self, file: Path | bytes, ocr: Callable[[], Ocr | None], *, trusting: bool = False, inner: bool = False) -> None:
        """`ocr` returns the engine at its first use. `trusting`: neither the number of pages nor the streams are checked, and no attached
        file is opened. `inner`: the file is attached to another. Raises NotReadable."""
        self._file = file
        self._engine = cache(ocr)
        self.salvaged = False
        """The file cannot be opened as it is: this is what could be found in it, and more may be lost than the pages that are missing."""
        try:
            self._pdf = self._opened(file)
        except (pdfium.PdfiumError, OSError) as error:
            raise NotReadable(_why(error)) from error
        self._out_of_reach = 0 if trusting or self.salvaged else pages_out_of_reach(file)
        is_checked = not (trusting or self.salvaged)
        none = frozenset[bytes]()
        self._spoiled = _in_file(file, self._pdf, spoiled_streams, none) if is_checked else none
        self._suspect = self.salvaged or bool(self._spoiled) or (is_checked and not _in_file(file, self._pdf, streams_unpack, False))
        self._trusting = trusting
        self._damaged: dict[int, bool] = {}
        self._seen: dict[object, int] = {}
        try:
            self._pdf.init_forms()
        except pdfium.PdfiumError:
            # A broken form does not make the pages unreadable: only the values of its fields.
            self._pdf.formenv = None
        self._annotations: dict[int, Annotations] = {}
        self._attached = [*repeat(None, self._pdf.count_attachments())] if trusting or inner else [*self._open_attached()]
        self.salvaged = self.salvaged or any(each.salvaged for each in self._attached if each)

    def __len__(self) -> int:
        """Return how many pages there are, those included that can never be read, and those of attached files: one where it is no PDF."""
        return self._own + sum(len(each) if each else 1 for each in self._attached)

    def made(self) -> FileStatement:
        """Return what the file states of itself, cut where it is long."""
        return FileStatement(*(_stated(self._pdf, name) for name in (b"CreationDate", b"ModDate", b"Producer")))

    def survey(self, number: int) -> PageText:
        """Return the text layer's result, in milliseconds: LAYER, BLANK, UNREADABLE, or PENDING for a page to recognise, with its layer
        unless garbage. A PENDING page may prove blank: drawing a scan here would be slow."""
        return self._timed(number, PdfDocument._survey)

    def recall(self, known: Collection[int]) -> Iterator[PageText]:
        """Survey pages that are known already where one of them may stand in the place of another: that is told by having seen both."""
        if known and self._may_repeat:
            yield from map(self.survey, sorted(known))

    def recognise(self, number: int) -> PageText:
        """Return the page with OCR if needed, in about a second: OCR, LAYER if the layer is the better text, UNREADABLE, or the result of
        `survey` if no OCR is needed. A doubtful layer without OCR remains LAYER."""
        return self._timed(number, PdfDocument._recognise)

    @contextmanager
    def opened(self, number: int) -> Iterator[Any]:
        """Yield the page as pdfium has it, with its annotations and the values of its form fields drawn on it. Raises PdfiumError."""
        page = self._pdf[number - 1]
        try:
            if number not in self._annotations:
                found = annotations_of(self._pdf, page)
                if found.drawn:
                    draw_annotations(page)
                    page.close()
                    page = self._pdf[number - 1]
                self._annotations[number] = found
            yield page
        finally:
            page.close()

    def excerpt(self, first: int, last: int) -> bytes:
        """Return these pages as a PDF of their own. Raises PdfiumError."""
        holder, start = self._holder(first)
        if holder is not self:
            return holder.excerpt(start, start + last - first) if holder else b""
        made = pdfium.PdfDocument.new()
        with closing(made), io.BytesIO() as written:
            made.import_pages(self._pdf, range(first - 1, last))
            made.save(written)
            return written.getvalue()

    def close(self) -> None:
        """Release the file and those attached to it."""
        for each in (*filter(None, self._attached), self._pdf):
            each.close()

    @property
    def _own(self) -> int:
        return len(self._pdf) + self._out_of_reach

    def _open_attached(self) -> Iterator[PdfDocument | None]:
        for content in attached_files(self._pdf):
            try:
                yield PdfDocument(content, self._engine, inner=True) if content else None
            except NotReadable:
                yield None

    def _holder(self, number: int) -> tuple[PdfDocument | None, int]:
        """Return the document that a page is of, this one or one attached to it, and its number there. None: of a file that is no PDF."""
        if number <= self._own:
            return self, number
        number -= self._own
        for each in self._attached:
            pages = len(each) if each else 1
            if number <= pages:
                return each, number
            number -= pages
        raise IndexError(number)

    def _opened(self, file: Path | bytes) -> Any:
        """Return the file, or a copy of it that is completed where it was cut short. Raises PdfiumError, OSError."""
        try:
            return pdfium.PdfDocument(file)
        except pdfium.PdfiumError as error:
            if error.err_code != pdfium_c.FPDF_ERR_FORMAT:
                raise
            with _mapped(file) as content:
                copy = completed(content) if 0 < len(content) <= _MOST_COMPLETED else None
            if copy is None:
                raise
            self.salvaged = True
            return pdfium.PdfDocument(copy)

    def _is_damaged(self, number: int, text: PageText, looks: str | tuple[int, ...]) -> bool:
        """Return whether something of the page is lost, however much. `looks` identifies pages that look the same. In a file without any
        sign of damage only pages with hardly a word are checked."""
        own = own_length(text.text) if text.origin is TextOrigin.LAYER else 0
        if looks and (own >= NO_TEXT or text.origin is TextOrigin.PENDING):
            twin = self._seen.setdefault(looks, number)
            if twin != number and self._may_repeat and number in damaged_pages(self._pdf, (twin, number), twice=True, blanks=True):
                return True
        if text.origin is TextOrigin.BLANK and len(self._pdf) == 1 and not has_orders(self._pdf, number) and self._has_lost_its_tree:
            return True
        if not self._suspect and (self._trusting or own >= _SOME_TEXT or text.origin is TextOrigin.PENDING):
            # One that is to be recognised is looked at then.
            return False
        if number not in self._damaged:
            # Of those that are missing nothing is left to look at.
            last = min(number + (_AT_ONCE if self._suspect else 1), len(self._pdf) + 1)
            near = [each for each in range(number, last) if each not in self._damaged]
            twice = len(near) > 1 and self._may_repeat
            damaged = damaged_pages(self._pdf, near, twice=twice, blanks=self._leaves_blanks, spoiled=self._spoiled)
            self._damaged.update((each, each in damaged) for each in near)
        return self._damaged[number]

    @cached_property
    def _may_repeat(self) -> bool:
        return self.salvaged or _in_file(self._file, self._pdf, may_repeat_pages, True)

    @cached_property
    def _leaves_blanks(self) -> bool:
        return not (self.salvaged or _in_file(self._file, self._pdf, has_empty_streams, True))

    @cached_property
    def _has_lost_its_tree(self) -> bool:
        return _in_file(self._file, self._pdf, has_drawn_pages, False)

    def _timed(self, number: int, read: Callable[[PdfDocument, Any, int], PageText]) -> PageText:
        holder, own = self._holder(number)
        if holder is None:
            return PageText(number, "", TextOrigin.UNREADABLE, lacks=ATTACHED)
        if holder is not self:
            return replace(holder._timed(own, read), number=number)
        start = perf_counter()
        try:
            with self.opened(number) as page:
                text = read(self, page, number)
                looks = image_sizes(page) if text.origin is TextOrigin.PENDING else text.text
            if self._is_damaged(number, text, looks):
                # What is left is kept: the rest is lost to OCR too, which sees what pdfium draws.
                lost = not text.text and text.origin is not TextOrigin.PENDING
                text = replace(text, origin=TextOrigin.UNREADABLE if lost else text.origin, damaged=True)
            if self._annotations[number].attached:
                text = replace(text, lacks=ATTACHED)
            elif is_dynamic_form(self._pdf, text.text):
                text = replace(text, lacks=DYNAMIC_FORM)
        except pdfium.PdfiumError:
            text = PageText(number, "", TextOrigin.UNREADABLE)
        return replace(text, seconds=perf_counter() - start)

    def _survey(self, page: Any, number: int) -> PageText:
        found = _layer(self._pdf, page, number, self._annotations[number])
        if not isinstance(found, tuple):
            return PageText(number, "", found)
        text, worth = found
        return PageText(number, "" if worth is Layer.GARBLED else text, TextOrigin.LAYER if worth is Layer.GOOD else TextOrigin.PENDING)

    def _recognise(self, page: Any, number: int) -> PageText:
        # The drawing by which a page proves not to be blank is the one that is recognised.
        render = lru_cache(maxsize=1)(partial(draw, page))
        found = _layer(self._pdf, page, number, self._annotations[number], partial(render, FIRST_DPI, 0))
        if not isinstance(found, tuple):
            return PageText(number, "", found)
        layer, worth = found
        if worth is Layer.GOOD:
            return PageText(number, layer)
        begun = process_time()
        recognised = self._recognise_with_engine(render)
        spent = process_time() - begun
        if recognised is None or (worth is Layer.GARBLED and not recognised.letters):
            lacks = "" if reads_as_french(layer) else NOT_FRENCH
            return PageText(number, layer, lacks=lacks) if worth is Layer.DOUBTFUL else PageText(number, "", TextOrigin.UNREADABLE)
        text, other = combine(layer, worth, repair(recognised.text))
        origin = TextOrigin.LAYER if layer and text == layer else TextOrigin.OCR
        seen = recognised
        black = self._read_in_black(page) if origin is TextOrigin.OCR and not other and _is_time_left(spent) else None
        if black is not None and black.letters:
            # A stamp hides words that are printed in black, and may itself be the day of signature: neither text has it all.
            under, _ = combine(layer, worth, repair(black.text))
            text, other = combine(under, Layer.DOUBTFUL, text)
            seen = black if text == under else seen
        damaged = origin is TextOrigin.OCR and not images_unpack(page)
        return PageText(number, text, origin, other, seen.confidence, damaged=damaged, unsure=frozenset(map(repair, seen.unsure)))

    def _read_in_black(self, page: Any) -> Recognised | None:
        """Read a scan without the coloured ink on it; None where there is none, or where it cannot be drawn so: what was read stands."""
        try:
            return self._recognise_with_engine(partial(draw_in_black, page)) if has_coloured_ink(page) else None
        except pdfium.PdfiumError:
            return None

    def _recognise_with_engine(self, render: Callable[[int, int], Raster]) -> Recognised | None:
        engine = self._engine()
        try:
            return recognise(engine, render) if engine else None
        except OcrFailed:
            return None


def _is_time_left(spent: float) -> bool:
    """Return whether what took so much processor time can be done once more, with some to spare: the page must not be lost over it."""
    left, _ = signal.getitimer(signal.ITIMER_PROF)
    return not left or left > 2 * spent


def _layer(
    document: Any, page: Any, number: int, annotations: Annotations, drawing: Callable[[], Raster] | None = None
) -> tuple[str, Layer] | TextOrigin:
    """Return the text layer and its worth, or BLANK or UNREADABLE. Slow checks run only if the words do not convince. A page under images
    counts as showing something unless there is a `drawing` of it."""
    with closing(page.get_textpage()) as textpage:
        count = textpage.count_chars()
        if count > MOST_CHARACTERS:
            return TextOrigin.UNREADABLE
        text = repair("\n".join((text_in_order(textpage, count, page.get_rotation(), annotations.fields), *annotations.notes)))
        own, is_empty = own_length(text), len(text.strip()) < NO_TEXT
        if _is_unseen(page, textpage, text):
            return "", Layer.GARBLED
        if is_convincing(text) and (own >= HALF_A_PAGE or image_coverage(page) <= MUCH_IMAGE):
            return text, Layer.GOOD
        coverage, dark = image_coverage(page), 0.0
        if own < (HALF_A_PAGE if coverage > MUCH_IMAGE else LITTLE_TEXT):
            is_shown = coverage > MUCH_IMAGE and (drawing is None or (own < LITTLE_TEXT and is_plainly_inked(page, textpage, drawing())))
            # Where the image or the drawing is all there may be, one short line of it is not to be taken for dust.
            look = CLOSE if is_empty or coverage > MUCH_IMAGE else GLANCE
            dark = 1.0 if is_shown else ink(page, textpage, look)
        shown = PageInk(coverage, dark, lost_letters(textpage, count))
    if dark <= SOME_INK and (is_empty or (own < LITTLE_TEXT and coverage > MUCH_IMAGE)):
        # Nothing to see besides the text: either nothing is there, or what could not be drawn.
        if (coverage > SOME_IMAGE and not images_decode(page)) or (is_empty and _is_not_drawn(document, page, number, count)):
            return TextOrigin.UNREADABLE
        if is_empty:
            return (text, Layer.GOOD) if text.strip() else TextOrigin.BLANK
        # A blank sheet that was scanned, under its stamp.
        shown = replace(shown, coverage=0.0)
    return text, judge(text, shown)


def _is_unseen(page: Any, textpage: Any, text: str) -> bool:
    """Return whether a layer differs from what a reader sees: its letters are outside the sheet or mapped to codes of no text, or searched
    words are in invisible text. This is slow, so only pages with these words are checked."""
    count = textpage.count_chars()
    if len(text.strip()) < NO_TEXT:
        return count_visible(textpage, count) >= NO_TEXT
    # Letters of a font that does not say which they are may not be drawn by pdfium alone.
    if not _tells(text) or lost_letters(textpage, count) > SOME_GARBAGE:
        return False
    return _tells(repair(hidden_text(page, textpage)))


def _tells(text: str) -> bool:
    folded = text.lower()
    return any(word in folded for word in _telling())


@cache
def _telling() -> tuple[str, ...]:
    """Return words of which each act that detection keeps has one: they count only where visible. Read before the process is confined."""
    return tuple(word for topic in topics().values() for word in topic.telling)


def _is_not_drawn(document: Any, page: Any, number: int, letters: int) -> bool:
    # Orders that draw letters of which pdfium has none: their font is lost.
    unseen = not letters and draws_letters(document, number)
    return unseen or not forms_are_shown(page) or bool(damaged_pages(document, [number], letters=False, blanks=True))


def _in_file(file: Path | bytes, document: Any, look: Callable[[mmap | bytes], T], otherwise: T) -> T:
    """Look at the bytes of a file, without its encryption. `otherwise` is for where they cannot be had."""
    try:
        if is_encrypted(document):
            return look(decrypted(document))
        with _mapped(file) as content:
            return look(content)
    except (pdfium.PdfiumError, OSError):
        return otherwise


@contextmanager
def _mapped(file: Path | bytes) -> Iterator[mmap | bytes]:
    if isinstance(file, bytes) or not file.stat().st_size:
        yield file if isinstance(file, bytes) else b""
    else:
        with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_READ) as content:
            yield content


def _stated(pdf: Any, name: bytes) -> str:
    """Return an entry of the information dictionary, empty where there is none, or more than anybody writes."""
    size = pdfium_c.FPDF_GetMetaText(pdf, name, None, 0)
    if not 2 < size <= _MOST_STATED_BYTES:
        return ""
    text = create_string_buffer(size)
    pdfium_c.FPDF_GetMetaText(pdf, name, text, size)
    return text.raw.decode("utf-16-le", "replace").partition("\0")[0][:MOST_STATED]


def _why(error: Exception) -> str:
    code = getattr(error, "err_code", None)
    if code == pdfium_c.FPDF_ERR_PASSWORD:
        return "the PDF is locked with a password"
    if code == pdfium_c.FPDF_ERR_SECURITY:
        return "the PDF is protected in a way that cannot be opened"
    if isinstance(error, OSError):
        return f"the file cannot be opened: {error.strerror or type(error).__name__}"
    return "this is not a PDF, or it is damaged beyond reading"


if __name__ == "__main__":
    run(main)
