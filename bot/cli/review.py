"""`vigie review`: the acts that a person must judge, and what they decide. `vigie redetect`: today's rules on acts judged earlier."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, TypeVar

import typer

from bot.app.config.model import Settings
from bot.app.instance import deliver
from bot.app.inventory import utc_now
from bot.app.wiring import assemble
from bot.cli.context import DONE, FAILED, PARTLY_DONE, WRONG_USE, AsJson, Context, day, fail, run_to_end, show
from bot.cli.opening import chosen, load, opened
from bot.cli.output import code_column, count, finish, posts_json, result_of, undelivered
from bot.cli.read_output import evidence_lines, reason, twice_lines
from bot.cli.work import all_sent, console_for, handing_over, progress
from bot.delivery.deliverer import Delivered
from bot.detection.text.phrases import without_names
from bot.domain.acts import Act, Decree, Kind, Outcome, Verdict
from bot.domain.facts import SETTLED_BY_PERSONS
from bot.domain.records import LAST_ID, RedetectionResult, Settled, Waiting
from bot.domain.shape import Json, pick, plain
from bot.domain.topics import first_topic, topics
from bot.ingest.judging import JudgedBy
from bot.ingest.renewal import Difference, Effect, Redetection, nowhere
from bot.ingest.review import Reviewer, SettledFact, UnusableFact
from bot.messages.words import clean
from bot.operators.review_buttons import fact_outcome, outcome_text
from bot.queries.decree_shape import EvidenceModel
from bot.queries.vocabulary import vocabulary
from bot.storage.decrees import StoredAct
from sources.catalogue.authority import Authority, Issuers

T = TypeVar("T")

SHOWN = 20
BY = "command"

Number = Annotated[int, typer.Argument(min=1, max=LAST_ID, help="Number of the act, as `vigie review list` shows it.")]
OfDecree = Annotated[int, typer.Argument(min=1, max=LAST_ID, help="Number of a decree.")]
MaybeNumber = Annotated[
    int | None, typer.Argument(metavar="[NUMBER]", min=1, max=LAST_ID, help="Number of the act, as `vigie review list` shows it.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    review = typer.Typer(help="List the acts that a person must judge, show one, say what it is.", no_args_is_help=True)
    app.add_typer(review, name="review")

    @review.command("list", epilog="Example:  vigie review list")
    def list_(
        ctx: typer.Context,
        limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="Acts to show, the oldest first.")] = SHOWN,
        as_json: AsJson = False,
    ) -> None:
        """The acts that wait for a person, the oldest first."""
        waiting = _ask_reviewer(ctx.obj, lambda reviewer: reviewer.waiting(limit))
        show([review_json(act) for act in waiting], waiting_lines(waiting), as_json=as_json)

    @review.command("show", epilog="Example:  vigie review show 12")
    def show_(
        ctx: typer.Context,
        number: Number,
        text: Annotated[bool, typer.Option("--text", help="Its text too, as it was read: it may name private persons.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """One of them: where it is, and why it is in doubt."""
        waiting, act, found = _ask_reviewer(ctx.obj, lambda reviewer: (*(it := reviewer.act(number)), reviewer.found(*it)))
        show(review_json(waiting, act, found, text=text), shown_lines(waiting, act, found, text=text), as_json=as_json)

    @review.command(epilog="Example:  vigie review accept 12 --kind renewal")
    def accept(
        ctx: typer.Context,
        number: MaybeNumber = None,
        kind: Annotated[Kind | None, typer.Option("--kind", "-k", help="What it does; the likeliest where none is given.")] = None,
        decree: Annotated[int | None, typer.Option("--decree", min=1, max=LAST_ID, help="Take back the withdrawal of this decree.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """It is a decree on what is watched, so record it, and post it now unless it is known or old."""
        _one_of(number, decree)
        if decree is not None:
            if kind is not None:
                fail("--kind goes with an act that waits: a decree that was withdrawn has its kind", WRONG_USE)
            _settle(ctx.obj, lambda reviewer: reviewer.reinstate(decree, by=BY), Outcome.DECREE, as_json=as_json)
        elif number is not None:
            _settle(ctx.obj, lambda reviewer: reviewer.accept(number, kind=kind, by=BY), Outcome.DECREE, as_json=as_json)

    @review.command(epilog="Example:  vigie review reject 12   (or, a decree that is none:  vigie review reject --decree 7)")
    def reject(
        ctx: typer.Context,
        number: MaybeNumber = None,
        decree: Annotated[
            int | None, typer.Option("--decree", min=1, max=LAST_ID, help="Withdraw this decree, of which nobody was asked.")
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        """It is none: no later reading of it requests a decision again. A decree that it was recorded as is withdrawn, with its posts not
        sent yet."""
        _one_of(number, decree)
        if decree is not None:
            _settle(ctx.obj, lambda reviewer: reviewer.withdraw(decree, by=BY), Outcome.NOT_CONCERNED, as_json=as_json)
        elif number is not None:
            _settle(ctx.obj, lambda reviewer: reviewer.reject(number, by=BY), Outcome.NOT_CONCERNED, as_json=as_json)

    _register_facts(review)
    _register_redetect(app)


def _register_facts(review: typer.Typer) -> None:
    @review.command(epilog="Example:  vigie review facts 7")
    def facts(ctx: typer.Context, decree: OfDecree, as_json: AsJson = False) -> None:
        """Show what both readers have of the facts of a decree, and which are to be verified."""
        twice = _ask_reviewer(ctx.obj, lambda reviewer: reviewer.facts_of(decree))
        show(twice, twice_lines(twice), as_json=as_json)

    @review.command(epilog='Example:  vigie review settle 7 places "gare de Lyon" "gare du Nord"')
    def settle(
        ctx: typer.Context,
        decree: OfDecree,
        fact: Annotated[str, typer.Argument(help=f"One of {', '.join(SETTLED_BY_PERSONS)}.")],
        values: Annotated[
            list[str] | None, typer.Argument(metavar="[VALUE]...", help="What the decree says; several places or operators.")
        ] = None,
        absent: Annotated[bool, typer.Option("--absent", help="The decree does not say it.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Say what a fact of a decree is, whatever was read: it is sure from now on, and posts are edited."""
        if bool(values) == absent:
            fail("give what the decree says, or --absent", WRONG_USE)
        settings, authorities = load(ctx.obj)

        async def work() -> SettledFact:
            async with assemble(settings, authorities, watched=tuple(authorities), console=console_for(as_json=as_json)) as parts:
                return await asyncio.to_thread(parts.reviewer.settle_fact, decree, fact, values or (), by=BY)

        try:
            settled = run_to_end(work())
        except UnusableFact as error:
            fail(str(error), WRONG_USE)
        show(pick(settled, "decree", "fact", "value", "already"), [fact_outcome(settled, vocabulary("en").reviews)], as_json=as_json)


