"""What funds traded, asked through the command line on both databases."""

from __future__ import annotations

import csv
import io

import pytest

from monitor.store.engine import open_engine
from tests.cli.conftest import Run
from tests.cli.look_alike import BLOCK, COINBASE
from tests.cli.test_questions import SECURITY_KEYS

KEYS = [
    "issuer", "fund", "as_of", "trade_session", "security", "shares_before", "shares_after", "flow_factor", "units",
    "active_shares", "value", "currency", "share_of_fund", "label",
]  # fmt: skip


def test_trades_have_the_documented_keys_in_order(run: Run, story: str) -> None:
    rows = run("trades", "--format", "json", "--db", story).rows
    assert rows
    assert all(list(row) == KEYS for row in rows)
    assert all(list(row["security"]) == SECURITY_KEYS for row in rows)
    assert [row["trade_session"]["to"] for row in rows] == sorted(row["trade_session"]["to"] for row in rows)


def test_an_entry_and_an_exit_are_trades_of_their_whole_size(run: Run, story: str) -> None:
    entry, leaving = (
        run("trades", "--security", security, "--fund", "ARKF", "--format", "json", "--db", story).rows[0]
        for security in (COINBASE, BLOCK)
    )
    assert (entry["label"], entry["trade_session"]) == ("NEW", {"from": "2022-01-05", "to": "2022-01-05"})
    assert (entry["shares_before"], entry["shares_after"], entry["active_shares"]) == (0, 600_000, 600_000)
    assert (entry["value"], entry["flow_factor"], entry["units"]) == (6_000_000, 1, None)
    assert entry["share_of_fund"] == pytest.approx(6_000_000 / 99_060_000)
    assert (leaving["label"], leaving["trade_session"]["to"]) == ("GONE", "2022-01-10")
    assert (leaving["shares_before"], leaving["shares_after"], leaving["value"]) == (800_000, 0, -8_000_000)


def test_an_active_change_is_free_of_the_flow(run: Run, story: str) -> None:
    rows = run("trades", "--security", "TSLA", "--session", "2022-01-06", "--format", "json", "--db", story).rows
    assert [(row["fund"], row["label"], row["active_shares"], row["value"]) for row in rows] == [
        ("ARKF", "ACTIVE", 1_000, 10_000),
        ("ARKW", "ACTIVE", 1_000, 10_000),
    ]


def test_trades_are_filtered_by_session(run: Run, story: str) -> None:
    def sessions(*options: str) -> set[str]:
        rows = run("trades", *options, "--format", "json", "--db", story).rows
        return {row["trade_session"]["to"] for row in rows}

    assert sessions("--session", "2022-01-05") == {"2022-01-05"}
    assert sessions("--since", "2022-01-06", "--until", "2022-01-07") == {"2022-01-06", "2022-01-07"}
    assert sessions("--issuer", "ark") == sessions()
    assert sessions("--since", "2022-02-01") == set()


def test_the_table_fits_a_terminal_and_keeps_its_values_short(run: Run, story: str) -> None:
    out = run("trades", "--fund", "ARKF", "--db", story).out
    assert max(map(len, out.splitlines())) <= 80
    assert "2022-01-10 ARKF SQ GONE 800,000 0 -800,000 -8.0M" in " ".join(out.split())
    assert run("trades", "--session", "2022-02-01", "--db", story).out.startswith("No trades. The last file ")


def test_the_csv_has_the_security_in_columns(run: Run, story: str) -> None:
    out = run("trades", "--fund", "ARKF", "--security", "SQ", "--format", "csv", "--db", story).out
    row = next(csv.DictReader(io.StringIO(out)))
    assert (row["security.ticker"], row["trade_session.to"], row["active_shares"]) == ("SQ", "2022-01-10", "-800000")


def test_lines_without_a_size_are_counted_and_shown_on_request(run: Run, own_story: str) -> None:
    engine = open_engine(own_story)
    with engine.begin() as conn:
        conn.exec_driver_sql("UPDATE trade SET label = 'REBALANCE', active_shares = NULL WHERE label = 'ACTIVE'")
    engine.dispose()
    brief = run("trades", "--db", own_story)
    assert "ACTIVE" not in brief.out
    assert "Left out: 16 lines without a size. See: --all-labels" in brief.err
    assert "REBALANCE" in run("trades", "--all-labels", "--db", own_story).out


def test_the_views_say_the_same(run: Run, story: str) -> None:
    query = "SELECT label, active_shares, value, share_of_fund, flow_factor FROM v_trades WHERE ticker = 'COIN'"
    row = run("sql", query, "--format", "json", "--db", story).rows[0]
    assert (row["label"], row["active_shares"], row["value"], row["flow_factor"]) == ("NEW", 600_000, 6_000_000, 1)
    assert row["share_of_fund"] == pytest.approx(6_000_000 / 99_060_000)
    counted = "SELECT lines, unchanged, in_flow, in_groups, active, rebalance FROM v_flows WHERE fund = 'ARKF'"
    flows = run("sql", counted, "--format", "json", "--db", story).rows
    assert len(flows) == 8
    assert all(one["lines"] == one["unchanged"] + one["in_flow"] + one["in_groups"] + one["active"] for one in flows)
    assert {one["rebalance"] for one in flows} == {0}
