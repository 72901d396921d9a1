"""What the table of mutes keeps, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.store import mutes
from monitor.store.engine import Engine, transaction
from monitor.store.mutes import NewMute

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BABA = NewMute("security", "S0123456789", "ALIBABA (BABA)", NOW + 30 * DAY, "command line", note="enough")


def test_a_mute_holds_until_its_end(engine: Engine) -> None:
    with transaction(engine) as conn:
        number = mutes.add(conn, BABA, NOW)
        (kept,) = mutes.listing(conn, NOW)
        assert (kept.id, kept.value, kept.label, kept.note) == (number, BABA.value, BABA.label, "enough")
        assert kept.holds(NOW + 29 * DAY)
        assert not kept.holds(NOW + 30 * DAY)
        assert mutes.listing(conn, NOW + 30 * DAY) == []
        assert len(mutes.listing(conn)) == 1


def test_the_same_wish_twice_is_one_mute_with_the_later_end(engine: Engine) -> None:
    with transaction(engine) as conn:
        first = mutes.add(conn, BABA, NOW)
        assert mutes.add(conn, replace(BABA, until=NOW + 60 * DAY), NOW) == first
        assert mutes.add(conn, replace(BABA, until=NOW + DAY), NOW) == first
        (kept,) = mutes.listing(conn)
        assert kept.until == NOW + 60 * DAY
        assert mutes.add(conn, replace(BABA, channel="slack"), NOW) != first
        assert mutes.add(conn, replace(BABA, until=NOW + 90 * DAY), NOW + 61 * DAY) != first


def test_a_mute_is_lifted_once_and_stays_on_record(engine: Engine) -> None:
    with transaction(engine) as conn:
        number = mutes.add(conn, BABA, NOW)
        assert mutes.end(conn, number, NOW + DAY)
        assert not mutes.end(conn, number, NOW + DAY)
        assert not mutes.end(conn, 10**12, NOW)
        assert mutes.listing(conn, NOW + DAY) == []
        (kept,) = mutes.listing(conn)
        assert kept.ended_at == NOW + DAY
        assert not kept.holds(NOW + DAY)
