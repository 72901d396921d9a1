"""One position through time, as frames."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History, Value


def position(history: History, fund: str, security: str, since: Value = None, until: Value = None) -> pd.DataFrame:
    """A fund's position in a security in every accepted file, oldest first, its shares adjusted for splits.

    A file that does not list the security has a row with 0 shares and `listed` False. `adjusted_shares` are in units
    of the last file of the answer, `price` is what value and shares imply. `since` and `until` are dates of files.

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
        listed              boolean
        shares              float64, shares
        adjusted_shares     float64, shares
        value               float64, `currency`
        currency            string
        weight              float64, percent points
        price               float64, `currency`
    """
    return history.ask("position", fund=fund, security=security, since=since, until=until)
