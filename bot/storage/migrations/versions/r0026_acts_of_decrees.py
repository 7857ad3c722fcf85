"""Which acts are of which decree is a part of what is shown of decrees: a change of it is another revision too."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"

_OF_A_DECREE = {
    "INSERT": "NEW.decree_id IS NOT NULL",
    "UPDATE OF decree_id": "OLD.decree_id IS DISTINCT FROM NEW.decree_id",
    "DELETE": "OLD.decree_id IS NOT NULL",
}


def upgrade() -> None:
    """Add the triggers that count it."""
    for event, condition in _OF_A_DECREE.items():
        name = f"acts_revision_{event.partition(' ')[0].lower()}"
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE CONSTRAINT TRIGGER {name} AFTER {event} ON acts DEFERRABLE INITIALLY DEFERRED "
                f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION vigie_decree_revision()"
            )
        else:
            count = "UPDATE decree_revision SET number = number + 1"
            changed = condition.replace("IS DISTINCT FROM", "IS NOT")  # the standard's words need SQLite 3.39
            op.execute(f"CREATE TRIGGER {name} AFTER {event} ON acts WHEN {changed} BEGIN {count}; END")
