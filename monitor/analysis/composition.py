"""What portfolios are made of, as frames."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History, Value


def concentration(
    history: History, fund: str, since: Value = None, until: Value = None, every: str = "month"
) -> pd.DataFrame:
    """How concentrated a fund is through time. Cash is no position, weights are of the whole fund.

    `every` is file, week or month: the last file of each. `hhi` is 10,000 when one name is all.

    Columns:
        issuer              string
        fund                string
        as_of               datetime64[s]
        pos_session         datetime64[s]
        positions           Int64
        largest             float64, percent points
        top10               float64, percent points
        hhi                 float64, points
        effective           float64
    """
    return history.ask("concentration", fund=fund, since=since, until=until, every=every)


def overlap(history: History, fund: str, other: str, on: Value = None) -> pd.DataFrame:
    """The names two funds share on a day, with both weights and the smaller of them, the largest first.

    Compared are the files of the latest session (by `on`) that both have one of. The sum of `overlap` is the overlap
    of the funds.

    Columns:
        issuer              string
        fund                string
        as_of               datetime64[s]
        other_issuer        string
        other               string
        other_as_of         datetime64[s]
        security            string
        name                string
        ticker              string
        cusip               string
        isin                string
        sedol               string
        figi                string
        weight              float64, percent points
        other_weight        float64, percent points
        overlap             float64, percent points
    """
    return history.ask("overlap", fund=fund, other=other, on=on)


def overlap_history(
    history: History, fund: str, other: str, since: Value = None, until: Value = None, every: str = "month"
) -> pd.DataFrame:
    """The overlap of two funds through time: the sum of the smaller weights, and how many names are shared.

    Only sessions of which both have a file are compared; of each week or month the last one (`every`: file, week or
    month).

    Columns:
        issuer              string
        fund                string
        as_of               datetime64[s]
        pos_session         datetime64[s]
        other_issuer        string
        other               string
        other_as_of         datetime64[s]
        overlap             float64, percent points
        shared              Int64
        only_in_fund        Int64
        only_in_other       Int64
    """
    return history.ask("overlap_history", fund=fund, other=other, since=since, until=until, every=every)
