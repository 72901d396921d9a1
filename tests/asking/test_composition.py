"""What portfolios are made of, on both databases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from monitor.store.engine import Engine
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import NAMES, QUILL, ROWAN, SWEEP, Row, file, load, portfolio, session

TEN = [Row(f"{name} X", f"X{n}", "", 1_000, 10.0) for n, name in enumerate(NAMES[:10])]
BIG = Row("BIGWATER DAMS INC", "BIG", "", 5_000, 10.0)


def test_concentration_counts_positions_without_cash(stage: Engine) -> None:
    load(stage, [file("LANA", 0, [*TEN, BIG, replace(SWEEP, shares=50_000)], moved=False)])
    (row,) = answered(stage, "concentration", fund="LANA")
    assert (row["positions"], row["largest"], row["top10"], row["hhi"]) == (11, 25, 70, 625 + 250)
    assert row["effective"] == (Decimal(75) ** 2 / 875).quantize(Decimal("0.0001"))
    assert (row["as_of"], row["pos_session"]) == (str(session(0)), str(session(0)))


def test_a_month_is_told_by_its_last_file(stage: Engine) -> None:
    load(stage, [file("LANA", n, portfolio()) for n in (0, 1, 18, 20, 25)])
    asked = {every: answered(stage, "concentration", fund="LANA", every=every) for every in ("file", "week", "month")}
    assert [len(asked[every]) for every in ("file", "week", "month")] == [5, 4, 2]
    assert part(asked["month"], "as_of") == [(str(session(18)),), (str(session(25)),)]
    assert answered(stage, "concentration", fund="LANA", since="2026-03-01") == []


def test_overlap_is_the_smaller_weight_of_shared_names(stage: Engine) -> None:
    load(
        stage,
        [
            file("LANA", 0, [*TEN, BIG], moved=False),
            file("LANB", 0, [*TEN[:5], BIG, replace(QUILL, shares=500)], moved=False),
        ],
    )
    rows = answered(stage, "overlap", fund="LANA", other="LANB")
    assert rows == []  # tickers without an identifier are an identity inside their fund alone


def test_overlap_now_and_through_time(stage: Engine) -> None:
    both = [replace(QUILL, shares=30, price=100.0), replace(ROWAN, shares=10, price=100.0)]
    rest = replace(portfolio()[0], shares=60, price=100.0)
    other = replace(portfolio()[1], shares=20, price=100.0)
    more = replace(both[1], shares=50)
    load(
        stage,
        [
            *(file("LANA", n, [*both, rest], moved=False) for n in (0, 1, 3)),
            *(file("LANB", n, [both[0], more, other], moved=False) for n in (0, 1, 2)),
        ],
    )
    rows = answered(stage, "overlap", fund="LANA", other="LANB")
    names = ("security.ticker", "weight", "other_weight", "overlap", "as_of", "other_as_of")
    assert part(rows, *names) == [
        ("QLN", 30, 30, 30, str(session(1)), str(session(1))),
        ("RWN", 10, 50, 10, str(session(1)), str(session(1))),
    ]
    assert cited(stage, "overlap", fund="LANA", other="LANB") == [("LANA", session(1)), ("LANB", session(1))]
    through = answered(stage, "overlap_history", fund="LANA", other="LANB", every="file")
    names = ("as_of", "other_as_of", "overlap", "shared", "only_in_fund", "only_in_other")
    assert part(through, *names) == [(str(session(n)), str(session(n)), 40, 2, 1, 1) for n in (0, 1)]
    assert part(answered(stage, "overlap_history", fund="LANA", other="LANB"), "as_of") == [(str(session(1)),)]


def test_without_a_common_session_the_latest_files_are_compared(stage: Engine) -> None:
    load(stage, [file("LANA", 0, portfolio(QUILL)), file("LANB", 1, portfolio(QUILL))])
    rows = answered(stage, "overlap", fund="LANA", other="LANB")
    assert set(part(rows, "as_of", "other_as_of")) == {(str(session(0)), str(session(1)))}
    assert len(rows) == 13
    assert answered(stage, "overlap_history", fund="LANA", other="LANB") == []
    assert answered(stage, "overlap", fund="LANA", other="LANB", on="2026-01-05") == []


def test_a_name_under_a_new_identifier_in_one_fund_is_still_shared(stage: Engine) -> None:
    renamed = replace(QUILL, identifier="55501A989")
    load(
        stage,
        [
            file("LANA", 0, portfolio(QUILL)),
            file("LANA", 1, portfolio(renamed)),
            file("LANB", 1, portfolio(QUILL)),
        ],
    )
    assert len(answered(stage, "overlap", fund="LANA", other="LANB")) == 13
