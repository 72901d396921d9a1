"""A workbook is read sheet by sheet as text; one that is damaged or asks for too much is refused with a word."""

import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.errors import ParseError
from monitor.sources import registry, workbook
from monitor.sources.read import read_file
from monitor.sources.workbook import workbook_rows
from tests.sources.workbooks import DAY, Cell, sheet, sheet_of
from tests.sources.workbooks import workbook as book

SPDR = registry.get("spdr")
Row = list[Cell]
HEADER: Row = ["Name", "Ticker", "Identifier", "SEDOL", "Weight", "Sector", "Shares Held", "Local Currency"]
ABOVE: list[Row] = [["Fund Name:", "Lantern"], ["Ticker Symbol:", "SPY"], ["Holdings:", "As of 18-Nov-2025"], [None]]
LINE: Row = ["TALLY STREET INC", "TLLY", "066667777", "-", 7.5, "-", 20473.0, "USD"]
TABLE = [*ABOVE, HEADER, LINE]
GOOD = book({"holdings": sheet(TABLE)})


def refusal(body: bytes) -> str:
    with pytest.raises(ParseError) as caught:
        read_file(SPDR, body)
    return caught.value.code


def test_date_and_fund_stand_above_the_table_and_text_keeps_its_zeros() -> None:
    file = read_file(SPDR, GOOD)
    assert (file.fund, file.as_of, file.dated_by, file.warnings) == ("SPY", date(2025, 11, 18), "file", ())
    (line,) = file.lines
    assert (line.row, line.identifier, line.shares, line.weight) == (6, "066667777", Decimal(20473), Decimal("7.5"))


def test_numbers_have_the_digits_a_spreadsheet_keeps_and_dates_are_iso() -> None:
    cells = f'<row r="1"><c r="A1"><v>0.1</v></c><c r="B1"><v>513.5300000000001</v></c><c r="C1"><v>1e-7</v></c>\
<c r="D1"><v>3000000</v></c><c r="E1" s="{DAY}"><v>45979</v></c><c r="F1" t="b"><v>1</v></c></row>'
    (rows,) = workbook_rows(book({"one": sheet_of(cells)}), SPDR)
    assert rows == [["0.1", "513.53", "0.0000001", "3000000", "2025-11-18", "true"]]


def test_hidden_and_empty_sheets_are_left_out_and_the_first_with_a_header_counts() -> None:
    other = sheet([*ABOVE, HEADER, [*LINE[:4], 99.0, *LINE[5:]]])
    body = book(
        {
            "old": other,
            "none": sheet([]),
            "text": sheet([["see the next sheet"]]),
            "now": sheet(TABLE),
        },
        hidden=["old"],
    )
    assert read_file(SPDR, body).lines[0].weight == Decimal("7.5")


def test_two_far_cells_are_refused_and_end_no_process_but_their_own() -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    assert refusal(book({"holdings": sheet_of(far)})) == "size"


def test_a_workbook_that_unpacks_to_a_hundred_megabytes_is_refused() -> None:
    bomb = sheet_of('<row r="1"><c r="A1" t="inlineStr"><is><t>' + "lantern " * 12_000_000 + "</t></is></c></row>")
    body = book({"holdings": bomb})
    assert len(body) < 300_000
    assert refusal(body) == "size"


def test_too_many_rows_or_columns_are_refused() -> None:
    assert refusal(book({"a": sheet([["x"]] * (SPDR.max_rows + 1))})) == "size"
    wide = "".join(f'<c r="{a}{b}1"><v>1</v></c>' for a in "ABCDEFGH" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert refusal(book({"a": sheet_of(f'<row r="1">{wide}</row>')})) == "size"
    small = replace(SPDR, http=replace(SPDR.http, max_bytes=1000))
    with pytest.raises(ParseError, match="more than the limit"):
        read_file(small, GOOD)


def test_one_that_is_not_read_in_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "SECONDS", 0.001)
    assert refusal(GOOD) == "size"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"PK\x03\x04abc", "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "binary"),
        (book({"holdings": sheet([])}), "empty"),
        (book({"holdings": sheet([["a", "b"], [1, 2]])}), "columns"),
        (book({"holdings": sheet([*ABOVE[:2], HEADER, LINE])}), "as_of"),
        (book({"holdings": sheet([["Holdings:", "As of the 18th"], HEADER, LINE])}), "as_of"),
        (book({"holdings": sheet([*ABOVE, HEADER])}), "rows"),
        (book({"holdings": sheet([*ABOVE, HEADER, [*LINE[:6], "many"]])}), "numbers"),
        (b"<html>moved</html>", "html"),
        (b'{"error": "busy"}', "json"),
    ],
)
def test_what_is_no_holdings_workbook_is_refused_with_a_word(body: bytes, code: str) -> None:
    assert refusal(body) == code


def test_a_source_of_text_only_names_a_workbook_and_one_of_workbooks_only_names_text() -> None:
    with pytest.raises(ParseError, match="a zip archive or workbook"):
        read_file(registry.get("ark"), GOOD)
    with pytest.raises(ParseError, match="plain text, but files of ezmoney are json, workbook"):
        read_file(registry.get("ezmoney"), b"a,b\n1,2\n")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4), st.booleans())
def test_damage_anywhere_gives_a_file_or_a_refusal(position: int, damage: bytes, cut: bool) -> None:
    body = GOOD[:position] if cut else GOOD[:position] + damage + GOOD[position + len(damage) :]
    with suppress(ParseError):
        assert read_file(SPDR, body).lines


def test_the_look_alikes_are_small_and_the_same_every_time() -> None:
    assert zlib.crc32(book({"holdings": sheet(TABLE)})) == zlib.crc32(GOOD)
