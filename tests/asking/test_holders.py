"""Who holds a security alone, and how much of a company funds hold, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.errors import UsageError
from monitor.store.engine import Engine
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import QUILL, ROWAN, Row, file, load, portfolio, session

LOCAL = Row("PRIVATE BARGES LLC", "", "", 9_000, 10.0)


def test_only_what_one_fund_holds_is_exclusive(stage: Engine) -> None:
    load(
        stage,
        [
            file("LANA", 0, portfolio(QUILL, ROWAN, LOCAL), moved=False),
            file("LANB", 0, portfolio(QUILL), moved=False),
        ],
    )
    assert part(answered(stage, "exclusive"), "fund", "security.ticker") == [("LANA", "RWN")]
    assert cited(stage, "exclusive") == [("LANA", session(0))]
    assert answered(stage, "exclusive", on="2000-01-01") == []


def test_a_sold_name_is_the_other_funds_alone(stage: Engine) -> None:
    load(
        stage,
        [
            *(file(fund, 0, portfolio(QUILL), moved=False) for fund in ("LANA", "LANB")),
            file("LANA", 1, portfolio(), moved=False),
        ],
    )
    assert part(answered(stage, "exclusive"), "fund", "security.ticker") == [("LANB", "QLN")]
    assert answered(stage, "exclusive", on=str(session(0))) == []


def test_float_is_measured_in_shares_of_today_by_fund_and_issuer(stage: Engine) -> None:
    halved = replace(QUILL, shares=40_000, price=50.0)
    load(
        stage,
        [
            file("LANA", 0, portfolio(QUILL)),
            file("LANA", 1, portfolio(halved)),
            file("LANB", 1, portfolio(replace(halved, shares=30_000))),
        ],
    )
    rows = answered(stage, "float_shares", security="QLN", outstanding="1,000,000", above="2")
    assert part(rows, "fund", "percent", "peak_shares", "above_from", "above_sessions") == [
        (None, 7, 70_000, str(session(0)), 2),
        ("LANA", 4, 40_000, str(session(0)), 2),
        ("LANB", 3, 30_000, str(session(1)), 1),
    ]
    assert rows[0]["funds"] == ["LANA", "LANB"]
    one = answered(stage, "float_shares", security="QLN", outstanding="1000000", fund="LANB", above="2")
    assert part(one, "fund") == [("LANB",)]
    assert answered(stage, "float_shares", security="QLN", outstanding="1000000", above="50") == []


def test_a_company_without_shares_is_wrong_use(stage: Engine) -> None:
    load(stage, [file("LANA", 0, portfolio(QUILL))])
    with pytest.raises(UsageError, match="more than 0"):
        answered(stage, "float_shares", security="QLN", outstanding="0")
    with pytest.raises(UsageError, match="number is needed"):
        answered(stage, "float_shares", security="QLN", outstanding="many")
