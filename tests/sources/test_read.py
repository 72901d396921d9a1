"""What a file says is said exactly; what is not a holdings file is refused with the right word."""

import codecs
import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.core.errors import ParseError
from monitor.core.model import HoldingsFile
from monitor.sources import registry
from monitor.sources.cells import day, number
from monitor.sources.forms import DateFormat
from monitor.sources.read import fund_of, read_file, revision_hint

ARK = replace(registry.get("ark"), closing_text=False)  # the small files here end with their last line
HEADER = 'date,fund,company,ticker,cusip,shares,"market value ($)","weight (%)"\n'
ROW = '05/27/2022,ARKF,"TALLY STREET INC",TLLY,66666E607,"20,473","$3,654,635.23",0.40%\n'
GOOD = (HEADER + ROW).encode()


def refusal(body: bytes) -> str:
    with pytest.raises(ParseError) as caught:
        read_file(ARK, body)
    return caught.value.code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"<html><title>Gone</title>", "html"),
        (b'"<!DOCTYPE html>"\n"<html>"\n', "html"),
        (b'\xef\xbb\xbf\n  "<!doctype HTML>"', "html"),
        (b'{"error": "not found"}', "json"),
        (b"[1]", "json"),
        (b"error code: 1020", "error-page"),
        (b'"error code: 1020"\n', "error-page"),
        (b"PK\x03\x04abc", "binary"),
        (b"\x1f\x8b\x08\x00", "binary"),
        (GOOD + b"\0", "binary"),
        (GOOD + b"\x07", "binary"),
        (b"\x81\x8d" + GOOD, "encoding"),
        (b"a,b,c\n1,2,3\n", "columns"),
        (HEADER.replace("shares", "stock").encode(), "columns"),
        (HEADER.replace("shares", "company").encode(), "columns"),
        (HEADER.replace('"weight (%)"', "quantity").encode() + ROW.encode(), "columns"),
        (HEADER.encode(), "rows"),
        (HEADER.encode() + b",,,,,,,\n", "rows"),
        ((HEADER + ROW.replace("05/27/2022", "27.05.2022")).encode(), "as_of"),
        ((HEADER + ROW.replace('"20,473"', "many")).encode(), "numbers"),
        ((HEADER + ROW.replace('"20,473"', "-")).encode(), "numbers"),
        (GOOD + b'05/27/2022,ARKF,"CUT SHO', "quotes"),
        ((HEADER + ROW.replace("STREET INC", "STREET\nINC")).encode(), "quotes"),
        (b"x" * 5_000_001, "size"),
        (HEADER.encode() + b"x" * 200_000, "size"),
        (GOOD + b"," * 300, "size"),
        (HEADER.encode() + b"a\n" * 6000, "size"),
    ],
)
def test_what_is_no_holdings_file_is_refused_with_a_word(body: bytes, code: str) -> None:
    assert refusal(body) == code


def test_a_refusal_quotes_the_title_of_the_page_and_the_missing_column() -> None:
    with pytest.raises(ParseError, match=r"title: Page not found - Nowhere"):
        read_file(ARK, b'"<html><title>Page not found &#45; Nowhere</title>"')
    with pytest.raises(ParseError, match=r"required column missing: shares; the header reads: date, fund") as caught:
        read_file(ARK, HEADER.replace("shares", "stock").encode())
    assert caught.value.column == "shares"


def test_a_hundred_megabyte_line_is_refused_before_it_is_decoded() -> None:
    assert refusal(b"1," * 50_000_000) == "size"


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        codecs.BOM_UTF8 + GOOD,
        codecs.BOM_UTF8 * 2 + GOOD,
        GOOD.decode().encode("utf-16"),
        codecs.BOM_UTF16_BE + GOOD.decode().encode("utf-16-be"),
        GOOD.decode().encode("utf-16-le"),
        GOOD.decode().encode("utf-16-be"),
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n", b"\r"),
        b"Fund holdings\n\n" + GOOD,
    ],
)
def test_encodings_and_line_ends_do_not_change_what_is_read(body: bytes) -> None:
    file = read_file(ARK, body)
    assert (file.fund, file.as_of, file.warnings, file.unread) == ("ARKF", date(2022, 5, 27), (), ())
    assert [(line.shares, line.value, line.weight) for line in file.lines] == [
        (Decimal("20473"), Decimal("3654635.23"), Decimal("0.40"))
    ]


def test_a_file_that_is_not_utf8_is_read_with_a_warning() -> None:
    file = read_file(ARK, GOOD.replace(b"TALLY", b"TALL\xc9"))
    assert file.lines[0].name == "TALL\u00c9 STREET INC"
    assert file.warnings == ("read as cp1252: the file is not UTF-8",)


