"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)
_TERMS = sa.Text().with_variant(TSVECTOR(), "postgresql")
_JSON = sa.JSON(none_as_null=True)

# FTS5 keeps no text of its own: the triggers keep it in step with `act_terms`. Only "is this term in that column" is ever asked,
# hence detail=column; the terms are ASCII already, and `_` marks the terms that narrow a search.
_FULL_TEXT = (
    """CREATE VIRTUAL TABLE act_search USING fts5(
        head, everything, content='act_terms', content_rowid='act_id', detail=column, tokenize="ascii tokenchars '_'")""",
    """CREATE TRIGGER act_search_insert AFTER INSERT ON act_terms BEGIN
        INSERT INTO act_search(rowid, head, everything) VALUES (new.act_id, new.head, new.everything); END""",
    """CREATE TRIGGER act_search_delete AFTER DELETE ON act_terms BEGIN
        INSERT INTO act_search(act_search, rowid, head, everything) VALUES ('delete', old.act_id, old.head, old.everything); END""",
    """CREATE TRIGGER act_search_update AFTER UPDATE ON act_terms BEGIN
        INSERT INTO act_search(act_search, rowid, head, everything) VALUES ('delete', old.act_id, old.head, old.everything);
        INSERT INTO act_search(rowid, head, everything) VALUES (new.act_id, new.head, new.everything); END""",
)


def upgrade() -> None:
    """Create everything."""
    _sources()
    _recueils()
    _decrees()
    _acts()
    _posts()


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("trail", sa.Text()),
        sa.Column("baseline_at", _INSTANT),
        sa.Column("next_check_at", _INSTANT),
        sa.Column("last_ok_at", _INSTANT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("key", name="pk_sources"),
    )


def _recueils() -> None:
    op.create_table(
        "recueils",
        sa.Column("id", _ID, nullable=False),
        sa.Column("authority", sa.String(32), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("published", sa.Date()),
        sa.Column("is_detail", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", _INSTANT),
        sa.Column("error", sa.Text()),
        sa.Column("number", sa.Text()),
        sa.Column("digest", sa.Text()),
        sa.Column("found_at", _INSTANT, nullable=False),
        sa.Column("tried_at", _INSTANT),
        sa.Column("page_count", sa.Integer()),
        sa.Column("ocr_pages", _JSON),
        sa.Column("unreadable_pages", _JSON),
        sa.PrimaryKeyConstraint("id", name="pk_recueils"),
        sa.UniqueConstraint("authority", "url", name="uq_recueils_authority_url"),
    )
    op.create_index("ix_recueils_state_next_try_at", "recueils", ["state", "next_try_at"])
    op.create_index("ix_recueils_authority_digest", "recueils", ["authority", "digest"])


def _decrees() -> None:
    op.create_table(
        "decrees",
        sa.Column("id", _ID, nullable=False),
        sa.Column("authority", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("facts", _JSON, nullable=False),
        sa.Column("evidence", _JSON, nullable=False),
        sa.Column("recueil_id", _ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("published", sa.Date()),
        sa.Column("act_id", sa.Text()),
        sa.Column("found_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decrees"),
        sa.ForeignKeyConstraint(["recueil_id"], ["recueils.id"], name="fk_decrees_recueil_id"),
    )
    op.create_index("ix_decrees_recueil_id", "decrees", ["recueil_id"])
    op.create_index("ix_decrees_found_at_id", "decrees", ["found_at", "id"])
    op.create_index("ix_decrees_authority_found_at", "decrees", ["authority", "found_at"])
    op.create_table(
        "identities",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("decree_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_identities"),
        sa.ForeignKeyConstraint(["decree_id"], ["decrees.id"], name="fk_identities_decree_id", ondelete="CASCADE"),
    )
    op.create_index("ix_identities_decree_id", "identities", ["decree_id"])
    op.create_table(
        "sightings",
        sa.Column("id", _ID, nullable=False),
        sa.Column("decree_id", _ID, nullable=False),
        sa.Column("recueil_id", _ID, nullable=False),
        sa.Column("authority", sa.String(32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sightings"),
        sa.ForeignKeyConstraint(["decree_id"], ["decrees.id"], name="fk_sightings_decree_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["recueil_id"], ["recueils.id"], name="fk_sightings_recueil_id", ondelete="CASCADE"),
        sa.UniqueConstraint("decree_id", "recueil_id", "page", name="uq_sightings_decree_id_recueil_id_page"),
    )
    op.create_index("ix_sightings_recueil_id", "sightings", ["recueil_id"])


def _acts() -> None:
    op.create_table(
        "acts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("recueil_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("act_id", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("service", sa.Text()),
        sa.Column("first_page", sa.Integer(), nullable=False),
        sa.Column("last_page", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16)),
        sa.Column("evidence", _JSON, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("decree_id", _ID),
        sa.PrimaryKeyConstraint("id", name="pk_acts"),
        sa.ForeignKeyConstraint(["recueil_id"], ["recueils.id"], name="fk_acts_recueil_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["decree_id"], ["decrees.id"], name="fk_acts_decree_id", ondelete="SET NULL"),
    )
    op.create_index("ix_acts_recueil_id", "acts", ["recueil_id"])
    op.create_index("ix_acts_decree_id", "acts", ["decree_id"])
    op.create_table(
        "reviews",
        sa.Column("act_id", _ID, autoincrement=False, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("act_id", name="pk_reviews"),
        sa.ForeignKeyConstraint(["act_id"], ["acts.id"], name="fk_reviews_act_id", ondelete="CASCADE"),
    )
    op.create_table(
        "act_terms",
        sa.Column("act_id", _ID, autoincrement=False, nullable=False),
        sa.Column("head", _TERMS, nullable=False),
        sa.Column("everything", _TERMS, nullable=False),
        sa.PrimaryKeyConstraint("act_id", name="pk_act_terms"),
        sa.ForeignKeyConstraint(["act_id"], ["acts.id"], name="fk_act_terms_act_id", ondelete="CASCADE"),
    )
    op.create_table(
        "search_rules", sa.Column("version", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("version", name="pk_search_rules")
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_act_terms_everything", "act_terms", ["everything"], postgresql_using="gin")
    else:
        for statement in _FULL_TEXT:
            op.execute(statement)


def _posts() -> None:
    op.create_table(
        "posts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("decree_id", _ID, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", _INSTANT),
        sa.Column("reference", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("holder", sa.String(64)),
        sa.Column("claimed_at", _INSTANT),
        sa.Column("closed_at", _INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
        sa.UniqueConstraint("key", name="uq_posts_key"),
        sa.ForeignKeyConstraint(["decree_id"], ["decrees.id"], name="fk_posts_decree_id"),
    )
    op.create_index("ix_posts_decree_id", "posts", ["decree_id"])
    op.create_index("ix_posts_destination_state_id", "posts", ["destination", "state", "id"])
    op.create_index("ix_posts_state_claimed_at", "posts", ["state", "claimed_at"])
    op.create_table(
        "holds",
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("destination", name="pk_holds"),
    )
