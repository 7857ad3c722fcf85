"""Implements `vigie outbox`: posts that wait or fail, and decisions on them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.app.config.destinations import edited
from bot.app.inventory import utc_now
from bot.cli.context import DONE, FAILED, PARTLY_DONE, WRONG_USE, AsJson, Context, fail, print_json, show
from bot.cli.opening import opened
from bot.cli.output import count
from bot.delivery.transitions import Event, WaitFactors, transition
from bot.domain.posts import Post, PostCause, PostState, followed_chat
from bot.domain.records import LAST_ID
from bot.domain.shape import Json, pick
from bot.messages.words import clean, link_to
from bot.storage.errors import NoSuchRow
from bot.storage.store import Store

if TYPE_CHECKING:
    from bot.storage.posts import EditStatus

# What a person decides of posts: by the same transitions as everything else that happens to them.


@dataclass(frozen=True, slots=True)
class Decided:
    """Whether a decision was carried out, in words, and the post as it is now (None: missing)."""

    done: bool
    message: str
    post: Post | None


_DONE = {
    Event.PERSON_RETRY: "will be sent again within a minute, while the bot runs",
    Event.PERSON_DROP: "given up; `vigie outbox retry` takes that back",
    Event.PERSON_SENT: "recorded as sent",
    Event.PERSON_NOT_SENT: "will be sent again within a minute, while the bot runs",
}

_EDIT_DONE = {
    Event.PERSON_RETRY: "its message will be edited within a minute, while the bot runs with delivery.edit_posts",
    Event.PERSON_DROP: "its message is left as it is; `vigie outbox retry` takes that back",
}

_CANNOT = {
    PostState.SENT: "was sent",
    PostState.SENDING: "is being sent at this moment; try again in a few minutes",
    PostState.REFUSED: "was given up, and is not in doubt: see vigie outbox retry",
    PostState.PENDING: "waits to be sent, and is not in doubt",
    PostState.UNKNOWN: "may be there already: look, then say so with vigie outbox resolve",
    PostState.HELD: "may be there already: look, then say so with vigie outbox resolve",
}


def _decide_edit(store: Store, number: int, event: Event, post: Post, now: datetime) -> Decided:
    """Retry or give up the edit of a post that was sent."""
    decide = store.edits.retry if event is Event.PERSON_RETRY else store.edits.drop
    if not decide(number, now):
        return Decided(False, f"post {number} {_CANNOT[post.state]}, and its message waits for no edit", post)
    return Decided(True, f"post {number}: {_EDIT_DONE[event]}", post)


def _decided(store: Store, number: int, event: Event, reference: str | None) -> Decided:
    """Carry out a decision; only a drop may concern one post of a digest. `reference`: platform's id of a sent one."""
    try:
        post = store.posts.get(number) if event is Event.PERSON_DROP else store.posts.message(number)
    except NoSuchRow as error:
        return Decided(False, str(error), None)
    now = utc_now()
    step = transition(post.state, event, WaitFactors(post.attempts, post.reconcile_attempts), now)
    if step is None and post.state is PostState.SENT and event in _EDIT_DONE:
        return _decide_edit(store, number, event, post, now)
    if step is None:
        return Decided(False, f"post {number} {_CANNOT[post.state]}", post)
    done = store.posts.decide(
        post, step.state, now, cause=step.cause or PostCause.BY_PERSON, not_before=step.not_before, reference=reference
    )
    after = store.posts.get(number)
    if not done:
        return Decided(False, f"post {number} changed meanwhile: it is {after.state.value} now; look again", after)
    others = f" (and {len(post.also)} more in the same message)" if post.also else ""
    return Decided(True, f"post {number}{others}: {_DONE[event]}", after)


T = TypeVar("T")

