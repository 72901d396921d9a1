"""What funds list, but too small to be a position, as a frame."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History, Value


def crumbs(history: History, fund: str | None = None, issuer: str | None = None, on: Value = None) -> pd.DataFrame:
    """Lines of the latest file of each fund, dated `on` or before, that are too small to be a position.

    `since` is the date of the file in which the position ended, missing for lines that never were one; `peak_shares`
    its largest count, in shares of this file. Contracts, cash and lines without a known weight are left out.

    Columns:
        issuer              string
        fund                string
        as_of               datetime64[s]
        pos_session         datetime64[s]
        security            string
        name                string
        ticker              string
        cusip               string
        isin                string
        sedol               string
        figi                string
        shares              float64, shares
        value               float64, `currency`
        currency            string
        weight              float64, percent points
        since               datetime64[s]
        peak_shares         float64, shares
    """
    return history.ask("crumbs", fund=fund, issuer=issuer, on=on)