@pytest.mark.parametrize(
    ("cell", "unit", "value"),
    [
        ("55112.56", "", "55112.56"),
        ("55,112.56", "", "55112.56"),
        ("$1,234.50", "$", "1234.50"),
        ("0.40%", "%", "0.40"),
        (" 27,456 ", "", "27456"),
        ("(1,234.50)", "", "-1234.50"),
        ("($5.00)", "$", "-5.00"),
        ("$(5.00)", "$", "-5.00"),
        ("-$312,086.81", "$", "-312086.81"),
        ("$-535,330", "$", "-535330"),
        ("\u22127", "", "-7"),
        ("+3", "", "3"),
        (".5", "", "0.5"),
        ("0", "", "0"),
        ("1234567.12345678", "", "1234567.12345678"),
    ],
)
def test_numbers_are_read_exactly(cell: str, unit: str, value: str) -> None:
    found = number(cell, unit)
    assert found is not None
    assert str(found) == value


@pytest.mark.parametrize("cell", ["", " ", "-", "--", "N/A", "n/a", "\u2014"])
def test_nothing_printed_is_none_and_not_zero(cell: str) -> None:
    assert number(cell) is None


@pytest.mark.parametrize(
    "cell",
    [
        *("NaN", "inf", "-Infinity", "1e5", "1_000", "1,23", "1.234,50", "12,34,567", "$5", "5%", "--5", "(-5)"),
        *(
            ".",
            "$",
            "%",
            "-$",
            "()",
            "( )",
            "1 2",
            "0x1F",
            "sNaN",
            "1,234,",
            ",5",
            "\u0665",
            "\u00b2",
            "$(5)",
            "9" * 41,
        ),
    ],
)
def test_what_is_not_clearly_a_number_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"(?s).*"):
        number(cell)


@pytest.mark.parametrize(
    ("cell", "form", "expected"),
    [
        ("2/8/2021", DateFormat.MDY, date(2021, 2, 8)),
        (" 02/08/2021 ", DateFormat.MDY, date(2021, 2, 8)),
        ("8/2/2021", DateFormat.DMY, date(2021, 2, 8)),
        ("2021-02-08", DateFormat.ISO, date(2021, 2, 8)),
        ("2/30/2021", DateFormat.MDY, None),
        ("13/1/2021", DateFormat.MDY, None),
        ("2/8/21", DateFormat.MDY, None),
        ("2-8-2021", DateFormat.MDY, None),
        ("2/8/9999", DateFormat.MDY, None),
        ("\u0662/8/2021", DateFormat.MDY, None),
        ("", DateFormat.MDY, None),
    ],
)
def test_dates_are_read_in_the_form_of_the_source_only(cell: str, form: DateFormat, expected: date | None) -> None:
    assert day(cell, form) == expected


def test_two_dates_are_both_told_and_most_lines_decide() -> None:
    body = HEADER + ROW * 3 + ROW.replace("05/27", "05/26") * 2
    file = read_file(ARK, body.encode())
    assert file.dates == (date(2022, 5, 26), date(2022, 5, 27))
    assert file.as_of == date(2022, 5, 27)


def test_the_newer_date_wins_a_tie() -> None:
    file = read_file(ARK, (HEADER + ROW + ROW.replace("05/27", "06/01")).encode())
    assert file.as_of == date(2022, 6, 1)


def test_another_order_of_columns_is_read_with_a_warning() -> None:
    table = [row[::-1] for row in csv.reader(io.StringIO(HEADER + ROW))]
    out = io.StringIO()
    csv.writer(out).writerows(table)
    file = read_file(ARK, out.getvalue().encode())
    assert file.lines[0].shares == 20473
    assert [warning.partition(":")[0] for warning in file.warnings] == ["unknown column order"]


def test_a_new_name_for_a_mapped_column_is_read_with_a_warning() -> None:
    file = read_file(ARK, GOOD.replace(b"shares", b"Quantity"))
    assert file.lines[0].shares == 20473
    assert file.warnings[0].startswith("unknown column order: date, fund, company, ticker, cusip, quantity")


def test_a_missing_end_is_told_where_every_file_has_one() -> None:
    whole = registry.get("ark")
    line = '11/20/2026,ARKK,"NIMBUS ROBOTICS INC",NIMB,037833100,"1,000","$50,000.00",100.00%'
    header = 'date,fund,company,ticker,cusip,shares,"market value ($)","weight (%)"'
    cut = f"{header}\n{line}\n"
    assert read_file(whole, cut.encode()).warnings == ("the closing text is missing: the file may have been cut short",)
    assert read_file(whole, f"{cut}Investors should read the prospectus.\n".encode()).warnings == ()


def test_an_extra_column_is_only_an_extra_column() -> None:
    body = HEADER.replace("shares", "sector,shares") + ROW.replace('"20,473"', 'Shops,"20,473"')
    assert read_file(ARK, body.encode()).warnings == ("extra columns: sector",)


