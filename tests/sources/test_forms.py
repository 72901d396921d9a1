"""What sources say of the form of their files is done: units, dates outside the table, classes, venues, conflicts."""

from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.errors import ParseError
from monitor.core.model import AssetClass
from monitor.sources import registry
from monitor.sources.cells import day, day_in_name, day_inside, percentage
from monitor.sources.conflicts import versions
from monitor.sources.forms import Column, DateFormat, DateFrom, TickerStyle
from monitor.sources.naming import fund_of
from monitor.sources.read import read_file
from monitor.sources.spec import Source
from monitor.sources.tickers import split_ticker

SOURCES = registry.load()
TAIPEI, POCKET, ARCHIVE, UNLIMITED = (SOURCES[one] for one in ("tw-active", "tw-pocket", "pacer", "unlimited"))
LOTS = "etf_code,data_date,stock_code,stock_name,weight,lots\n"
WEIGHTS = "ETF_Ticker,ticker,name,weight,Holdings_As_Of,Date_Scraped\n"
FILEPOINT = (
    "Date,Account,StockTicker,CUSIP,SecurityName,Shares,Price,MarketValue,Weightings,"
    "NetAssets,SharesOutstanding,CreationUnits\n"
)
NAMED = "code,name,weight,shares\n1111,LARK,2.42,8347000\n"


def refusal(source: Source, text: str, name: str = "") -> str:
    with pytest.raises(ParseError) as caught:
        read_file(source, text.encode(), name=name)
    return caught.value.code


@pytest.mark.parametrize(
    ("cell", "form", "expected"),
    [
        ("115/04/29", DateFormat.ROC, date(2026, 4, 29)),
        ("18-Nov-2025", DateFormat.DAY_MONTH, date(2025, 11, 18)),
        ("18-Foo-2025", DateFormat.DAY_MONTH, None),
        ("Nov 8, 2025", DateFormat.MONTH_DAY, date(2025, 11, 8)),
        ("November 8, 2025", DateFormat.MONTH_DAY, date(2025, 11, 8)),
        ("20260605", DateFormat.COMPACT, date(2026, 6, 5)),
        ("20.Jan.2026", DateFormat.DAY_MONTH_POINTS, date(2026, 1, 20)),
        ("3.Mär.2026", DateFormat.DAY_MONTH_POINTS, date(2026, 3, 3)),
        ("3. MÄRZ 2026", DateFormat.DAY_MONTH_POINTS, date(2026, 3, 3)),
        ("01.Dez.2025", DateFormat.DAY_MONTH_POINTS, date(2025, 12, 1)),
        ("31/Okt/2025", DateFormat.DAY_MONTH, date(2025, 10, 31)),
        ("3.12.2025", DateFormat.DMY_POINTS, date(2025, 12, 3)),
        ("18-Nov-25", DateFormat.DAY_MONTH_SHORT, date(2025, 11, 18)),
        ("46185", DateFormat.SERIAL, date(2026, 6, 12)),
        ("46185.5", DateFormat.SERIAL, None),
        ("2026/6/5", DateFormat.YMD, date(2026, 6, 5)),
        ("07/28/25", DateFormat.MDY_SHORT, date(2025, 7, 28)),
        ("07/28/2025", DateFormat.MDY_SHORT, None),
        ("6/12/2026 12:00:00 AM", DateFormat.MDY, date(2026, 6, 12)),
        ("2026-07-08T00:00:00", DateFormat.ISO, date(2026, 7, 8)),
        ("2026-07-08 or so", DateFormat.ISO, None),
        ("2026-07-081", DateFormat.ISO, None),
    ],
)
def test_dates_are_read_in_all_forms(cell: str, form: DateFormat, expected: date | None) -> None:
    assert day(cell, form) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2026-03-26.csv", date(2026, 3, 26)),
        ("x_20260326.v2.csv", date(2026, 3, 26)),
        ("2026_03_26", date(2026, 3, 26)),
        ("2026-03_26", None),
        ("CHAT_ETF_Holdings_08-30-2026.csv", date(2026, 8, 30)),
        ("NASA-holdings-08282026.csv", date(2026, 8, 28)),
        ("06_11_2026_kweb_holdings.csv", date(2026, 6, 11)),
        ("28-08-2026.csv", None),
        ("2026-13-26", None),
        ("1202603260", None),
        ("2026-03-26_2026-03-27.csv", None),
        ("2026-03-26_20260326.csv", date(2026, 3, 26)),
        ("", None),
    ],
)
def test_a_name_says_a_date_when_it_says_one_only(name: str, expected: date | None) -> None:
    assert day_in_name(name) == expected


