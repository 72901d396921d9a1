"""What spreadsheets and web pages put around the text of a cell, and columns printed once."""

from datetime import date
from decimal import Decimal

import pytest

from monitor.core.errors import ParseError
from monitor.sources.guards import plain_cell, unguarded_rows, unguarded_text
from monitor.sources.loading import parse_source
from monitor.sources.read import read_file
from monitor.sources.spec import Source

BASE = """
id = "guarded"
name = "Guarded"
shape = "delimited"
currency = "USD"
calendar = "XNYS"
weight_unit = "{unit}"
date_format = "M/D/YYYY"
{more}

[columns]
required = ["name", "shares"]
date = ["date"]
fund = ["fund"]
name = ["name"]
ticker = ["ticker"]
shares = ["shares"]
value = ["value"]
weight = ["weight"]

[[formats]]
columns = ["Date", "Fund", "Ticker", "Name", "Shares", "Value", "Weight"]

[[conventions]]
convention = "UNKNOWN"

[[funds]]
ticker = "AAAA"
name = "A fund"
kind = "active"
verified = false
why = "invented"
"""
HEADER = "Date,Fund,Ticker,Name,Shares,Value,Weight\n"


def source(unit: str = "percent", more: str = "") -> Source:
    found, faults = parse_source(BASE.format(unit=unit, more=more), "guarded.toml")
    assert found is not None, faults
    return found


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ('="0123"', "0123"),
        ('="a, b"', "a, b"),
        ("LARK &#38; WREN", "LARK & WREN"),
        ("LARK &amp; WREN", "LARK & WREN"),
        ("O&#x27;WREN", "O'WREN"),
        ("AT&T", "AT&T"),
        ("R&D; more", "R&D; more"),
        ("&#27;[2J", "&#27;[2J"),  # would clear a screen
        ("&unheardof;", "&unheardof;"),
        ("=1+1", "=1+1"),
        ('=HYPERLINK("x")', '=HYPERLINK("x")'),
    ],
)
def test_a_cell_loses_its_guard_and_its_entities(cell: str, plain: str) -> None:
    assert plain_cell(cell) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('1,="a, b",2\n', '1,"a, b",2\n'),
        ('="a";="b"\r\n="c"', '="a";="b"\r\n"c"'),  # the delimiter is a comma here
        ("=DOLLAR(13746.09),x", "13746.09,x"),
        ("=dollar(-5, 2),x", "-5,x"),
        ("=DOLLAR(A1*2),x", "=DOLLAR(A1*2),x"),
        ("plain, text", "plain, text"),
    ],
)
def test_a_guarded_cell_does_not_fall_apart(text: str, plain: str) -> None:
    assert unguarded_text(text, ",") == plain


def test_rows_without_guards_are_not_touched() -> None:
    rows = [["a", "b"]]
    assert unguarded_rows(rows, "a,b") is rows


def test_guarded_numbers_and_names_are_read() -> None:
    body = HEADER + '3/2/2026,AAAA,="LARK","Lark &#38; Co",="7,288","=DOLLAR(13746455.09)",5.6\n'
    (line,) = read_file(source(), body.encode()).lines
    assert (line.ticker, line.name, line.shares, line.value) == (
        "LARK",
        "Lark & Co",
        Decimal(7288),
        Decimal("13746455.09"),
    )


def test_a_bare_number_is_a_fraction_where_weights_are_mixed() -> None:
    body = HEADER + "3/2/2026,AAAA,LARK,Lark,1,1,0.0572\n3/2/2026,AAAA,WREN,Wren,1,1,0.50%\n3/2/2026,AAAA,SW,S,1,1,-2\n"
    weights = [line.weight for line in read_file(source("mixed"), body.encode()).lines]
    assert weights == [Decimal("5.72"), Decimal("0.50"), Decimal(-200)]


