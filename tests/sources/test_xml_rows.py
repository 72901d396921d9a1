"""XML that lists holdings as repeated elements is read like a table, and nothing in it can do harm."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.errors import ParseError
from monitor.core.model import AssetClass
from monitor.sources import registry
from monitor.sources.elements import read_elements
from monitor.sources.read import read_file
from monitor.sources.xml_rows import looks_like_xml
from tests.filings import Holding, filing

NPORT, MANAGERS = registry.get("sec-nport"), registry.get("sec-13f")
DAY = date(2026, 3, 31)
QUILL = Holding("Quillon Robotics", "55501A105", "20000", "2000000.00", "98.5", "US55501A1051", "Quillon Robotics Inc")


def table(*rows: str, namespace: str = "") -> bytes:
    tag = f"{namespace}:informationTable" if namespace else "informationTable"
    return f"<{tag}>{''.join(rows)}</{tag}>".encode()


def held(shares: int = 10, value: int = 500, put_call: str = "", kind: str = "SH") -> str:
    right = f"<putCall>{put_call}</putCall>" if put_call else ""
    return (
        f"<infoTable><nameOfIssuer>QUILLON</nameOfIssuer><cusip>55501A105</cusip><value>{value}</value><shrsOrPrnAmt>"
        f"<sshPrnamt>{shares}</sshPrnamt><sshPrnamtType>{kind}</sshPrnamtType></shrsOrPrnAmt>{right}</infoTable>"
    )


def test_texts_and_attributes_of_a_row_have_dotted_names_and_repeated_ones_numbers() -> None:
    found = read_elements(
        b'<x:a xmlns:x="u" k="0"><h n="1">t</h><x:row id="7">own<b><c v="2">3</c><c v="4"/></b></x:row><e>u</e></x:a>',
        ("row",),
    )
    assert found.root == "a"
    assert found.rows == ({"@id": "7", "b.c@v": "2", "b.c": "3", "b.c#2@v": "4"},)
    assert found.outside == (("@k", "0"), ("h@n", "1"), ("h", "t"), ("e", "u"))


def test_only_elements_in_their_place_are_rows() -> None:
    assert len(read_elements(b"<a><x><row/></x><y><row/></y></a>", ("y.row",)).rows) == 1
    assert read_elements(b"<a><row><row>1</row></row></a>", ("row",)).rows == ({"row": "1"},)


def test_a_filing_says_its_fund_its_day_and_what_is_held() -> None:
    file = read_file(NPORT, filing(DAY, [QUILL], signed="2026-05-28"))
    assert (file.fund, file.title, file.as_of, file.announced) == ("S000099999", "Lantern A", DAY, date(2026, 5, 28))
    (line,) = file.lines
    assert (line.name, line.identifier, line.isin, line.stated) == (
        "Quillon Robotics Inc", "55501A105", "US55501A1051", AssetClass.EQUITY,
    )  # fmt: skip
    assert (line.shares, line.weight) == (Decimal(20_000), Decimal("98.5"))


@pytest.mark.parametrize("balance", ["500", "-500"])
def test_a_short_position_is_fewer_than_no_shares(balance: str) -> None:
    (line,) = read_file(NPORT, filing(DAY, [replace(QUILL, payoff="Short", shares=balance)])).lines
    assert line.shares == -500


def test_a_code_that_means_none_is_none_and_another_stands_in() -> None:
    (line,) = read_file(NPORT, filing(DAY, [replace(QUILL, cusip="000000000", isin="", title="N/A")])).lines
    assert (line.name, line.identifier, line.isin) == ("Quillon Robotics", "7", "")


def test_what_a_derivative_refers_to_is_not_the_line_itself() -> None:
    inner = (
        '<derivativeInfo><fwdDeriv derivCat="FWD"><derivInstr><cusip>037833100</cusip><identifiers>'
        '<isin value="US0378331005"/></identifiers><balance>7</balance></derivInstr></fwdDeriv></derivativeInfo>'
    )
    (line,) = read_file(NPORT, filing(DAY, [replace(QUILL, more=inner)])).lines
    assert (line.identifier, line.isin, line.shares, line.stated) == (
        "55501A105", "US55501A1051", Decimal(20_000), AssetClass.FUTURE,
    )  # fmt: skip


def test_a_fund_may_truly_hold_nothing() -> None:
    file = read_file(NPORT, filing(DAY, []))
    assert (file.fund, file.as_of, file.dates, file.lines) == ("S000099999", DAY, (DAY,), ())


def test_values_are_thousands_until_a_day_and_the_announcement_decides() -> None:
    body = table(held())
    (old,) = read_file(MANAGERS, body, name="0001234567_2022-09-30.xml").lines
    (new,) = read_file(MANAGERS, body, name="0001234567_2022-12-31.xml").lines
    assert (old.value, new.value) == (Decimal(500_000), Decimal(500))
    cover = (
        "<edgarSubmission><coverPage><reportCalendarOrQuarter>12-31-2020</reportCalendarOrQuarter></coverPage>"
        "<signatureBlock><signatureDate>05-31-2023</signatureDate></signatureBlock></edgarSubmission>"
    )
    late = b"<SEC-DOCUMENT>\nCENTRAL INDEX KEY:\t\t0001234567\n<XML>\n%s</XML>\n<XML>%s</XML>" % (cover.encode(), body)
    file = read_file(MANAGERS, late)
    assert (file.fund, file.as_of, file.announced) == ("0001234567", date(2020, 12, 31), date(2023, 5, 31))
    assert file.lines[0].value == 500


def test_puts_calls_and_principal_are_no_shares_whatever_the_namespace() -> None:
    rows = [held(), held(put_call="Put"), held(put_call="Call"), held(kind="PRN")]
    lines = read_file(MANAGERS, table(*rows), name="x_2023-03-31.xml").lines
    assert [line.stated for line in lines] == ["equity", "option", "option", "bond"]
    assert [line.name for line in lines] == ["QUILLON", "QUILLON PUT", "QUILLON CALL", "QUILLON"]
    prefixed = held().replace("</", "</n:").replace("<", "<n:").replace("<n:/n:", "</n:")
    body = table(prefixed, namespace="n").replace(b"<n:informationTable", b'<n:informationTable xmlns:n="u"', 1)
    assert read_file(MANAGERS, body, name="x_2023-03-31.xml").lines[0].shares == 10


BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><informationTable>&b;</informationTable>'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"<informationTable/>", "rows"),
        (b"<edgarSubmission><headerData/></edgarSubmission>", "rows"),
        (b"<informationTable><infoTable>", "xml"),
        (BOMB, "xml"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/hostname"><informationTable/>', "xml"),
        (b"<SEC-DOCUMENT>\nno document\n", "xml"),
        (b"<informationTable>" + b"<a>" * 60 + b"</a>" * 60 + b"</informationTable>", "xml"),
        (table(held().replace("<sshPrnamt>10", "<sshPrnamt>many")), "numbers"),
        (table("<infoTable><nameOfIssuer>Q</nameOfIssuer></infoTable>"), "columns"),
        (table(held()), "as_of"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "html"),
        (b"<html xmlns='u'><body>404</body></html>", "html"),
        (b'{"error": 1}', "json"),
    ],
)
def test_what_lists_no_holdings_is_refused_with_a_word(body: bytes, code: str) -> None:
    with pytest.raises(ParseError) as refused:
        read_file(MANAGERS, body, name="x.xml" if code == "as_of" else "x_2023-03-31.xml")
    assert refused.value.code == code


def test_rows_and_bytes_are_bounded() -> None:
    with pytest.raises(ParseError, match="more than 2 lines"):
        read_file(replace(MANAGERS, max_rows=2), table(*[held()] * 3), name="x_2023-03-31.xml")
    small = replace(MANAGERS, http=replace(MANAGERS.http, max_bytes=100))
    with pytest.raises(ParseError, match="limit of 100"):
        read_file(small, table(held()), name="x_2023-03-31.xml")


def test_pages_and_texts_are_not_taken_for_xml() -> None:
    assert looks_like_xml(b"\xef\xbb\xbf\n<?xml version='1.0'?><a/>")
    assert looks_like_xml(b"<SEC-DOCUMENT>x")
    assert not looks_like_xml(b"<!DOCTYPE html PUBLIC 'x'><html/>")
    assert not looks_like_xml(b"date,fund\n")


SOUND = filing(DAY, [QUILL, Holding("Bracken & Sons", isin="JP3304200003")])


@given(st.integers(0, len(SOUND) - 1), st.binary(max_size=6))
def test_whatever_is_done_to_a_filing_it_is_read_or_refused(at: int, put: bytes) -> None:
    try:
        answer = read_file(NPORT, SOUND[:at] + put + SOUND[at + len(put) :]).fund[:0] or "read"
    except ParseError as error:
        answer = error.code
    refusals = {
        "xml",
        "html",
        "rows",
        "as_of",
        "numbers",
        "columns",
        "binary",
        "encoding",
        "shape",
        "json",
        "error-page",
    }
    assert answer in {"read", *refusals}
