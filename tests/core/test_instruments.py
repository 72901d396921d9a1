"""What a line is, from what it prints: codes first, then words, never by accident."""

from __future__ import annotations

import pytest

from monitor.core import instruments
from monitor.core.model import AssetClass
from tests.core.samples import position

BOND, CASH, COIN = AssetClass.BOND, AssetClass.CASH, AssetClass.COIN
EQUITY, FUTURE, OPTION = AssetClass.EQUITY, AssetClass.FUTURE, AssetClass.OPTION
RIGHT, SWAP = AssetClass.RIGHT, AssetClass.SWAP


@pytest.mark.parametrize(
    ("name", "ticker", "identifier", "expected"),
    [
        ("QUILLON ROBOTICS INC", "QLN", "", EQUITY),
        ("US DOLLARS", "", "CCTUSD", CASH),
        ("JAPANESE YEN", "", "", CASH),
        ("EURO", "EUR", "CASHEUR", CASH),
        ("New Taiwan Dollar", "$TWD", "", CASH),
        ("GOLDWATER GOVT CASH FUND", "", "X9USDGOLD", CASH),
        ("GOLDWATER GOVT INSTL", "", "", CASH),
        ("Cash & Other", "Cash&Other", "Cash&Other", CASH),
        ("CASH & EQUIVALENTS", "USD", "", CASH),
        ("USD CASH", "", "-", CASH),
        ("현금", "", "", CASH),
        ("설정현금액", "", "CASH00000009", CASH),
        ("保證金", "", "", CASH),
        ("ANYTHING", "", "EUR", CASH),
        ("Goldwater Government Obligations Fund 12/01/2031", "GWGXX", "", CASH),
        ("GOLDWATER OIL COMPANY", "COP", "", EQUITY),
        ("GOLDWATER HEATING LTD", "SOL", "", COIN),
        ("BITCOIN", "BTC", "", COIN),
        ("EURO FX CURR FUT  Jun26", "ECM6 Curncy", "ECM6 CURNCY", FUTURE),
        ("SOYBEAN FUTURE    Jul26", "S N6 Comdty", "", FUTURE),
        ("MSCI EmgMkt       Jun26", "MESM6 Index", "", FUTURE),
        ("S&P500 EMINI FUTURE MAR26", "ESH6", "", FUTURE),
        ("US 5YR NOTE DEC 25", "", "-", FUTURE),
        ("台指", "TX 202608", "", FUTURE),
        ("臺股期貨07/26", "", "", FUTURE),
        ("EUR/USD  09/08/2025", "", "ZZZ6J3TDR", FUTURE),
        ("QLN US 03/20/26 C100 OPTION", "", "", OPTION),
        ("QUILLON", "QLN  260320C00100000", "", OPTION),
        ("臺指選擇權07/26 48600 買權", "", "", OPTION),
        ("QUILLON TOTAL RETURN SWAP", "", "", SWAP),
        ("QUILLON FINANCE 4.5 12/01/2031", "", "", BOND),
        ("UNITED STATES TREASURY BILL 12/04/2025", "", "", BOND),
        ("TBA 30YR 5.5", "", "", BOND),
        ("QUILLON PLACE HOLD", "", "", RIGHT),
        ("QUILLON FOODS (2313) RTS JUL2026", "", "", RIGHT),
        ("QUILLON ROBOTICS INC", "", "XYZ", RIGHT),
        ("QUILLON ROBOTICS INC", "", "2330", EQUITY),
        ("元大期貨", "6023", "", EQUITY),
        ("WT QUILLON ELECTRONICS", "3036.TT", "", EQUITY),
    ],
)
def test_the_class_of_a_line_without_a_verified_identifier(
    name: str, ticker: str, identifier: str, expected: AssetClass
) -> None:
    assert instruments.class_of(name, ticker, identifier) is expected