Number = Annotated[int, typer.Argument(metavar="N", min=1, max=LAST_ID, help="Number of the post, as `vigie outbox list` shows it.")]
Numbers = Annotated[
    list[int], typer.Argument(metavar="N…", min=1, max=LAST_ID, help="Numbers of posts, as `vigie outbox list` shows them.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    about = "Show and settle posts that wait, were refused, could not be edited, or may or may not have arrived."
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
        chats: Annotated[bool, typer.Option("--chats", help="Also those to chats that follow something, without saying which.")] = False,
        limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="Posts shown at most, the oldest first.")] = 100,
        as_json: AsJson = False,
    ) -> None:
        """Every post that was not sent, and those sent whose message is yet to be edited or could not be, oldest first; with --state, the
        posts in that state.
        """

        def ask(store: Store, edited: Collection[str]) -> tuple[list[Post], dict[int, EditStatus]]:
            unmade = {edit.post: edit for edit in store.edits.unmade(edited)}
            # Of many the oldest are shown: there is no need to name more.
            also = () if state else [number for number, edit in unmade.items() if destination in {None, edit.destination}][:limit]
            return store.posts.listed(states=state or None, destination=destination, also=also, limit=limit, chats=chats), unmade

        posts, edits = _reading(ctx.obj, ask)
        document = [post_json(post, edits.get(post.id)) for post in posts]
        show(document, (post_line(post, edits.get(post.id)) for post in posts), as_json=as_json)
        if not posts and not as_json:
            typer.echo("nothing here", err=True)

    @outbox.command("show", epilog="Example:  vigie outbox show 12")
    def show_(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
        """All that is known of one post. Exit code 1 when there is none of that number."""
        post, message, edit = _reading(
            ctx.obj, lambda store, _: (store.posts.get(number), store.posts.message(number), store.edits.of(number))
        )
        document = post_json(post, edit) | {"decrees": [decree.id for decree in message.decrees]}
        show(document, post_lines(post, message, edit, utc_now()), as_json=as_json)


def _register_decisions(outbox: typer.Typer) -> None:
    @outbox.command(epilog="Example:  vigie outbox retry 12 13")
    def retry(ctx: typer.Context, numbers: Numbers, as_json: AsJson = False) -> None:
        """Send posts that were refused, or that wait for their time, again now; edit again the message of those that were sent. A post in
        doubt needs `resolve` first.

        Exit code 1 when none could be, 3 when some could not.
        """
        _decide(ctx.obj, numbers, Event.PERSON_RETRY, as_json=as_json)

    @outbox.command(epilog="Example:  vigie outbox drop 12")
    def drop(ctx: typer.Context, numbers: Numbers, as_json: AsJson = False) -> None:
        """Give posts up: they are not sent, and nobody is notified of them any more. Of those that were sent the edit is given up. The rows
        stay, and `retry` takes a drop back.

        Exit code 1 when none could be, 3 when some could not.
        """
        _decide(ctx.obj, numbers, Event.PERSON_DROP, as_json=as_json)

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
        if sent == not_sent:
            fail("say --sent or --not-sent", WRONG_USE)
        if reference is not None and not sent:
            fail("an id of a message goes with --sent only", WRONG_USE)
        _decide(ctx.obj, [number], Event.PERSON_SENT if sent else Event.PERSON_NOT_SENT, reference, as_json=as_json)


def _reading(context: Context, ask: Callable[[Store, Collection[str]], T]) -> T:
    """Return what `ask` gives, which also receives the destinations whose posts are edited."""
    settings = context.load_settings()
    with opened(settings, read_only=True) as store:
        return ask(store, edited(settings))


def _decide(context: Context, numbers: Iterable[int], event: Event, reference: str | None = None, *, as_json: bool) -> None:
    settings = context.load_settings()
    with opened(settings) as store:
        decided = [(number, _decided(store, number, event, reference)) for number in dict.fromkeys(numbers)]
    if as_json:
        print_json([decided_json(number, one) for number, one in decided])
    else:
        for _, one in decided:
            typer.echo(one.message, err=not one.done)
    done = [one.done for _, one in decided]
    raise typer.Exit(DONE if all(done) else PARTLY_DONE if any(done) else FAILED)


# What `vigie outbox` prints for people.

_STATES = {
    PostState.PENDING: "waits to be sent",
    PostState.SENDING: "is being sent",
    PostState.SENT: "sent",
    PostState.REFUSED: "given up",
    PostState.UNKNOWN: "perhaps sent: it is looked for",
    PostState.HELD: "perhaps sent: waits for you to look (vigie outbox resolve)",
}


_EDITS = {
    "pending": "its message is to be edited",
    "done": "its message was edited",
    "given_up": "its message could not be edited, and is left as it is",
}


def post_line(post: Post, edit: EditStatus | None) -> str:
    """Describe one post on one line, with what keeps its message from being edited."""
    number = post.decree.facts.number or post.decree.act_id or "-"
    why = f"  {post.cause.value}" if post.cause is not None else ""
    error = f": {post.error}" if post.error else ""
    edited = "" if edit is None else f"  edit {edit.state}{_why(edit)}"
    joined = "  in a digest" if post.digest is not None else ""
    head = f"{post.id:>5}  {post.state.value:<8} {_shown(post.destination):<14} {post.decree.authority:<3} {number}"
    return clean(f"{head}{joined}{why}{error}{edited}")


def post_lines(post: Post, message: Post, edit: EditStatus | None, now: datetime) -> Iterator[str]:
    """Describe one post in full; `message`: the whole message with it."""
    decree = post.decree
    yield clean(f"post {post.id} to {_shown(post.destination)}: {_STATES[post.state]}")
    if post.cause is not None or post.error:
        cause = post.cause.value if post.cause is not None else "unknown cause"
        yield clean(f"  last: {cause}" + (f": {post.error}" if post.error else ""))
    yield f"  {count(post.attempts, 'attempt')}" + (
        f", looked for {count(post.reconcile_attempts, 'time')} without an answer" if post.reconcile_attempts else ""
    )
    for word, moment in (("found", post.created_at), ("next try", _coming(post, now)), ("closed", post.closed_at)):
        if moment is not None:
            yield f"  {word}: {moment.isoformat(timespec='seconds')}"
    if post.reference:
        yield clean(f"  the platform's id: {post.reference}")
    if edit is not None:
        coming = edit.not_before if edit.not_before is not None and edit.not_before > now else None
        then = "" if coming is None else f"; next try: {coming.isoformat(timespec='seconds')}"
        yield clean(f"  {_EDITS[edit.state]} ({count(edit.attempts, 'attempt')}){_why(edit)}{then}")
    if post.digest is not None:
        listed = ", ".join(str(one.id) for one in message.decrees if one.id is not None)
        yield f"  part of one message that about decrees {listed}"
    known = "" if decree.id is None else f"[{decree.id}] "
    yield clean(f"  {known}{decree.authority} {decree.kind.value} {decree.facts.number or decree.act_id or ''} {decree.title}")
    link = link_to(decree.url, decree.page)
    if link is not None:
        yield f"  {link}"


def _shown(destination: str) -> str:
    """Return a destination's name, or that it is a follower, without which."""
    return destination if followed_chat(destination) is None else "a chat"


def _why(edit: EditStatus) -> str:
    return ("" if edit.cause is None else f"  {edit.cause.value}") + (f": {edit.error}" if edit.error else "")


def _coming(post: Post, now: datetime) -> datetime | None:
    waits = post.state in {PostState.PENDING, PostState.UNKNOWN}
    return post.not_before if waits and post.not_before is not None and post.not_before > now else None


# The JSON of `vigie outbox`.


def post_json(post: Post, edit: EditStatus | None) -> Json:
    """Return one post. `digest`: shared by the posts of a message, null for one by itself; `edit`: state of its edit, null without."""
    decree = post.decree
    return {
        "post": post.id,
        "destination": _shown(post.destination),
        **pick(post, "state", "cause", "error", "attempts", "reconcile_attempts", "created_at", "not_before", "closed_at"),
        **pick(post, "reference", "digest"),
        "decree": decree.id,
        "authority": decree.authority,
        "number": decree.facts.number,
        "link": link_to(decree.url, decree.page),
        "edit": None if edit is None else pick(edit, "state", "cause", "error", "attempts", "not_before"),
    }


def decided_json(number: int, one: Decided) -> Json:
    """Return the outcome for a number; `state` is the post's now, null without."""
    return {"post": number, "done": one.done, "message": one.message, "state": None if one.post is None else one.post.state.value}
