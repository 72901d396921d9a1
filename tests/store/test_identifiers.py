"""The view of names, tickers and identifiers: how long each was valid, what was reused, what is in conflict."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import text

from monitor.store.codec import day_of
from monitor.store.engine import Engine, transaction
from tests.store.test_queries import MONDAY, Rows, days


@pytest.fixture
def rows(engine: Engine) -> Iterator[Rows]:
    """An empty history with one issuer and two funds."""
    with transaction(engine) as conn:
        written = Rows(conn)
        written.issuer()
        written.fund(1, "AAA")
        written.fund(2, "BBB")
        yield written


Said = tuple[str, str, str, date, date, int, int]


def said(rows: Rows, kind: str) -> list[Said]:
    """Fund, security, value, first and last date, reused, conflict."""
    query = text(
        "SELECT fund, identity, value, valid_from, valid_to, reused, conflict FROM v_identifiers"
        " WHERE kind = :kind ORDER BY fund, value, valid_from, identity"
    )
    return [
        (r.fund, r.identity[-1], r.value, _date(r.valid_from), _date(r.valid_to), r.reused, r.conflict)
        for r in rows.conn.execute(query, {"kind": kind})
    ]


def _date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def test_a_ticker_is_valid_from_its_first_to_its_last_file(rows: Rows) -> None:
    one, two, three, four = days(4)
    rows.security(1, "QUILLON ROBOTICS", "QLN", ("cusip", "55501A105"))
    rows.file(1, one, {1: 10})
    rows.file(1, two, {1: 10})
    rows.file(1, three, {}, standing="quarantined")
    rows.file(2, four, {1: 5})
    assert said(rows, "ticker") == [("AAA", "1", "QLN", one, two, 0, 0), ("BBB", "1", "QLN", four, four, 0, 0)]
    assert said(rows, "cusip") == [
        ("AAA", "1", "55501A105", one, two, 0, 0),
        ("BBB", "1", "55501A105", four, four, 0, 0),
    ]
    assert [one[2] for one in said(rows, "name")] == ["QUILLON ROBOTICS", "QUILLON ROBOTICS"]


def test_a_ticker_given_to_another_security_later_is_reused_and_no_conflict(rows: Rows) -> None:
    one, two, three, _ = days(4)
    rows.security(1, "QUILLON ROBOTICS", "QLN")
    rows.security(2, "QUILTING LANE", "QLN")
    rows.file(1, one, {1: 10})
    rows.file(1, two, {})
    rows.file(1, three, {2: 10})
    assert said(rows, "ticker") == [("AAA", "1", "QLN", one, one, 1, 0), ("AAA", "2", "QLN", three, three, 1, 0)]


def test_two_securities_with_one_ticker_at_the_same_time_are_in_conflict(rows: Rows) -> None:
    one, two, three, four = days(4)
    for number in (1, 2, 3):
        rows.security(number, "QUILLON ROBOTICS", "QLN")
    rows.file(1, one, {1: 10})
    rows.file(1, two, {1: 10, 2: 5})
    rows.file(1, three, {2: 5})
    rows.file(1, four, {3: 1})
    assert [(s, c) for _, s, _, _, _, _, c in said(rows, "ticker")] == [("1", 1), ("2", 1), ("3", 0)]
    assert {c for _, _, _, _, _, _, c in said(rows, "name")} == {0}  # two lines of one company share their name


def test_identities_joined_by_links_are_one_security(rows: Rows) -> None:
    one, two, three, _ = days(4)
    for number in (1, 2, 3):
        rows.security(number, "QUILLON ROBOTICS", "QLN", ("cusip", f"5550{number}A105"))
    rows.link(1, 1, 2)
    rows.link(1, 2, 3)
    rows.file(1, one, {1: 10})
    rows.file(1, two, {1: 10, 2: 10})
    rows.file(1, three, {3: 10})
    assert {(reused, conflict) for *_, reused, conflict in said(rows, "ticker")} == {(0, 0)}
    public = set(rows.conn.execute(text("SELECT security FROM v_identifiers")).scalars())
    assert public == {"S0000000001"}
    assert day_of(MONDAY) == day_of(one)


def test_links_that_go_in_a_circle_end(rows: Rows) -> None:
    rows.security(1, "QUILLON ROBOTICS", "QLN")
    rows.security(2, "QUILLON ROBOTICS", "QLN")
    rows.link(1, 1, 2)
    rows.link(1, 2, 1)
    rows.file(1, days(1)[0], {1: 10, 2: 10})
    assert [s for _, s, *_ in said(rows, "ticker")] == ["1", "2"]


def test_the_work_grows_with_the_lines_and_not_with_their_square(rows: Rows) -> None:
    if rows.conn.dialect.name != "sqlite":
        pytest.skip("PostgreSQL joins by hashes; what it reads is held in test_plans.py")
    one, two, *_ = days(4)
    for number in range(1, 401):
        rows.security(number, f"QUILLON {number}", f"Q{number}")
    rows.file(1, one, dict.fromkeys(range(1, 201), 10))
    few = steps(rows)
    rows.file(1, two, dict.fromkeys(range(201, 401), 10))
    assert steps(rows) < 3 * few


def steps(rows: Rows) -> int:
    """How many thousands of SQLite's steps it takes to read all of the view."""
    counted: list[int] = []
    driver = rows.conn.connection.driver_connection
    assert driver is not None
    driver.set_progress_handler(lambda: counted.append(1), 1000)
    rows.conn.execute(text("SELECT * FROM v_identifiers")).all()
    driver.set_progress_handler(None, 0)
    return len(counted)
