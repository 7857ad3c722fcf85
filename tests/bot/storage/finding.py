"""Decrees found one by one, each in a recueil of its own, with keys and prefixes as the program makes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select, update

from bot.detection.facts.identity import identities, prefixes
from bot.domain.acts import Decree, Facts, Kind
from bot.domain.posts import Post, PostState
from bot.domain.records import ReadResult, Recueil, RecueilState
from bot.storage.posts import EditStatus
from bot.storage.recueils import recueil_of
from bot.storage.schema import recueils
from bot.storage.store import Store
from tests.bot.storage.building import NOW, act, one_recueil, result_of, to
from tests.present import present


def reading_of(
    recueil: Recueil,
    facts: Facts,
    kind: Kind = Kind.AUTHORISATION,
    *,
    keys: Sequence[str] | None = None,
    page: int = 3,
    text: str = "Arrête",
) -> ReadResult:
    """A recueil that holds this decree and nothing else."""
    item = act(f"Arrêté n° {facts.number}", first=page, facts=facts, text=text)
    result = result_of(recueil, item)
    [(position, decree)] = result.decrees
    publisher = facts.authority or recueil.authority
    known_by = identities(publisher, None, facts, "") if keys is None else tuple(keys)
    named = replace(decree, kind=kind, identities=known_by or decree.identities, reference_prefixes=prefixes(facts, publisher))
    return replace(result, decrees=((position, named),))


def found(
    store: Store, facts: Facts, kind: Kind = Kind.AUTHORISATION, *, name: str = "", authority: str = "26", published: date | None = None,
    at: datetime = NOW,
) -> int:  # fmt: skip
    """The id of this decree, recorded."""
    recueil = one_recueil(store, name or f"{facts.number}-{kind}", authority=authority)
    result = reading_of(replace(recueil, published=published or recueil.published), facts, kind)
    [decree] = store.recordings.record(result, to("t"), at).decrees
    assert decree.id is not None
    return decree.id


def stored(store: Store, decree: int) -> Decree:
    """As it is now."""
    return present(store.decrees.get(decree))


def posts_of(store: Store, decrees: Collection[int]) -> list[Post]:
    """Every post of these decrees, oldest first, whatever became of it."""
    return [post for post in store.posts.listed(states=list(PostState)) if post.decree.id in decrees]


def edits_of(store: Store) -> list[EditStatus]:
    """Every edit, whatever became of it, in the order of the posts."""
    told = (store.edits.of(post.id) for post in store.posts.listed(states=list(PostState)))
    return [edit for edit in told if edit is not None]


def all_recueils(store: Store) -> list[Recueil]:
    """Whatever became of them, oldest first."""
    with store.database.reading() as connection:
        return [recueil_of(row) for row in connection.execute(select(recueils).order_by(recueils.c.id))]


def mark(store: Store, recueil: int, state: RecueilState, error: str | None = None) -> None:
    """Set the state of a recueil by hand; what is WAITING again is due at once."""
    values = {"state": state, "error": error, "next_try_at": None}
    assert store.database.write(update(recueils).where(recueils.c.id == recueil).values(values)) == 1
