"""Who holds a security beside others, as frames."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History, Value


def exclusive(history: History, issuer: str | None = None, on: Value = None) -> pd.DataFrame:
    """Securities that only one fund holds, the largest weight first.

    Compared are the latest files (by `on`) of the funds that have not closed. Lines whose identity is only known inside
    their own fund cannot be compared and are left out, like cash.

    Columns: as of `holdings`.
    """
    return history.ask("exclusive", issuer=issuer, on=on)


def float_shares(
    history: History,
    security: str,
    outstanding: Value,
    above: Value = 5,
    fund: str | None = None,
    issuer: str | None = None,
) -> pd.DataFrame:
    """When positions in a company were more than `above` percent of its `outstanding` shares.

    A row per fund, and one without a fund for all funds of an issuer with a file of the same session. Shares are
    adjusted for splits to those of today, which `outstanding` is in.

    Columns:
        issuer              string
        fund                string
        funds               object
        above_from          datetime64[s]
        above_to            datetime64[s]
        above_sessions      Int64, sessions
        peak_session        datetime64[s]
        peak_shares         float64, shares
        percent             float64, percent
        first_file          datetime64[s]
        peak_file           datetime64[s]
        last_file           datetime64[s]
    """
    return history.ask(
        "float_shares", security=security, outstanding=outstanding, above=above, fund=fund, issuer=issuer
    )
