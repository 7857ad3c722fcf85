"""`vigie outbox`: what waits to be sent, what is in trouble, and what you decide of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.app.config.destinations import edited
from bot.cli.context import DONE, FAILED, PARTLY_DONE, WRONG_USE, Context, fail, fail_of_storage
from bot.cli.outbox_lines import post_line, post_lines
from bot.cli.outbox_shapes import decided_json, post_json
from bot.cli.text_output import print_json, print_lines
from bot.domain import Post, PostState
from bot.storage.errors import StorageError
from bot.storage.store import open_store

if TYPE_CHECKING:
    from bot.cli.outbox_deciding import Decided
    from bot.storage.edits import EditTold
    from bot.storage.store import Store

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Number = Annotated[int, typer.Argument(metavar="N", min=1, help="Number of the post, as `vigie outbox list` shows it.")]
Numbers = Annotated[list[int], typer.Argument(metavar="N…", min=1, help="Numbers of posts, as `vigie outbox list` shows them.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    about = "Posts that wait, were refused, could not be edited, or of which nobody knows whether they arrived."
    outbox = typer.Typer(help=about, no_args_is_help=True)
    app.add_typer(outbox, name="outbox")
    _register_views(outbox)
    _register_decisions(outbox)


def _register_views(outbox: typer.Typer) -> None:
    @outbox.command("list", epilog="Example:  vigie outbox list --state refused   (or:  vigie outbox list --destination channel --json)")
    def list_(
        ctx: typer.Context,
        state: Annotated[list[PostState] | None, typer.Option("--state", "-s", help="Only this state; may be given again.")] = None,
        destination: Annotated[str | None, typer.Option("--destination", "-d", help="Only this destination.")] = None,
        limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="Posts shown at most, the oldest first.")] = 100,
        as_json: AsJson = False,
    ) -> None:
        """Every post that was not sent, and those sent whose message is yet to be edited or could not be, oldest first; with --state, the
        posts in that state.
        """

        def ask(store: Store, edited: Collection[str]) -> tuple[list[Post], dict[int, EditTold]]:
            unmade = {edit.post: edit for edit in store.edits_told.unmade(edited)}
            # Of many the oldest are shown: there is no need to name more.
            also = () if state else [number for number, edit in unmade.items() if destination in {None, edit.destination}][:limit]
            return store.posts.listed(states=state or None, destination=destination, also=also, limit=limit), unmade

        posts, edits = _reading(ctx.obj, ask)
        if as_json:
            print_json([post_json(post, edits.get(post.id)) for post in posts])
        else:
            print_lines(post_line(post, edits.get(post.id)) for post in posts)
            if not posts:
                typer.echo("nothing here", err=True)
        raise typer.Exit(DONE)

    @outbox.command(epilog="Example:  vigie outbox show 12")
    def show(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
        """All that is known of one post. Exit code 1 when there is none of that number."""
        from bot.app import utc_now  # noqa: PLC0415 - a list need not wait for all that it knows

        post, message, edit = _reading(
            ctx.obj, lambda store, _: (store.posts.get(number), store.posts.message(number), store.edits_told.of(number))
        )
        if as_json:
            print_json(post_json(post, edit) | {"decrees": [decree.id for decree in message.decrees]})
        else:
            print_lines(post_lines(post, message, edit, utc_now()))
        raise typer.Exit(DONE)


def _register_decisions(outbox: typer.Typer) -> None:
    @outbox.command(epilog="Example:  vigie outbox retry 12 13")
    def retry(ctx: typer.Context, numbers: Numbers, as_json: AsJson = False) -> None:
        """Send posts that were refused, or that wait for their time, again now; edit again the message of those that were sent. A post in
        doubt needs `resolve` first.

        Exit code 1 when none could be, 3 when some could not.
        """
        from bot.cli.outbox_deciding import retry as decide  # noqa: PLC0415 - what only shows need not wait for the channels

        _decide(ctx.obj, numbers, decide, as_json=as_json)

    @outbox.command(epilog="Example:  vigie outbox drop 12")
    def drop(ctx: typer.Context, numbers: Numbers, as_json: AsJson = False) -> None:
        """Give posts up: they are not sent, and nobody is told of them any more. Of those that were sent the edit is given up. The rows
        stay, and `retry` takes a drop back.

        Exit code 1 when none could be, 3 when some could not.
        """
        from bot.cli.outbox_deciding import drop as decide  # noqa: PLC0415 - as above

        _decide(ctx.obj, numbers, decide, as_json=as_json)

    @outbox.command(epilog="Example:  vigie outbox resolve 12 --sent 4711   (or:  vigie outbox resolve 12 --not-sent)")
    def resolve(
        ctx: typer.Context,
        number: Number,
        reference: Annotated[str | None, typer.Argument(help="With --sent: the platform's id of the message, if you know it.")] = None,
        sent: Annotated[bool, typer.Option("--sent", help="You looked: it is there.")] = False,
        not_sent: Annotated[bool, typer.Option("--not-sent", help="You looked: it is not there. It is sent again.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Say whether a post in doubt is there. Look before: --not-sent of one that is there means that it will be there twice.

        Exit code 1 when it is not in doubt.
        """
        from bot.cli import outbox_deciding  # noqa: PLC0415 - as above

        if sent == not_sent:
            fail("say --sent or --not-sent", WRONG_USE)
        if reference is not None and not sent:
            fail("an id of a message goes with --sent only", WRONG_USE)
        decide = outbox_deciding.sent(reference) if sent else outbox_deciding.not_sent
        _decide(ctx.obj, [number], decide, as_json=as_json)


def _reading(context: Context, ask: Callable[[Store, Collection[str]], T]) -> T:
    """What `ask` gives, which is told too whose posts are edited."""
    settings = context.load_settings(logs="warning")
    try:
        with open_store(settings.database.url, read_only=True) as store:
            return ask(store, edited(settings))
    except StorageError as error:
        fail_of_storage(error)


def _decide(context: Context, numbers: Iterable[int], decide: Callable[[Store, int], Decided], *, as_json: bool) -> None:
    settings = context.load_settings(logs="warning")
    try:
        with open_store(settings.database.url) as store:
            decided = [(number, decide(store, number)) for number in dict.fromkeys(numbers)]
    except StorageError as error:
        fail_of_storage(error)
    if as_json:
        print_json([decided_json(number, one.done, one.told, one.post) for number, one in decided])
    else:
        for _, one in decided:
            typer.echo(one.told, err=not one.done)
    done = [one.done for _, one in decided]
    raise typer.Exit(DONE if all(done) else PARTLY_DONE if any(done) else FAILED)
