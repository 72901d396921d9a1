"""What moved without a trade, and how positions ended, on both databases."""

from __future__ import annotations

from dataclasses import replace

from monitor.core.model import Convention
from monitor.store.engine import Engine
from tests.asking.answers import answered, cited
from tests.scenarios.stories import LANTERN, QUILL, ROWAN, file, load, portfolio, session


def test_a_weight_that_moved_by_price_alone(stage: Engine) -> None:
    dearer = replace(QUILL, price=QUILL.price * 1.5)
    bought = replace(ROWAN, shares=ROWAN.shares * 2)
    load(
        stage,
        [
            file("LANA", 0, portfolio(QUILL, ROWAN), moved=False),
            file("LANA", 1, portfolio(dearer, bought), moved=False),
        ],
    )
    rows = answered(stage, "weight_movers", fund="LANA", since="2026-01-01", least="0.3")
    assert "QLN" in {row["security"]["ticker"] for row in rows}
    assert "RWN" not in {row["security"]["ticker"] for row in rows}  # it was bought
    (row,) = (row for row in rows if row["security"]["ticker"] == "QLN")
    assert row["price_change"] == 50
    assert row["moved"] == row["weight_after"] - row["weight_before"] > 0
    assert cited(stage, "weight_movers", fund="LANA", since="2026-01-01", least="0.3") == [
        ("LANA", session(0)),
        ("LANA", session(1)),
    ]
    assert answered(stage, "weight_movers", fund="LANA", since="2026-01-01", least="90") == []
    assert answered(stage, "weight_movers", fund="LANA", since="2026-03-30") == []


def test_a_split_is_no_price_change(stage: Engine) -> None:
    halved = replace(QUILL, shares=QUILL.shares * 2, price=QUILL.price / 2 * 1.04)
    load(stage, [file("LANA", 0, portfolio(QUILL), moved=False), file("LANA", 1, portfolio(halved), moved=False)])
    rows = answered(stage, "weight_movers", fund="LANA", since="2026-01-01", least="0.01")
    changes = {row["security"]["ticker"]: row["price_change"] for row in rows}
    assert changes["QLN"] == 4


def test_a_wind_down_counts_from_the_last_run_of_sales(stage: Engine) -> None:
    sizes = [20_000, 15_000, 18_000, 9_000, 4_000]
    days = [portfolio(replace(QUILL, shares=size)) for size in sizes] + [portfolio()]
    load(stage, [file("LANA", n, rows, moved=False) for n, rows in enumerate(days)])
    (row,) = answered(stage, "wind_downs", fund="LANA")
    assert (row["peak_file"], row["exit_file"], row["sales"]) == (str(session(0)), str(session(5)), 3)
    assert (row["from_peak"], row["from_sale"]) == (5, 3)
    assert row["first_sale"] == str(session(3))
    (average,) = answered(stage, "wind_down_averages", issuer="lantern")
    assert (average["exits"], average["with_sales"], average["median_from_sale"]) == (1, 1, 3)
    assert cited(stage, "wind_downs") == [("LANA", session(0)), ("LANA", session(5))]


def test_sessions_from_the_peak_do_not_depend_on_when_files_are_dated(stage: Engine) -> None:
    opens = tuple(replace(one, convention=Convention.OPEN) for one in LANTERN.conventions)
    days = [portfolio(replace(QUILL, shares=size)) for size in (20_000, 9_000, 4_000)] + [portfolio()]
    load(
        stage,
        [file("LANA", n, rows, moved=False) for n, rows in enumerate(days, 1)],
        of=replace(LANTERN, conventions=opens),
    )
    (row,) = answered(stage, "wind_downs", fund="LANA")
    assert (row["peak_file"], row["first_sale"]) == (str(session(1)), str(session(1)))  # of a session before
    assert (row["from_peak"], row["from_sale"]) == (3, 3)


def test_what_is_still_held_was_not_wound_down(stage: Engine) -> None:
    load(stage, [file("LANA", n, portfolio(QUILL), moved=False) for n in (0, 1)])
    assert answered(stage, "wind_downs") == []
    assert answered(stage, "wind_down_averages") == []
