"""Stories of calibrating: a fund whose dates are unknown beside one whose dates are known, and the monthly look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from monitor import calibrating
from monitor.calibrating import Calibrated
from monitor.core.calibration import Outcome
from monitor.core.errors import UsageError
from monitor.sources.spec import Source
from monitor.store import queries
from monitor.store import schema as t
from monitor.store.engine import Engine, reading, transaction
from tests.scenarios.stories import BASE, LANTERN, NOW, File, file, load, session, source

STATED = '\n[[conventions]]\nconvention = "{}"\nfunds = ["LANB"]\n'
UNKNOWN = source(STATED.format("UNKNOWN"))


def shown(fund: str, dated: int, on: int) -> File:
    """A file of LANA or LANB dated one session with the closes of another; every price moves by 3 % a day."""
    rows = [replace(row, price=round(row.price * (1 + 0.03 * (on * 7 % 11)), 2)) for row in BASE.values()]
    return file(fund, dated, rows, moved=False)


def closing(fund: str, numbers: Sequence[int]) -> list[File]:
    return [shown(fund, n, n) for n in numbers]


def opening(fund: str, numbers: Sequence[int]) -> list[File]:
    return [shown(fund, n, n - 1) for n in numbers]


def calibrated(engine: Engine, of: Source, fund: str = "LANB", against: str | None = None) -> Calibrated:
    with reading(engine) as conn:
        other = queries.find_fund(conn, against, None) if against else None
        return calibrating.calibrate(conn, of, queries.find_fund(conn, fund, None), against=other)


def test_an_uncalibrated_fund_learns_its_switch_from_a_calibrated_one(stage: Engine) -> None:
    load(stage, closing("LANA", range(20)), of=UNKNOWN)
    load(stage, [*closing("LANB", range(8)), *opening("LANB", range(9, 18))], of=UNKNOWN)
    found = calibrated(stage, UNKNOWN, against="LANA")
    periods = [(p.convention.value, p.first, p.last, p.files, outcome) for p, _, outcome in found.told]
    assert periods == [
        ("CLOSE", session(0), session(7), 8, Outcome.DIFFERS),
        ("OPEN", session(9), session(17), 9, Outcome.DIFFERS),
    ]
    assert not found.agrees
    assert f'convention = "OPEN"\nvalid_from = {session(9)}' in found.advice


def test_equal_prices_prove_equal_conventions(lite: Engine) -> None:
    load(lite, [*closing("LANA", range(9)), *closing("LANB", range(9))])
    found = calibrated(lite, LANTERN)
    assert (found.agrees, found.advice, found.prices) == (True, "", "LANA")


def test_an_uncalibrated_fund_calibrates_nobody(lite: Engine) -> None:
    load(lite, [*closing("LANA", range(5)), *closing("LANB", range(5))], of=UNKNOWN)
    with pytest.raises(UsageError, match="cannot calibrate another fund"):
        calibrated(lite, UNKNOWN, "LANA", against="LANB")
    found = calibrated(lite, UNKNOWN, "LANA")
    assert (found.agrees, found.prices, sum(found.unjudged().values())) == (False, "no other calibrated fund", 5)


def test_closes_of_a_list_name_lines_by_cusip_isin_or_ticker() -> None:
    text = "Date,CUSIP,Ticker,Close\n2026-01-05,037833100,AAPL UW,10.5\n2026-01-05,,TSLA,7\n2026-01-05,X,,0\n"
    _, closes = calibrating.read_closes("closes.csv", "\ufeff" + text)
    assert {key: str(value) for key, value in closes[date(2026, 1, 5)].items()} == {
        "cusip:037833100": "10.5", "ticker:AAPL": "10.5", "ticker:TSLA": "7",
    }  # fmt: skip
    for wrong, words in (("date,close\n", "needs the columns"), ("date,isin,close\n1,2,3\n", "row 2")):
        with pytest.raises(UsageError, match=words):
            calibrating.read_closes("closes.csv", wrong)


# --- the monthly look -----------------------------------------------------------------------------


def look(engine: Engine, of: Source, at: datetime, *, anyway: bool = False) -> list[str]:
    with reading(engine) as conn:
        funds = [one for one in queries.funds_known(conn) if one.ticker == "LANB"]
    made = calibrating.recheck(engine, {of.id: of}, funds, now=at, operators=("pager", "mail"), anyway=anyway)
    return [check.outcome.value for _, check in made]


def notices(engine: Engine) -> list[tuple[str, str]]:
    with transaction(engine) as conn:
        rows = conn.execute(select(t.delivery).order_by(t.delivery.c.id)).all()
    return [(row.channel, json.loads(row.message)["headline"]) for row in rows]


WRONG = source(STATED.format("OPEN"))


def test_the_second_failure_in_a_row_is_told_to_the_operator_once(stage: Engine) -> None:
    numbers = range(40, 60)
    load(stage, [*closing("LANA", numbers), *closing("LANB", numbers)], of=WRONG)
    assert look(stage, WRONG, NOW) == ["differs"]
    assert look(stage, WRONG, NOW + timedelta(days=5)) == []  # not due
    assert notices(stage) == []
    assert look(stage, WRONG, NOW + timedelta(days=6), anyway=True) == ["differs"]
    assert notices(stage) == [("pager", "The dates in the files of LANB may mean something else now")]
    assert look(stage, WRONG, NOW + timedelta(days=7), anyway=True) == ["differs"]
    assert len(notices(stage)) == 1
    with reading(stage) as conn:
        rows = [row for row in queries.status(conn, NOW) if row.what == "calibration"]
    assert [(row.name, row.state, row.count) for row in rows] == [("LANB", "doubtful", 3)]
    assert queries.needs_attention(rows)


def test_a_look_that_agrees_or_tells_nothing_alarms_nobody(lite: Engine) -> None:
    numbers = range(40, 60)
    load(lite, [*closing("LANA", numbers), *closing("LANB", numbers)])
    assert look(lite, LANTERN, NOW) == ["agrees"]
    assert look(lite, LANTERN, NOW + timedelta(days=90)) == ["unknown"]  # no file of the last weeks
    assert look(lite, LANTERN, NOW + timedelta(days=91), anyway=True) == ["unknown"]
    with reading(lite) as conn:
        rows = [row for row in queries.status(conn, NOW) if row.what == "calibration"]
    assert [(row.state, row.count) for row in rows] == [("unknown", 0)]
    assert notices(lite) == []
    with reading(lite) as conn:
        funds = queries.funds_known(conn)
    assert calibrating.recheck(lite, {}, funds, now=NOW, operators=(), anyway=True) == []