def waiting_lines(waiting: Sequence[Waiting]) -> Iterator[str]:
    """Describe each act on three lines: number and place, title, doubt."""
    for act in waiting:
        topic = "" if act.topic == first_topic() else f"{act.topic}  "
        yield f"[{act.id}] {code_column(act.authority)}{topic}since {act.created_at:%Y-%m-%d}  {clean(act.url)}#page={act.page}"
        yield f"    {clean(without_names(act.title)) or '(no title)'}"
        quotes = [f"p. {item.page}: « {clean(without_names(item.text))} »" for item in act.evidence if item.text]
        doubt = reason(act.evidence)
        yield from (f"    {text}" for text in (quotes or ([] if doubt is None else [f"uncertain: {doubt}"]))[:1])
    hint = ": vigie review show N, accept N, reject N" if waiting else ""
    yield f"{count(len(waiting), 'act')} to judge{hint}"


def shown_lines(waiting: Waiting, act: Act, found: Decree, *, text: bool) -> Iterator[str]:
    """Describe an act with all that is known of it."""
    pages = f"page {act.first_page}" if act.first_page == act.last_page else f"pages {act.first_page}-{act.last_page}"
    yield f"[{waiting.id}] {waiting.authority}  {pages}  {clean(waiting.url)}#page={waiting.page}"
    yield f"    title: {clean(without_names(waiting.title)) or '(none)'}"
    if waiting.decree is not None:
        why = "a later reading of its recueil does" if waiting.reread else "today's rules would"
        yield f"    recorded as decree {waiting.decree}, which {why} not find: rejected, it is withdrawn"
    doubt = reason(waiting.evidence)
    if doubt is not None:
        yield f"    uncertain: {doubt}"
    quoted = (replace(quote, text=clean(without_names(quote.text))) for quote in waiting.evidence if quote.text)
    yield from (f"    {line}" for line in evidence_lines(quoted, decides=False))
    yield f"    if it is a decree, most likely: {found.kind.value}"
    if text:
        for page in act.pages:
            yield f"--- page {page.number}"
            yield from (clean(line) for line in page.text.splitlines())


def _ask_reviewer(context: Context, ask: Callable[[Reviewer], T]) -> T:
    """Read without writing anything."""
    settings, authorities = load(context)
    with opened(settings, read_only=True) as store:
        return ask(Reviewer(store=store, route=nowhere, clock=utc_now, issuers=Issuers(authorities.values())))


