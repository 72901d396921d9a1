"""The XML spreadsheets wrote in 2003: as issuers print it, its places and types, and what asks for too much."""

import dataclasses

import pytest

from monitor.core.errors import ParseError
from monitor.sources import registry
from monitor.sources.spreadsheet_xml import is_spreadsheet_xml, spreadsheet_rows
from monitor.sources.workbook import is_workbook, workbook_rows

SOURCE = dataclasses.replace(registry.get("spdr"), max_rows=50)
START = '<?xml version="1.0"?>\n<ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'


def book(*sheets: str) -> bytes:
    return (START + "".join(sheets) + "</ss:Workbook>\n").encode()


def sheet(*rows: str, name: str = "Holdings", after: str = "") -> str:
    table = "".join(f"<ss:Row>{row}</ss:Row>" for row in rows)
    return f'<ss:Worksheet ss:Name="{name}"><ss:Table>{table}</ss:Table>{after}</ss:Worksheet>'


def cell(text: str, kind: str = "String", more: str = "") -> str:
    return f'<ss:Cell{more}><ss:Data ss:Type="{kind}">{text}</ss:Data></ss:Cell>'


def rows(body: bytes) -> list[list[str]]:
    assert is_spreadsheet_xml(body)
    return spreadsheet_rows(body, SOURCE)[0]


def test_two_marks_bare_ampersands_and_breaks_are_read() -> None:
    body = b"\xef\xbb\xbf\xef\xbb\xbf" + book(
        sheet(cell("Core S&P 500 ETF") + cell("A<br />B &amp; C &nbsp;D &#38; E"))
    )
    assert is_workbook(body)
    assert workbook_rows(body, SOURCE) == ([["Core S&P 500 ETF", "A B & C \xa0D & E"]],)


def test_types_become_text() -> None:
    body = book(
        sheet(
            cell("4.53E7", "Number") + cell("18996579992", "Number"),
            cell("2022-05-11T00:00:00.000", "DateTime") + cell("2022-05-11T16:30:00", "DateTime"),
        )
    )
    assert rows(body) == [["45300000", "18996579992"], ["2022-05-11", "2022-05-11 16:30:00"]]


def test_cells_stand_where_they_say() -> None:
    body = book(
        sheet(
            cell("A") + cell("D", more=' ss:Index="4"'),
            cell("wide", more=' ss:MergeAcross="2"') + cell("E"),
        ).replace("<ss:Row><ss:Cell ss:MergeAcross", '<ss:Row ss:Index="4"><ss:Cell ss:MergeAcross')
    )
    assert rows(body) == [["A", "", "", "D"], [], [], ["wide", "", "", "E"]]


def test_hidden_sheets_are_left_out_and_any_prefix_will_do() -> None:
    hidden = "<x:WorksheetOptions xmlns:x='u'><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    text = book(sheet(cell("secret"), after=hidden), sheet(cell("shown"))).decode()
    assert spreadsheet_rows(text.encode(), SOURCE) == ([["shown"]],)
    plain = text.replace("ss:", "").replace("xmlns:ss", "xmlns")
    assert spreadsheet_rows(plain.encode("utf-16"), SOURCE) == ([["shown"]],)


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE b [<!ENTITY a "xxxxxxxxxx"><!ENTITY c "&a;&a;&a;">]>'
    body = book(sheet(cell("&c;"))).replace(b"<ss:Workbook", bomb.encode() + b"<ss:Workbook", 1)
    assert "xxxxxxxxxx" not in str(spreadsheet_rows(body, SOURCE))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (book(sheet(*[cell("x")] * 51)), "size"),
        (book(sheet(cell("x") * 201)), "size"),
        (book(sheet(cell("x", more=' ss:Index="9999999"'))), "size"),
        (book(sheet(cell("x")).replace("<ss:Row>", '<ss:Row ss:Index="99999999">')), "size"),
        (book(*[sheet(cell("x"))] * 21), "size"),
        (book("<a>" * 200), "size"),
        (book(sheet(cell("x")))[:-20], "binary"),
        (book(sheet(cell(""))), "empty"),
        (book(), "empty"),
    ],
)
def test_what_is_no_table_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(ParseError) as caught:
        spreadsheet_rows(body, SOURCE)
    assert caught.value.code == code


def test_other_texts_are_none() -> None:
    assert not is_spreadsheet_xml(b"<html><body>")
    assert not is_spreadsheet_xml(b"Name,Weight\nurn:schemas-microsoft-com:office:spreadsheet,1")
