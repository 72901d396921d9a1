"""Reading N-PORT filings: what they say, and that nothing in them can do harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.errors import ParseError
from monitor.sources import elements
from monitor.sources.nport import read_nport
from tests.filings import HEAD, Holding, filing

DAY = date(2026, 1, 31)
QUILL = Holding("Quillon Robotics", "55501A105", "20000", "2000000.00", "1.5", "US55501A1051", "Quillon Robotics Inc")
SOUND = filing(DAY, [QUILL, Holding("Bracken & Sons", isin="JP3304200003")], signed="2026-03-30")


def test_a_filing_says_which_series_which_day_and_which_lines() -> None:
    report = read_nport(SOUND)
    assert (report.registrant, report.series, report.series_id) == ("Lantern Trust", "Lantern A", "S000099999")
    assert (report.class_ids, report.as_of, report.signed) == (("C000099991", "C000099992"), DAY, "2026-03-30")
    assert not report.is_amendment
    first, second = report.lines
    assert (first.name, first.title, first.cusip) == ("Quillon Robotics", "Quillon Robotics Inc", "55501A105")
    assert (first.balance, first.value, first.weight) == (Decimal(20_000), Decimal(2_000_000), Decimal("1.5"))
    assert (first.units, first.category, first.payoff) == ("NS", "EC", "Long")
    assert (second.name, second.cusip, second.isin) == ("Bracken & Sons", "", "JP3304200003")


def test_a_line_of_holdings_carries_every_identifier() -> None:
    first, second = read_nport(SOUND).lines
    assert (first.line(1).identifier, first.line(1).isin, first.line(1).shares) == (
        "55501A105", "US55501A1051", Decimal(20_000),
    )  # fmt: skip
    assert second.line(2).identifier == "JP3304200003"


@pytest.mark.parametrize("balance", ["500", "-500"])
def test_a_short_position_is_fewer_than_no_shares(balance: str) -> None:
    (line,) = read_nport(filing(DAY, [replace(QUILL, payoff="Short", shares=balance)])).lines
    assert line.line(1).shares == Decimal(-500)


def test_an_amendment_is_known_as_such() -> None:
    assert read_nport(filing(DAY, [QUILL], kind="NPORT-P/A")).is_amendment


def test_what_a_derivative_refers_to_is_not_the_line_itself() -> None:
    inner = (
        "<derivativeInfo><fwdDeriv><derivInstr><name>Other</name><cusip>037833100</cusip><identifiers>"
        '<isin value="US0378331005"/></identifiers><balance>7</balance></derivInstr></fwdDeriv></derivativeInfo>'
        '<assetConditional assetCat="OTHER" desc="x"/>'
    )
    (line,) = read_nport(filing(DAY, [replace(QUILL, more=inner)])).lines
    assert (line.cusip, line.isin, line.balance) == ("55501A105", "US55501A1051", Decimal(20_000))


def test_the_title_stands_in_for_a_missing_name_and_missing_numbers_stay_missing() -> None:
    (line,) = read_nport(filing(DAY, [replace(QUILL, name="N/A", shares="N/A", weight="")])).lines
    assert (line.name, line.balance, line.weight) == ("Quillon Robotics Inc", None, None)


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE edgarSubmission [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<edgarSubmission>&b;</edgarSubmission>"
)
OUTSIDE = b'<!DOCTYPE x SYSTEM "file:///etc/hostname"><edgarSubmission/>'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"\x00\x01\x02", "xml"),
        (b"date,fund,company\n1,2,3\n", "xml"),
        (b"<html><body>404</body></html>", "nport"),
        (BOMB, "xml"),
        (OUTSIDE, "xml"),
        (b'<?xml version="1.0" encoding="klingon"?><edgarSubmission/>', "xml"),
        (HEAD.encode() + b"</edgarSubmission>", "nport"),
        (HEAD.encode() + b"<a>" * 60 + b"</a>" * 60 + b"</edgarSubmission>", "xml"),
        (SOUND[:-10], "xml"),
        (filing(DAY, [QUILL], kind="NPORT-NP"), "nport"),
        (filing(DAY, []), "rows"),
        (filing("31.01.2026", [QUILL]), "as_of"),
        (filing(DAY, [replace(QUILL, shares="many")]), "numbers"),
        (filing(DAY, [replace(QUILL, value="NaN")]), "numbers"),
        (filing(DAY, [replace(QUILL, weight="1e99")]), "numbers"),
    ],
)
def test_what_is_no_filing_is_refused_with_a_code(body: bytes, code: str) -> None:
    with pytest.raises(ParseError) as refused:
        read_nport(body)
    assert refused.value.code == code


def test_size_lines_and_text_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = read_nport(filing(DAY, [replace(QUILL, title="x" * 10_000)])).lines
    assert len(line.title) <= elements.MAX_TEXT
    with pytest.raises(ParseError, match="more than 1 lines"):
        elements.read_elements(SOUND, ("invstOrSec",), most=1)
    monkeypatch.setattr(elements, "MAX_BYTES", 100)
    with pytest.raises(ParseError, match="at most 100"):
        read_nport(SOUND)


@given(st.integers(0, len(SOUND) - 1), st.binary(max_size=6))
def test_whatever_is_done_to_a_filing_it_is_read_or_refused(at: int, put: bytes) -> None:
    body = SOUND[:at] + put + SOUND[at + len(put) :]
    try:
        answer = "read" if read_nport(body).lines else "empty"
    except ParseError as error:
        answer = error.code
    assert answer in {"read", "xml", "nport", "rows", "as_of", "numbers"}


def test_real_filings_are_read(shared_data: Path) -> None:
    folder = shared_data / "issuers" / "raw" / "sec_nport"
    if not folder.is_dir():
        pytest.skip("no filings here")
    sizes = {}
    for path in sorted(folder.glob("*.xml")):
        try:
            report = read_nport(path.read_bytes())
        except ParseError as error:
            sizes[path.name] = error.code
            continue
        sizes[path.name] = f"{len(report.lines)} {report.as_of}"
    assert sizes.get("NPORT.Dupree.xml", "55 2022-12-31") == "55 2022-12-31"
    assert sizes.get("nport_samples_NPORT_Sample_7.xml", "1685 2023-03-31") == "1685 2023-03-31"