def _one_of(number: int | None, decree: int | None) -> None:
    if (number is None) == (decree is None):
        fail("give the number of an act that waits (vigie review list), or --decree and the number of a decree", WRONG_USE)


def _settle(context: Context, answer: Callable[[Reviewer], Settled], wanted: Outcome, *, as_json: bool) -> None:
    settings, authorities = load(context)

    async def work() -> tuple[Settled, list[Delivered]]:
        async with assemble(settings, authorities, watched=tuple(authorities), console=console_for(as_json=as_json)) as parts:
            settled = await asyncio.to_thread(answer, parts.reviewer)
            with handing_over() as on_progress:
                return settled, await deliver(parts, [post.id for post in settled.posts], on_progress)

    settled, delivered = run_to_end(work())
    lines = [outcome_text(settled, vocabulary("en").reviews, "en")]
    if settled.decision.outcome is not wanted:
        # Decided otherwise before: a script must not take that for done.
        hint = ["A decree that is none is withdrawn by:  vigie review reject --decree NUMBER"] if wanted is Outcome.NOT_CONCERNED else []
        show(settled_json(settled, delivered), lines + hint, as_json=as_json)
        raise typer.Exit(FAILED)
    finish(result_of(settled_json(settled, delivered), lines, undelivered(delivered), is_whole=all_sent(delivered)), as_json=as_json)


# The JSON of `vigie review`.


def review_json(waiting: Waiting, act: Act | None = None, found: Decree | None = None, *, text: bool = False) -> Json:
    """Return one waiting act; `decree`: the stored one that it was. With `act`: `last_page`, `likely_kind` (of the decree `found`, recorded
    if accepted); with `text`: `pages` as read, names included.
    """
    shape: Json = {
        **pick(waiting, "id", "topic", "authority", "url", "page", "act_id"),
        "title": without_names(waiting.title),
        "evidence": [EvidenceModel.of(item) for item in waiting.evidence],
        "since": plain(waiting.created_at),
        "asked_at": plain(waiting.notified_at),
        "decree": waiting.decree,
    }
    if act is not None and found is not None:
        shape |= {"last_page": act.last_page, "likely_kind": found.kind.value}
        if text:
            shape["pages"] = [pick(page, "number", "text") for page in act.pages]
    return shape


def settled_json(settled: Settled, delivered: Iterable[Delivered]) -> Json:
    """Return a decision. `outcome`: decree or not_concerned; `already`: decided before; `by`: the way. `decree`: of an accepted act;
    `withdrawn`: of a rejected one; `posted_to`: destinations that may have its post.
    """
    decision = settled.decision
    return {
        **pick(decision, "outcome", "kind"),
        "decided_at": plain(decision.at),
        "by": decision.by,
        "already": settled.already,
        "decree": settled.decree,
        "withdrawn": None if settled.withdrawn is None else settled.withdrawn.decree,
        "posted_to": [] if settled.withdrawn is None else list(settled.withdrawn.out),
        "posts": posts_json(delivered),
    }


# `vigie redetect`.

_EFFECTS = {
    Effect.FOUND: "FOUND    a decree that it was not known to be, or to hold",
    Effect.CHANGED: "CHANGED  a known decree",
    Effect.LOST: "LOST     a known decree would be none: to be judged by a person",
    Effect.DOUBTFUL: "DOUBT    to be judged by a person",
    Effect.SETTLED: "SETTLED  waits for a person no more",
}