def test_a_date_is_found_within_words_and_not_within_numbers() -> None:
    assert day_inside("As of 18-Nov-2025", DateFormat.DAY_MONTH) == date(2025, 11, 18)
    assert day_inside("资料日期：115/04/29", DateFormat.ROC) == date(2026, 4, 29)
    assert day_inside("9115/04/29", DateFormat.ROC) is None


def test_tiny_weights_may_have_an_exponent() -> None:
    assert [percentage(cell) for cell in ("1e-05", "-2.5E-7", "7%")] == [Decimal("0.00001"), Decimal("-2.5E-7"), 7]
    with pytest.raises(ValueError, match="1e5"):
        percentage("1e5")


@pytest.mark.parametrize(
    ("printed", "style", "expected"),
    [
        ("1893 JP", TickerStyle.BLOOMBERG, ("1893", "JP")),
        ("PLTR US Equity", TickerStyle.BLOOMBERG, ("PLTR", "US")),
        ("pltr uw equity", TickerStyle.BLOOMBERG, ("PLTR", "US")),
        ("SDZ SE", TickerStyle.BLOOMBERG, ("SDZ", "SW")),
        ("2327 TT", TickerStyle.BLOOMBERG, ("2327", "XTAI")),
        ("BRK/B US", TickerStyle.BLOOMBERG, ("BRK/B", "US")),
        ("NQM6 Index", TickerStyle.BLOOMBERG, ("NQM6 Index", "")),
        ("AAPL", TickerStyle.BLOOMBERG, ("AAPL", "")),
        ("ABC QQ", TickerStyle.BLOOMBERG, ("ABC QQ", "")),
        ("6857.JP", TickerStyle.DOTTED, ("6857", "JP")),
        ("BRK.B", TickerStyle.DOTTED, ("BRK.B", "")),
        ("ABC.QQ", TickerStyle.DOTTED, ("ABC.QQ", "")),
        ("$NOK", TickerStyle.DOTTED, ("$NOK", "")),
        ("1893 JP", TickerStyle.PLAIN, ("1893 JP", "")),
        ("A" * 41 + " US", TickerStyle.BLOOMBERG, ("A" * 41 + " US", "")),
    ],
)
def test_a_ticker_is_split_from_its_exchange(printed: str, style: TickerStyle, expected: tuple[str, str]) -> None:
    assert split_ticker(printed, style) == expected


def test_lots_are_thousands_of_shares_exactly() -> None:
    file = read_file(TAIPEI, f"{LOTS}00980A,2026-03-02,2222,LARK,3.22,1419.025\n".encode())
    (line,) = file.lines
    assert (line.shares, line.weight, line.ticker, line.venue) == (Decimal(1419025), Decimal("3.22"), "2222", "XTAI")
    assert not file.lists_cash


def test_a_form_without_share_counts_is_read_where_the_source_lists_it() -> None:
    rows = "COWZ,TLLY,Tally,0.0131,2026-03-02,2026-03-03\n"
    file = read_file(ARCHIVE, (WEIGHTS + rows).encode())
    (line,) = file.lines
    assert (file.fund, line.shares, line.weight, line.venue) == ("COWZ", None, Decimal("1.31"), "US")
    wider = WEIGHTS.replace("name,", "name,sector,") + rows.replace("Tally,", "Tally,Shops,")
    more = read_file(ARCHIVE, wider.encode())
    assert more.warnings == ("extra columns: sector",)
    assert more.lines[0].weight == Decimal("1.31"), "the units are those of the form it is like"
    assert refusal(ARCHIVE, WEIGHTS + rows.replace("0.0131", "-")) == "numbers"
    assert refusal(ARCHIVE, WEIGHTS.replace("weight", "part") + rows) == "columns"


def test_a_form_with_share_counts_must_print_them() -> None:
    row = "2026-03-02,COWZ,TLLY,77777F708,Tally,{},98.15,100.00,66.90%,150.00,120,1.0\n"
    assert refusal(ARCHIVE, FILEPOINT + row.format("")) == "numbers"
    file = read_file(ARCHIVE, (FILEPOINT + row.format("7")).encode())
    assert (file.lines[0].shares, file.outstanding, file.net_assets) == (Decimal(7), Decimal(120), Decimal("150.00"))


