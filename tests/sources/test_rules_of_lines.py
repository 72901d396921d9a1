"""What a line is beyond its cells: its exchange, its class, its whole identifier, and which rows are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from monitor.core.errors import ParseError
from monitor.core.identity import positions_of
from monitor.core.model import AssetClass
from monitor.sources import registry
from monitor.sources.adjusting import is_total
from monitor.sources.cells import number, with_point
from monitor.sources.cusips import completed
from monitor.sources.read import read_file

SOURCES = registry.load()
ISHARES = (
    'Fund Holdings as of,"Mar 02, 2026"\n\n'
    "Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location,Exchange,Currency,"
    "FX Rate,Market Currency,Accrual Date\n"
)


def ishares(*rows: tuple[str, str, str, str, str]) -> str:
    """A file of ticker, name, class, quantity and exchange."""
    lines = (f'"{t}","{n}","-","{c}","10","1","10","{q}","1","-","{e}","USD","1","USD","-"\n' for t, n, c, q, e in rows)
    return ISHARES + "".join(lines)


def test_one_ticker_on_three_exchanges_is_three_securities_and_cash_beside_a_bank_is_cash() -> None:
    text = ishares(
        ("TEL", "TE CONNECTIVITY", "Equity", "1", "New York Stock Exchange Inc."),
        ("TEL", "TELENOR", "Equity", "2", "Oslo Bors Asa"),
        ("TEL", "PLDT", "Equity", "3", "Philippine Stock Exchange Inc."),
        ("TEL", "CASH COLLATERAL USD TEL", "Cash Collateral and Margins", "4", "-"),
        ("270", "KIA", "Equity", "5", "Korea Exchange (Stock Market)"),
        ("270", "GUANGDONG", "Equity", "6", "Hong Kong Exchanges And Clearing Ltd"),
    )
    found = positions_of("F", read_file(SOURCES["ishares-us"], text.encode()).lines)
    assert {p.key: int(p.shares or 0) for p in found} == {
        "venue:US:TEL": 1,
        "venue:NO:TEL": 2,
        "venue:PM:TEL": 3,
        "cash:CASH COLLATERAL USD TEL": 4,
        "venue:XKRX:000270": 5,
        "venue:HK:270": 6,
    }


def test_two_share_classes_in_stockholm_stay_two() -> None:
    text = ishares(
        ("INVE A", "INVESTOR A", "Equity", "1", "Nasdaq Omx Nordic"), ("INVE B", "INVESTOR B", "Equity", "2", "SS")
    )
    assert [p.key for p in positions_of("F", read_file(SOURCES["ishares-us"], text.encode()).lines)] == [
        "venue:SS:INVEA",
        "venue:SS:INVEB",
    ]


def test_a_day_without_a_list_is_refused_as_such() -> None:
    with pytest.raises(ParseError, match="a list of no day") as caught:
        read_file(SOURCES["ishares-us"], ISHARES.replace("Mar 02, 2026", "-").encode())
    assert caught.value.code == "as_of"


EXPORT = "Ticker,Company,Share/ Par,% TNA,Class of shares,CUSIP,Market value\nACME,Acme,10,100%,Common Stock,--,$5\n"


def test_a_file_without_a_date_is_of_the_last_session_before_it_was_fetched() -> None:
    source = SOURCES["invesco"]
    evening = datetime(2026, 8, 31, 23, 0, tzinfo=UTC)
    for name, fetched, said in (
        ("x_08-30-2026.csv", None, date(2026, 8, 28)),
        ("https://example.com/x.csv", evening, date(2026, 8, 31)),
        ("https://example.com/x.csv", evening.replace(hour=12), date(2026, 8, 28)),
    ):
        file = read_file(source, EXPORT.encode(), name=name, fetched=fetched)
        assert (file.as_of, file.dated_by) == (said, "fetched")
    file = read_file(source, (EXPORT + "\n# as of 2026-08-27\n").encode(), name="x_08-30-2026.csv")
    assert (file.as_of, file.dated_by) == (date(2026, 8, 27), "file")
    with pytest.raises(ParseError, match="nor anything else says when it was fetched"):
        read_file(source, EXPORT.encode(), name="x.csv")


def test_a_file_whose_numbers_lack_their_check_digit_has_them_completed() -> None:
    head = "Ticker,Company,Share/ Par,% TNA,Class of shares,CUSIP,Market value\n"
    rows = [
        f"T{n},Name {n},10,1%,Common Stock,{cusip},$5\n" for n, cusip in enumerate(("03783310", "59491810", "02313510"))
    ]
    file = read_file(SOURCES["invesco"], (head + "".join(rows)).encode(), name="2026-03-02.csv")
    assert [line.identifier for line in file.lines] == ["037833100", "594918104", "023135106"]
    assert any("completed" in warning for warning in file.warnings)
    own = [replace(line, identifier=str(10000001 + n)) for n, line in enumerate(file.lines)]
    assert completed(own) == (own, 0)
    whole = [line for line in file.lines for _ in range(2)]
    assert completed(whole) == (whole, 0)


def test_bills_called_cash_are_bonds_and_forwards_without_a_name_are_kept() -> None:
    head = (
        "Ticker,Company,Share/ Par,% TNA,Class of shares,CUSIP,Coupon/ Div yield,Maturity date,Next call date,"
        "S&P/Moody’s rating,Market value\n"
    )
    rows = (
        '--,Treasury Bill,"1,000",50%,Cash,037833100,--,04/16/2026,--,--,$990\n'
        '--,--,"-1,000",-1%,Forward Currency Contract,--,--,--,--,NR/NR,-$10.50\n'
    )
    file = read_file(SOURCES["invesco"], (head + rows).encode(), name="2026-03-02.csv")
    bill, forward = positions_of("F", file.lines)[::1]
    assert (bill.key, bill.asset_class) == ("cusip:037833100", AssetClass.BOND)
    assert (forward.asset_class, forward.shares, forward.value) == (
        AssetClass.FUTURE,
        Decimal(-1000),
        Decimal("-10.50"),
    )


@pytest.mark.parametrize("name", ["Total", "TOTAL:", "Grand Total", "Total Net Assets", "合計", "Summe"])
def test_rows_of_totals_are_known_by_their_name(name: str) -> None:
    assert is_total(name)


@pytest.mark.parametrize("name", ["TotalEnergies SE", "Total System Services", "", "Assumption"])
def test_companies_are_no_totals(name: str) -> None:
    assert not is_total(name)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("6.832.761.364,70", "6832761364.70"), ("-1,50", "-1.50"), ("913,00", "913.00"), ("38.371.210", "38371210")],
)
def test_decimal_commas_are_read(cell: str, value: str) -> None:
    assert number(with_point(cell)) == Decimal(value)


def test_numbers_of_other_countries_are_read_or_refused() -> None:
    assert number(with_point("1'234.50")) == Decimal("1234.50")
    assert number("(TWD) $ -53,630,824", "$") == Decimal(-53630824)
    assert number("NT$23,704,791,500", "$") == Decimal(23704791500)
    with pytest.raises(ValueError, match=r"1\.234,50"):
        number(with_point("1,234.50"))


def test_known_names_in_a_new_order_are_read_where_the_source_says_so() -> None:
    text = (
        ISHARES.replace("Price,Location,", "Duration,")
        + '"ACME","ACME","-","Equity","10","1","10","3","-","NYSE","USD","1","USD","-"\n'
    )
    file = read_file(SOURCES["ishares-us"], text.encode())
    assert (str(file.lines[0].shares), file.lines[0].venue) == ("3", "US")
    moved = text.replace("Market Value,Weight (%)", "Weight (%),Market Value")
    file = read_file(SOURCES["ishares-us"], moved.encode())
    assert (str(file.lines[0].weight), str(file.lines[0].value)) == ("10", "1")
    assert [warning.partition(":")[0] for warning in file.warnings] == [
        "columns that do not stand together in a form we know"
    ]
