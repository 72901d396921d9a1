"""Flows, turnover and the largest trades, on both databases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from monitor.store.engine import Engine
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import LANTERN, QUILL, ROWAN, Row, file, load, portfolio, session


def grown(rows: list[Row], factor: float) -> list[Row]:
    return [replace(row, shares=round(row.shares * factor)) for row in rows]


def test_a_creation_is_worth_the_new_part_of_the_fund(stage: Engine) -> None:
    before = portfolio(QUILL)
    load(stage, [file("LANA", n, rows, moved=False) for n, rows in enumerate([before, grown(before, 1.25)])])
    (row,) = answered(stage, "flows", fund="LANA")
    assert float(row["flow_factor"]) == pytest.approx(1.25, rel=1e-5)
    assert float(row["flow"]) == pytest.approx(float(row["assets"]) / 5, rel=1e-4)
    assert (row["gap"], row["confidence"], row["currency"]) == (1, "high", "USD")
    assert row["units"] > 0
    assert cited(stage, "flows", fund="LANA") == [("LANA", session(0)), ("LANA", session(1))]


def test_redeemed_units_are_negative(stage: Engine) -> None:
    before = portfolio(QUILL)
    load(stage, [file("LANA", n, rows, moved=False) for n, rows in enumerate([before, grown(before, 0.75)])])
    (row,) = answered(stage, "flows", fund="LANA")
    assert row["flow"] < 0
    assert row["units"] < 0


def test_nothing_is_claimed_across_a_long_gap(stage: Engine) -> None:
    load(stage, [file("LANA", 0, portfolio(QUILL)), file("LANA", 12, grown(portfolio(ROWAN), 1.25))])
    (row,) = answered(stage, "flows", fund="LANA")
    assert (row["gap"], row["flow_factor"], row["flow"]) == (12, None, None)
    (month,) = answered(stage, "turnover", fund="LANA")
    assert (month["longest_gap"], month["turnover"]) == (12, None)


def test_turnover_is_the_smaller_side_by_month(stage: Engine) -> None:
    held = [QUILL, ROWAN, replace(ROWAN, shares=31_000), replace(ROWAN, shares=32_000)]
    load(stage, [file("LANA", 17 + n, portfolio(one), moved=False) for n, one in enumerate(held)])
    first, second = answered(stage, "turnover", fund="LANA")
    assert (first["month"], first["files"], first["buys"], first["sells"]) == ("2026-01-01", 2, 3_100_000, 2_000_000)
    assert first["turnover"] == (200_000_000 / Decimal(first["mean_assets"])).quantize(Decimal("0.0001"))
    assert (second["month"], second["buys"], second["sells"], second["turnover"]) == ("2026-02-01", 100_000, 0, 0)


def test_a_month_asked_for_by_its_days_is_the_whole_month(stage: Engine) -> None:
    held = [replace(ROWAN, shares=30_000 + 1_000 * n) for n in range(24)]
    load(stage, [file("LANA", 17 + n, portfolio(one), moved=False) for n, one in enumerate(held)])
    february = next(one for one in answered(stage, "turnover", fund="LANA") if one["month"] == "2026-02-01")
    assert answered(stage, "turnover", fund="LANA", since="2026-02-01", until="2026-02-28") == [february]


def test_the_largest_trades_come_first_whatever_their_direction(stage: Engine) -> None:
    load(stage, [file("LANA", n, portfolio(one), moved=False) for n, one in enumerate((QUILL, ROWAN))])
    names = ("security.ticker", "label", "value")
    asked = answered(stage, "largest_trades", since="2026-01-01")
    assert part(asked, *names) == [("RWN", "NEW", 3_000_000), ("QLN", "GONE", -2_000_000)]
    assert part(answered(stage, "largest_trades", since="2026-01-01", limit="1"), *names) == part(asked, *names)[:1]
    assert answered(stage, "largest_trades") == []


def test_the_largest_trade_is_that_of_the_largest_worth(stage: Engine) -> None:
    yen = replace(LANTERN, id="moss", name="Moss", currency="JPY")
    for fund, issuer in (("LANA", LANTERN), ("LANB", yen)):
        load(stage, [file(fund, n, portfolio(one), moved=False) for n, one in enumerate((QUILL, ROWAN))], of=issuer)
    asked = answered(stage, "largest_trades", since="2026-01-01")
    assert [one["currency"] for one in asked] == ["USD", "USD", "JPY", "JPY"]
