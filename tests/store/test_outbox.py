"""The outbox: nothing is lost, nothing is claimed twice, and each channel keeps its order."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.store import claims, outbox
from monitor.store.claims import Claimed
from monitor.store.engine import Engine, transaction
from monitor.store.outbox import NewDelivery

NOW = datetime(2025, 9, 23, 11, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def new(item: str = "I1", revision: int = 1, channel: str = "slack", text: str = "{}") -> NewDelivery:
    return NewDelivery(item, revision, channel, "high", text)


def enqueue(engine: Engine, *deliveries: NewDelivery, now: datetime = NOW, due: datetime | None = None) -> int:
    with transaction(engine) as conn:
        return outbox.enqueue(conn, deliveries, now=now, due=due)


def claim(engine: Engine, now: datetime = NOW, limit: int = 10, channels: list[str] | None = None) -> list[Claimed]:
    return claims.claim(engine, now=now, lease_seconds=60, limit=limit, channels=channels)


def test_a_key_is_promised_once(engine: Engine) -> None:
    assert enqueue(engine, new(), new(channel="mail")) == 2
    assert enqueue(engine, new(text="other"), new(revision=2)) == 1
    assert enqueue(engine) == 0
    with transaction(engine) as conn:
        rows = outbox.listing(conn)
        assert [row.key for row in rows] == ["I1:2:slack", "I1:1:mail", "I1:1:slack"]
        assert rows[-1].message == "{}"
        assert rows[-1].created_at == rows[-1].due_at == NOW
        assert outbox.pending_count(conn) == 3
        assert outbox.undelivered_count(conn) == 0


def test_a_claim_is_exclusive_and_one_row_per_channel(engine: Engine) -> None:
    enqueue(engine, new("I1"), new("I2"), new("I1", channel="mail"))
    first = claim(engine)
    assert [(c.item, c.channel, c.attempt, c.ambiguous, c.earlier) for c in first] == [
        ("I1", "slack", 1, False, ()),
        ("I1", "mail", 1, False, ()),
    ]
    assert claim(engine) == []
    assert claims.record_sent(engine, first[0], receipt="C1/1.0", now=NOW)
    assert [c.item for c in claim(engine)] == ["I2"]


def test_claims_can_be_limited_to_channels_that_exist(engine: Engine) -> None:
    enqueue(engine, new(channel="gone"), new(channel="mail"))
    assert [c.channel for c in claim(engine, channels=["mail", "slack"])] == ["mail"]
    assert [c.channel for c in claim(engine, limit=1)] == ["gone"]


def test_an_expired_lease_is_taken_over_as_ambiguous_and_the_first_owner_is_fenced(engine: Engine) -> None:
    enqueue(engine, new())
    (slow,) = claim(engine)
    assert claim(engine, NOW + 59 * SECOND) == []
    (quick,) = claim(engine, NOW + 60 * SECOND)
    assert (quick.ambiguous, quick.attempt, quick.token) == (True, 2, slow.token + 1)
    assert not claims.record_sent(engine, slow, receipt="late", now=NOW)
    assert not claims.record_failure(engine, slow, error="late", retry_at=None, now=NOW, notices=[new("N1")])
    assert claims.record_sent(engine, quick, receipt="C1/1.0", now=NOW)
    assert not claims.record_sent(engine, quick, receipt="twice", now=NOW)
    with transaction(engine) as conn:
        (row,) = outbox.listing(conn)
    assert (row.state, row.receipt, row.sent_at) == ("sent", "C1/1.0", NOW)


def test_a_refusal_holds_back_its_channel_only(engine: Engine) -> None:
    enqueue(engine, new("I1"), new("I2"), new("I2", channel="mail"))
    (first,) = claim(engine, limit=1)
    later = NOW + 30 * SECOND
    assert claims.record_failure(engine, first, error="429", retry_at=later, now=NOW)
    assert [c.channel for c in claim(engine)] == ["mail"]
    assert claim(engine, later - SECOND) == []
    (again,) = claim(engine, later)
    assert (again.item, again.attempt, again.ambiguous) == ("I1", 2, False)


def test_an_ambiguous_failure_is_claimed_as_such(engine: Engine) -> None:
    enqueue(engine, new())
    (first,) = claim(engine)
    assert claims.record_failure(engine, first, error="cut", retry_at=NOW + SECOND, now=NOW, ambiguous=True)
    with transaction(engine) as conn:
        assert not outbox.replace_pending(conn, new(revision=2), NOW)
        assert outbox.undelivered_count(conn) == 1
        assert list(outbox.last_told(conn, "I1")) == ["slack"]
    (again,) = claim(engine, NOW + SECOND)
    assert again.ambiguous


def test_a_dead_letter_frees_the_channel_and_brings_its_notice(engine: Engine) -> None:
    enqueue(engine, new("I1"), new("I2"))
    (first,) = claim(engine)
    assert claims.record_failure(engine, first, error="no", retry_at=None, now=NOW, notices=[new("N1", channel="mail")])
    assert [(c.item, c.channel) for c in claim(engine)] == [("I2", "slack"), ("N1", "mail")]
    with transaction(engine) as conn:
        assert [row.item for row in outbox.listing(conn, state="dead")] == ["I1"]
        assert outbox.undelivered_count(conn) == 1


def test_what_is_planned_for_later_holds_nothing_back(engine: Engine) -> None:
    enqueue(engine, new("D1"), due=NOW + timedelta(hours=5))
    enqueue(engine, new("I1"))
    assert [c.item for c in claim(engine)] == ["I1"]


def test_an_unsent_message_says_the_newer_thing(engine: Engine) -> None:
    enqueue(engine, new(text="old"))
    with transaction(engine) as conn:
        assert outbox.promise(conn, [new(revision=2, text="new")], now=NOW) == 1
        assert not outbox.replace_pending(conn, new(revision=1, text="older"), NOW)
    (claimed,) = claim(engine)
    assert (claimed.key, claimed.message) == ("I1:2:slack", "new")
    with transaction(engine) as conn:
        assert outbox.promise(conn, [new(revision=3)], now=NOW) == 1
    assert claim(engine) == []  # in order: the third waits for the second
    claims.record_sent(engine, claimed, receipt="C1/1.0", now=NOW)
    (third,) = claim(engine)
    assert (third.revision, third.earlier) == (3, (claims.Sent("C1/1.0", "new"),))


def test_what_was_not_sent_can_be_withdrawn(engine: Engine) -> None:
    enqueue(engine, new(), new(channel="mail"))
    (taken,) = claim(engine, limit=1)
    with transaction(engine) as conn:
        assert outbox.withdraw_pending(conn, "I1") == 1
        assert outbox.last_told(conn, "I1") == {taken.channel: taken.message}
    assert claim(engine) == []


def test_only_what_ended_can_be_sent_again(engine: Engine) -> None:
    enqueue(engine, new())
    (claimed,) = claim(engine)
    with transaction(engine) as conn:
        assert not outbox.resend(conn, claimed.id, now=NOW)
        assert not outbox.resend(conn, 999, now=NOW)
    claims.record_failure(engine, claimed, error="no", retry_at=None, now=NOW)
    with transaction(engine) as conn:
        assert outbox.resend(conn, claimed.id, now=NOW + SECOND)
        row = outbox.show(conn, claimed.key)
        assert row is not None
        assert (row.state, row.attempts, row.error) == ("pending", 0, None)
        assert outbox.show(conn, row.id) == row
        assert outbox.show(conn, "nothing") is None
        assert outbox.listing(conn, item="I1", channel="slack", limit=1) == [row]
        assert outbox.listing(conn, channel="mail") == []
    (again,) = claim(engine, NOW + SECOND)
    assert (again.attempt, again.ambiguous, again.token) == (1, False, claimed.token + 1)


def test_many_workers_claim_each_row_once(engine: Engine) -> None:
    enqueue(engine, *(new(f"I{n}", channel=f"c{n % 7}") for n in range(70)))
    seen: list[str] = []

    def work() -> None:
        while True:
            with transaction(engine) as conn:
                if outbox.pending_count(conn) == 0:
                    return
            for claimed in claim(engine, limit=2):
                seen.append(claimed.key)
                assert claims.record_sent(engine, claimed, receipt="r", now=NOW)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(seen) == len(set(seen)) == 70
    for channel in range(7):
        numbers = [int(key[1:].split(":")[0]) for key in seen if key.endswith(f":c{channel}")]
        assert numbers == sorted(numbers)


def test_instants_need_a_zone(engine: Engine) -> None:
    with pytest.raises(Exception, match="time zone"):
        enqueue(engine, new(), now=NOW.replace(tzinfo=None))


def test_a_newer_and_louder_thing_does_not_wait_for_the_end_of_quiet_hours(engine: Engine) -> None:
    morning = NOW + timedelta(hours=7)
    with transaction(engine) as conn:
        outbox.promise(conn, [replace(new(text="quiet"), due=morning)], now=NOW)
        outbox.promise(conn, [replace(new(revision=2, text="still quiet"), due=morning)], now=NOW)
    assert claim(engine) == []
    with transaction(engine) as conn:
        outbox.promise(conn, [new(revision=3, text="loud")], now=NOW)
    (claimed,) = claim(engine)
    assert claimed.message == "loud"
