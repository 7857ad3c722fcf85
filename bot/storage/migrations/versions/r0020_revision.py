"""A number that grows with every change of what is shown of decrees, whoever makes it: what was made from them is then out of date."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.storage.columns import Id

revision = "0020"
down_revision = "0019"

_SHOWN = ("decrees", "decree_communes", "decree_operators", "identities", "sightings", "links")
_EVENTS = ("INSERT", "UPDATE", "DELETE")

_COUNT = "UPDATE decree_revision SET number = number + 1"
# Deferred: the row is locked when all else of the transaction is written, so that two of them cannot wait for each other.
_FUNCTION = """CREATE FUNCTION vigie_decree_revision() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE decree_revision SET number = number + 1, made_by = txid_current() WHERE made_by <> txid_current();
    RETURN NULL; END $$"""


def upgrade() -> None:
    """Add a table of one row, and the triggers that count in it."""
    table = op.create_table(
        "decree_revision",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decree_revision"),
    )
    op.bulk_insert(table, [{"id": 1, "number": 0, "made_by": 0}])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FUNCTION)
        for name in _SHOWN:
            op.execute(
                f"CREATE CONSTRAINT TRIGGER {name}_revision AFTER {' OR '.join(_EVENTS)} ON {name} DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION vigie_decree_revision()"
            )
    else:
        for name in _SHOWN:
            for event in _EVENTS:
                trigger = f"CREATE TRIGGER {name}_revision_{event.lower()} AFTER {event} ON {name}"
                op.execute(f"{trigger} BEGIN {_COUNT}; END")
