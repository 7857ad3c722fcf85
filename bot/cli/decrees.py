"""`vigie town`, `recent`, `search` and `show`: the same answers as the Telegram commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import typer

from bot.app.inventory import places_of, report_sources, utc_now
from bot.app.wiring import open_archive, open_questions
from bot.cli.context import FAILED, WRONG_USE, AsJson, Context, fail, print_json, run_to_end, show, stderr
from bot.cli.opening import load, opened
from bot.cli.output import ShownDecree
from bot.domain.acts import Decree, Place
from bot.domain.posts import FRANCE
from bot.domain.records import LAST_ID
from bot.ingest.archive import ArchivedFile
from bot.messages.letters.drafting import LetterKind
from bot.messages.lines import MessageContext, moment_at, moment_text, place_for
from bot.messages.words import Language, Words, words_file, words_in
from bot.queries.answers import (
    Answer,
    BadInput,
    DecreeList,
    NotCovered,
    NothingFound,
    OneDecree,
    PlaceChoices,
    RecueilWithout,
    SeveralPlaces,
    TownAnswer,
    UnknownDecree,
    UnknownDepartment,
    UnknownPlace,
)
from bot.queries.decree_shape import decree_models
from bot.queries.dossier import dossier, dossier_input, with_pages
from bot.queries.phrases import NoLetter, evidence_text, letter_text, plain_answer, unread
from bot.queries.place_shapes import PlaceModel, PlacesModel, TownModel
from bot.queries.questions import CLI_PAGE, Questions
from bot.storage.browsing import DecreeFilter
from bot.storage.store import Store

Page = Annotated[int, typer.Option("--page", "-p", min=1, max=LAST_ID, help="Page of the answer.")]
Lang = Annotated[str, typer.Option("--language", "-l", help="fr or en.")]
PageSize = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Decrees on a page.")]
Letter = Annotated[
    LetterKind | None,
    typer.Option(
        help="Draft a letter to complete, check and sign yourself, in French as it goes to a French authority: cada asks for the decree's "
        "documents (and then refers a refusal to the CADA), gracieux asks the prefect to withdraw the decree."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""

    @app.command(epilog="Example:  vigie town Valence   (or, where several are called so:  vigie town 26000)")
    def town(
        ctx: typer.Context,
        name: Annotated[list[str], typer.Argument(help="Name, postcode or INSEE code of a commune.")],
        page: Page = 1,
        limit: PageSize = CLI_PAGE,
        language: Lang = "fr",
        as_json: AsJson = False,
    ) -> None:
        """Show the decrees that name a town, those that may concern it, and what could not be read there."""
        _print_answer(_answered(ctx.obj, lambda questions: questions.town(" ".join(name), page), limit, language), as_json=as_json)

    @app.command(epilog="Example:  vigie recent --department 26   (or, what is in force:  vigie recent --in-force)")
    def recent(
        ctx: typer.Context,
        department: Annotated[str, typer.Option("--department", "-d", help='Codes or names of departments: 26, drome, "26, 07".')] = "",
        in_force: Annotated[bool, typer.Option("--in-force", help="Those in force now or later, by when they begin.")] = False,
        today: Annotated[bool, typer.Option("--today", help="Those in force at any hour of today.")] = False,
        page: Page = 1,
        limit: PageSize = CLI_PAGE,
        language: Lang = "fr",
        as_json: AsJson = False,
    ) -> None:
        """Show the decrees published last, the newest first; with --in-force, those in force or to come."""
        if in_force and today:
            fail("--in-force and --today do not go together", WRONG_USE)

        def ask(questions: Questions) -> Answer:
            if today:
                return questions.today(department, page)
            if in_force:
                return questions.in_force(department, page)
            return questions.department(department, page) if department else questions.recent(page)

        _print_answer(_answered(ctx.obj, ask, limit, language), as_json=as_json)

    @app.command(epilog="Example:  vigie search gare valence")
    def search(
        ctx: typer.Context,
        words: Annotated[list[str], typer.Argument(help="A question, as in a chat: places, days, a number, or words that a decree has.")],
        page: Page = 1,
        limit: PageSize = CLI_PAGE,
        language: Lang = "fr",
        as_json: AsJson = False,
    ) -> None:
        """Answer a question in plain words, as chats do: places, days, a number, or words that a decree has."""
        _print_answer(_answered(ctx.obj, lambda questions: questions.plain(" ".join(words), page), limit, language), as_json=as_json)

    @app.command("show", epilog="Example:  vigie show 12   (or:  vigie show 12 --letter cada --output demande.txt)")
    def show_(
        ctx: typer.Context,
        number: Annotated[
            str, typer.Argument(help="Number of the decree: of Vigie, as lists show it (12), of its act or of its authority.")
        ],
        evidence: Annotated[bool, typer.Option("--evidence", help="Also the phrases each fact was read in, with their pages.")] = False,
        letter: Letter = None,
        output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the letter to this file, which must not exist.")] = None,
        language: Lang = "fr",
        as_json: AsJson = False,
    ) -> None:
        """Show one decree in full: facts, standing, what one can do, links to other decrees, where it was seen; or a draft of a letter."""
        if output is not None and letter is None:
            fail("--output writes a letter: say which with --letter", WRONG_USE)
        if evidence and letter is not None:
            fail("--evidence and --letter do not go together", WRONG_USE)
        reply = _answered(ctx.obj, lambda questions: questions.show(number), CLI_PAGE, language)
        if letter is not None and isinstance(reply.answer, OneDecree):
            _draft_letter(reply.answer, letter, reply, file=output, as_json=as_json)
        else:
            _print_answer(reply, as_json=as_json, evidence=evidence)

    @app.command(epilog="Example:  vigie proof 12 --output preuve.zip")
    def proof(
        ctx: typer.Context,
        number: Annotated[str, typer.Argument(help="Number of the decree, as `vigie show` takes it.")],
        output: Annotated[
            Path | None, typer.Option("--output", "-o", help="The file, which must not exist. Default: preuve-N.zip.")
        ] = None,
    ) -> None:
        """Write a dossier on one decree for a court: its pages, the hash of its recueil, when it went online, and how each is checked.

        The dossier is in French. The same records give the same bytes. Its LISEZMOI.txt says what each file shows and what it does not.
        """
        settings, authorities = load(ctx.obj)
        places, public_url = places_of(authorities), settings.web.public_url
        with opened(settings, read_only=True) as store:
            overview = partial(report_sources, settings, authorities, store, clock=utc_now)
            decree = open_questions(places, store, overview, settings, page_size=CLI_PAGE).decree_of(number)
            if decree is None:
                fail(f"there is no decree {number}, or no single one; {_what_there_is(store)}", WRONG_USE)
            page = MessageContext(public_url or None).page_of(decree) or ""
            given = dossier_input(store, places, decree, page)
        path = None if given.sha256 is None else open_archive(settings).find(given.sha256)
        complete, file = run_to_end(with_pages(given, path)), output or Path(f"preuve-{decree.id}.zip")
        write_new(file, dossier(complete))
        typer.echo(f"{file}: {f'pages {given.first} to {given.last}' if complete.pdf else complete.lack}, {decree.url}")


def _what_there_is(store: Store) -> str:
    """Return which decrees there are, for who named another."""
    newest = store.browsing.ids(1, 0)
    return f"of {store.browsing.count(DecreeFilter())} the newest is {newest[0]} (vigie recent)" if newest else "none is recorded yet"


@dataclass(frozen=True, slots=True)
class PrintedAnswer:
    """An answer with what it is shown with: places, language, and the PDF of a single decree, if known."""

    answer: Answer
    places: Mapping[str, Place]
    language: Language
    file: ArchivedFile | None


def _answered(context: Context, ask: Callable[[Questions], Answer], limit: int, spoken: str) -> PrintedAnswer:
    """Answer a question; end the program where it has no answer."""
    if spoken not in {"fr", "en"}:
        fail("--language is fr or en", WRONG_USE)
    language: Language = "en" if spoken == "en" else "fr"
    settings, authorities = load(context)
    places = places_of(authorities)
    with opened(settings, read_only=True) as store:
        overview = partial(report_sources, settings, authorities, store, clock=utc_now)
        answer = ask(open_questions(places, store, overview, settings, page_size=limit))
        known = store.decrees.copy_of(answer.decree) if isinstance(answer, OneDecree) else None
    if isinstance(answer, NotCovered | UnknownDepartment | UnknownPlace | UnknownDecree | RecueilWithout | BadInput):
        fail(plain_answer(answer, places, language), WRONG_USE if isinstance(answer, BadInput) else FAILED)
    return PrintedAnswer(answer, places, language, None if known is None else open_archive(settings).describe(*known))


def _print_answer(reply: PrintedAnswer, *, as_json: bool, evidence: bool = False) -> None:
    show(_answer_json(reply), _lines(reply, evidence=evidence), as_json=as_json)
    if as_json and (unsaid := _unsaid(reply)):
        stderr.print(unsaid, markup=False, soft_wrap=True)
    if isinstance(reply.answer, PlaceChoices):
        raise typer.Exit(FAILED)  # a question in the place of an answer


def _unsaid(reply: PrintedAnswer) -> str:
    """Return what JSON lists cannot hold: why a list is empty, or unread data."""
    match reply.answer:
        case DecreeList():
            return unread(reply.answer, reply.places, reply.language)
        case NothingFound():
            return plain_answer(reply.answer, reply.places, reply.language)
        case _:
            return ""


def _lines(reply: PrintedAnswer, *, evidence: bool) -> Iterator[str]:
    yield plain_answer(reply.answer, reply.places, reply.language)
    if reply.file is not None:
        yield f"\n{file_text(reply.file, reply.language)}"
    if evidence and isinstance(reply.answer, OneDecree):
        yield f"\n{evidence_text(reply.answer.decree, reply.language)}"


def _answer_json(reply: PrintedAnswer) -> object:
    match reply.answer:
        case DecreeList(decrees=decrees, at=at):
            return decree_models(decrees, reply.places, at)
        case OneDecree(decree=decree, at=at):
            return _shown(decree, place_for(reply.places, decree.authority), at, reply.file)
        case TownAnswer():
            return TownModel.about(reply.answer, reply.places)
        case SeveralPlaces(answers=answers):
            return [_answer_json(replace(reply, answer=one)) for one in answers]
        case PlaceChoices(asked=asked, choices=choices):
            return PlacesModel(asked=asked, candidates=tuple(map(PlaceModel.about, choices)))
        case _:
            return []


def _shown(decree: Decree, place: Place, at: datetime, file: ArchivedFile | None) -> ShownDecree:
    if file is None:
        return ShownDecree.at(decree, place, at, pdf_sha256=None, pdf_fetched_at=None, archived_path=None)
    path = None if file.path is None else str(file.path.absolute())
    return ShownDecree.at(decree, place, at, pdf_sha256=file.sha256, pdf_fetched_at=file.fetched_at, archived_path=path)


# The PDF that a decree was read in, for people: proof of what was published, and when it was there.


def file_text(file: ArchivedFile, language: Language) -> str:
    """Return when it came (by the clock of Paris), its SHA-256, and where it is kept."""
    words, at = _words(language), file.fetched_at
    fetched = words.not_known if at is None else words.fetched.format(at=moment_text(moment_at(at, FRANCE), words_in(language).dates))
    kept = words.not_kept if file.path is None else words.kept.format(path=file.path.absolute())
    return "\n".join((fetched, words.sha256.format(sha256=file.sha256), kept))


@cache
def _words(language: Language) -> Words:
    return words_file("bot.cli", "file_text.toml")[language]


# `vigie show N --letter`: a draft on standard output or in a file that was not there before.


def _draft_letter(answer: OneDecree, letter: LetterKind, reply: PrintedAnswer, *, file: Path | None, as_json: bool) -> None:
    """Draft a letter and print or write it; end the program if there is no such letter or the file fails."""
    try:
        text = letter_text(letter, answer, reply.places, reply.language)
    except NoLetter as error:
        fail(str(error), WRONG_USE)
    if file is not None:
        write_new(file, text.encode())
    if as_json:
        print_json({"letter": letter.value, "text": text})
    elif file is None:
        typer.echo(text.encode(), nl=False)


def write_new(file: Path, content: bytes) -> None:
    """Write a new file, whole or not at all; end the program where that fails."""
    try:
        opened = file.open("xb")
    except FileExistsError:
        fail(f"{file}: this file exists, and is not overwritten", WRONG_USE)
    except OSError as error:
        fail(f"{file}: cannot be written: {error.strerror or error}")
    try:
        with opened:
            opened.write(content)
    except OSError as error:
        # Half a file helps nobody, and would stand in the way of the next try.
        file.unlink(missing_ok=True)
        fail(f"{file}: cannot be written: {error.strerror or error}")