def test_totals_are_those_most_rows_print() -> None:
    row = "03/02/2026,HFND,TLLY,77777F708,Tally,1,1,1.00,,{},{},1.0\n"
    rows = row.format("$150", "100") * 2 + row.format("160", "90")
    file = read_file(UNLIMITED, (FILEPOINT + rows).encode())
    assert (file.outstanding, file.net_assets) == (Decimal(100), Decimal(150))
    assert read_file(UNLIMITED, (FILEPOINT + row.format("much", "")).encode()).net_assets is None


def test_codes_and_printed_types_say_what_is_no_share() -> None:
    row = "03/02/2026,HFND,{},{},X,1,1,1.00,,150,100,1.0\n"
    codes = [("Cash&Other", "Cash&Other"), ("QQM6 Index", "QQM6 INDEX"), ("", "CASHEUR"), ("TLLY", "77777F708")]
    file = read_file(UNLIMITED, (FILEPOINT + "".join(row.format(*code) for code in codes)).encode())
    assert [line.stated for line in file.lines] == [AssetClass.CASH, AssetClass.FUTURE, AssetClass.CASH, None]


def test_the_date_stands_in_the_name_where_the_source_says_so() -> None:
    file = read_file(POCKET, NAMED.encode(), name="some/folder/00982A/2026-02-27.csv")
    assert (file.as_of, file.dated_by, file.warnings) == (date(2026, 2, 27), "name", ())
    assert refusal(POCKET, NAMED, "2026-02-27/list.csv") == "as_of", "a folder says nothing"
    dated = "date,code,name,weight,shares\n2026-01-05,1111,LARK,2.42,8347000\n"
    either = replace(POCKET, units=replace(POCKET.units, date_from=DateFrom.EITHER), formats=())
    named = replace(either, columns={**POCKET.columns, Column.DATE: ("date",)})
    assert read_file(named, dated.encode(), name="2026-02-27.csv").as_of == date(2026, 1, 5), "what is inside counts"
    assert read_file(either, NAMED.encode(), name="2026-02-27.csv").as_of == date(2026, 2, 27)


@pytest.mark.parametrize(
    ("name", "fund"),
    [
        ("x/00982A/2026-02-27.csv", "00982A"),
        ("00404A_2026-02-27.csv", "00404A"),
        ("00981A/00404A_raw/2026-02-27.csv", "00404A"),
        ("zip.zip!00404A/2026-02-27.csv", "00404A"),
    ],
)
def test_funds_that_are_not_listed_are_known_by_their_code(name: str, fund: str) -> None:
    assert fund_of(POCKET, read_file(POCKET, NAMED.encode(), name="2026-02-27"), name) == fund
    spec = POCKET.fund(fund)
    assert (spec.ticker, spec.verified, bool(spec.why)) == (fund, False, True)


def test_what_is_no_code_of_a_fund_names_none() -> None:
    file = read_file(POCKET, NAMED.encode(), name="2026-02-27")
    for name in ("2026-02-27.csv", "00404A/00405A/x.csv_00406A", "00404A/deep/down/2026-02-27.csv"):
        with pytest.raises(ParseError, match="which fund"):
            fund_of(POCKET, file, name)
    with pytest.raises(KeyError):
        POCKET.fund("NOPE")
    with pytest.raises(ParseError, match="does not list"):
        fund_of(POCKET, replace(file, fund="NOPE"))
    longer = "TIME_NASDAQ100_ACTIVE_2026-03-26.csv"
    assert fund_of(SOURCES["timefolio"], file, longer) == "TIME_NASDAQ100_ACTIVE"
    assert fund_of(SOURCES["timefolio"], file, "TIME_KOSPI_ACTIVE/2026-03-26.csv") == "TIME_KOSPI_ACTIVE"


def test_the_ending_of_a_name_is_no_fund() -> None:
    service = SOURCES["invesco"]
    file = replace(read_file(POCKET, NAMED.encode(), name="2026-02-27"), fund="")
    with pytest.raises(ParseError, match="neither the file nor its name"):
        fund_of(service, file, "46090E103.json")
    assert fund_of(service, file, "JSON_holdings.json") == "JSON"


