"""When funds held a security, as frames."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History


def first_and_last(history: History, security: str, fund: str | None = None, issuer: str | None = None) -> pd.DataFrame:
    """When each fund first and last held a security materially, and what that rests on: a row per fund.

    `first` is an interval where files are missing before the first one; it has no beginning where the fund's first
    file lists the security (`censored` is `left`). `last` is the session of the last material holding, or of the latest
    file while the position is open.

    Columns:
        issuer         string
        fund           string
        security       string
        name           string
        ticker         string
        cusip          string
        isin           string
        sedol          string
        figi           string
        first_from     datetime64[s]
        first_to       datetime64[s]
        first_file     datetime64[s]
        last           datetime64[s]
        last_file      datetime64[s]
        ended_from     datetime64[s]
        ended_to       datetime64[s]
        exit_file      datetime64[s]
        open           boolean
        censored       string
        spells         Int64
        sessions       Int64, sessions
        on_interval    boolean
        first_words    string
        last_words     string
    """
    return history.ask("first_and_last", security=security, fund=fund, issuer=issuer)


def history(history: History, security: str, fund: str | None = None, issuer: str | None = None) -> pd.DataFrame:
    """When funds held a security: entry, exit, peak and length of every spell, the oldest first.

    Share counts are in units of the exit file, of the latest file while open. `evidence` are lists of what schedules
    beside the daily files say within the spell.

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
        opened_from     datetime64[s]
        opened_to       datetime64[s]
        closed_from     datetime64[s]
        closed_to       datetime64[s]
        entry_shares    float64, shares
        peak_shares     float64, shares
        exit_shares     float64, shares
        sessions        Int64, sessions
        first_file      datetime64[s]
        last_file       datetime64[s]
        censored        string
        exit_file       datetime64[s]
        evidence        object
    """
    return history.ask("history", security=security, fund=fund, issuer=issuer)
