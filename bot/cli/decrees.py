"""`vigie recent`, `search` and `show`: the same answers as the Telegram commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import typer

from bot.app.wiring import open_archive, open_questions, places_of, take_survey
from bot.cli.context import DONE, FAILED, WRONG_USE, AsJson, Context, fail
from bot.cli.json_output import decree_json, decrees_json, file_json
from bot.cli.text_output import print_json
from bot.cli.work import opened
from bot.domain import Place
from bot.domain.law.advice import legal_advice
from bot.ingest.archive import ArchivedFile
from bot.messages import Language, place_for
from bot.messages.letters import LetterKind, NoSuchLetter, draft
from bot.messages.words import Table, data_file
from bot.queries import (
    CLI_PAGE,
    Answer,
    BadInput,
    DecreeList,
    Fault,
    OneDecree,
    Questions,
    UnknownDecree,
    UnknownDepartment,
    evidence_text,
    plain_answer,
    vocabulary,
)
from bot.queries.phrases import withdrawal

Page = Annotated[int, typer.Option("--page", "-p", min=1, help="Page of the answer.")]
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

    @app.command(epilog="Example:  vigie recent --department 26   (or, what is in force:  vigie recent --in-force)")
    def recent(
        ctx: typer.Context,
        department: Annotated[str, typer.Option("--department", "-d", help="Code or name of a department.")] = "",
        in_force: Annotated[bool, typer.Option("--in-force", help="Those in force now or later, by when they begin.")] = False,
        page: Page = 1,
        limit: PageSize = CLI_PAGE,
        language: Lang = "fr",
        as_json: AsJson = False,
    ) -> None:
        """The decrees published last, the newest first; with --in-force, those in force or to come."""

        def ask(questions: Questions) -> Answer:
            if in_force:
                return questions.in_force(department, page)
            return questions.department(department, page) if department else questions.recent(page)

        spoken = _spoken(language)
        _show(*_answered(ctx.obj, ask, limit, spoken), spoken, as_json=as_json)

    @app.command(epilog="Example:  vigie search gare valence")
    def search(
        ctx: typer.Context,
        words: Annotated[list[str], typer.Argument(help="Words that must all be in the decree; accents and endings do not matter.")],
        page: Page = 1,
        limit: PageSize = CLI_PAGE,
        language: Lang = "fr",
        as_json: AsJson = False,
    ) -> None:
        """Full-text search in the decrees found."""
        spoken = _spoken(language)
        _show(*_answered(ctx.obj, lambda q: q.search(" ".join(words), page), limit, spoken), spoken, as_json=as_json)

    @app.command(epilog="Example:  vigie show 12   (or:  vigie show 12 --letter cada --output demande.txt)")
    def show(
        ctx: typer.Context,
        number: Annotated[str, typer.Argument(help="Number of the decree in Vigie, as lists show it.")],
        evidence: Annotated[bool, typer.Option("--evidence", help="Also the phrases each fact was read in, with their pages.")] = False,
        letter: Letter = None,
        output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the letter to this file, which must not exist.")] = None,
        language: Lang = "fr",
        as_json: AsJson = False,
    ) -> None:
        """One decree in full: facts, standing, what one can do, links to other decrees, where it was seen; or a draft of a letter."""
        if output is not None and letter is None:
            fail("--output writes a letter: say which with --letter", WRONG_USE)
        if evidence and letter is not None:
            fail("--evidence and --letter do not go together", WRONG_USE)
        spoken = _spoken(language)
        answer, places = _answered(ctx.obj, lambda q: q.show(number), CLI_PAGE, spoken)
        file = _file_of(ctx.obj, answer)
        if letter is not None and isinstance(answer, OneDecree):
            show_letter(answer, letter, places, spoken, file=output, as_json=as_json)
            raise typer.Exit(DONE)
        _show(answer, places, spoken, as_json=as_json, evidence=evidence, file=file)


def _file_of(context: Context, answer: Answer) -> ArchivedFile | None:
    """The PDF that a decree was read in, None where that is not known."""
    if not isinstance(answer, OneDecree):
        return None
    settings, _ = context.load(logs="warning")
    with opened(settings, read_only=True) as store:
        known = store.recueils.file_of(answer.decree.publisher, answer.decree.url)
    return None if known is None else open_archive(settings).describe(*known)


def _spoken(language: str) -> Language:
    if language not in {"fr", "en"}:
        fail("--language is fr or en", WRONG_USE)
    return "en" if language == "en" else "fr"


def _answered(context: Context, ask: Callable[[Questions], Answer], limit: int, language: Language) -> tuple[Answer, Mapping[str, Place]]:
    """The answer, with how authorities are called; ends the program where the question has none."""
    settings, authorities = context.load(logs="warning")
    places = places_of(authorities)
    with opened(settings, read_only=True) as store:
        overview = partial(take_survey, settings, authorities, store)
        answer = ask(open_questions(places, store, overview, page_size=limit))
    if answer == BadInput(Fault.NO_WORDS):
        fail("which words? As in: vigie search gare valence", WRONG_USE)
    if isinstance(answer, UnknownDepartment | UnknownDecree | BadInput):
        fail(plain_answer(answer, places, language), WRONG_USE if isinstance(answer, BadInput) else FAILED)
    return answer, places


def _show(
    answer: Answer,
    places: Mapping[str, Place],
    language: Language,
    *,
    as_json: bool,
    evidence: bool = False,
    file: ArchivedFile | None = None,
) -> None:
    if as_json:
        shown = _json(answer, places)
        print_json(shown | file_json(file) if isinstance(answer, OneDecree) and isinstance(shown, dict) else shown)
    else:
        typer.echo(plain_answer(answer, places, language))
        if file is not None:
            typer.echo(f"\n{file_text(file, language)}")
        if evidence and isinstance(answer, OneDecree):
            typer.echo(f"\n{evidence_text(answer.decree, language)}")
    raise typer.Exit(DONE)


def _json(answer: Answer, places: Mapping[str, Place]) -> object:
    match answer:
        case DecreeList():
            return decrees_json(answer.decrees, places, answer.at)
        case OneDecree(decree=decree, at=at):
            return decree_json(decree, place_for(places, decree.authority), at)
        case _:
            return []


# The PDF that a decree was read in, for people: proof of what was published, and when it was there.


class FileWords(Table):
    """The words of one language."""

    fetched: str
    not_known: str
    sha256: str
    kept: str
    not_kept: str


def file_text(file: ArchivedFile, language: Language) -> str:
    """When it came (in UTC), its SHA-256, and where it is kept."""
    words = _words(language)
    fetched = words.not_known if file.fetched_at is None else words.fetched.format(at=file.fetched_at.strftime("%Y-%m-%d %H:%M:%S"))
    kept = words.not_kept if file.path is None else words.kept.format(path=file.path.absolute())
    return "\n".join((fetched, words.sha256.format(sha256=file.sha256), kept))


@cache
def _words(language: Language) -> FileWords:
    return FileWords.model_validate(data_file("bot.cli", "file_text.toml")[language])


# `vigie show N --letter`: a draft on standard output or in a file that was not there before.


def show_letter(
    answer: OneDecree, letter: LetterKind, places: Mapping[str, Place], language: Language, *, file: Path | None, as_json: bool
) -> None:
    """Draft it and give it away; ends the program where there is no such letter, or where the file cannot be written."""
    decree, at = answer.decree, answer.at
    gone = withdrawal(decree, place_for(places, decree.authority), language)
    if gone is not None:
        fail(gone, WRONG_USE)  # nobody is to write to a prefect about a decree that is none
    # It is written to whoever decided, who is not always whoever published.
    addressee = place_for(places, decree.facts.authority or decree.authority)
    try:
        text = draft(letter, decree, addressee, at, legal_advice(decree, place_for(places, decree.authority), at))
    except NoSuchLetter:
        fail(vocabulary(language).no_gracieux, WRONG_USE)
    if file is not None:
        write_letter(file, text)
    if as_json:
        print_json({"letter": letter.value, "text": text})
    elif file is None:
        typer.echo(text.encode(), nl=False)


def write_letter(file: Path, text: str) -> None:
    """A file that was not there before, whole or not at all; ends the program where it cannot be."""
    try:
        opened = file.open("x", encoding="utf-8", newline="\n")
    except FileExistsError:
        fail(f"{file}: this file exists, and is not overwritten", WRONG_USE)
    except OSError as error:
        fail(f"{file}: cannot be written: {error.strerror or error}")
    try:
        with opened:
            opened.write(text)
    except OSError as error:
        # Half a letter helps nobody, and would stand in the way of the next try.
        file.unlink(missing_ok=True)
        fail(f"{file}: cannot be written: {error.strerror or error}")