@pytest.mark.parametrize(
    ("name", "ticker", "expected"),
    [
        ("QUILLON ROBOTICS INC", "QLN", EQUITY),
        ("CASHMERE CLOTHES INC", "CSHM", EQUITY),
        ("FIRST CASH PAWN INC", "FCSH", EQUITY),
        ("OPTIMAL OPTION CARE INC", "ABC", EQUITY),
        ("FUTURE HARVEST PLC", "ABC", EQUITY),
        ("SWAP RECYCLING CORP", "ABC", EQUITY),
        ("QUILLON BITCOIN TRUST", "BTC", EQUITY),
        ("QUILLON ROBOTICS WARRANTS", "QLNW", RIGHT),
        ("QUILLON ROBOTICS INC WT", "QLNW", RIGHT),
        ("QUILLON ACQUISITION -CW27", "QLNW", RIGHT),
        ("QUILLON UNREGISTERED", "QLN", RIGHT),
        ("QUILLON 5.75 PERPETUAL PREFERRED", "QLNP", EQUITY),
        ("QUILLON 5.75 06/15/2040", "", BOND),
        ("Goldwater Government Obligations Fund 12/01/2031", "GWGXX", CASH),
        ("GOLDWATER TREASURY OBLIGATIONS FUND", "", CASH),
        ("GOLDWATER GOVERNMENT MONEY MARKET ETF", "GGM", EQUITY),
        ("WTI CRUDE FUTURE Jul26", "CLN6 Comdty", FUTURE),
    ],
)
def test_words_about_contracts_do_not_count_beside_a_verified_identifier(
    name: str, ticker: str, expected: AssetClass
) -> None:
    assert instruments.class_of(name, ticker, "55501A105", verified=True) is expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Cash", CASH),
        ("Money Market", CASH),
        ("Cash Collateral and Margins", CASH),
        ("FX", CASH),
        ("Futures", FUTURE),
        ("Forwards", FUTURE),
        ("Option", OPTION),
        ("Swap", SWAP),
        ("Fixed Income", BOND),
        ("채권", BOND),
        ("Equity", EQUITY),
        ("Bond ETF", EQUITY),
        ("Cash and/or Derivatives", EQUITY),
        ("Something else", EQUITY),
    ],
)
def test_a_printed_class_with_a_usual_word_is_believed(printed: str, expected: AssetClass) -> None:
    assert instruments.class_of("QUILLON LINE", "QLN", "55501A105", printed, verified=True) is expected


def test_shares_without_an_identifier_are_shares_when_the_file_says_so() -> None:
    assert instruments.class_of("QUILLON ROBOTICS INC", "", "", "Equity") is EQUITY
    assert instruments.class_of("QUILLON HEATING LTD", "SOL", "", "Equity") is EQUITY
    assert instruments.class_of("QUILLON RIGHTS DUMMY", "QLND", "", "Equity") is RIGHT


def test_a_future_on_currencies_is_no_forward() -> None:
    assert instruments.forward_pair("EUR/USD 09/08/2025", "", "") == "EUR/USD"
    assert instruments.forward_pair("FWRDUSDJPY01", "", "") == "USD/JPY"
    assert instruments.forward_pair("AUDUSD Crncy Fut Jun26", "", "") == ""
    assert instruments.forward_pair("EUR/USD", "ECM6 Curncy", "") == ""
    assert instruments.forward_pair("QLN/RWN", "", "") == ""
    assert instruments.forward_pair("QUILLON", "", "") == ""


def test_a_sweep_vehicle_is_a_fund_and_no_currency() -> None:
    fund = position("cash:X9USDGOLD", name="GOLDWATER GOVT CASH FUND", ticker="", asset_class=CASH)
    assert instruments.is_vehicle(fund)
    assert not instruments.is_vehicle(position("cash:EUR", name="EURO", ticker="", identifier="EUR", asset_class=CASH))
    assert not instruments.is_vehicle(position(name="GOLDWATER GOVT CASH FUND"))
