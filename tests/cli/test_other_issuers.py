"""Files of issuers besides ARK come in as text, workbook and JSON, also of funds no TOML lists."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from datetime import date
from pathlib import Path

from tests.cli.conftest import Run
from tests.filings import Holding, filing
from tests.sources.workbooks import sheet, workbook

HEAD = "etf_code,data_date,stock_code,stock_name,weight,lots\n"
ROWS = "00404A,{0},2222,LARK,60.0,1419.025\n00404A,{0},3333,WREN,30.0,20.0\n"


def test_files_of_a_fund_no_toml_lists_are_kept_with_shares_and_venue(run: Run, tmp_path: Path) -> None:
    for day in ("2026-03-02", "2026-03-03"):
        (tmp_path / f"{day}.csv").write_text(HEAD + ROWS.format(day), encoding="utf-8")
    answer = run("ingest", str(tmp_path), "--source", "tw-active", "--db", "a.db")
    assert answer.code == 0, answer.err  # progress may be said on a busy machine
    rows = run("holdings", "00404A", "--db", "a.db", "--format", "json").rows
    assert {row["security"]["ticker"]: row["shares"] for row in rows} == {"2222": 1_419_025, "3333": 20_000}


def test_a_workbook_inside_an_archive_is_a_file_and_keeps_the_funds_own_totals(run: Run, tmp_path: Path) -> None:
    rows = [["資料日期：115/03/02"], ["流通在外單位數", "8,489,000"], ["股票代號", "股票名稱", "股數", "持股權重"]]
    body = workbook({"one": sheet([*rows, ["2222", "LARK", "9,693,000", "98.92%"]])})
    with zipfile.ZipFile(tmp_path / "files.zip", "w") as packed:
        packed.writestr("00981A/2026-03-03.xlsx", body)
        packed.writestr("00981A/inner.zip", body)
    answer = run("ingest", str(tmp_path / "files.zip"), "--source", "ezmoney", "--db", "a.db")
    assert answer.code == 0
    assert "an archive inside an archive" in answer.out + answer.err
    with sqlite3.connect(tmp_path / "a.db") as base:
        kept = base.execute("SELECT outstanding, dated_by, date(as_of * 86400, 'unixepoch') FROM snapshot").fetchall()
    assert kept == [("8489000", "file", "2026-03-02")]


def test_a_file_without_any_share_count_comes_in_where_the_source_knows_that_form(run: Run, tmp_path: Path) -> None:
    head = "ETF_Ticker,ticker,name,weight,Holdings_As_Of,Date_Scraped\n"
    text = head + "XSMO,TLLY,Tally,0.6,2026-03-01,2026-03-03\nXSMO,NIMB,Nimbus,0.4,2026-03-01,2026-03-03\n"
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    assert run("ingest", str(tmp_path / "x.csv"), "--source", "invesco", "--db", "a.db").code == 0
    rows = run("holdings", "XSMO", "--db", "a.db", "--format", "json").rows
    assert [(row["security"]["ticker"], row["shares"], row["weight"]) for row in rows] == [
        ("TLLY", None, 60),
        ("NIMB", None, 40),
    ]
    assert run("ingest", str(tmp_path / "x.csv"), "--source", "tw-active", "--db", "b.db").code == 1


def test_a_fund_that_is_wound_up_holds_nothing_once_somebody_accepts_it(run: Run, tmp_path: Path) -> None:
    held = [Holding("Quillon", "55501A105", value="60", weight="60"), Holding("Bracken", value="40", weight="40")]
    (tmp_path / "a.xml").write_bytes(filing(date(2025, 12, 31), held))
    (tmp_path / "b.xml").write_bytes(filing(date(2026, 3, 31), []))
    assert run("ingest", str(tmp_path), "--source", "sec-nport", "--db", "a.db").code == 3
    (kept,) = run("quarantine", "list", "--db", "a.db", "--format", "json").rows
    assert "lists no holdings" in str(kept["reasons"])
    answer = run("quarantine", "accept", kept["file"], "--db", "a.db")
    assert (answer.code, "2 events" in answer.out) == (0, True), answer.out + answer.err
    assert run("holdings", "S000099999", "--db", "a.db", "--format", "json").rows == []


def test_a_file_that_calls_its_fund_by_the_issuers_number_is_that_funds(run: Run, tmp_path: Path) -> None:
    line = {"effectiveDate": "2026-02-27", "name": "Quillon", "quantity": 5, "mktValPercent": 100, "CUSIP": "55501A105"}
    (tmp_path / "x.json").write_text(json.dumps([{"portId": "0968", "holdingDetailItem": [line]}]), encoding="utf-8")
    answer = run("ingest", str(tmp_path / "x.json"), "--source", "vanguard", "--db", "a.db", "-v")
    assert (answer.code, "VOO 2026-02-27" in answer.out) == (0, True), answer.out + answer.err


def test_the_first_page_of_a_longer_list_is_held(run: Run, tmp_path: Path) -> None:
    lines = [{"issuerName": f"Firm {n}", "units": n, "percentageOfTotalNetAssets": 10, "cusip": ""} for n in range(10)]
    whole = {"effectiveBusinessDate": "2026-02-27", "totalNumberOfHoldings": 105, "holdings": lines}
    (tmp_path / "QQQ.json").write_text(json.dumps(whole), encoding="utf-8")
    answer = run("ingest", str(tmp_path / "QQQ.json"), "--source", "invesco", "--db", "a.db")
    assert answer.code == 3
    assert "10 lines, but the issuer states 105 holdings" in answer.out


def test_no_session_is_claimed_for_a_file_that_was_dated_by_its_fetch(run: Run, tmp_path: Path) -> None:
    """The brand's own list prints the session after; the export of its page prints nothing."""
    file = tmp_path / "CHAT_ETF_Holdings_03-08-2026.csv"
    file.write_text(
        "Ticker,Name,Identifier,Weight,Shares,Market Value\n"
        'NWND,"Northwind Traders",594918104,60.00%,"600","$60,000"\n'
        'CNTS,"Contoso Ltd",023135106,40.00%,"400","$40,000"\n',
        encoding="utf-8",
    )
    assert run("ingest", str(file), "--source", "roundhill", "--db", "a.db").code == 0
    (kept,) = run(
        "sql", "SELECT as_of, dated_by, convention, pos_session FROM v_snapshots", "--db", "a.db", "--json"
    ).rows
    assert kept == {"as_of": "2026-03-06", "dated_by": "poll", "convention": "UNKNOWN", "pos_session": None}
