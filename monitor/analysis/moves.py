"""What moved without a trade, and how positions ended, as frames."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History, Value


def weight_movers(
    history: History, fund: str, since: Value = "-7d", until: Value = None, least: Value = 0.5
) -> pd.DataFrame:
    """Lines whose weight moved by `least` percent points or more although nothing of them was bought or sold.

    Compared are consecutive files at most five sessions apart; `since` and `until` are dates of the newer one. A weight
    also moves because other lines do.

    Columns:
        issuer              string
        fund                string
        as_of_before        datetime64[s]
        as_of               datetime64[s]
        pos_session         datetime64[s]
        security            string
        name                string
        ticker              string
        cusip               string
        isin                string
        sedol               string
        figi                string
        weight_before       float64, percent points
        weight_after        float64, percent points
        moved               float64, percent points
        price_change        float64, percent
    """
    return history.ask("weight_movers", fund=fund, since=since, until=until, least=least)


def wind_downs(history: History, fund: str | None = None, issuer: str | None = None) -> pd.DataFrame:
    """Positions that were given up, the newest exit first: how many sessions it took from their peak, and from the
    first sale after the last purchase.

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
        peak_file           datetime64[s]
        peak_shares         float64, shares
        first_sale          datetime64[s]
        closed_from         datetime64[s]
        closed_to           datetime64[s]
        exit_file           datetime64[s]
        sales               Int64
        from_peak           Int64, sessions
        from_sale           Int64, sessions
    """
    return history.ask("wind_downs", fund=fund, issuer=issuer)


def wind_down_averages(history: History, fund: str | None = None, issuer: str | None = None) -> pd.DataFrame:
    """How many sessions funds usually take to wind a position down, a row per fund.

    Columns:
        issuer              string
        fund                string
        exits               Int64
        median_from_peak    float64, sessions
        mean_from_peak      float64, sessions
        with_sales          Int64
        median_from_sale    float64, sessions
        mean_from_sale      float64, sessions
        first_exit_file     datetime64[s]
        last_exit_file      datetime64[s]
    """
    return history.ask("wind_down_averages", fund=fund, issuer=issuer)