def test_a_fund_may_be_called_as_a_terminal_calls_it() -> None:
    file = replace(read_file(POCKET, NAMED.encode(), name="2026-02-27"), fund="SPYI GY")
    assert fund_of(SOURCES["spdr-emea"], file) == "SPYI"
    with pytest.raises(ParseError):
        fund_of(SOURCES["spdr-emea"], replace(file, fund="SPYI ZZ"))


def test_a_merge_conflict_is_two_versions_and_open_markers_are_none() -> None:
    rows = [["a"], ["<<<<<<< HEAD"], ["b"], ["======="], ["c"], [">>>>>>> x"], ["d"]]
    assert versions(rows) == (frozenset({1, 3, 4, 5}), frozenset({1, 2, 3, 5}))
    assert versions(rows[:5]) == (frozenset(),)
    assert versions([["a"], ["======="], [">>>>>>> x"]]) == (frozenset(),)


def test_both_sides_of_a_conflict_are_compared_and_the_later_one_is_read() -> None:
    table = "code,name,weight,shares,price\n<<<<<<< HEAD\n1111,LARK,2,100,{}\n=======\n1111,LARK,2,{},9\n>>>>>>> x\n"
    same = read_file(POCKET, table.format(0, 100).encode(), name="2026-03-25")
    assert (len(same.lines), same.lines[0].row, same.warnings) == (
        1, 5, ("merge conflict: both list the same holdings",)
    )  # fmt: skip
    other = read_file(POCKET, table.format(0, 300).encode(), name="2026-03-25")
    assert (other.lines[0].shares, other.warnings) == (
        Decimal(300), ("unsettled merge conflict: they differ and the later one was read",)
    )  # fmt: skip
    whole = "<<<<<<< HEAD\ncode,name,weight,shares\n=======\n" + NAMED + ">>>>>>> x\n"
    assert refusal(POCKET, whole, "2026-03-25") == "rows", "a version without lines"
    headers = "<<<<<<< HEAD\n" + NAMED + "=======\n" + NAMED + ">>>>>>> x\n"
    assert len(read_file(POCKET, headers.encode(), name="2026-03-25").lines) == 1


def test_rows_of_a_table_without_dates_are_holdings_when_they_state_a_quantity() -> None:
    text = NAMED + "2222,WREN,,\nthe end,of it,,\n\n3333,ROOK,1.0,5\nsource: a web page\n"
    file = read_file(POCKET, text.encode(), name="2026-02-27")
    assert [line.ticker for line in file.lines] == ["1111", "3333"]
    assert [row.reason for row in file.unread] == ["states no quantity", "states no quantity"]
    assert file.footer == ("source: a web page",)


TEXT = st.sampled_from(
    [",", "\n", '"', "-", "1111", "0.5", "2026-03-02", "<<<<<<< a", "=======", ">>>>>>> b", "\u00a0"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT | st.text(max_size=5), max_size=40).map("".join), st.text(max_size=12))
@pytest.mark.parametrize("source_id", [one for one in sorted(SOURCES) if SOURCES[one].shape.value == "delimited"])
def test_any_text_under_any_header_gives_a_file_or_a_refusal(source_id: str, text: str, name: str) -> None:
    source = SOURCES[source_id]
    for form in source.formats:
        body = (",".join(form.columns) + "\n" + text).encode("utf-8", "replace")
        with suppress(ParseError):
            assert read_file(source, body, name=f"{name}2026-03-02").lines


def test_of_two_names_for_one_column_the_one_counts_that_the_source_names_first() -> None:
    header = (
        "PercentageOfFund,Fund Ticker,Security Identifier,Holding Ticker,Shares/Par Value,MarketValue,Weight,Name,Date"
    )
    row = '7.5,QQQ,55501A105,QLN,"1,000","12,345.00",8.5,Quillon Robotics,03/01/2024'
    file = read_file(SOURCES["invesco"], f"{header}\n{row}\n".encode())
    assert [line.weight for line in file.lines] == [Decimal("8.5")]
    assert "weight is read from 'Weight', not from 'PercentageOfFund'" in file.warnings
    with pytest.raises(ParseError, match="two columns for weight"):
        read_file(SOURCES["invesco"], f"{header},Weight\n{row},1\n".encode())