def test_a_date_and_a_fund_printed_once_hold_for_the_rows_below() -> None:
    body = HEADER + (
        "3/2/2026,AAAA,LARK,Lark,10,1,1%\n"
        ",,WREN,Wren,20,1,1%\n"
        '"As of the close; may change",,,,,,\n'
        ",,TERN,Tern,30,1,1%\n"
        ",,,Holdings may change,,,\n"
    )
    file = read_file(source(more='fill_down = ["date", "fund"]'), body.encode())
    assert (file.fund, file.dates, [line.ticker for line in file.lines]) == (
        "AAAA",
        (date(2026, 3, 2),),
        ["LARK", "WREN", "TERN"],
    )
    assert len(file.footer) == 2
    assert len(read_file(source(), body.encode()).lines) == 1  # without that rule a blank date is no date


def test_rows_above_the_first_date_are_not_invented() -> None:
    body = HEADER + ",,WREN,Wren,20,1,1%\n3/2/2026,AAAA,LARK,Lark,10,1,1%\n"
    file = read_file(source(more='fill_down = ["date", "fund"]'), body.encode())
    assert [line.ticker for line in file.lines] == ["LARK"]
    assert [row.row for row in file.unread] == [2]


CELL = 'head = { cells = { date = "C1" } }'


@pytest.mark.parametrize("printed", ["3/2/2026", "As of 03/02/2026", "2026-03-02"])
def test_a_date_may_stand_in_a_cell_of_its_own(printed: str) -> None:
    body = f"Holdings may change,,{printed}\n,AAAA,,,,,\n" + HEADER.replace("Date", "Day") + ",AAAA,LARK,Lark,1,1,1%\n"
    assert read_file(source(more=CELL), body.encode()).as_of == date(2026, 3, 2)


def test_a_cell_that_holds_no_date_is_a_refusal() -> None:
    body = "Holdings may change,,soon\n" + HEADER.replace("Date", "Day") + ",AAAA,LARK,Lark,1,1,1%\n"
    with pytest.raises(ParseError, match="'soon' is not a date"):
        read_file(source(more=CELL), body.encode())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('fill_down = ["name"]', "fill_down: wanted date or fund, found 'name'"),
        ('head = { cells = { date = "1" } }', "head.cells.date: wanted a cell like G1"),
        ('head = { cells = { name = "G1" } }', "head.cells.name: is not known"),
    ],
)
def test_faults_of_these_rules_are_named(more: str, said: str) -> None:
    found, faults = parse_source(BASE.format(unit="percent", more=more), "guarded.toml")
    assert found is None
    assert said in "\n".join(faults)


def test_dates_are_also_read_in_the_forms_a_source_adds() -> None:
    body = HEADER + "3/2/26,AAAA,LARK,Lark,1,1,1%\n"
    assert read_file(source(more='also_dates = ["M/D/YY"]'), body.encode()).as_of == date(2026, 3, 2)
    with pytest.raises(ParseError, match="is not a date"):
        read_file(source(), body.encode())
    found, faults = parse_source(BASE.format(unit="percent", more='also_dates = ["M/D"]'), "guarded.toml")
    assert found is None
    assert "also_dates: wanted some of M/D/YYYY" in faults[0]


MANY = 'many_funds = true\nother_funds = { pattern = "[A-Z]{4}", kind = "active", why = "so" }'


def test_a_form_of_one_fund_may_leave_out_whose_it_is_and_no_other_may() -> None:
    body = "Date,Ticker,Name,Shares,Value,Weight\n3/2/2026,LARK,Lark,1,1,1%\n"
    with pytest.raises(ParseError, match="no line says that it is of AAAA"):
        read_file(source(more=MANY), body.encode(), expected_fund="AAAA")
    form = '[[formats]]\ncolumns = ["Date", "Ticker", "Name", "Shares", "Value", "Weight"]\n\n[[conventions]]'
    text = BASE.format(unit="percent", more=MANY).replace("[[conventions]]", form)
    known, faults = parse_source(text, "guarded.toml")
    assert known is not None, faults
    assert read_file(known, body.encode(), expected_fund="AAAA").fund == "AAAA"
