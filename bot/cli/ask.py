"""`vigie recent`, `search` and `show`: the same answers as the Telegram commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from bot.app import open_questions, places_of, take_survey
from bot.cli.context import DONE, FAILED, WRONG_USE, Context, fail
from bot.cli.output import print_json
from bot.cli.shapes import decree_json
from bot.messages import Language
from bot.queries import CLI_PAGE, Answer, BadInput, DecreeList, OneDecree, Questions, UnknownDecree, UnknownDepartment, plain_answer
from bot.storage import StorageError, open_store

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Page = Annotated[int, typer.Option("--page", "-p", min=1, help="Page of the answer.")]
Lang = Annotated[str, typer.Option("--language", "-l", help="fr or en.")]
PageSize = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Decrees on a page.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""

    @app.command(epilog="Example:  vigie recent --department 26")
    def recent(
        ctx: typer.Context,
        department: Annotated[str, typer.Option("--department", "-d", help="Code or name of a department.")] = "",
        page: Page = 1,
        limit: PageSize = CLI_PAGE,
        language: Lang = "fr",
        as_json: AsJson = False,
    ) -> None:
        """The latest decrees found, newest first."""
        ask = (lambda q: q.department(department, page)) if department else (lambda q: q.recent(page))
        _answer(ctx.obj, ask, language, as_json, limit)

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
        _answer(ctx.obj, lambda q: q.search(" ".join(words), page), language, as_json, limit)

    @app.command(epilog="Example:  vigie show 12")
    def show(
        ctx: typer.Context,
        number: Annotated[str, typer.Argument(help="Number of the decree in Vigie, as lists show it.")],
        language: Lang = "fr",
        as_json: AsJson = False,
    ) -> None:
        """One decree in full."""
        _answer(ctx.obj, lambda q: q.show(number), language, as_json, CLI_PAGE)


def _answer(context: Context, ask: Callable[[Questions], Answer], language: str, as_json: bool, limit: int) -> None:
    if language not in {"fr", "en"}:
        fail("--language is fr or en", WRONG_USE)
    spoken: Language = "en" if language == "en" else "fr"
    settings, authorities = context.load(logs="warning")
    places = places_of(authorities)
    try:
        with open_store(settings.database.url, read_only=True) as store:
            overview = partial(take_survey, settings, authorities, store)
            answer = ask(open_questions(places, store, overview, page_size=limit))
    except StorageError as error:
        fail(str(error))
    match answer:
        case UnknownDepartment() | UnknownDecree() | BadInput():
            fail(plain_answer(answer, places, spoken), WRONG_USE if isinstance(answer, BadInput) else FAILED)
        case _ if as_json:
            print_json(_json(answer))
        case _:
            typer.echo(plain_answer(answer, places, spoken))
    raise typer.Exit(DONE)


def _json(answer: Answer) -> object:
    match answer:
        case DecreeList():
            return [decree_json(decree) for decree in answer.decrees]
        case OneDecree():
            return decree_json(answer.decree)
        case _:
            return []
