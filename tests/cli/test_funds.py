"""funds search, add, remove and refresh against an issuer on this machine: one file, the right fund, watched."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import Run

SOURCE = """
id = "own"
name = "Own Funds"
shape = "delimited"
currency = "USD"
calendar = "XNYS"
weight_unit = "percent"
date_format = "M/D/YYYY"
urls = [{ url = "URL/files/{number}.csv" }]
page = "URL/products/{t}"

[http]
min_interval_seconds = 0

[head]
title_row = 1

[columns]
required = ["date", "name", "shares"]
date = ["date"]
fund = ["fund"]
name = ["name"]
ticker = ["ticker"]
identifier = ["cusip"]
shares = ["shares"]
value = ["market value"]
weight = ["weight"]

[[formats]]
columns = ["Date", "Fund", "Name", "Ticker", "CUSIP", "Shares", "Market Value", "Weight"]

[[conventions]]
convention = "UNKNOWN"

[other_funds]
pattern = "[A-Z]{4}"
kind = "index"
why = "its number is not known"

[catalogue]
url = "URL/list.csv"
shape = "delimited"
ticker = ["symbol"]
name = ["fund name"]
page = ["link"]
keys = { number = ["id"] }
"""

LIST = """Symbol,Fund Name,Id,Link
ALFA,Own Large Company ETF,101,/products/alfa
BETA,Own Small Company ETF,102,/products/beta
,Nameless,103,
GAMA,"=HYPERLINK(""http://x"")",10 4,
"""


def body(fund: str, title: str) -> str:
    rows = [
        f"11/24/2026,{fund},Northwind Traders,NWND,594918104,100,30000,60",
        f"11/24/2026,{fund},Contoso Ltd,CNTS,023135106,50,20000,40",
    ]
    return f"{title}\nDate,Fund,Name,Ticker,CUSIP,Shares,Market Value,Weight\n" + "\n".join(rows) + "\n"


@pytest.fixture
def issuer(httpserver: HTTPServer, tmp_path: Path) -> HTTPServer:
    """An issuer with a list of funds and two files; the configuration knows its source."""
    folder = tmp_path / "issuers"
    folder.mkdir()
    (folder / "own.toml").write_text(SOURCE.replace("URL", httpserver.url_for("").rstrip("/")), encoding="utf-8")
    (tmp_path / "monitor.toml").write_text("[issuers.own]\nallow_private = true\n", encoding="utf-8")
    httpserver.expect_request("/list.csv").respond_with_data(LIST, content_type="text/csv")
    httpserver.expect_request("/files/101.csv").respond_with_data(body("ALFA", "Own Large Company ETF"))
    httpserver.expect_request("/files/102.csv").respond_with_data(body("BETA", "Balanced Income Trust"))
    return httpserver


def test_a_fund_is_found_added_watched_and_removed(run: Run, issuer: HTTPServer, tmp_path: Path) -> None:
    refused = run("funds", "add", "ALFA")
    assert refused.code == 2
    assert "No source or list we have read names a fund 'ALFA'" in refused.err
    assert "own" in refused.err
    refreshed = run("funds", "refresh", "own", "--json")
    assert (refreshed.code, refreshed.rows[0]["funds"], refreshed.rows[0]["skipped"]) == (0, 3, 1)
    found = run("funds", "search", "large", "company", "--json").rows
    assert [(one["fund"], one["issuer"], one["known_from"], one["address"], one["watched"]) for one in found] == [
        ("ALFA", "own", "catalogue", "known", False)
    ]
    added = run("funds", "add", "alfa")
    assert added.code == 0
    assert "Own Large Company ETF – as asked for" in added.out
    assert "2 (2 equity)" in added.out
    assert "own/ALFA is watched from now on" in added.err
    (entry,) = tomllib.loads((tmp_path / "funds.toml").read_text())["funds"]
    assert (entry["issuer"], entry["ticker"], entry["keys"]) == ("own", "ALFA", {"number": "101"})
    again = run("funds", "search", "ALFA", "--json")
    assert again.err == ""
    assert again.rows[0]["watched"] is True
    assert [one["fund"] for one in run("funds", "--json").rows] == ["ALFA"]
    assert run("holdings", "ALFA", "--json").code == 0
    assert "1 already known" in run("check").out
    assert run("funds", "remove", "own/ALFA").code == 0
    assert "Nothing is watched yet" in run("check").err
    assert [one["fund"] for one in run("funds", "--json").rows] == ["ALFA"]  # its history stays


def test_a_file_of_another_fund_is_not_taken_for_it(run: Run, issuer: HTTPServer, tmp_path: Path) -> None:
    run("funds", "refresh")
    refused = run("funds", "add", "BETA")
    assert refused.code == 2
    assert "The file is of 'Balanced Income Trust', but BETA is known as 'Own Small Company ETF'" in refused.err
    assert not (tmp_path / "funds.toml").exists()
    assert run("funds", "--json").rows == []
    assert run("funds", "add", "BETA", "--any-name").code == 0
    assert run("funds", "--json").rows[0]["fund"] == "BETA"


def test_a_dry_run_shows_the_file_and_keeps_nothing(run: Run, issuer: HTTPServer, tmp_path: Path) -> None:
    run("funds", "refresh")
    shown = run("funds", "add", "ALFA", "--dry-run", "--json")
    assert shown.code == 0
    assert shown.rows[0]["name_agrees"] is True
    assert (shown.rows[0]["as_of"], shown.rows[0]["lines"]) == ("2026-11-24", 2)
    assert not (tmp_path / "funds.toml").exists()
    assert run("funds", "--json").rows == []


def test_what_stands_in_a_list_cannot_lead_elsewhere(run: Run, issuer: HTTPServer) -> None:
    run("funds", "refresh")
    found = run("funds", "search", "GAMA", "--json").rows
    assert found[0]["address"] == "unknown"  # "10 4" is no part of an address
    refused = run("funds", "add", "GAMA")
    assert refused.code == 2
    assert "cannot be fetched" in refused.err


def test_a_list_that_cannot_be_had_leaves_what_was_known(run: Run, issuer: HTTPServer) -> None:
    run("funds", "refresh")
    issuer.clear()
    issuer.expect_request("/list.csv").respond_with_data("<html><title>Sorry</title></html>")
    failed = run("funds", "refresh", "own", "--json")
    assert failed.code == 3
    assert "Sorry" in failed.rows[0]["fault"]
    assert run("funds", "search", "ALFA", "--json").rows[0]["known_from"] == "catalogue"


def test_a_ticker_of_two_issuers_asks_which(run: Run, issuer: HTTPServer, tmp_path: Path) -> None:
    text = (tmp_path / "issuers" / "own.toml").read_text()
    (tmp_path / "issuers" / "other.toml").write_text(text.replace('id = "own"', 'id = "other"'))
    (tmp_path / "monitor.toml").write_text(
        "[issuers.own]\nallow_private = true\n[issuers.other]\nallow_private = true\n", encoding="utf-8"
    )
    run("funds", "refresh", "own", "other")
    refused = run("funds", "add", "ALFA")
    assert refused.code == 2
    assert "Several issuers publish ALFA: " in refused.err
    assert run("funds", "add", "other/ALFA").code == 0


def test_without_a_database_the_sources_are_searched(run: Run, tmp_path: Path) -> None:
    found = run("funds", "search", "ARKK", "--json")
    assert (found.code, found.rows[0]["issuer"], found.rows[0]["known_from"]) == (0, "ark", "source")
    assert "Only the sources were searched" in found.err
    assert not list(tmp_path.glob("*.db"))


def test_a_faulty_file_of_added_funds_is_named(run: Run, issuer: HTTPServer, tmp_path: Path) -> None:
    (tmp_path / "funds.toml").write_text('[[funds]]\nissuer = "own"\nticker = "x y"\nkind = "odd"\n')
    refused = run("check")
    assert refused.code != 0
    for fault in ("funds[1].ticker", "funds[1].name", "funds[1].kind"):
        assert fault in refused.err
