"""Trades and their sums, on both databases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from monitor.store.engine import Engine
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import QUILL, file, load, portfolio, session


def story(engine: Engine) -> None:
    """LANA buys 5,000 and, after a split of two for one, sells 4,000 of the new shares; LANB opens with 20,000."""
    days = [
        QUILL,
        replace(QUILL, shares=25_000),
        replace(QUILL, shares=50_000, price=50.0),
        replace(QUILL, shares=46_000, price=50.0),
    ]
    bought = replace(QUILL, shares=40_000, price=50.0)
    files = [file("LANA", n, portfolio(row), moved=False) for n, row in enumerate(days)]
    files += [file("LANB", n, portfolio(bought) if n == 3 else portfolio(), moved=n < 3) for n in range(4)]
    load(engine, files)


def test_trades_of_a_session(stage: Engine) -> None:
    story(stage)
    (one,) = answered(stage, "trades", fund="LANA", session=str(session(1)))
    assert (one["issuer"], one["label"], one["active_shares"], one["currency"]) == ("lantern", "ACTIVE", 5_000, "USD")
    assert part(answered(stage, "trades", since=str(session(2))), "fund", "active_shares") == [
        ("LANA", -4_000),
        ("LANB", 40_000),
    ]
    assert cited(stage, "trades", fund="LANA") == [("LANA", session(1)), ("LANA", session(3))]


def test_net_active_is_adjusted_for_splits_and_summed_over_the_issuer(stage: Engine) -> None:
    story(stage)
    rows = answered(stage, "net_active", security="QLN")
    assert part(rows, "fund", "trades", "bought", "sold", "net", "value_net") == [
        (None, 3, 50_000, 4_000, 46_000, Decimal(2_300_000)),
        ("LANA", 2, 10_000, 4_000, 6_000, Decimal(300_000)),
        ("LANB", 1, 40_000, 0, 40_000, Decimal(2_000_000)),
    ]
    assert {row["unsized"] for row in rows} == {0}
    (first, _) = answered(stage, "net_active", security="QLN", issuer="lantern", until=str(session(1)))
    assert (first["bought"], first["first_trade"], first["last_file"]) == (10_000, str(session(1)), str(session(1)))
    assert cited(stage, "net_active", security="QLN") == [
        ("LANA", session(1)),
        ("LANA", session(3)),
        ("LANB", session(3)),
    ]


def test_the_difference_of_two_days_names_both_files(stage: Engine) -> None:
    story(stage)
    (one,) = answered(stage, "difference", fund="LANA", before=str(session(0)))
    assert (one["issuer"], one["shares_before"], one["split"], one["change"]) == ("lantern", 20_000, 2, 6_000)
    assert cited(stage, "difference", fund="LANA", before=str(session(0))) == [
        ("LANA", session(0)),
        ("LANA", session(3)),
    ]
