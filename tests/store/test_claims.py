"""Claims whose holder died: free as soon as what it sent has had time to arrive, and to be looked for first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from monitor.store import claims, outbox
from monitor.store.claims import SETTLING, Claimed
from monitor.store.engine import Engine, transaction
from monitor.store.outbox import NewDelivery

NOW = datetime(2025, 9, 23, 11, tzinfo=UTC)
LEASE = 180.0


def dead(holder: str) -> bool:
    return holder == "first"


@pytest.fixture
def claim(engine: Engine) -> Callable[..., list[Claimed]]:
    with transaction(engine) as conn:
        outbox.enqueue(conn, [NewDelivery("I1", 1, "slack", "high", "{}")], now=NOW)

    def make(holder: str, after: timedelta = timedelta(), gone: Callable[[str], bool] = dead) -> list[Claimed]:
        return claims.claim(engine, now=NOW + after, lease_seconds=LEASE, limit=1, holder=holder, gone=gone)

    return make


def test_a_dead_holders_claim_is_taken_over_once_its_message_may_have_arrived(
    claim: Callable[..., list[Claimed]],
) -> None:
    assert len(claim("first")) == 1
    assert claim("second", SETTLING - timedelta(seconds=1)) == []
    (taken,) = claim("second", SETTLING)
    assert taken.ambiguous
    assert claim("third", SETTLING * 2) == []


def test_a_living_holder_keeps_its_claim_to_the_end_of_its_lease(claim: Callable[..., list[Claimed]]) -> None:
    assert len(claim("first", gone=lambda _: False)) == 1
    assert claim("second", timedelta(seconds=LEASE - 1), lambda _: False) == []
    assert len(claim("second", timedelta(seconds=LEASE), lambda _: False)) == 1


def test_a_row_that_waits_for_another_try_waits_although_its_last_holder_died(
    engine: Engine, claim: Callable[..., list[Claimed]]
) -> None:
    (mine,) = claim("first")
    again = NOW + timedelta(hours=1)
    assert claims.record_failure(engine, mine, error="cut", retry_at=again, now=NOW, ambiguous=True)
    assert claim("second", timedelta(minutes=30)) == []
    assert len(claim("second", timedelta(hours=1))) == 1


def test_a_message_only_some_recipients_have_goes_on_with_the_others(
    engine: Engine, claim: Callable[..., list[Claimed]]
) -> None:
    (mine,) = claim("first")
    assert mine.reached == ()
    claims.record_failure(engine, mine, error="451", retry_at=NOW, now=NOW, reached=("a@x", "b@x"))
    (again,) = claim("second")
    assert again.reached == ("a@x", "b@x")
    claims.record_failure(engine, again, error="451", retry_at=NOW, now=NOW)
    (last,) = claim("third")
    assert last.reached == ("a@x", "b@x")
    assert claims.record_sent(engine, last, receipt="<id@x>", now=NOW)
    with transaction(engine) as conn:
        outbox.resend(conn, last.id, now=NOW)
    assert claim("fourth")[0].reached == ()
