"""What waits for a digest is taken once, by one digest, whoever asks; on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor import digesting
from monitor.core.errors import StoreError
from monitor.core.hours import Hours
from monitor.core.rules import AlertPlan
from monitor.notify.wire import to_json
from monitor.store import digests, heard, outbox
from monitor.store.digests import NewEntry
from monitor.store.engine import Engine, transaction
from monitor.store.outbox import NewDelivery
from tests.notify.samples import full, operator

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
EVENING = NOW + timedelta(hours=6)
PLAN = AlertPlan(("desk",), hours={"desk": Hours()})


def entry(item: str = "I1", revision: int = 1, channel: str = "desk", cadence: str = "daily") -> NewEntry:
    """A line that waits for the evening."""
    message = to_json(replace(full(), item=item, revision=revision))
    return NewEntry(item, revision, channel, cadence, "low", EVENING, message)


def put(engine: Engine, *entries: NewEntry) -> None:
    with transaction(engine) as conn:
        for one in entries:
            digests.put(conn, one, NOW)


def test_a_newer_line_takes_the_place_of_one_that_waits(engine: Engine) -> None:
    put(engine, entry(), entry(revision=2), entry(channel="mail"))
    with transaction(engine) as conn:
        assert [(e.item, e.revision) for e in digests.waiting(conn, "desk", "daily")] == [("I1", 2)]
        assert [e.channel for e in digests.listing(conn, "waiting", limit=1)] == ["mail"]
        assert digests.listing(conn, "waiting", item="I2", channel="desk") == []
        assert digests.due(conn, EVENING - timedelta(seconds=1)) == []
        assert digests.due(conn, EVENING) == [("desk", "daily"), ("mail", "daily")]


def test_a_line_is_gathered_once_and_then_known_as_read(engine: Engine) -> None:
    put(engine, entry(), entry("I2"))
    with transaction(engine) as conn:
        lines = digests.waiting(conn, "desk", "daily")
        digests.gather(conn, lines[:1], "D1")
        assert digests.drop(conn, "I1") == 0
        assert digests.drop(conn, "I2", "mail") == 0
        assert digests.drop(conn, "I2", "desk") == 1
        assert digests.carriers(conn, "I1") == {"D1"}
        known = heard.of_items(conn, ["I1", "I2", "I3"])
        assert known["I1"].gathered["desk"].digest == "D1"
        assert (known["I1"].revision, known["I1"].anywhere, known["I2"].anywhere) == (1, True, False)
        assert "I3" not in known
    put(engine, entry(revision=2))
    with transaction(engine) as conn:
        known = heard.of_items(conn, ["I1"])
        assert (known["I1"].revision, known["I1"].waiting["desk"].revision) == (2, 2)
    with pytest.raises(StoreError), transaction(engine) as conn:
        digests.gather(conn, lines, "D2")


def test_what_was_promised_at_once_counts_unless_it_was_taken_back(engine: Engine) -> None:
    with transaction(engine) as conn:
        alert, noticed = to_json(full()), to_json(operator())
        outbox.enqueue(conn, [NewDelivery(f"I{n}", 1, "desk", "low", alert) for n in (1, 2)], now=NOW)
        outbox.enqueue(conn, [NewDelivery("Iabc", 1, "desk", "low", noticed)], now=NOW)
        outbox.enqueue(conn, [NewDelivery("I1", 2, "desk", "low", "{}")], now=NOW)
        outbox.withdraw_pending(conn, "I2")
        known = heard.of_items(conn, ["I1", "I2"])
        assert (set(known["I1"].promised), known["I1"].revision) == ({"desk"}, 2)
        assert known["I2"].promised == frozenset()
        assert heard.alerts_lately(conn, "desk", NOW) == 1  # neither a notice, an update nor what was taken back
        assert heard.alerts_lately(conn, "desk", NOW + timedelta(hours=1)) == 0


def test_daemons_that_ask_at_the_same_time_make_one_digest(engine: Engine) -> None:
    put(engine, *(entry(f"I{n}") for n in range(30)))
    made: list[int] = []
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        made.append(digesting.gather(engine, lambda: PLAN, EVENING))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [0, 0, 0, 1]
    with transaction(engine) as conn:
        (row,) = outbox.listing(conn)
        assert (row.item[:1], row.state) == ("D", "pending")
        assert len(digests.listing(conn, "gathered")) == 30


def test_a_digest_that_cannot_be_promised_leaves_its_lines_waiting(engine: Engine) -> None:
    put(engine, replace(entry(), message="no message"), entry("I2"))
    with pytest.raises(Exception, match="cannot be read"):
        digesting.gather(engine, lambda: PLAN, EVENING)
    with transaction(engine) as conn:
        assert len(digests.listing(conn, "waiting")) == 2
        assert outbox.listing(conn) == []


def test_lines_for_a_channel_that_is_gone_stay(engine: Engine) -> None:
    put(engine, entry(channel="gone"))
    assert digesting.gather(engine, lambda: PLAN, EVENING) == 0
    with transaction(engine) as conn:
        assert digests.due(conn, EVENING) == [("gone", "daily")]
