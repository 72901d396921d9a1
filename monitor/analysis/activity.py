"""How much flows into funds and how much they trade, as frames."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History, Value


def flows(history: History, fund: str, since: Value = None, until: Value = None) -> pd.DataFrame:
    """A fund's creations and redemptions between its files, oldest first.

    `flow` is at the prices of the newer file; it is unknown after long runs without files and where the whole fund
    was re-sized. `since` and `until` are dates of files.

    Columns:
        issuer              string
        fund                string
        previous_file       datetime64[s]
        as_of               datetime64[s]
        trade_session_from  datetime64[s]
        trade_session_to    datetime64[s]
        gap                 Int64, sessions
        flow_factor         float64
        units               Int64
        flow                float64, `currency`
        assets              float64, `currency`
        currency            string
        confidence          string
    """
    return history.ask("flows", fund=fund, since=since, until=until)


def turnover(history: History, fund: str, since: Value = None, until: Value = None) -> pd.DataFrame:
    """A fund's active turnover by month: the smaller of purchases and sales, in percent of its mean assets.

    It is unknown for a month with a re-sizing of the whole fund or with too many files missing; `unsized` counts
    changes without a size, which are in no sum.

    Columns:
        issuer              string
        fund                string
        month               datetime64[s]
        first_file          datetime64[s]
        last_file           datetime64[s]
        files               Int64
        longest_gap         Int64, sessions
        buys                float64, `currency`
        sells               float64, `currency`
        mean_assets         float64, `currency`
        currency            string
        turnover            float64, percent
        unsized             Int64
    """
    return history.ask("turnover", fund=fund, since=since, until=until)


def largest_trades(
    history: History,
    fund: str | None = None,
    issuer: str | None = None,
    since: Value = "-7d",
    until: Value = None,
    limit: int = 20,
) -> pd.DataFrame:
    """The largest active trades by value, by default of the last seven days. Currencies are not converted.

    Columns:
        issuer              string
        fund                string
        as_of               datetime64[s]
        trade_session_from  datetime64[s]
        trade_session_to    datetime64[s]
        security            string
        name                string
        ticker              string
        cusip               string
        isin                string
        sedol               string
        figi                string
        shares_before       float64, shares
        shares_after        float64, shares
        flow_factor         float64
        units               Int64
        active_shares       float64, shares
        value               float64, `currency`
        currency            string
        share_of_fund       float64, 0 to 1
        label               string
    """
    return history.ask("largest_trades", fund=fund, issuer=issuer, since=since, until=until, limit=limit)
