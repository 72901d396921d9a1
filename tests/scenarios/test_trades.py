"""Flows and trades as they are written down while days are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor.store import schema as t
from monitor.store.engine import Engine
from tests.scenarios.stories import BASE, QUILL, ROWAN, SWEEP, Row, file, load, portfolio, rows_of, session, t_day

QUILLON = f"cusip:{QUILL.identifier}"


def flows(engine: Engine) -> list[dict[str, Any]]:
    """The rows of `flow`, oldest first."""
    return sorted(rows_of(engine, t.flow), key=lambda row: (str(row["fund"]), int(row["as_of"])))


def trades(engine: Engine, key: str = QUILLON) -> list[tuple[Any, ...]]:
    """Label, shares before and after, active shares and value of a security's trades."""
    rows = [row for row in rows_of(engine, t.trade) if row["security"] == key]
    names = ("label", "shares_before", "shares_after", "active_shares", "value")
    return [tuple(row[name] for name in names) for row in rows]


def grown(rows: list[Row], factor: float) -> list[Row]:
    return [replace(row, shares=round(row.shares * factor)) for row in rows]


def test_a_creation_is_a_flow_and_what_goes_beyond_it_a_trade(stage: Engine) -> None:
    before = portfolio(QUILL)
    after = grown(before, 1.05)
    after[-1] = replace(QUILL, shares=26_000)
    load(stage, [file("LANA", 0, before), file("LANA", 1, after, moved=False)])
    (flow,) = flows(stage)
    assert (flow["lines"], flow["unchanged"], flow["in_flow"], flow["in_groups"], flow["active"]) == (13, 0, 12, 0, 1)
    assert abs(float(flow["factor"]) - 1.05) < 1e-5
    assert (t_day(flow["session_from"]), t_day(flow["session_to"])) == (session(1), session(1))
    assert (flow["gap"], flow["rebalance"], flow["confidence"]) == (1, 0, "high")
    assert trades(stage) == [("ACTIVE", "20000", "26000", "5000", 50_000_000)]
    assert len(rows_of(stage, t.trade)) == 1


def test_entry_and_exit_are_trades_and_cash_is_none(stage: Engine) -> None:
    days = [[], [QUILL, SWEEP], [QUILL, replace(SWEEP, shares=5)], []]
    load(stage, [file("LANA", n, portfolio(*extra), moved=False) for n, extra in enumerate(days)])
    assert trades(stage) == [
        ("GONE", "20000", "0", "-20000", -200_000_000),
        ("NEW", "0", "20000", "20000", 200_000_000),
    ]
    assert len(rows_of(stage, t.trade)) == 2


def test_a_split_is_no_trade_but_what_was_bought_beside_it_is(stage: Engine) -> None:
    halved = replace(QUILL, shares=40_000, price=50.0)
    more = replace(QUILL, shares=45_000, price=50.0)
    load(
        stage,
        [
            file("LANA", 0, portfolio(QUILL), moved=False),
            file("LANB", 0, portfolio(QUILL), moved=False),
            file("LANA", 1, portfolio(halved), moved=False),
            file("LANB", 1, portfolio(more), moved=False),
        ],
    )
    (row,) = rows_of(stage, t.trade)
    assert (row["fund"], row["label"], row["split"]) == ("LANB", "ACTIVE", "2")
    assert (row["shares_before"], row["shares_after"], row["active_shares"]) == ("40000", "45000", "5000")


def test_a_line_that_goes_on_under_another_identifier_is_no_trade(stage: Engine) -> None:
    moved = replace(QUILL, identifier="B3Z5T14")
    load(stage, [file("LANA", 0, portfolio(QUILL), moved=False), file("LANA", 1, portfolio(moved), moved=False)])
    assert rows_of(stage, t.trade) == []
    assert len(rows_of(stage, t.link)) == 1


def test_a_gap_of_weeks_has_no_factor_and_no_sizes(stage: Engine) -> None:
    before = portfolio(QUILL)
    after = [*grown(portfolio(), 1.3)[:-1], replace(BASE["LARKSPUR HEALTH INC"], shares=50_000), ROWAN]
    load(stage, [file("LANA", 0, before), file("LANA", 9, after)])
    (flow,) = flows(stage)
    assert (flow["gap"], flow["factor"], flow["units"], flow["active"], flow["lines"]) == (9, None, None, None, 12)
    assert (t_day(flow["session_from"]), t_day(flow["session_to"])) == (session(1), session(9))
    found = {(row["label"], row["active_shares"], row["value"]) for row in rows_of(stage, t.trade)}
    assert found == {("GONE", None, None), ("NEW", None, None)}


def test_a_rebalance_has_lines_without_sizes(stage: Engine) -> None:
    shuffled = [replace(row, shares=round(row.shares * (0.7 + 0.05 * at))) for at, row in enumerate(BASE.values())]
    load(stage, [file("LANX", 0, portfolio(), moved=False), file("LANX", 1, shuffled, moved=False)])
    (flow,) = flows(stage)
    assert flow["rebalance"] == 1
    labels = [row["label"] for row in rows_of(stage, t.trade)]
    assert set(labels) == {"REBALANCE"}
    assert {row["active_shares"] for row in rows_of(stage, t.trade)} == {None}
    assert len(labels) == flow["active"]


def test_a_late_file_divides_the_interval(stage: Engine) -> None:
    load(stage, [file("LANA", 0, portfolio()), file("LANA", 2, portfolio(QUILL))])
    assert [flow["gap"] for flow in flows(stage)] == [2]
    load(stage, [file("LANA", 1, portfolio(QUILL))])
    assert [flow["gap"] for flow in flows(stage)] == [1, 1]
    (row,) = rows_of(stage, t.trade)
    assert row["label"] == "NEW"
