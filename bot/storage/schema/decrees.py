"""The decrees, what each is known by, where it was seen, and which others it names."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from bot.storage.schema.types import Id, Instant, metadata

decrees = Table(
    "decrees",
    metadata,
    Column("id", Id, primary_key=True),
    Column("authority", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    # The first sighting; all of them are in `sightings`.
    Column("recueil_id", Id, ForeignKey("recueils.id"), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("page", Integer, nullable=False),
    # The earliest known of its sightings: third parties have two months from then.
    Column("published", Date),
    Column("act_id", Text),
    Column("found_at", Instant, nullable=False),
    # Days that are in `facts` too, where a query looks for them. Null as well where the period ends before it starts: it was misread.
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("signed_on", Date, index=True),
    # When a person judged that it is none: it is kept, and left out of every list.
    Column("withdrawn_at", Instant),
)
Index(None, decrees.c.found_at, decrees.c.id)
Index(None, decrees.c.ends_on, decrees.c.found_at)
Index(None, decrees.c.authority, decrees.c.found_at)

identities = Table(
    "identities",
    metadata,
    # The primary key is what keeps two processes from announcing the same decree.
    Column("key", Text, primary_key=True),
    Column("decree_id", Id, ForeignKey("decrees.id", ondelete="CASCADE"), nullable=False, index=True),
    # What a key of a number begins with, by which other decrees name this one; null for the other keys.
    Column("prefix", Text, index=True),
)

sightings = Table(
    "sightings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("decree_id", Id, ForeignKey("decrees.id", ondelete="CASCADE"), nullable=False),
    Column("recueil_id", Id, ForeignKey("recueils.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("authority", String(32), nullable=False),
    Column("url", Text, nullable=False),
    Column("page", Integer, nullable=False),
    Column("seen_at", Instant, nullable=False),
    # What was read there: `decrees.facts` is that of the first sighting, completed by the others.
    Column("facts", JSON(none_as_null=True)),
    # The day of that recueil: that of its cover, else that of the listing.
    Column("published", Date),
    UniqueConstraint("decree_id", "recueil_id", "page"),
)

links = Table(
    "links",
    metadata,
    # The decrees that a decree names, whether they were seen or not: who they are is looked up in `identities`.
    Column("decree_id", Id, ForeignKey("decrees.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("change", String(16), nullable=False),
    Column("number", Text),
    Column("signed", Date, index=True),
    # What the keys of a decree of this number begin with; null where only a day is named.
    Column("prefix", Text, index=True),
    # Whose decree it is.
    Column("authority", String(32), nullable=False),
)
