"""A row of each kind, as the program stores it: what is carried over, restored or compared is tried on these."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from bot.detection.facts.identity import identities as identify
from bot.detection.facts.identity import prefixes
from bot.domain.acts import Facts, Kind, Reference
from bot.domain.identity import prefix_of
from bot.domain.posts import PostState
from bot.domain.publication import FileStatement, FileVersion, Look, Online
from bot.storage.columns import to_json
from bot.storage.schema import metadata
from bot.storage.transfer import stored_plainly
from tests.bot.storage.building import NOW

EARLIER = NOW - timedelta(days=1)
LATER = NOW + timedelta(days=1)
LOOK = Look("https://prefecture.example/26", EARLIER, EARLIER, 200, EARLIER, etag='"é"')
EVIDENCE = [{"about": "verdict", "page": 3, "text": "traitement algorithmique des images"}]
FIRST = Facts("2024-1", signed=date(2024, 4, 12), cameras=4)
DECREES: Mapping[int, tuple[Facts, Kind, PostState]] = {
    1: (FIRST, Kind.AUTHORISATION, PostState.SENT),
    2: (Facts("2024-2", references=(Reference(Kind.SUSPENSION, "2024-1", FIRST.signed),)), Kind.SUSPENSION, PostState.SENT),
    3: (Facts("2024-3", signed=date(2024, 4, 12)), Kind.AUTHORISATION, PostState.PENDING),
    4: (Facts("2024-4", signed=date(2024, 4, 12)), Kind.AUTHORISATION, PostState.UNKNOWN),
    5: (Facts("2024-5", signed=date(2024, 4, 12)), Kind.AUTHORISATION, PostState.REFUSED),
    6: (Facts("2024-6", signed=date(2024, 4, 12)), Kind.AUTHORISATION, PostState.SENDING),
}  # fmt: skip
ASKED, UNASKED = 11, 12
"""Acts in doubt: of the first the operators were asked."""
SETTLED = {"facts": {"places": ["gare de Lens"], "event": None}}
SAID = {1: {"facts": ["cameras", "number", "signed"], "published": "2024-04-19", "changes": ["suspension:2"]}}
SAID |= {number: {"facts": ["number", "signed"], "published": "2024-04-19", "changes": []} for number in (4, 6)}
SAID[2] = {"facts": ["number"], "published": "2024-04-19", "changes": []}


def rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row, of every table but those that each kind of database keeps in its own way, in an order that foreign keys allow."""
    yield "sources", {
        "key": "26:site", "trail": '{"urls": []}', "baseline_at": EARLIER, "next_check_at": NOW, "last_ok_at": EARLIER, "failures": 3,
        "site_failures": 2, "error": "no answer", "cause": "unreachable", "failing_since": EARLIER, "last_new_at": EARLIER,
        "looks": "{}",
    }  # fmt: skip
    yield "looks", {
        "source": "26:site", "page": LOOK.url, "first_at": EARLIER, "last_at": NOW, "first": to_json(LOOK), "last": to_json(LOOK),
        "count": 2, "digest": "0" * 64,
    }  # fmt: skip
    states = dict.fromkeys(DECREES, "read") | {7: "read", 8: "incomplete", 9: "waiting", 10: "failed", 11: "known", 12: "duplicate"}
    for number, state in states.items():
        yield "recueils", {
            "id": number, "authority": "26", "source": "26:site", "url": f"https://prefecture.example/26/{number}.pdf", "title": "RAA",
            "published": date(2024, 4, 19), "is_detail": False, "state": state, "attempts": 1, "found_at": EARLIER, "tried_at": EARLIER,
            "page_count": 20, "ocr_pages": [], "unreadable_pages": [4] if state == "incomplete" else [], "silent": number == 7,
            "error": "no answer" if state == "failed" else None, "next_try_at": LATER if state == "incomplete" else None,
            "online": to_json(Online(LOOK, replaced=(FileVersion("0" * 64, EARLIER),))) if number == 1 else None,
            "number": f"26-2024-04-19-{number:05}", "digest": f"{number:064}", "sha256": f"{number:064}", "fetched_at": EARLIER,
        }  # fmt: skip
    yield "contents", {
        "sha256": f"{8:064}", "size": 9, "page_count": 20, "pages": zlib.compress(b"[]"), "complete": False, "read_at": EARLIER,
        "rules": "1", "unfinished": 1, "error": None, "made": to_json(FileStatement("D:2024", producer="é")),
    }  # fmt: skip
    for number, (facts, kind, state) in DECREES.items():
        seen = {
            "authority": "26", "recueil_id": number, "url": f"https://prefecture.example/26/{number}.pdf", "page": 3,
            "facts": to_json(facts), "published": date(2024, 4, 19),
        }  # fmt: skip
        yield "decrees", {
            **seen, "id": number, "topic": "vsa", "kind": kind, "title": f"Arrêté n° {facts.number}", "evidence": EVIDENCE,
            "found_at": EARLIER,
            "act_id": f"26-2024-04-12-{number:05}", "signed_on": facts.signed, "listed_on": date(2024, 4, 18), "gazetteer": "1",
            "notified_at": EARLIER if number == 1 else None,
        }  # fmt: skip
        for key in identify("26", None, facts, ""):
            yield "identities", {"key": key, "decree_id": number, "prefix": prefix_of(key)}
        yield "sightings", {**seen, "id": number, "decree_id": number, "seen_at": EARLIER}
        for position, (named, prefix) in enumerate(zip(facts.references, prefixes(facts, "26"), strict=True)):
            yield "links", {
                "decree_id": number, "position": position, "change": named.change, "number": named.number, "signed": named.signed,
                "prefix": prefix, "authority": "26",
            }  # fmt: skip
        yield "acts", _act(number, number, "decree", decree_id=number, kind=kind, act_id=f"26-2024-04-12-{number:05}")
        sent = state is PostState.SENT
        yield "posts", {
            "id": number, "key": f"key-{number}", "destination": "t", "decree_id": number, "state": state, "attempts": 1,
            "reference": str(number) if sent else None, "error": "refused" if state is PostState.REFUSED else None,
            "created_at": EARLIER, "closed_at": NOW if sent or state is PostState.REFUSED else None, "changed_at": NOW,
            "reconcile_attempts": 0,
            "cause": {PostState.UNKNOWN: "lost_answer", PostState.REFUSED: "refused_content"}.get(state), "content": SAID.get(number),
            "sought_since": EARLIER if state is PostState.UNKNOWN else None,
            "recognised_by": {"url": seen["url"], "page": 3, "number": facts.number} if sent or state is PostState.UNKNOWN else None,
        }  # fmt: skip
    yield "decree_communes", {"decree_id": 1, "commune": "26362", "how": "named", "evidence": "Valence"}
    yield "acts", _act(ASKED, 7, "uncertain")
    yield "acts", _act(UNASKED, 7, "uncertain")
    yield "acts", _act(13, 8, "not_concerned")
    yield "act_numbers", {"last": 13}
    yield "reviews", {"act_id": ASKED, "created_at": EARLIER, "notified_at": EARLIER}
    yield "reviews", {"act_id": UNASKED, "created_at": EARLIER}
    yield "decisions", {"key": "act:26-2024-04-12-00099", "outcome": "not_concerned", "decided_at": EARLIER, "decided_by": "cli"} | SETTLED
    yield "edits", {"post_id": 1, "state": "done", "attempts": 1, "tried_at": EARLIER, "changed_at": EARLIER}
    yield "edits", {"post_id": 2, "state": "given_up", "attempts": 1, "changed_at": EARLIER, "cause": "refused_content", "error": "gone"}
    yield "holds", {"destination": "m", "until": LATER, "set_at": NOW, "cause": "rate_limited"}
    yield "moved_chats", {"chat": "-100", "moved_to": -100200, "moved_at": EARLIER}
    yield "newest_messages", {"chat": "-100200", "message_id": 77, "noted_at": EARLIER}
    yield "searches", {"post_id": 4, "after": 70, "searched_to": 71}
    yield "destination_checks", {"destination": "t", "trouble": None, "since": EARLIER, "checked_at": EARLIER}
    for table, more in (("alerts", {"cause": "unreachable"}), ("post_alerts", {"trouble": "late", "destination": "t"})):
        for number, (notified, closed, ended) in enumerate(((EARLIER, None, None), (None, None, None), (EARLIER, NOW, None)), 1):
            times = {"opened_at": EARLIER, "notified_at": notified, "closed_at": closed, "end_notified_at": ended}
            yield table, {"id": number, "subject": f"26:{number}", "detail": "no answer", **times, **more}
    yield "timestamps", {"sha256": f"{1:064}", "token": b"0", "stamped_at": EARLIER}
    yield "timestamps", {"sha256": f"{2:064}", "day": date(2024, 4, 18), "text": zlib.compress("relevés".encode())}
    yield "backfills", {"source": "26:site", "since": date(2024, 1, 1), "listed_at": EARLIER}
    yield "addresses", {
        "address": "192.0.2.1", "updated_at": EARLIER, "next_start": NOW, "failures": 1, "failed_host": "prefecture.example",
        "retry_at": NOW, "reason": "no answer",
    }  # fmt: skip
    yield "robots", {"host": "prefecture.example", "text": "User-agent: *", "read_at": EARLIER}
    yield "requests", {"id": "1", "kind": "poll", "arguments": {"codes": ["26"]}}
    yield "followers", {"chat": 71, "language": "fr", "mode": "each", "since": date(2024, 4, 1)}
    yield "follows", {"chat": 71, "kind": "department", "value": "26"}
    yield "notices", {"chat": 71, "subject": "26", "state": "failing", "changed_at": EARLIER}
    yield "restores", {"restored_at": EARLIER - timedelta(days=90), "made_at": EARLIER - timedelta(days=91)}
    yield "mentions", {"destination": "m", "newest": "5"}


def _act(number: int, recueil: int, outcome: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "recueil_id": recueil, "position": number, "title": f"Arrêté {number}", "first_page": 3, "last_page": 3,
        "topic": "vsa",
        "outcome": outcome, "evidence": EVIDENCE, "text": zlib.compress(f"Le préfet arrête l'œuvre {number}".encode()), **more,
    }  # fmt: skip


def fill(connection: Connection) -> None:
    """Store them all in an empty SQLite database, their values as they are stored."""
    for name, row in rows():
        connection.execute(insert(stored_plainly(metadata.tables[name])), row)
