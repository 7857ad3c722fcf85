"""Implements `vigie redetect`: today's rules on acts judged by earlier ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

import typer

from bot.app.config.model import Settings
from bot.app.delivering import deliver
from bot.app.inventory import utc_now
from bot.app.wiring import assemble
from bot.cli.context import DONE, PARTLY_DONE, WRONG_USE, AsJson, day, fail, run_to_end, show
from bot.cli.opening import chosen, load, opened
from bot.cli.output import code_column, count, posts_json, undelivered
from bot.cli.work import all_sent, console_for, handing_over, nowhere, progress
from bot.delivery.deliverer import Delivered
from bot.domain.shape import Json, pick
from bot.ingest.renewal import AppliedDifference, Difference, Effect, JudgedAs, Redetection
from bot.messages.words import clean
from sources.catalogue.authority import Authority, Issuers

_WORDS = {
    Effect.FOUND: "FOUND    a decree that it was not known to be, or to hold",
    Effect.CHANGED: "CHANGED  a known decree",
    Effect.LOST: "LOST     a known decree would be none: to be judged by a person",
    Effect.DOUBTFUL: "DOUBT    to be judged by a person",
    Effect.SETTLED: "SETTLED  waits for a person no more",
}


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

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
        differences = _differences(settings, authorities, since, wanted, quiet=as_json)
        applied: list[AppliedDifference] = []
        delivered: list[Delivered] = []
        if apply and differences:
            applied, delivered = run_to_end(_apply(settings, authorities, differences, post=post, quiet=as_json))
        document = redetect_json(differences, applied, delivered)
        show(document, redetect_lines(differences, applied, delivered, apply=apply), as_json=as_json)
        raise typer.Exit(DONE if all_sent(delivered) else PARTLY_DONE)


def redetect_lines(
    differences: Sequence[Difference], applied: Sequence[AppliedDifference], delivered: Sequence[Delivered], *, apply: bool
) -> Iterator[str]:
    """Describe each difference on two lines or three, then how many there are."""
    kept = {id(item.difference) for item in applied if item.done is None}
    for one in differences:
        note = "  (left as it is: decided or read again meanwhile)" if id(one) in kept else ""
        yield f"{_WORDS[one.effect]}{note}"
        yield f"    {code_column(one.recueil.authority)}{clean(one.recueil.url)}#page={one.stored.first_page}  {clean(one.title)}"
        changed = f"; other facts: {', '.join(one.facts)}" if one.facts else ""
        yield f"    {_said(one.before)} -> {_said(one.after)}{changed}"
    yield from undelivered(delivered)
    number = count(len(differences), "difference")
    if apply:
        new, posts = sum(item.new_decree is not None for item in applied), sum(len(item.posts) for item in applied)
        done = count(sum(item.done is not None for item in applied), "difference")
        yield f"{done} applied, {count(new, 'new decree')}, {count(posts, 'post')}"
    else:
        yield f"{number}" + (": vigie redetect --apply makes the change, and posts nothing" if differences else "")


def redetect_json(differences: Sequence[Difference], applied: Sequence[AppliedDifference], delivered: Sequence[Delivered]) -> Json:
    """Return the differences. `effect`: found, changed, lost, doubtful or settled; `facts`: names; `applied`: null if not tried."""
    done = {id(item.difference): item for item in applied}
    return {
        "differences": [_difference_json(one, done.get(id(one))) for one in differences],
        "posts": posts_json(delivered),
    }


def _difference_json(one: Difference, applied: AppliedDifference | None) -> Json:
    return {
        **pick(one.recueil, "authority", "url"),
        "page": one.stored.first_page,
        "act_id": one.stored.act_id,
        **pick(one, "title", "effect"),
        "before": pick(one.before, "outcome", "kind"),
        "after": pick(one.after, "outcome", "kind"),
        "facts": list(one.facts),
        "decree": one.stored.decree_id,
        "applied": None if applied is None else applied.done is not None,
        "new_decree": None if applied is None else applied.new_decree,
    }


def _said(said: JudgedAs) -> str:
    return said.outcome.value.replace("_", " ") + (f" ({said.kind.value})" if said.kind is not None else "")


def _differences(
    settings: Settings, authorities: dict[str, Authority], since: date | None, codes: frozenset[str] | None, *, quiet: bool
) -> list[Difference]:
    found: list[Difference] = []
    # Of no database there are no differences either: whoever looks in the wrong folder must not take that for an answer.
    with opened(settings, read_only=True, existing=True) as store, progress("judging again", quiet=quiet) as shown:
        again = Redetection(store=store, clock=utc_now, issuers=Issuers(authorities.values()))
        wanted = again.recueils(since, codes)
        for number, recueil in enumerate(wanted):
            shown("judging again", number, len(wanted))
            found += again.differences(recueil)
    return found


async def _apply(
    settings: Settings, authorities: dict[str, Authority], differences: Sequence[Difference], *, post: bool, quiet: bool
) -> tuple[list[AppliedDifference], list[Delivered]]:
    async with assemble(settings, authorities, watched=tuple(authorities), console=console_for(as_json=quiet)) as parts:
        again = Redetection(store=parts.store, clock=parts.clock, issuers=Issuers(authorities.values()))
        applied = [await asyncio.to_thread(again.apply, one, parts.route if post else nowhere) for one in differences]
        with handing_over() as on_progress:
            return applied, await deliver(parts, [post.id for item in applied for post in item.posts], on_progress)