def test_a_comma_that_shifts_the_cells_makes_the_row_unread() -> None:
    file = read_file(ARK, GOOD + ROW.replace('"TALLY STREET INC"', "TALLY, INC").encode())
    assert len(file.lines) == 1
    assert [(row.row, row.reason) for row in file.unread] == [(3, "9 cells under 8 column names")]


def test_text_columns_keep_zeros_na_and_scientific_notation() -> None:
    file = read_file(
        ARK, GOOD.replace(b"TLLY,66666E607", b'NA,"=""037833100"""') + ROW.replace("66666E607", "6.66E+07").encode()
    )
    assert [(line.ticker, line.identifier) for line in file.lines] == [("NA", "037833100"), ("TLLY", "6.66E+07")]


def test_rows_are_numbered_as_in_the_file() -> None:
    file = read_file(ARK, (HEADER + ROW + ",,,,,,,\n" + ROW).encode())
    assert [line.row for line in file.lines] == [2, 4]
    assert file.warnings == ("holdings go on in row 4, after a blank or footer row (3)",)


def test_a_table_printed_twice_is_read_once() -> None:
    file = read_file(ARK, (HEADER + ROW + HEADER + ROW).encode())
    assert len(file.lines) == 1
    assert file.warnings == ("the header is repeated in row 3", "the table is printed 2 times and was read once")


def outcome(body: bytes) -> HoldingsFile | str:
    """What was read, or the code of the refusal; any other exception fails the test."""
    try:
        return read_file(ARK, body)
    except ParseError as error:
        return error.code


@pytest.mark.parametrize("cut", range(0, len(GOOD), 3))
def test_a_file_cut_anywhere_is_refused_or_read_without_invention(cut: int) -> None:
    found = outcome(GOOD[:cut])
    if isinstance(found, HoldingsFile):
        assert [line.shares for line in found.lines] == [20473]
    else:
        assert found in {"empty", "columns", "rows", "quotes", "as_of"}


def test_fund_comes_from_the_file_and_only_then_from_its_name() -> None:
    file = read_file(ARK, GOOD)
    nameless = read_file(ARK, GOOD.replace(b",ARKF,", b",,"))
    assert fund_of(ARK, file, "ARKK.csv") == "ARKF"
    assert nameless.fund == ""
    assert fund_of(ARK, nameless, "raw/ARKK/2022-05-27.csv") == "ARKK"
    for name in ("", "holdings.csv", "ARKK_ARKW.csv"):
        with pytest.raises(ParseError, match="which fund"):
            fund_of(ARK, nameless, name)
    with pytest.raises(ParseError, match="does not list"):
        fund_of(ARK, read_file(ARK, GOOD.replace(b",ARKF,", b",QQQQ,")))


def test_mixed_and_unexpected_fund_codes_are_told() -> None:
    mixed = read_file(ARK, (HEADER + ROW * 2 + ROW.replace("ARKF", "ARKQ")).encode(), expected_fund="ARKG")
    assert mixed.fund == "ARKF"
    assert mixed.warnings == (
        "several fund codes: ARKF (2 lines), ARKQ (1 lines)",
        "the file is about fund ARKF, expected ARKG",
    )


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("2021-02-08.csv", ""),
        ("a/2021-02-08.v2.csv", "00002"),
        ("x.zip!ARKK/2021-02-08.v12.csv", "00012"),
        ("v2/a.csv", ""),
    ],
)
def test_revisions_sort_by_their_file_names(path: str, hint: str) -> None:
    assert revision_hint(path) == hint


CELLS = st.sampled_from(
    ['"', ",", "\n", "05/27/2022", "ARKF", "NaN", "1e9", "$", "%", "\ufeff", "\0", "\r", "'", "=", "-"]
)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400) | st.lists(CELLS | st.text(max_size=8), max_size=60).map("".join).map(str.encode))
@example(GOOD)
@example(b'"')
def test_any_bytes_give_a_file_or_a_refusal(body: bytes) -> None:
    for whole in (body, HEADER.encode() + body, GOOD + body):
        found = outcome(whole)
        assert found.lines if isinstance(found, HoldingsFile) else found


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=3))
def test_damaged_bytes_never_raise_anything_else(position: int, damage: bytes) -> None:
    body = GOOD[:position] + damage + GOOD[position + len(damage) :]
    found = outcome(body)
    assert found.lines if isinstance(found, HoldingsFile) else found


def test_samples_do_not_repeat_published_rows() -> None:
    names = {
        line for path in (Path(__file__).parent / "files").glob("*/*.csv") for line in path.read_text().split("\n")
    }
    assert not [line for line in names if "TESLA" in line or "ROKU" in line]
