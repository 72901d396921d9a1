"""How long funds held their positions, as frames."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History


def holding_periods(history: History, fund: str | None = None, issuer: str | None = None) -> pd.DataFrame:
    """Every spell of the fund (of the issuer, of all) and its length, the oldest first.

    `open` spells last longer than `sessions` says, and those `censored` "left" began before the fund's first file.

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
        opened_from         datetime64[s]
        opened_to           datetime64[s]
        closed_from         datetime64[s]
        closed_to           datetime64[s]
        open                boolean
        censored            string
        sessions            Int64, sessions
        days                Int64, days
        first_file          datetime64[s]
        last_file           datetime64[s]
        exit_file           datetime64[s]
    """
    return history.ask("holding_periods", fund=fund, issuer=issuer)


def holding_period_distribution(history: History, fund: str | None = None, issuer: str | None = None) -> pd.DataFrame:
    """How long funds usually hold a position: a row per fund, and before them one over all without a fund.

    The quartiles are of completed spells alone, the Kaplan-Meier estimates (`km_first`, `km_median`, `km_third`) count
    those still open as lasting at least so long; they are missing where too few have ended. Left-censored spells are in
    neither.

    Columns:
        issuer              string
        fund                string
        funds               object
        spells              Int64
        completed           Int64
        still_open          Int64
        left_censored       Int64
        unmeasured          Int64
        quartile_first      float64, sessions
        median              float64, sessions
        quartile_third      float64, sessions
        km_first            float64, sessions
        km_median           float64, sessions
        km_third            float64, sessions
        first_file          datetime64[s]
        last_file           datetime64[s]
    """
    return history.ask("holding_period_distribution", fund=fund, issuer=issuer)
