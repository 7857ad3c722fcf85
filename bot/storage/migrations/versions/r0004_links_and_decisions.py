"""What decrees do to each other, and what people decided of acts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INSTANT = sa.DateTime(timezone=True)
# As in the schema of the program: SQLite numbers and refers to rows by this type only.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_DAYS = ("starts_on", "ends_on", "signed_on")
_SIGN = re.compile(r"\bn\s?[°º]")
_BATCH = 200


def upgrade() -> None:
    """Add tables and columns; what the new columns of stored decrees hold is taken from what is stored beside them."""
    op.create_table(
        "decisions",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16)),
        sa.Column("decided_at", _INSTANT, nullable=False),
        sa.Column("decided_by", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_decisions"),
    )
    op.create_table(
        "links",
        sa.Column("decree_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change", sa.String(16), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("signed", sa.Date()),
        sa.Column("prefix", sa.Text()),
        sa.Column("authority", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("decree_id", "position", name="pk_links"),
        sa.ForeignKeyConstraint(["decree_id"], ["decrees.id"], name="fk_links_decree_id", ondelete="CASCADE"),
    )
    op.create_index("ix_links_prefix", "links", ["prefix"])
    op.create_index("ix_links_signed", "links", ["signed"])
    op.create_table(
        "act_numbers",
        sa.Column("last", _ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("last", name="pk_act_numbers"),
    )
    op.add_column("reviews", sa.Column("told_at", _INSTANT))
    for name in ("starts_on", "ends_on", "signed_on"):
        op.add_column("decrees", sa.Column(name, sa.Date()))
    op.add_column("decrees", sa.Column("withdrawn_at", _INSTANT))
    op.create_index("ix_decrees_signed_on", "decrees", ["signed_on"])
    op.create_index("ix_decrees_ends_on_found_at", "decrees", ["ends_on", "found_at"])
    op.add_column("sightings", sa.Column("facts", sa.JSON()))
    op.add_column("sightings", sa.Column("published", sa.Date()))
    op.add_column("identities", sa.Column("prefix", sa.Text()))
    op.create_index("ix_identities_prefix", "identities", ["prefix"])
    _date_decrees(op.get_bind())
    _give_sightings_their_facts(op.get_bind())
    _give_sightings_their_day(op.get_bind())
    _add_keys_without_sign(op.get_bind())
    _name_identities(op.get_bind())


def _date_decrees(connection: sa.Connection) -> None:
    decrees = sa.table("decrees", sa.column("id"), sa.column("facts", sa.JSON()), *(sa.column(name, sa.Date()) for name in _DAYS))
    change = sa.update(decrees).where(decrees.c.id == sa.bindparam("decree")).values({name: sa.bindparam(name) for name in _DAYS})
    after = sa.select(decrees.c.id, decrees.c.facts).where(decrees.c.id > sa.bindparam("last")).order_by(decrees.c.id).limit(_BATCH)
    last = 0
    while rows := connection.execute(after, {"last": last}).all():
        connection.execute(change, [{"decree": row.id, **_days(row.facts)} for row in rows])
        last = rows[-1].id


def _days(facts: Mapping[str, Any]) -> dict[str, date | None]:
    starts, ends = facts.get("starts") or "", facts.get("ends") or ""
    # Moments are `2024-04-20` or `2024-04-20T14:00`: they sort as they follow each other, and an end without an hour is that of its day.
    misread = bool(starts and ends) and (ends < starts[: len(ends)] or ("T" in ends and ends <= starts))
    return {"starts_on": _day(starts), "ends_on": None if misread else _day(ends), "signed_on": _day(facts.get("signed") or "")}


def _day(moment: str) -> date | None:
    return date.fromisoformat(moment[:10]) if moment else None


def _give_sightings_their_facts(connection: sa.Connection) -> None:
    """Those of a decree are of its first recueil so far."""
    connection.execute(
        sa.text(
            "UPDATE sightings SET facts = (SELECT decrees.facts FROM decrees WHERE decrees.id = sightings.decree_id) "
            "WHERE recueil_id = (SELECT decrees.recueil_id FROM decrees WHERE decrees.id = sightings.decree_id)"
        )
    )


def _give_sightings_their_day(connection: sa.Connection) -> None:
    """That of a decree is of its first recueil so far, and is to be the earliest of all: none before its signature, which was misread."""
    decrees = sa.table("decrees", *(sa.column(name) for name in ("id", "recueil_id", "published", "signed_on")))
    recueils = sa.table("recueils", sa.column("id"), sa.column("published"))
    sightings = sa.table("sightings", *(sa.column(name) for name in ("decree_id", "recueil_id", "published")))
    theirs = sa.select(recueils.c.published).where(recueils.c.id == sightings.c.recueil_id).scalar_subquery()
    connection.execute(sa.update(sightings).values(published=theirs))
    first = (decrees.c.id == sightings.c.decree_id) & (decrees.c.recueil_id == sightings.c.recueil_id)
    # The day of a cover is kept with the decree only; that of a listing is the recueil's.
    read = sa.select(decrees.c.published).where(first).scalar_subquery()
    known = sa.exists().where(first, decrees.c.published.is_not(None))
    connection.execute(sa.update(sightings).where(known).values(published=read))
    seen = sa.select(sa.func.min(sightings.c.published)).where(sightings.c.decree_id == decrees.c.id)
    possible = seen.where(sa.or_(decrees.c.signed_on.is_(None), sightings.c.published >= decrees.c.signed_on))
    earliest = sa.func.coalesce(possible.scalar_subquery(), seen.scalar_subquery(), decrees.c.published)
    connection.execute(sa.update(decrees).values(published=earliest))


def _add_keys_without_sign(connection: sa.Connection) -> None:
    """The sign of `CAB/2026/n°624` was read as a letter of the number and is not any more: a decree stays known by its key as it is now."""
    decrees = sa.table("decrees", sa.column("id"), sa.column("facts", sa.JSON()))
    identities = sa.table("identities", sa.column("key", sa.Text()), sa.column("decree_id"))
    known = set(connection.execute(sa.select(identities.c.key).where(identities.c.key.like("number:%:%:%"))).scalars())
    numbers = {row.id: (row.facts.get("number") or "").lower() for row in connection.execute(sa.select(decrees))}
    for decree, number in numbers.items():
        before, after = _comparable(number), _comparable(_SIGN.sub(" ", number))
        theirs = sa.select(identities.c.key).where(identities.c.decree_id == decree, identities.c.key.like("number:%:%:%"))
        for key in connection.execute(theirs).scalars().all() if before != after else ():
            _, authority, own, dated = key.split(":", 3)
            renewed = f"number:{authority}:{after}:{dated}"
            if own == before and renewed not in known:
                known.add(renewed)
                connection.execute(sa.insert(identities), {"key": renewed, "decree_id": decree})


def _name_identities(connection: sa.Connection) -> None:
    identities = sa.table("identities", sa.column("key", sa.Text()), sa.column("prefix", sa.Text()))
    change = sa.update(identities).where(identities.c.key == sa.bindparam("named")).values(prefix=sa.bindparam("begins"))
    unnamed = sa.select(identities.c.key).where(identities.c.prefix.is_(None), identities.c.key.like("number:%:%")).limit(_BATCH)
    while keys := connection.execute(unnamed).scalars().all():
        connection.execute(change, [{"named": key, "begins": _prefix(key)} for key in keys])


def _prefix(key: str) -> str:
    """What the keys of one number of one authority begin with; a key that shows no date holds the number as printed."""
    _, authority, number, *dated = key.split(":", 3)
    if not dated:
        number = _comparable(re.sub(r"(?:^|-)n-(?=\d)", "-", number))
    return f"number:{authority}:{number}:"


def _comparable(number: str) -> str:
    """Without the series word before the year, and without leading zeros."""
    tokens = re.findall(r"[a-z]+|\d+", number)
    while len(tokens) > 1 and tokens[0].isalpha() and tokens[1].isdigit() and len(tokens[1]) >= 4:
        tokens = tokens[1:]
    return "-".join(token.lstrip("0") or "0" if token.isdigit() else token for token in tokens)
