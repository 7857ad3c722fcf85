"""The decrees that a decree names: stored as it names them, looked up whenever decrees are shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_

from bot.domain import Change, Decree
from bot.domain.folding import clean, clean_or_none
from bot.domain.identity.identity import LONGEST_KEY
from bot.domain.identity.linking import change, in_order
from bot.storage.named import links_from, links_to, load_known, load_links
from bot.storage.schema import links
from bot.storage.undoing import load_undoing

Changes = Mapping[int, tuple[Change, ...]]


def write_links(connection: Connection, decree_id: int, decree: Decree) -> None:
    """Put what the decree says of others in the place of what was stored of it."""
    connection.execute(delete(links).where(links.c.decree_id == decree_id))
    rows = [_row(decree_id, decree, position) for position in range(len(decree.facts.references))]
    if rows:
        connection.execute(insert(links), rows)


def load_changes(connection: Connection, stored: Collection[Row[Any]], prefixes: Mapping[int, Collection[str]]) -> tuple[Changes, Changes]:
    """What each of these rows of `decrees` does to others, and what others do to it, by its id. `prefixes` are those of its keys.

    One query where no decree names another, four where some do; more only where what changes others is ended itself.
    """
    ids = {row.id for row in stored}
    named = links_to({prefix for known in prefixes.values() for prefix in known}, {row.signed_on for row in stored})
    found = load_links(connection, or_(links_from(ids), named))
    if not found:
        return {}, {}
    known = load_known(connection, found)
    undoing = load_undoing(connection, found, known)
    does: dict[int, list[Change]] = defaultdict(list)
    suffers: dict[int, list[Change]] = defaultdict(list)
    for link in found:
        meant = known.meant(link)
        changing, changed = known.parties[link.decree], known.parties[meant] if meant is not None else None
        undone_by = undoing.of(link.decree, meant)
        if link.decree in ids:
            does[link.decree].append(replace(change(link, changing, changed, shown=changed), undone_by=undone_by))
        if meant is not None and meant in ids:
            suffers[meant].append(replace(change(link, changing, changed, shown=changing), undone_by=undone_by))
    return {key: in_order(each) for key, each in does.items()}, {key: in_order(each) for key, each in suffers.items()}


def _row(decree_id: int, decree: Decree, position: int) -> dict[str, Any]:
    reference = decree.facts.references[position]
    prefix = decree.reference_prefixes[position] if position < len(decree.reference_prefixes) else None
    if prefix is not None and len(prefix := clean(prefix)) > LONGEST_KEY:
        prefix = None
    return {
        "decree_id": decree_id,
        "position": position,
        "change": reference.change,
        "number": clean_or_none(reference.number),
        "signed": reference.signed,
        "prefix": prefix,
        "authority": prefix.split(":")[1] if prefix is not None else decree.facts.authority or decree.authority,
    }
