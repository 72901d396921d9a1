"""What is listed but no position, on both databases, and in real files where they are at hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from monitor.store.engine import Engine
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import QUILL, ROWAN, Row, file, load, portfolio, session

SPECK = Row("PEBBLE PRESS LTD", "PBL", "", 100)
NAMES = ("fund", "security.ticker", "shares", "since", "peak_shares")


def left(shares: int) -> Row:
    return replace(QUILL, shares=shares)


def told(engine: Engine, sizes: list[int], fund: str = "LANA") -> None:
    """A fund whose position has these sizes, file by file."""
    load(engine, [file(fund, n, portfolio(left(size)), moved=False) for n, size in enumerate(sizes)])


def test_what_is_left_of_a_position_says_since_when_and_of_how_much(stage: Engine) -> None:
    told(stage, [20_000, 18_000, 50, 50])
    assert part(answered(stage, "crumbs"), *NAMES) == [("LANA", "QLN", 50, str(session(2)), 20_000)]
    assert cited(stage, "crumbs") == [("LANA", session(2)), ("LANA", session(3))]
    assert answered(stage, "crumbs", on=str(session(1))) == []
    assert answered(stage, "crumbs", issuer="lantern", on="2000-01-01") == []


def test_the_peak_is_in_shares_of_the_file(stage: Engine) -> None:
    days = [QUILL, left(60), replace(QUILL, shares=120, price=50.0)]
    bigger = [QUILL, replace(QUILL, shares=40_000, price=50.0)]  # LANB shows the split
    load(
        stage,
        [
            *(file("LANA", n, portfolio(row), moved=False) for n, row in enumerate(days)),
            *(file("LANB", n + 1, portfolio(row), moved=False) for n, row in enumerate(bigger)),
        ],
    )
    assert part(answered(stage, "crumbs"), *NAMES) == [("LANA", "QLN", 120, str(session(1)), 40_000)]


def test_an_exit_that_waits_for_a_second_file_is_a_crumb_already(stage: Engine) -> None:
    told(stage, [2_000, 300, 50])  # already below 0.02 % before: two files must agree
    (row,) = answered(stage, "crumbs")
    assert (row["shares"], row["since"], row["peak_shares"]) == (50, str(session(2)), 2_000)
    (spell,) = answered(stage, "history", security="QLN")
    assert spell["closed"] is None


def test_a_line_that_was_never_a_position_has_no_since(stage: Engine) -> None:
    load(stage, [file("LANA", n, portfolio(ROWAN, SPECK), moved=False) for n in (0, 1)])
    assert part(answered(stage, "crumbs", fund="LANA"), *NAMES) == [("LANA", "PBL", 100, None, None)]
    (row,) = answered(stage, "crumbs")
    assert 0 < row["weight"] < Decimal("0.02")
    assert row["currency"] == "USD"


def test_what_came_back_is_no_crumb(stage: Engine) -> None:
    told(stage, [20_000, 50, 50, 20_000])
    assert answered(stage, "crumbs") == []
    assert part(answered(stage, "crumbs", on=str(session(2))), "since") == [(str(session(1)),)]


def test_a_small_position_that_never_was_large_goes_on(stage: Engine) -> None:
    told(stage, [2_000, 1_000, 150])  # below 0.02 %, but more than 5 % of its peak
    assert answered(stage, "crumbs") == []
    assert date.fromisoformat(answered(stage, "holdings", fund="LANA")[0]["as_of"]) == session(2)
