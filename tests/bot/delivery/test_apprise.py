"""Destinations that tell only whether they took a message: at least once, and said to be so."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.delivery.apprise import AppriseChannel, NotAnAddress
from bot.delivery.channel import DeliveryUnknown, NotSent, Refused
from bot.delivery.deliverer import Deliverer
from bot.domain.acts import Facts
from bot.domain.posts import PostCause, PostState
from tests.bot.delivery.memory import Clock, MemoryOutbox, composer, post
from tests.servers.notified import SECRET, Notified


@pytest.fixture
async def service() -> AsyncIterator[Notified]:
    async with Notified() as one:
        yield one


@pytest.fixture
async def channel(service: Notified, clock: Clock) -> AsyncIterator[AppriseChannel]:
    one = AppriseChannel("essai", service.address, composer(clock))
    yield one
    await one.close()


async def test_a_post_says_what_others_say_in_plain_text(channel: AppriseChannel, service: Notified) -> None:
    await channel.send(post(3))
    (text,) = service.texts
    assert text.startswith("📢 Autorisation de vidéosurveillance algorithmique\nDrôme (26)")
    assert "#page=3" in text
    assert "<" not in text


async def test_a_message_has_a_subject_and_a_digest_reads_as_a_mail(channel: AppriseChannel, service: Notified) -> None:
    several = tuple(replace(post(n).decree, facts=Facts(f"2031-{n}", event="Foire\r\nBcc: a@b.example")) for n in (1, 2, 3))
    await channel.send(replace(post(1), decree=several[0]))
    await channel.send(replace(post(1), key="digest", digest="digest", decree=several[0], also=several[1:]))
    assert await channel.room(several * 40) == 120
    assert service.subjects == ["VSA : Foire Bcc: a＠b.example · autorisation · Drôme (26) · n° 2031-1", "VSA : 3 arrêtés · Drôme (26)"]
    heading, *items = service.texts[1].split("\n\n")
    assert heading.splitlines()[0] == "📚 3 arrêtés sur la vidéosurveillance algorithmique"
    assert [len(item.splitlines()) for item in items] == [2, 2, 2], "a line and its address, and no tags"


async def test_a_service_without_subjects_gets_none(clock: Clock) -> None:
    channel = AppriseChannel("essai", "mastodon://token@social.example", composer(clock))
    assert channel._subject(post(1)) == ""
    assert channel._text(replace(post(1), digest="d", also=(post(2).decree,))).endswith("\n\n#VSA #dept26")
    await channel.close()


async def test_a_subject_that_is_shown_within_the_text_has_room(clock: Clock) -> None:
    channel = AppriseChannel("essai", "discord://1234/token", composer(clock))
    long = replace(post(1), decree=replace(post(1).decree, title="Arrêté " * 900))
    assert len(channel._subject(long)) + len(channel._text(long)) < 2000
    await channel.close()


async def test_what_was_not_taken_is_in_doubt_and_sent_again_after_growing_waits(
    channel: AppriseChannel, service: Notified, clock: Clock
) -> None:
    outbox = MemoryOutbox(post(1), post(2))
    deliverer = Deliverer(outbox, [channel], clock, chance=lambda: 0.0)
    service.answers = [500, 500, 500]
    waits = []
    while outbox.states != [PostState.SENT, PostState.SENT]:
        await deliverer.deliver_due()
        due = await deliverer.next_due(clock())
        if due is not None:
            waits.append((due - clock()).total_seconds())
            clock.now = due
    assert ["n° 2031-00001" in text for text in service.texts] == [True, False]
    assert [wait for wait in waits if wait] == [10, 10, 30, 10, 60]
    assert PostCause.RESENT in outbox.causes


async def test_where_the_answer_was_lost_it_is_there_twice(channel: AppriseChannel, service: Notified, clock: Clock) -> None:
    outbox = MemoryOutbox(post(1))
    deliverer = Deliverer(outbox, [channel], clock)
    service.answers = [-500]
    with capture_logs() as logs:
        await deliverer.deliver_due()
        clock.advance(minutes=1)
        await deliverer.deliver_due()
    assert len(service.texts) == 2
    assert outbox.states == [PostState.SENT]
    assert "post.resent_unchecked" in [line["event"] for line in logs]


async def test_the_address_is_in_no_log_and_no_error(service: Notified, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    channel = AppriseChannel("essai", service.address, composer(clock))
    service.answers = [500, 403, 302]
    told = []
    for _ in range(3):
        with pytest.raises(DeliveryUnknown) as raised:
            await channel.send(post(1))
        told.append(str(raised.value))
    await channel.send(post(1))
    await channel.close()
    seen = "\n".join([*told, *(record.getMessage() for record in caplog.records)])
    assert SECRET not in seen
    assert service.address not in seen


async def test_logging_is_as_it_was_once_it_is_closed(service: Notified, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    channel = AppriseChannel("essai", service.address, composer(clock))
    logging.getLogger("apprise").warning("during")
    await channel.close()
    await channel.close()
    logging.getLogger("apprise").warning("after")
    assert [record.getMessage() for record in caplog.records if record.name == "apprise"] == ["after"]


async def test_a_service_that_is_not_there(clock: Clock) -> None:
    async with Notified() as gone:
        address = gone.address
    channel = AppriseChannel("essai", address, composer(clock))
    with pytest.raises(DeliveryUnknown):
        await channel.send(post(1))
    await channel.close()


@pytest.mark.parametrize("url", ["nonsense", "unknown-service://host/token-secret", "https:/", "mailto://"])
async def test_an_address_that_is_none_is_never_repeated(url: str, clock: Clock) -> None:
    with pytest.raises(NotAnAddress) as raised:
        AppriseChannel("essai", url, composer(clock))
    assert url not in str(raised.value)
    assert "essai" in str(raised.value)


async def test_without_apprise_it_is_said_how_to_get_it(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.apprise.apprise", None)
    with pytest.raises(NotAnAddress, match=r"vigie-vsa\[apprise\]"):
        AppriseChannel("essai", "json://127.0.0.1", composer(clock))


async def test_a_service_without_room_for_the_link_is_refused(clock: Clock) -> None:
    channel = AppriseChannel("essai", "json://127.0.0.1", composer(clock))
    channel._limits = type(channel._limits)(20, None)
    with pytest.raises(Refused):
        await channel.send(post(1))
    await channel.close()


async def test_a_third_try_waits(channel: AppriseChannel) -> None:
    tried = replace(post(1), attempts=3)
    with pytest.raises(NotSent) as raised:
        await channel.find(tried)
    assert raised.value.retry_after == 60