def _register_redetect(app: typer.Typer) -> None:
    @app.command(epilog="Example:  vigie redetect --since 2026-01-01")
    def redetect(
        ctx: typer.Context,
        codes: Annotated[list[str] | None, typer.Argument(help="Codes of authorities; all of them when none is given.")] = None,
        since: Annotated[
            date | None, typer.Option("--since", parser=day, metavar="DAY", help="Only recueils published since this day.")
        ] = None,
        apply: Annotated[bool, typer.Option("--apply", help="Make the changes; without it they are only shown.")] = False,
        post: Annotated[bool, typer.Option("--post", help="With --apply: post the decrees that were not known, however old.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Judge the stored acts again by the rules of this version: show what would change, and change it with --apply.

        What a person decided stays. A decree that would be none any more is not taken back: it waits for a person (`vigie review`).
        """
        if post and not apply:
            fail("--post wants --apply: without it nothing is changed", WRONG_USE)
        settings, authorities = load(ctx.obj)
        wanted = None if not codes else frozenset(one.code for one in chosen(codes, authorities))
        began = utc_now()
        recueils, differences = _differences(settings, authorities, since, wanted, quiet=as_json)
        applied: Applied = []
        delivered: list[Delivered] = []
        if apply:
            applied, delivered = run_to_end(_apply(settings, authorities, recueils, differences, began, post=post, quiet=as_json))
        document = redetect_json(differences, applied, delivered)
        show(document, redetect_lines(differences, applied, delivered, apply=apply), as_json=as_json)
        raise typer.Exit(DONE if all_sent(delivered) else PARTLY_DONE)


Applied = Sequence[RedetectionResult | None]
"""Holds what became of each difference, None where it was left as it is; empty where none was applied."""


def redetect_lines(differences: Sequence[Difference], applied: Applied, delivered: Sequence[Delivered], *, apply: bool) -> Iterator[str]:
    """Describe each difference on two lines or three, then how many there are."""
    for position, one in enumerate(differences):
        note = "  (left as it is: decided or read again meanwhile)" if applied and applied[position] is None else ""
        yield f"{_EFFECTS[one.effect]}{note}"
        yield f"    {code_column(one.recueil.authority)}{clean(one.recueil.url)}#page={one.stored.first_page}  {clean(one.title)}"
        changed = f"; other facts: {', '.join(one.facts)}" if one.facts else ""
        topic = "" if one.topic == first_topic() else f"{one.topic}: "
        yield f"    {topic}{_judgement_text(one.stored)} -> {_judgement_text(one.judged.verdict)}{changed}"
    yield from undelivered(delivered)
    found = Counter(one.topic for one in differences if one.effect is Effect.FOUND)
    if {one.topic for one in differences} - {first_topic()}:
        yield "found by topic: " + (", ".join(f"{topic} {found[topic]}" for topic in topics() if found[topic]) or "none")
    number = count(len(differences), "difference")
    if apply:
        made = [done for done in applied if done is not None]
        new, posts = sum(done.is_new for done in made), sum(len(done.posts) for done in made)
        yield f"{count(len(made), 'difference')} applied, {count(new, 'new decree')}, {count(posts, 'post')}"
    else:
        yield f"{number}" + (": vigie redetect --apply makes the change, and posts nothing" if differences else "")


def redetect_json(differences: Sequence[Difference], applied: Applied, delivered: Sequence[Delivered]) -> Json:
    """Return the differences. `effect`: found, changed, lost, doubtful or settled; `facts`: names; `applied`: null if not tried."""
    described = [
        _difference_json(one)
        | {"applied": done is not None if applied else None, "new_decree": done.decree if done is not None and done.is_new else None}
        for one, done in zip(differences, applied or [None] * len(differences), strict=True)
    ]
    return {"differences": described, "posts": posts_json(delivered)}


def _difference_json(one: Difference) -> Json:
    return {
        **pick(one.recueil, "authority", "url"),
        "page": one.stored.first_page,
        "act_id": one.stored.act_id,
        **pick(one, "title", "topic", "effect"),
        "before": pick(one.stored, "outcome", "kind"),
        "after": pick(one.judged.verdict, "outcome", "kind"),
        "facts": list(one.facts),
        "decree": one.stored.decree_id,
    }


def _judgement_text(judged: StoredAct | Verdict) -> str:
    return judged.outcome.value.replace("_", " ") + (f" ({judged.kind.value})" if judged.kind is not None else "")


def _judged_by(settings: Settings, authorities: dict[str, Authority]) -> JudgedBy:
    return JudgedBy(Issuers(authorities.values()), settings.watch.watched)


def _differences(
    settings: Settings, authorities: dict[str, Authority], since: date | None, codes: frozenset[str] | None, *, quiet: bool
) -> tuple[list[int], list[Difference]]:
    found: list[Difference] = []
    # Of no database there are no differences either: whoever looks in the wrong folder must not take that for an answer.
    with opened(settings, read_only=True, existing=True) as store, progress("judging again", quiet=quiet) as shown:
        again = Redetection(store=store, clock=utc_now, by=_judged_by(settings, authorities))
        wanted = again.recueils(since, codes)
        for number, recueil in enumerate(wanted):
            shown("judging again", number, len(wanted))
            found += again.differences(recueil)
    return wanted, found


async def _apply(
    settings: Settings,
    authorities: dict[str, Authority],
    recueils: Sequence[int],
    differences: Sequence[Difference],
    began: datetime,
    *,
    post: bool,
    quiet: bool,
) -> tuple[Applied, list[Delivered]]:
    async with assemble(settings, authorities, watched=tuple(authorities), console=console_for(as_json=quiet)) as parts:
        again = Redetection(store=parts.store, clock=parts.clock, by=_judged_by(settings, authorities))
        applied = [await asyncio.to_thread(again.apply, one, parts.route if post else nowhere) for one in differences]
        await asyncio.to_thread(again.finish, recueils, began)
        with handing_over() as on_progress:
            return applied, await deliver(parts, [post.id for done in applied if done is not None for post in done.posts], on_progress)
