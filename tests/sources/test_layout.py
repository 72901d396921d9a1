"""A table in pieces, printed twice, or with cash and futures in tables of their own, and rows of sums."""

import dataclasses
import re
from collections.abc import Mapping
from decimal import Decimal

import pytest

from monitor.core.model import AssetClass, HoldingsFile
from monitor.core.quality import form
from monitor.sources import registry
from monitor.sources.forms import Column, DateFormat, DateFrom, Format, Head, Section, Shape
from monitor.sources.printed import printed
from monitor.sources.read import read_file
from monitor.sources.spec import Source

HEAD = "As of 08/28/2026,,,\n"
NAMES = "Name,Ticker,Shares,Weight\n"
ROWS = "Acorn Ltd,ACRN,100,40\nBirch Inc,BRCH,200,30\nCedar Co,CEDR,300,20\n"
NOTE = "\nSubject to change\n"


def source(**changes: object) -> Source:
    given = registry.get("tw-pocket")
    columns: Mapping[Column, tuple[str, ...]] = {
        Column.NAME: ("name",),
        Column.TICKER: ("ticker",),
        Column.SHARES: ("shares",),
        Column.WEIGHT: ("weight",),
    }
    units = dataclasses.replace(given.units, date_format=DateFormat.MDY, date_from=DateFrom.FILE)
    form = Format(("name", "ticker", "shares", "weight"), units, (Column.NAME,), Shape.DELIMITED)
    made = dataclasses.replace(
        given,
        shape=Shape.DELIMITED,
        columns=columns,
        required=(Column.NAME,),
        formats=(form,),
        units=units,
        head=Head({Column.DATE: ("as of",)}, DateFormat.MDY),
        fill_down=(),
        asset_classes={"cash": AssetClass.CASH},
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def read(text: str, **changes: object) -> HoldingsFile:
    return read_file(source(**changes), text.encode())


def gates(file: HoldingsFile) -> list[tuple[str, bool]]:
    found = form(file, (), expected_fund="", known_on=file.as_of, latest=None)
    return [(finding.gate, finding.holds) for finding in found]


def test_a_list_printed_twice_with_all_around_it_is_read_once() -> None:
    file = read((HEAD + NAMES + ROWS + NOTE) * 2)
    assert [line.ticker for line in file.lines] == ["ACRN", "BRCH", "CEDR"]
    assert "the table is printed 2 times and was read once" in file.warnings
    assert not any(holds for _, holds in gates(file))
    assert not file.unread


def test_copies_that_differ_hold_the_file() -> None:
    file = read(HEAD + NAMES + ROWS + NOTE + NAMES + ROWS.replace(",300,20", ",301,21"))
    assert [line.shares for line in file.lines] == [Decimal(100), Decimal(200), Decimal(300)]
    assert ("header", True) in gates(file)


def test_copies_that_count_in_other_units_are_read_as_the_first() -> None:
    file = read(HEAD + NAMES + ROWS + NOTE + NAMES + ROWS.replace(",300,", ",30000,"))
    assert [line.shares for line in file.lines] == [Decimal(100), Decimal(200), Decimal(300)]
    assert any("with other quantities in 1 lines" in warning for warning in file.warnings)
    assert not any(holds for _, holds in gates(file))


def test_a_header_on_every_page_parts_one_table() -> None:
    file = read(HEAD + NAMES + ROWS + NAMES + "Dogwood,DOGW,1,5\nElm,ELM,2,5\n" + NAMES + "Cash,,3,\n")
    assert len(file.lines) == 6
    assert not any(holds for _, holds in gates(file))


@pytest.mark.parametrize("large_first", [True, False])
def test_the_largest_lines_shown_again_are_read_once(large_first: bool) -> None:
    whole, part = NAMES + ROWS, NAMES + "Acorn Ltd,ACRN,100,40\n"
    file = read(HEAD + (whole + part if large_first else part + whole))
    assert len(file.lines) == 3
    assert "a part of the table is printed again and was read once" in file.warnings


def test_several_lines_of_one_name_in_one_table_stay() -> None:
    table = NAMES + "GBP/USD,GBP,5,1\nGBP/USD,GBP,6,1\nGBP/USD,GBP,5,1\n"
    assert len(read(HEAD + table + table).lines) == 3


def test_sections_bring_their_lines_name_and_class() -> None:
    cash = Section({Column.NAME: ("item",), Column.VALUE: ("amount",)}, stated=AssetClass.CASH)
    liquid = Section({Column.VALUE: ("liquid",), Column.WEIGHT: ("ratio",)}, "Liquidity", AssetClass.CASH)
    text = HEAD + NAMES + ROWS + 'Item,Amount,,\nTWD,"1,000",,\nPayables,-500,,\nLiquid,Ratio,,\n700,8%,,\n'
    file = read(text, sections=(cash, liquid))
    assert [(x.row, x.name, x.value, x.weight, x.stated) for x in file.lines[3:]] == [
        (7, "TWD", Decimal(1000), None, AssetClass.CASH),
        (8, "Payables", Decimal(-500), None, AssetClass.CASH),
        (10, "Liquidity", Decimal(700), Decimal(8), AssetClass.CASH),
    ]
    assert not file.unread
    assert not file.warnings
    shown = printed(source(sections=(cash, liquid)), text.encode())
    assert shown.rows[8]["Name"] == "Payables"
    assert shown.rows[8]["(value)"] == "-500"


def test_a_section_may_do_without_some_of_its_columns() -> None:
    columns = {Column.NAME: ("future",), Column.CONTRACTS: ("lots",), Column.WEIGHT: ("part",)}
    futures = Section(columns, stated=AssetClass.FUTURE, required=(Column.NAME, Column.CONTRACTS))
    file = read(HEAD + NAMES + ROWS + "Future,Month,Lots,\nTX,202608,-3,\n", sections=(futures,))
    assert [(line.name, line.shares, line.weight) for line in file.lines[3:]] == [("TX", Decimal(-3), None)]


def test_a_section_above_the_table_counts_too() -> None:
    cash = Section({Column.NAME: ("item",), Column.VALUE: ("amount",)}, stated=AssetClass.CASH)
    file = read(HEAD + "Item,Amount,,\nTWD,1000,,\n" + NAMES + ROWS, sections=(cash,))
    assert [line.name for line in file.lines] == ["Acorn Ltd", "Birch Inc", "Cedar Co", "TWD"]


def test_rows_of_sums_are_no_lines_and_are_compared() -> None:
    cash = Section({Column.NAME: ("item",), Column.VALUE: ("amount",)}, stated=AssetClass.CASH)
    text = HEAD + NAMES + ROWS + "Total,,,90.00\nItem,Amount,,\nTWD,1000,,\nTotal,1000,,\n"
    file = read(text, sections=(cash,), totals=("total",))
    assert (len(file.lines), file.footer, file.warnings) == (4, ("Total, 90.00", "Total, 1000"), ())
    short = read(text.replace("Cedar Co,CEDR,300,20\n", ""), sections=(cash,), totals=("total",))
    assert short.warnings == ("row 5 states a sum of 90.00, but the lines above it make up 70",)


PAGE = (
    "<html><p>As of 08/28/2026</p><table><tr><th>Name<th>Ticker<th>Shares<th>Weight{first}</table>"
    "<table><tr><th>Item<th>Amount<tr><td>TWD<td>1,000</table>"
    "<table><tr><th>Name<th>Weight<tr><td>Taiwan<td>90</table>"
    "<table><tr><th>Name<th>Ticker<th>Shares<th>Weight{second}</table></html>"
)
TOP = "<tr><td>Acorn<td>ACRN<td>100<td>40"
ALL = TOP + "<tr><td>Birch<td>BRCH<td>200<td>30<tr><td>Cedar<td>CEDR<td>300<td>20"


@pytest.mark.parametrize(("first", "second"), [(TOP, ALL), (ALL, TOP), (ALL, ALL), (ALL, "")])
def test_the_longest_table_of_a_page_is_read_with_those_that_belong_to_it(first: str, second: str) -> None:
    cash = Section({Column.NAME: ("item",), Column.VALUE: ("amount",)}, stated=AssetClass.CASH)
    columns = (Column.NAME, Column.TICKER, Column.SHARES)
    file = read(
        PAGE.format(first=first, second=second), shape=Shape.HTML, required=columns, sections=(cash,), formats=()
    )
    assert sorted(line.name for line in file.lines) == ["Acorn", "Birch", "Cedar", "TWD"]
    assert "a further table is not read: name, weight" in file.warnings


def test_names_are_taken_apart_and_texts_searched() -> None:
    pattern = re.compile(r"(?P<name>.+)\((?P<ticker>[0-9A-Z]+)\.TW\)")
    file = read(
        "List of 00123A (As of 2026-08-28),,,\n" + NAMES + "Acorn Ltd(1234.TW),,100,40\nCash,,,60\n",
        name_pattern=pattern,
        head=Head(patterns={Column.FUND: re.compile("([0-9]{5}A)"), Column.DATE: re.compile(r"As of ([0-9-]+)")}),
    )
    assert file.fund == "00123A"
    assert [(line.name, line.ticker) for line in file.lines] == [("Acorn Ltd", "1234"), ("Cash", "")]
