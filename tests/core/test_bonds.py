"""Bonds: terms in names, first numbers that are replaced, maturities, pools to be announced."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from monitor.core import bonds
from monitor.core.bonds import Terms
from monitor.core.model import AssetClass, Interval, Position
from tests.core.samples import CALENDAR, D, day, position


@pytest.mark.parametrize(
    ("name", "coupon", "maturity"),
    [
        ("TREASURY NOTE (OTR) 3.875 06/30/2030", "3.875", date(2030, 6, 30)),
        ("FEDERAL HOME LOAN MORTGAGE CORPORATION 2 12/01/2051", "2", date(2051, 12, 1)),
        ("QUILLON 4.5% 12/01/31", "4.5", date(2031, 12, 1)),
        ("T 3 7/8 06/30/30", "3.875", date(2030, 6, 30)),
        ("QUILLON 5 2031-12-01", "5", date(2031, 12, 1)),
        ("TREASURY BILL 12/04/2025", None, date(2025, 12, 4)),
        ("B 10/02/26", None, date(2026, 10, 2)),
        ("QUILLON SUKUK LTD 5.1 06/01/2031 REGS", "5.1", date(2031, 6, 1)),
        ("QUILLON SUKUK LTD 5.1% 06/01/2031 144A MTN", "5.1", date(2031, 6, 1)),
        ("QUILLON 5 13/45/2031", "5", None),
        ("QUILLON 5 2031-13-45", "5", None),
    ],
)
def test_a_name_that_ends_with_coupon_and_maturity(name: str, coupon: str | None, maturity: date | None) -> None:
    assert bonds.terms(name) == Terms(None if coupon is None else Decimal(coupon), maturity)


@pytest.mark.parametrize(
    "name", ["QUILLON ROBOTICS INC", "Goldwater Obligations Fund 12/01/2031", "EUR/USD 09/08/2025"]
)
def test_other_names_have_no_terms(name: str) -> None:
    assert bonds.terms(name) is None


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("TBA 30YR 5.5", "tba:30YR 5.5"),
        ("UMBS TBA 30YR 5.5 8/13/2025", "tba:UMBS 30YR 5.5"),
        ("FNMA TBA 5.50 30 YR SEP", "tba:UMBS 30YR 5.5"),
        ("G2SF TBA", "tba:GNMA"),
        ("QUILLON 5.5", ""),
    ],
)
def test_a_pool_to_be_announced_is_its_coupon_and_term(name: str, key: str) -> None:
    assert bonds.tba_key(name) == key


def test_terms_in_columns_of_their_own_complete_the_name() -> None:
    full = bonds.with_terms("QUILLON FINANCE", D("5.05"), date(2048, 3, 25))
    assert full == "QUILLON FINANCE 5.05 03/25/2048"
    assert bonds.with_terms(full, D("5.05"), date(2048, 3, 25)) == full
    assert bonds.terms(bonds.with_terms("QUILLON BILLS", None, date(2026, 3, 25))) == Terms(D(0), date(2026, 3, 25))
    assert bonds.with_terms("QUILLON FINANCE", D(5), None) == "QUILLON FINANCE"


def bond(name: str, par: object = 500_000, **changed: object) -> Position:
    return position("cusip:55501A105", par, name=name, ticker="", asset_class=AssetClass.BOND, **changed)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (bond("QUILLON 5 06/15/2040"), bond("QUILLON 5 06/15/2040"), True),
        (bond("QUILLON 5.25 06/15/2040"), bond("QUILLON 5.375 06/15/2040"), True),  # the first coupon was a guess
        (bond("QUILLON 5.25 06/15/2040"), bond("QUILLON 5.375 06/15/2040", 500_001), False),
        (bond("QUILLON (OTR) 5 06/15/2040"), bond("QUILLON (OLD) 5 06/15/2040"), True),
        (bond("QUILLON 5 06/15/2040"), bond("QUILLON 5 06/15/2041"), False),
        (bond("QUILLON 5 06/15/2040"), bond("ROWAN 5 06/15/2040"), False),
        (bond("QUILLON 5 06/15/2040", value=D(100)), bond("QUILLON 5 06/15/2040", 600_000, value=D(101)), True),
        (bond("QUILLON 5 06/15/2040", value=D(100)), bond("QUILLON 5 06/15/2040", 600_000, value=D(105)), False),
        (bond("QUILLON 5 06/15/2040", value=None), bond("QUILLON 5 06/15/2040", 600_000), False),
        (bond("QUILLON NOTES"), bond("QUILLON NOTES"), False),
        (bond("QUILLON 5 13/45/2040"), bond("QUILLON 5 13/45/2040"), False),
        (bond("QUILLON BILL 06/15/2026"), bond("QUILLON BILL 06/15/2026"), True),
    ],
)
def test_the_same_issue_under_another_number(old: Position, new: Position, same: bool) -> None:
    assert bonds.is_same_issue(old, new) is same


def test_a_paydown_is_less_than_two_percent_of_par() -> None:
    assert bonds.is_paydown(D(1000), D(981))
    assert not bonds.is_paydown(D(1000), D(980))


FILES = (day(9), day(10))


@pytest.mark.parametrize(
    ("due", "expected"),
    [(day(10), True), (day(5), True), (day(4), False), (day(15), True), (day(16), False), (date(2051, 1, 1), False)],
)
def test_a_bond_matured_when_it_left_within_five_sessions(due: date, expected: bool) -> None:
    one = bond(f"QUILLON 5 {due:%m/%d/%Y}")
    assert bonds.has_matured(one, Interval(day(10), day(10)), FILES, CALENDAR) is expected


def test_without_sessions_a_week_around_the_files_counts() -> None:
    unknown = Interval(None, None)
    assert bonds.has_matured(bond(f"QUILLON 5 {day(12):%m/%d/%Y}"), unknown, FILES, CALENDAR)
    assert not bonds.has_matured(bond(f"QUILLON 5 {day(20):%m/%d/%Y}"), unknown, FILES, CALENDAR)


def test_what_has_no_maturity_does_not_mature() -> None:
    assert not bonds.has_matured(bond("QUILLON NOTES"), Interval(day(10), day(10)), FILES, CALENDAR)
    assert not bonds.has_matured(bond("QUILLON 5 13/45/2026"), Interval(day(10), day(10)), FILES, CALENDAR)
    share = position(name=f"QUILLON 5 {day(10):%m/%d/%Y}")
    assert not bonds.has_matured(share, Interval(day(10), day(10)), FILES, CALENDAR)
