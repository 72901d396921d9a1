"""What was bought or sold file after file, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.errors import UsageError
from monitor.store.engine import Engine
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import QUILL, ROWAN, Row, file, load, portfolio, session

ALL = "2026-01-01"
NAMES = ("security.ticker", "direction", "first_session", "last_session", "files", "active_shares", "running")


def told(engine: Engine, sizes: list[int], fund: str = "LANA", of: Row = QUILL) -> None:
    """A fund whose position has these sizes, file by file."""
    days = [portfolio(replace(of, shares=size)) if size else portfolio() for size in sizes]
    load(engine, [file(fund, n, rows, moved=False) for n, rows in enumerate(days)])


def test_a_run_in_one_direction_is_a_streak(stage: Engine) -> None:
    told(stage, [20_000, 21_000, 23_000, 24_000, 20_000, 19_000])
    rows = answered(stage, "streaks", since=ALL)
    assert part(rows, *NAMES) == [("QLN", "buy", str(session(1)), str(session(3)), 3, 4_000, False)]
    assert (rows[0]["value"], rows[0]["currency"], rows[0]["shares_after"]) == (400_000, "USD", 24_000)
    assert cited(stage, "streaks", since=ALL) == [("LANA", session(1)), ("LANA", session(3))]
    two = answered(stage, "streaks", since=ALL, least="2", direction="sell")
    assert part(two, *NAMES) == [("QLN", "sell", str(session(4)), str(session(5)), 2, -5_000, True)]
    assert answered(stage, "streaks", since=ALL, fund="LANA", least="4") == []


def test_a_file_without_a_trade_ends_it(stage: Engine) -> None:
    told(stage, [20_000, 21_000, 22_000, 22_000, 23_000, 24_000])
    assert part(answered(stage, "streaks", since=ALL, least="2"), "files", "running") == [(2, True), (2, False)]
    assert answered(stage, "streaks", since=ALL) == []


def test_an_entry_begins_and_an_exit_ends_a_streak(stage: Engine) -> None:
    told(stage, [0, 20_000, 21_000, 22_000, 15_000, 8_000, 0])
    rows = answered(stage, "streaks", since=ALL)
    assert part(rows, "direction", "files", "active_shares", "shares_after") == [
        ("sell", 3, -22_000, 0),
        ("buy", 3, 22_000, 22_000),
    ]


def test_shares_before_a_split_count_in_those_of_the_last_file(stage: Engine) -> None:
    days = [
        QUILL,
        replace(QUILL, shares=21_000),
        *(replace(QUILL, shares=size, price=50.0) for size in (44_000, 45_000)),
    ]
    steady = [
        ROWAN,
        ROWAN,
        replace(ROWAN, shares=60_000, price=50.0),
    ]  # QUILL's split as a fund shows that does not trade
    steady = [replace(QUILL, shares=row.shares, price=row.price) for row in steady]
    load(
        stage,
        [
            *(file("LANA", n, portfolio(row), moved=False) for n, row in enumerate(days)),
            *(file("LANB", n, portfolio(row), moved=False) for n, row in enumerate(steady)),
        ],
    )
    rows = answered(stage, "streaks", since=ALL)
    assert part(rows, "first_file", "files", "active_shares") == [(str(session(1)), 3, 2_000 + 2_000 + 1_000)]


def test_missing_files_end_a_streak_when_they_are_many(stage: Engine) -> None:
    sizes = {0: 20_000, 1: 21_000, 2: 22_000, 5: 23_000, 12: 24_000, 13: 25_000}
    load(
        stage,
        [file("LANA", n, portfolio(replace(QUILL, shares=size)), moved=False) for n, size in sizes.items()],
    )
    rows = answered(stage, "streaks", since=ALL, least="1")
    assert part(rows, "first_file", "last_file", "files") == [
        (str(session(13)), str(session(13)), 1),
        (str(session(1)), str(session(5)), 3),
    ]


def test_a_streak_is_whole_though_it_began_before_the_range(stage: Engine) -> None:
    told(stage, [20_000 + 500 * n for n in range(50)])
    (row,) = answered(stage, "streaks", since=str(session(48)))
    assert (row["first_file"], row["files"], row["running"]) == (str(session(1)), 49, True)
    (cut,) = answered(stage, "streaks", since=ALL, until=str(session(10)))
    assert (cut["last_file"], cut["files"]) == (str(session(10)), 10)
    assert answered(stage, "streaks") != []  # -30d before the 31st of March is session 40


def test_each_fund_and_security_has_its_own(stage: Engine) -> None:
    told(stage, [20_000, 21_000, 22_000, 23_000])
    told(stage, [30_000, 29_000, 28_000, 27_000], "LANB", ROWAN)
    rows = answered(stage, "streaks", since=ALL, issuer="lantern")
    assert part(rows, "fund", "security.ticker", "direction") == [("LANA", "QLN", "buy"), ("LANB", "RWN", "sell")]
    assert part(answered(stage, "streaks", since=ALL, security="RWN"), "fund") == [("LANB",)]
    assert part(answered(stage, "streaks", since=ALL, direction="buy"), "fund") == [("LANA",)]


def test_a_direction_is_buy_or_sell(stage: Engine) -> None:
    told(stage, [20_000, 21_000])
    with pytest.raises(UsageError, match="Known: buy, sell"):
        answered(stage, "streaks", direction="up")
