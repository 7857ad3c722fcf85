"""Defines the tables. Instants are UTC, dates ISO days, facts and evidence JSON (`bot.storage.columns`)."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from bot.domain.acts import Kind, Naming, Outcome
from bot.domain.posts import DestinationTrouble, FollowKind, FollowMode, NoticeState, PostCause, PostState
from bot.domain.records import RecueilState
from bot.domain.topics import first_topic
from bot.storage.columns import (
    ContentDocument,
    EnumText,
    EvidenceDocument,
    FactsDocument,
    Id,
    Instant,
    LookDocument,
    OnlineDocument,
    PackedText,
    StatementDocument,
    Terms,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Where recueils come from, what became of each, and what was read in its file.

sources = Table(
    "sources",
    metadata,
    Column("key", Text, primary_key=True),
    Column("trail", Text),
    Column("baseline_at", Instant),
    Column("next_check_at", Instant),
    Column("last_ok_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("site_failures", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("cause", String(32)),
    Column("failing_since", Instant),
    Column("last_new_at", Instant),
    Column("moved_to", Text),
    # The newest run of looks at each page, which the next look may continue: see `bot.domain.publication.OpenRun`.
    Column("looks", Text),
)

looks = Table(
    "looks",
    metadata,
    # Runs of looks that ended, one row each.
    Column("source", Text, primary_key=True),
    Column("page", Text, primary_key=True),
    Column("first_at", Instant, primary_key=True),
    Column("last_at", Instant, nullable=False, index=True),
    Column("first", LookDocument, nullable=False),
    Column("last", LookDocument, nullable=False),
    Column("count", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
)

addresses = Table(
    "addresses",
    metadata,
    # How every process treats an address, which dozens of sites share: see `sources.http.politeness`.
    Column("address", Text, primary_key=True),
    Column("updated_at", Instant),
    Column("next_start", Instant),
    Column("asked_until", Instant),
    Column("failures", Integer, nullable=False),
    Column("failed_host", Text, nullable=False),
    Column("retry_at", Instant),
    Column("reason", Text, nullable=False),
)

robots = Table(
    "robots",
    metadata,
    # The robots.txt of each host; empty where it has none.
    Column("host", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("read_at", Instant, nullable=False),
)

backfills = Table(
    "backfills",
    metadata,
    # What a stopped backfill need not list again.
    Column("source", Text, primary_key=True),
    Column("since", Date, primary_key=True),
    Column("listed_at", Instant, nullable=False),
)

recueils = Table(
    "recueils",
    metadata,
    Column("id", Id, primary_key=True),
    Column("authority", String(32), nullable=False),
    Column("source", Text, nullable=False),
    Column("url", Text, nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("published", Date),
    Column("is_detail", Boolean, nullable=False),
    Column("state", EnumText(RecueilState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Instant),
    Column("error", Text),
    Column("number", Text),
    Column("digest", Text),
    Column("found_at", Instant, nullable=False),
    Column("tried_at", Instant),
    Column("page_count", Integer),
    Column("ocr_pages", JSON(none_as_null=True)),
    Column("unreadable_pages", JSON(none_as_null=True)),
    # Whatever is found in it is recorded and never posted: history, which a backfill reads.
    Column("silent", Boolean, nullable=False, server_default=false()),
    # The topics that it was last read for, to its end: a decree of another, when it is read again, is no news.
    Column("topics", JSON(none_as_null=True)),
    # The content of its file, of which `contents` may know more, and when the file came.
    Column("sha256", String(64), index=True),
    Column("fetched_at", Instant),
    # Between which looks it went online, the answer that brought its file, and former contents: see `bot.domain.publication`.
    Column("online", OnlineDocument),
    UniqueConstraint("authority", "url"),
)
Index(None, recueils.c.state, recueils.c.next_try_at)
Index(None, recueils.c.authority, recueils.c.digest)
Index(None, recueils.c.source, recueils.c.id)

contents = Table(
    "contents",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("page_count", Integer),
    # Those that could be read: see `bot.storage.columns`.
    Column("pages", LargeBinary, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("read_at", Instant),
    Column("rules", String(32), nullable=False),
    # Readings that began, and neither ended nor got any further: what a file that takes the whole program with it leaves behind.
    Column("unfinished", Integer, nullable=False),
    # Why nothing at all of it could be read.
    Column("error", Text),
    # What it states of when and by which program it was made: see `bot.domain.publication.FileStatement`.
    Column("made", StatementDocument),
)

# The acts of recueils, the terms they are searched by, which of them wait for a person, and what people decided.

acts = Table(
    "acts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recueil_id", Id, ForeignKey("recueils.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    # What it was judged for: an act that concerns two topics has a row for each.
    Column("topic", String(32), nullable=False, default=first_topic),
    Column("act_id", Text),
    Column("title", Text, nullable=False),
    Column("service", Text),
    Column("first_page", Integer, nullable=False),
    Column("last_page", Integer, nullable=False),
    Column("outcome", EnumText(Outcome), nullable=False),
    Column("kind", EnumText(Kind)),
    Column("evidence", EvidenceDocument, nullable=False),
    Column("text", PackedText, nullable=False),
    Column("decree_id", Id, ForeignKey("decrees.id", ondelete="SET NULL")),
)
# Of the acts of decrees alone, and with their ids, which an index of SQLite has anyway: searches count by it.
Index(None, acts.c.decree_id, postgresql_include=["id"], postgresql_where=acts.c.decree_id.is_not(None))

act_numbers = Table(
    "act_numbers",
    metadata,
    # One row in SQLite, none in PostgreSQL: the highest number that an act ever had. See `bot.storage.acts`.
    Column("last", Id, primary_key=True, autoincrement=False),
)

act_terms = Table(
    "act_terms",
    metadata,
    # Also the row id of the full-text index in SQLite.
    Column("act_id", Id, ForeignKey("acts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("head", Terms, nullable=False),
    Column("everything", Terms, nullable=False),
)
Index(None, act_terms.c.everything, postgresql_using="gin").ddl_if(dialect="postgresql")

search_rules = Table(
    "search_rules",
    metadata,
    # One row: the rules the stored terms were made with. Other rules in the program mean that the terms must be made again.
    Column("version", Text, primary_key=True),
    # While they are: the rules they are made with, and the act up to which they are.
    Column("renewing", Text),
    Column("renewed_to", Id),
)

reviews = Table(
    "reviews",
    metadata,
    Column("act_id", Id, ForeignKey("acts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("created_at", Instant, nullable=False),
    # When the operators' chat was asked.
    Column("notified_at", Instant),
)

decisions = Table(
    "decisions",
    metadata,
    # What a person decided of an act, under every key that the act is known by: a later reading of it does not overturn that.
    Column("key", Text, primary_key=True),
    Column("outcome", EnumText(Outcome), nullable=False),
    Column("kind", EnumText(Kind)),
    Column("decided_at", Instant, nullable=False),
    Column("decided_by", String(32), nullable=False),
    # The facts that a person settled, by their names; null where none.
    Column("facts", JSON(none_as_null=True)),
)

# The decrees, what each is known by, where it was seen, and which others it names.

decrees = Table(
    "decrees",
    metadata,
    Column("id", Id, primary_key=True),
    Column("topic", String(32), nullable=False, default=first_topic),
    Column("authority", String(32), nullable=False),
    Column("kind", EnumText(Kind), nullable=False),
    Column("title", Text, nullable=False),
    Column("facts", FactsDocument, nullable=False),
    Column("evidence", EvidenceDocument, nullable=False),
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
    # The day by which lists are ordered: see `bot.storage.recording.listed_on`.
    Column("listed_on", Date),
    # When a person judged that it is none: it is kept, and left out of every list.
    Column("withdrawn_at", Instant),
    # When the operators' chat was asked about one of its facts.
    Column("notified_at", Instant),
    # When what is shown of it last changed, by itself or by others, and a digest of that; null where that was before they were kept.
    Column("changed_at", Instant, index=True),
    Column("shown", String(32)),
    # The version of the gazetteer with which `decree_communes` was filled; null where it is to be filled again.
    Column("gazetteer", String(32), index=True),
)
# What lists are read from: those that stand, in the order of `bot.storage.decrees.newest_first`.
_stands = decrees.c.withdrawn_at.is_(None)
Index(None, decrees.c.listed_on, decrees.c.found_at, decrees.c.id, sqlite_where=_stands, postgresql_where=_stands)
Index(None, decrees.c.authority, decrees.c.listed_on, decrees.c.found_at, decrees.c.id, sqlite_where=_stands, postgresql_where=_stands)
_gone = decrees.c.withdrawn_at.is_not(None)
Index(None, decrees.c.withdrawn_at, sqlite_where=_gone, postgresql_where=_gone)
Index(None, decrees.c.found_at, decrees.c.id)
Index(None, decrees.c.ends_on, decrees.c.found_at)
Index(None, decrees.c.authority, decrees.c.found_at)

decree_communes = Table(
    "decree_communes",
    metadata,
    Column("decree_id", Id, ForeignKey("decrees.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # An INSEE code, the words of the facts that name it, and whether they do so by its name.
    Column("commune", String(5), primary_key=True, index=True),
    Column("how", EnumText(Naming), nullable=False),
    Column("evidence", Text, nullable=False),
)

decree_operators = Table(
    "decree_operators",
    metadata,
    Column("decree_id", Id, ForeignKey("decrees.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # As it stands in addresses: see `bot.domain.posts.operator_slug`; and as the decree writes it.
    Column("operator", String(100), primary_key=True, index=True),
    Column("name", Text, nullable=False),
)

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
    Column("facts", FactsDocument),
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
    Column("change", EnumText(Kind), nullable=False),
    Column("number", Text),
    Column("signed", Date, index=True),
    # What the keys of a decree of this number begin with; null where only a day is named.
    Column("prefix", Text, index=True),
    # Whose decree it is.
    Column("authority", String(32), nullable=False),
)

decree_revision = Table(
    "decree_revision",
    metadata,
    # One row, in which triggers count: see `bot.storage.baseline`.
    Column("id", Id, primary_key=True),
    Column("number", BigInteger, nullable=False),
    # The transaction that counted last (PostgreSQL): it counts once, however much it writes.
    Column("made_by", BigInteger, nullable=False),
)

# The outbox: posts, what is still to be edited in them, and the destinations that rest or moved.

posts = Table(
    "posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("destination", Text, nullable=False),
    Column("decree_id", Id, ForeignKey("decrees.id"), nullable=False, index=True),
    Column("state", EnumText(PostState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant),
    Column("reference", Text),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("cause", EnumText(PostCause, 32, optional=True)),
    Column("reconcile_attempts", Integer, nullable=False, server_default="0"),
    # When `not_before` was set: a clock that was since set back is found out by it.
    Column("changed_at", Instant),
    # The key of the message that announces this decree and of others; null for a post that is a message of its own.
    Column("digest", String(64), index=True),
    # What it said of its decree when it was last sent or edited, and the link and the number that its message shows.
    Column("content", ContentDocument),
    Column("recognised_by", JSON(none_as_null=True)),
    # Of one that may have been sent by a program whose database was lost: since when.
    Column("sought_since", Instant),
)
Index(None, posts.c.destination, posts.c.state, posts.c.id)
Index(None, posts.c.state)
Index(None, posts.c.destination, posts.c.closed_at)

restores = Table(
    "restores",
    metadata,
    # When this database was restored, and the last that it knew of before: see `bot.storage.transfer`.
    Column("restored_at", Instant, primary_key=True),
    Column("made_at", Instant, nullable=False),
)

edits = Table(
    "edits",
    metadata,
    # A post that does not say all that is known of its decree: see `bot.storage.posts`.
    Column("post_id", Id, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant),
    # When it was tried first, and when the row was last changed.
    Column("tried_at", Instant),
    Column("changed_at", Instant),
    Column("cause", EnumText(PostCause, 32, optional=True)),
    Column("error", Text),
)

holds = Table(
    "holds",
    metadata,
    Column("destination", Text, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("set_at", Instant),
    Column("cause", EnumText(PostCause, 32, optional=True)),
)

moved_chats = Table(
    "moved_chats",
    metadata,
    # A Telegram group that became a supergroup: as the configuration names it, and its id now.
    Column("chat", Text, primary_key=True),
    Column("moved_to", BigInteger, nullable=False),
    Column("moved_at", Instant, nullable=False),
)

newest_messages = Table(
    "newest_messages",
    metadata,
    # The greatest message id known of a Telegram chat, under each name and number that the chat has.
    Column("chat", Text, primary_key=True),
    Column("message_id", BigInteger, nullable=False),
    Column("noted_at", Instant, nullable=False),
)

searches = Table(
    "searches",
    metadata,
    # Where a post is looked for whose answer was lost: see `bot.storage.outbox`.
    Column("post_id", Id, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # The newest message known when the post was about to be sent, and up to which one it was looked for since.
    Column("after", BigInteger),
    Column("searched_to", BigInteger),
)

destination_checks = Table(
    "destination_checks",
    metadata,
    Column("destination", Text, primary_key=True),
    # Null where nothing is wrong.
    Column("trouble", EnumText(DestinationTrouble)),
    Column("detail", Text),
    # The first check in a row that found this, and the last.
    Column("since", Instant, nullable=False),
    Column("checked_at", Instant, nullable=False),
)

mentions = Table(
    "mentions",
    metadata,
    # How far the mentions of each account are answered: the id of its newest notification that was dealt with, empty where it had none.
    Column("destination", Text, primary_key=True),
    Column("newest", Text, nullable=False),
)

# Chats that follow something, and what: all that is stored of a person. A chat is the destination `chat:<id>` of the outbox.

followers = Table(
    "followers",
    metadata,
    Column("chat", BigInteger, primary_key=True, autoincrement=False),
    Column("language", String(2), nullable=False),
    Column("mode", EnumText(FollowMode), nullable=False),
    Column("since", Date, nullable=False),
    # While it wants no messages, and since it takes none.
    Column("paused_at", Instant),
    Column("blocked_at", Instant),
)

follows = Table(
    "follows",
    metadata,
    Column("chat", BigInteger, ForeignKey("followers.chat", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("kind", EnumText(FollowKind), primary_key=True),
    Column("value", String(200), primary_key=True),
    # The names of the topics of the decrees that are wanted, with a space between; empty: of all.
    Column("topics", String(400), nullable=False, server_default=""),
)
Index(None, follows.c.kind, follows.c.value)

notices = Table(
    "notices",
    metadata,
    # What a chat was notified of an authority whose recueils cannot be read, or of a withdrawn decree: see `bot.storage.alerts`.
    Column("chat", BigInteger, ForeignKey("followers.chat", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("subject", String(32), primary_key=True),
    Column("state", EnumText(NoticeState), nullable=False),
    Column("changed_at", Instant, nullable=False),
)

# What operators are notified of, once each, and what their commands request of the bot that runs.


def _alerts(name: str, cause: str, *more: Column[str]) -> Table:
    table = Table(
        name,
        metadata,
        Column("id", Id, primary_key=True),
        Column("subject", Text, nullable=False),
        Column(cause, String(32), nullable=False),
        *more,
        Column("detail", Text, nullable=False),
        Column("opened_at", Instant, nullable=False),
        # Operators are notified once of an alert, and once of its end: each of these is null until then.
        Column("notified_at", Instant),
        Column("closed_at", Instant),
        Column("end_notified_at", Instant),
    )
    Index(None, table.c.subject, table.c.closed_at)
    return table


alerts = _alerts("alerts", "cause")
# What it is about (`post:12`, `destination:channel`), and a word of `bot.operators.alerts.PostTrouble`.
post_alerts = _alerts("post_alerts", "trouble", Column("destination", Text, nullable=False))

requests = Table(
    "requests",
    metadata,
    # Work that a command hands to the process which holds the lock `work`: see `bot.storage.locks`.
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("progress", JSON(none_as_null=True)),
    Column("result", JSON(none_as_null=True)),
)

timestamps = Table(
    "timestamps",
    metadata,
    # What is stamped by a time stamping authority: the file of a recueil, or the log of looks of a day, with its text.
    Column("sha256", String(64), primary_key=True),
    Column("day", Date, unique=True),
    Column("text", PackedText),
    # Its answer (RFC 3161, DER), null until it came.
    Column("token", LargeBinary),
    Column("stamped_at", Instant),
)
