"""What funds bought, or sold, file after file, as a frame."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History, Value


def streaks(
    history: History,
    fund: str | None = None,
    issuer: str | None = None,
    security: str | None = None,
    since: Value = "-30d",
    until: Value = None,
    least: Value = 3,
    direction: str | None = None,
) -> pd.DataFrame:
    """Runs of at least `least` files, each of which shows a purchase (`direction` "buy") or each a sale ("sell") of a
    security by the same fund. Their last session lies between `since` and `until`; later files are not looked at.

    `active_shares` are the sum, in shares of the last file, negative for sales, and `value` its value; `shares_after`
    is what that file lists. `running` says whether the run reaches the fund's last file.

    Columns:
        issuer              string
        fund                string
        security            string
        name                string
        ticker              string
        cusip               string
        isin                string
        sedol               string
        figi                string
        direction           string
        first_session       datetime64[s]
        last_session        datetime64[s]
        first_file          datetime64[s]
        last_file           datetime64[s]
        files               Int64
        active_shares       float64, shares
        value               float64, `currency`
        currency            string
        shares_after        float64, shares
        running             boolean
    """
    return history.ask(
        "streaks",
        fund=fund,
        issuer=issuer,
        security=security,
        since=since,
        until=until,
        least=least,
        direction=direction,
    )
