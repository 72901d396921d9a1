"""Groups of contracts: codes, months, rolls, and what their lines add up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import contracts, identity
from monitor.core.model import AssetClass, Line, Position
from tests.core.samples import D, line, position

FUTURE, OPTION, SWAP = AssetClass.FUTURE, AssetClass.OPTION, AssetClass.SWAP


def future(month: str, shares: object, *, value: object = 1000, name: str = "COPPER FUTURE") -> Line:
    return line(
        f"{name} {month}",
        ticker=f"HG{month} Comdty",
        identifier=f"HG{month} COMDTY",
        shares=None if shares is None else D(str(shares)),
        value=None if value is None else D(str(value)),
        weight=None,
    )


def held(*lines: Line) -> Position:
    (one,) = identity.positions_of("LANA", lines)
    return one


@pytest.mark.parametrize(
    ("code", "group", "expiry"),
    [
        ("HGN6 Comdty", "future:HG COMDTY", None),
        ("S N6 Comdty", "future:S COMDTY", None),
        ("UXM6 INDEX", "future:UX INDEX", None),
        ("QLN  260320C00100000", "option:QLN:CALL", date(2026, 3, 20)),
        ("2QLN 260320P100", "option:QLN:PUT", date(2026, 3, 20)),
        ("QLN US 03/20/26 C100 Equity", "option:QLN:CALL", date(2026, 3, 20)),
        ("TWQ 07/15/26 P43600 Index", "option:TWQ:PUT", date(2026, 7, 15)),
    ],
)
def test_a_code_names_the_group_of_its_contract(code: str, group: str, expiry: date | None) -> None:
    found = contracts.of_code(code)
    assert found is not None
    assert (found.group, found.expiry) == (group, expiry)


@pytest.mark.parametrize("code", ["QLN", "SPX Index", "QLN 261399C00100000", "QLN 13/45/26 C100", "55501A105"])
def test_other_codes_name_no_contract(code: str) -> None:
    assert contracts.of_code(code) is None


@pytest.mark.parametrize(
    ("name", "ticker", "stated", "key"),
    [
        ("COPPER FUTURE Jul26", "HGN6 Comdty", FUTURE, "future:HG COMDTY"),
        ("S&P500 EMINI DEC 25", "ESZ5", FUTURE, "future:ES"),
        ("FTSE 100 INDEX MAR 26", "Z H6", FUTURE, "future:Z"),
        ("TAIEX", "TX 202608", FUTURE, "future:TX"),
        ("台指", "TX", FUTURE, "future:TX"),
        ("US 5YR NOTE DEC 25", "", FUTURE, "future:LANA:US 5YR NOTE"),
        ("US 5YR NOTE MAR 26", "", FUTURE, "future:LANA:US 5YR NOTE"),
        ("臺股期貨07/26", "", FUTURE, "future:LANA:臺股期貨"),
        ("QUILLON 03/20/26 100 CALL", "", OPTION, "option:LANA:QUILLON:CALL"),
        ("QUILLON 03/27/26 105 CALL", "", OPTION, "option:LANA:QUILLON:CALL"),
        ("QUILLON 03/27/26 105 PUT", "", OPTION, "option:LANA:QUILLON:PUT"),
        ("QUILLON FLEX OPTION", "QLNX 1", OPTION, "option:LANA:QUILLON"),
        ("QUILLON SWAP", "", SWAP, "swap:LANA:QUILLON"),
        ("SWAP", "QLNS 7", SWAP, "swap:LANA:QLNS 7"),
        ("TWQ INDEX", "TWQ 07/15/26 C46500 Index", FUTURE, "future:LANA:TWQ INDEX"),
    ],
)
def test_the_key_of_a_group_leaves_out_month_strike_and_expiry(
    name: str, ticker: str, stated: AssetClass, key: str
) -> None:
    assert contracts.group_key("LANA", name, ticker, "", stated) == key
    assert contracts.is_contract(key)


def test_a_currency_forward_is_grouped_by_its_pair() -> None:
    assert contracts.group_key("LANA", "EUR/USD 09/08/2025", "", "", FUTURE, "EUR/USD") == "forward:EUR/USD"
    assert contracts.is_forward("forward:EUR/USD")
    assert not contracts.is_forward("future:EC CURNCY")
    assert not contracts.is_contract("cusip:55501A105")


def test_the_months_of_a_future_are_one_position_with_the_months_kept() -> None:
    both = held(future("N6", 33), future("Q6", -4))
    assert (both.key, both.shares, both.value, both.lines) == ("future:HG COMDTY", D(29), D(2000), 2)
    assert both.identifier == "HGN6 COMDTY 33; HGQ6 COMDTY -4"
    assert contracts.months(both) == {"HGN6 COMDTY": 33, "HGQ6 COMDTY": -4}
    assert contracts.listed(both) == {"HGN6 COMDTY", "HGQ6 COMDTY"}
    assert not contracts.is_one_sided(both)


def test_one_month_in_two_lines_is_one_contract() -> None:
    both = held(future("N6", 33), future("N6", 2))
    assert (both.identifier, both.shares) == ("HGN6 COMDTY", D(35))
    assert contracts.months(both) == {"HGN6 COMDTY": 35}


def test_a_contract_known_by_its_name_alone_bears_it() -> None:
    one = held(line("US 5YR NOTE DEC 25", ticker="", identifier="-", shares=D(386), value=D(0), weight=D(0)))
    assert contracts.months(one) == {"US 5YR NOTE DEC 25": 386}
    assert contracts.is_one_sided(one)


def test_quantities_that_are_not_printed_stay_unknown() -> None:
    both = held(future("N6", None, value=None), future("Q6", None))
    assert both.shares is None
    assert both.identifier == "HGN6 COMDTY ?; HGQ6 COMDTY ?"
    assert set(contracts.months(both).values()) == {None}
    assert both.value is None


@pytest.mark.parametrize(
    ("shares", "value", "weight", "expected"),
    [(3, 0, 0, True), (-3, None, None, True), (0, 500, None, True), (None, None, 2, True), (0, 0, 2, False)],
)
def test_a_group_is_held_when_anything_of_it_is_there(
    shares: int | None, value: int | None, weight: int | None, expected: bool
) -> None:
    one = position("future:HG COMDTY", 1)
    known = [None if x is None else D(x) for x in (shares, value, weight)]
    assert contracts.is_held(replace(one, shares=known[0], value=known[1], weight=known[2])) is expected


def test_what_is_not_held_lists_no_contracts() -> None:
    assert contracts.listed(None) == frozenset()
    assert contracts.listed(held(future("N6", 0, value=0))) == frozenset()
    assert contracts.listed(held(future("N6", 0), future("Q6", 5))) == {"HGQ6 COMDTY"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([("N6", 37)], [("Q6", 37)], True),
        ([("N6", 100)], [("Q6", 98)], True),
        ([("N6", 100)], [("Q6", 97)], False),
        ([("N6", -90)], [("Q6", 90)], False),
        ([("N6", 37)], [("N6", 20), ("Q6", 17)], False),  # under way
        ([("N6", 20), ("Q6", 17)], [("Q6", 37)], True),
        ([("N6", 37)], [("N6", 37)], False),
        ([("N6", 37)], [("Q6", 0)], True),  # a file that prints no quantities, only exposure
    ],
)
def test_a_roll_is_a_new_month_with_the_old_quantity(
    before: list[tuple[str, int]], after: list[tuple[str, int]], expected: bool
) -> None:
    old, new = held(*(future(*m) for m in before)), held(*(future(*m) for m in after))
    if after == [("Q6", 0)]:
        old = held(future("N6", 0))
    assert contracts.is_rolled(old, new) is expected


def option(strike: int, shares: int) -> Line:
    return line("QUILLON", ticker=f"QLN 260320C{strike}", identifier="", shares=D(shares), value=D(1), weight=None)


def test_options_are_replaced_whatever_their_number() -> None:
    assert contracts.is_rolled(held(option(100, 340)), held(option(105, 300)))
    assert not contracts.is_rolled(held(option(100, 340)), held(option(100, 300)))
    assert contracts.expiries(held(option(100, 1), option(105, 1))) == (date(2026, 3, 20), date(2026, 3, 20))
    assert contracts.expiries(held(future("N6", 1))) == ()


def test_what_a_fund_is_worth_leaves_out_exposure() -> None:
    cash = position("cash:USD", 90, value=D(90), asset_class=AssetClass.CASH)
    short = position("future:HG COMDTY", -5, value=D(-500), asset_class=FUTURE)
    unknown = position(value=None)
    assert contracts.net_value([cash, short, unknown]) == 90
    assert contracts.net_value([short]) == 500
    assert contracts.net_value([]) == 0


MONTHS = st.lists(
    st.tuples(st.sampled_from(["H6", "M6", "N6", "Q6", "U6"]), st.integers(-200, 200)), min_size=1, max_size=5
)


@given(MONTHS)
def test_the_sum_of_the_months_is_the_position_in_any_order_of_lines(months: list[tuple[str, int]]) -> None:
    found = {held(*order) for order in permutations([future(*m) for m in months[:4]])}
    assert len(found) == 1
    (one,) = found
    assert one.shares == sum(n for _, n in months[:4])
    assert sum((n or Decimal(0) for n in contracts.months(one).values()), Decimal(0)) == one.shares


@given(st.integers(-500, 500).filter(bool))
def test_a_roll_of_an_equal_quantity_is_always_a_roll(quantity: int) -> None:
    old, new = held(future("N6", quantity)), held(future("Q6", quantity))
    assert old.key == new.key
    assert contracts.is_rolled(old, new)
