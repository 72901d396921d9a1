"""What funds hold, as frames."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History, Value


def holdings(history: History, fund: str, on: Value = None, as_known: Value = None) -> pd.DataFrame:
    """A fund's whole portfolio on a day, as known now or then, the largest weight first.

    `fund` is a ticker, or issuer/ticker; `on` the latest file dated so or before; `as_known` an instant, or the end of
    a day in UTC. Raises UsageError for an unknown fund, and where we have no file so early.

    Columns:
        fund            string
        issuer          string
        as_of           datetime64[s]
        pos_session     datetime64[s]
        security        string
        name            string
        ticker          string
        cusip           string
        isin            string
        sedol           string
        figi            string
        shares          float64, shares
        value           float64, `currency`
        currency        string
        weight          float64, percent points
    """
    return history.ask("holdings", fund=fund, on=on, as_known=as_known)


def who_holds(history: History, security: str, on: Value = None, issuer: str | None = None) -> pd.DataFrame:
    """The funds whose latest file lists a security, with weight and value.

    `security` is a public id, ticker (also a former one), CUSIP, ISIN, SEDOL or name.

    Columns: as of `holdings`.
    """
    return history.ask("who_holds", security=security, on=on, issuer=issuer)


def difference(history: History, fund: str, before: Value, after: Value = None, as_known: Value = None) -> pd.DataFrame:
    """What differs between a fund's files of two days, the largest change in value first.

    `before` and `after` mean the latest file dated so or before; `change` is free of splits: after - before * split.

    Columns:
        issuer           string
        fund             string
        as_of_before     datetime64[s]
        as_of_after      datetime64[s]
        security         string
        name             string
        ticker           string
        cusip            string
        isin             string
        sedol            string
        figi             string
        shares_before    float64, shares
        shares_after     float64, shares
        split            float64
        change           float64, shares
        value_before     float64, `currency`
        value_after      float64, `currency`
        weight_before    float64, percent points
        weight_after     float64, percent points
    """
    return history.ask("difference", fund=fund, before=before, after=after, as_known=as_known)
