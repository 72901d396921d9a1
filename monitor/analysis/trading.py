"""What funds bought and sold, as frames: their own creations and redemptions removed."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History, Value


def trades(
    history: History,
    fund: str | None = None,
    issuer: str | None = None,
    security: str | None = None,
    since: Value = None,
    until: Value = None,
    session: Value = None,
    all_labels: bool = False,
) -> pd.DataFrame:
    """What funds bought and sold, oldest first: active changes, line by line.

    `since`, `until` and `session` are trade sessions. With `all_labels` also lines without a size: PENDING, REBALANCE
    and others. `shares_before` is in units of the file that shows the trade.

    Columns:
        issuer                string
        fund                  string
        as_of                 datetime64[s]
        trade_session_from    datetime64[s]
        trade_session_to      datetime64[s]
        security              string
        name                  string
        ticker                string
        cusip                 string
        isin                  string
        sedol                 string
        figi                  string
        shares_before         float64, shares
        shares_after          float64, shares
        flow_factor           float64
        units                 Int64
        active_shares         float64, shares
        value                 float64, `currency`
        currency              string
        share_of_fund         float64, 0 to 1
        label                 string
    """
    return history.ask(
        "trades",
        fund=fund,
        issuer=issuer,
        security=security,
        since=since,
        until=until,
        session=session,
        all_labels=all_labels,
    )


def net_active(
    history: History, security: str, issuer: str | None = None, since: Value = None, until: Value = None
) -> pd.DataFrame:
    """How much of a security was bought and sold actively: by issuer a row of the sum, without a fund, then its funds.

    Shares are adjusted for splits, in units of today; values are those of the files that show the trades. Trades
    without a size are counted in `unsized` and in no sum. `since` and `until` are trade sessions.

    Columns:
        issuer          string
        fund            string
        security        string
        name            string
        ticker          string
        cusip           string
        isin            string
        sedol           string
        figi            string
        first_trade     datetime64[s]
        last_trade      datetime64[s]
        trades          Int64
        unsized         Int64
        bought          float64, shares
        sold            float64, shares
        net             float64, shares
        value_bought    float64, `currency`
        value_sold      float64, `currency`
        value_net       float64, `currency`
        currency        string
        first_file      datetime64[s]
        last_file       datetime64[s]
    """
    return history.ask("net_active", security=security, issuer=issuer, since=since, until=until)
