"""Leases: one holder at a time, also between threads, engines, clocks that jump and holders that were killed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.errors import StoreError
from monitor.store import leases
from monitor.store.engine import Engine, open_engine, transaction
from monitor.store.leases import Lease, LeaseLost, acquire, fence, kept, release, renew, still_held

NOW = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)


def later(seconds: float) -> datetime:
    """That many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def taken(engine: Engine, holder: str, now: datetime = NOW, seconds: float = 60) -> Lease:
    """The lease, which must be free."""
    found = acquire(engine, "issuer:ark", holder, now, seconds)
    assert found is not None
    return found


def holds(engine: Engine, lease: Lease) -> bool:
    """Whether a transaction may write for this lease."""
    with transaction(engine) as conn:
        return still_held(conn, lease)


def test_one_holder_at_a_time_and_each_taking_has_a_higher_token(engine: Engine) -> None:
    first = taken(engine, "a")
    assert (first.token, first.until) == (1, later(60))
    assert acquire(engine, "issuer:ark", "b", later(59), 60) is None
    assert acquire(engine, "issuer:ark", "a", later(59), 60) is None  # not by two threads of one process either
    assert acquire(engine, "issuer:spdr", "b", NOW, 60) is not None
    assert release(engine, first)
    assert taken(engine, "b", later(1)).token == 2
    assert not release(engine, first)


def test_who_slept_through_a_lease_writes_nothing(engine: Engine) -> None:
    slept = taken(engine, "a")
    other = taken(engine, "b", later(60))
    assert not holds(engine, slept)
    assert renew(engine, slept, later(61), 60) is None
    with pytest.raises(LeaseLost, match="taken over issuer:ark"), transaction(engine) as conn:
        fence(conn, slept)
    with transaction(engine) as conn:
        fence(conn, other)


def test_a_lease_that_ran_out_untaken_is_still_good_for_writing(engine: Engine) -> None:
    lease = taken(engine, "a")
    assert holds(engine, lease)
    renewed = renew(engine, lease, later(500), 60)
    assert renewed is not None
    assert renewed.until == later(560)
    assert acquire(engine, "issuer:ark", "b", later(559), 60) is None


def test_a_killed_holder_known_to_be_gone_is_not_waited_for(engine: Engine) -> None:
    dead = taken(engine, "dead")
    assert acquire(engine, "issuer:ark", "b", later(1), 60, lambda holder: holder == "other") is None
    heir = acquire(engine, "issuer:ark", "b", later(1), 60, lambda holder: holder == "dead")
    assert heir is not None
    assert not holds(engine, dead)


@pytest.mark.parametrize("days", [-3, 3])
def test_a_clock_that_jumped_locks_nobody_out(engine: Engine, days: int) -> None:
    taken(engine, "a", NOW + timedelta(days=days))
    assert acquire(engine, "issuer:ark", "b", NOW, 60) is not None


def test_of_many_threads_and_two_engines_exactly_one_wins_each_time(database_url: str) -> None:
    engines = [open_engine(database_url), open_engine(database_url)]
    wins: list[Lease] = []
    ready = threading.Barrier(8)

    def contend(number: int) -> None:
        for turn in range(5):
            ready.wait(120)
            lease = acquire(engines[number % 2], "issuer:ark", f"h{number}", later(100 * turn), 60)
            if lease is not None:
                wins.append(lease)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(contend, range(8)))
    for one in engines:
        one.dispose()
    assert [one.token for one in wins] == [1, 2, 3, 4, 5]


def test_writing_for_a_lease_keeps_others_from_taking_it(engine: Engine) -> None:
    lease = taken(engine, "a")
    if engine.dialect.name == "sqlite":
        return  # there a writer keeps everybody from writing
    with transaction(engine) as conn:
        fence(conn, lease)
        assert acquire(engine, "issuer:ark", "b", later(61), 60) is None  # at once, not after a wait
    assert acquire(engine, "issuer:ark", "b", later(61), 60) is not None


def test_a_lease_is_kept_while_work_goes_on(engine: Engine) -> None:
    lease = taken(engine, "a", seconds=0.3)
    asked = threading.Event()

    def clock() -> datetime:
        asked.set()
        return later(1000)

    with kept(engine, lease, clock, 0.3) as lost:
        assert asked.wait(120)
    assert not lost.is_set()
    assert acquire(engine, "issuer:ark", "b", later(1000), 60) is None


def test_a_lost_lease_is_noticed_and_a_busy_database_survived(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = taken(engine, "a")
    real, calls = leases.renew, []

    def renewing(*arguments: object) -> Lease | None:
        calls.append(1)
        if len(calls) == 1:
            raise StoreError("busy")
        return real(engine, lease, NOW, 60)

    monkeypatch.setattr(leases, "renew", renewing)
    taken(engine, "b", later(61))
    with kept(engine, lease, lambda: NOW, 0.03) as lost:
        assert lost.wait(120)
