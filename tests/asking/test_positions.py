"""A position through time, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.errors import UsageError
from monitor.store.engine import Engine
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import QUILL, file, load, portfolio, session


def test_a_position_is_adjusted_for_splits_and_files_without_it_say_zero(stage: Engine) -> None:
    days = [
        portfolio(),
        portfolio(QUILL),
        portfolio(replace(QUILL, shares=40_000, price=50.0)),
        portfolio(replace(QUILL, shares=50_000, price=50.0)),
        portfolio(),
    ]
    load(stage, [file("LANA", n, rows, moved=False) for n, rows in enumerate(days)])
    rows = answered(stage, "position", fund="LANA", security="QLN")
    assert part(rows, "as_of", "listed", "shares", "adjusted_shares", "value", "price") == [
        (str(session(0)), False, 0, 0, 0, None),
        (str(session(1)), True, 20_000, 40_000, 2_000_000, 100),
        (str(session(2)), True, 40_000, 40_000, 2_000_000, 50),
        (str(session(3)), True, 50_000, 50_000, 2_500_000, 50),
        (str(session(4)), False, 0, 0, 0, None),
    ]
    assert {row["security"]["ticker"] for row in rows} == {"QLN"}
    assert {(row["issuer"], row["fund"], row["currency"]) for row in rows} == {("lantern", "LANA", "USD")}
    assert cited(stage, "position", fund="LANA", security="QLN") == [("LANA", session(n)) for n in range(5)]


def test_units_are_those_of_the_last_file_asked_for(stage: Engine) -> None:
    halved = replace(QUILL, shares=40_000, price=50.0)
    load(stage, [file("LANA", 0, portfolio(QUILL)), file("LANA", 1, portfolio(halved))])
    until = answered(stage, "position", fund="LANA", security="QLN", until=str(session(0)))
    assert part(until, "shares", "adjusted_shares") == [(20_000, 20_000)]
    since = answered(stage, "position", fund="LANA", security="QLN", since=str(session(1)))
    assert part(since, "shares", "adjusted_shares") == [(40_000, 40_000)]


def test_a_new_identifier_does_not_end_a_position(stage: Engine) -> None:
    renamed = replace(QUILL, identifier="55501A989")
    load(stage, [file("LANA", 0, portfolio(QUILL)), file("LANA", 1, portfolio(renamed))])
    rows = answered(stage, "position", fund="LANA", security="QLN")
    assert part(rows, "shares") == [(20_000,), (20_000,)]
    assert len({row["security"]["id"] for row in rows}) == 1
    assert len({row["security"]["cusip"] for row in rows}) == 2


def test_a_fund_that_never_listed_it_has_no_rows(stage: Engine) -> None:
    load(stage, [file("LANA", 0, portfolio(QUILL)), file("LANB", 0, portfolio())])
    assert answered(stage, "position", fund="LANB", security="QLN") == []
    with pytest.raises(UsageError, match="No fund"):
        answered(stage, "position", fund="LANZ", security="QLN")
