"""Our records, as frames: whom we have files of, how far they reach, what a text may mean."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History


def issuers(history: History) -> pd.DataFrame:
    """The issuers we have files of, and how far these reach.

    Columns:
        issuer          string
        name            string
        fund_count      Int64
        closed_funds    Int64
        first_file      datetime64[s]
        last_file       datetime64[s]
        files           Int64
    """
    return history.ask("issuers")


def funds(history: History, issuer: str | None = None) -> pd.DataFrame:
    """The funds we have files of, the dates of their first and last accepted file, and the size of the last.

    Columns:
        issuer          string
        fund            string
        name            string
        kind            string
        first_file      datetime64[s]
        last_file       datetime64[s]
        files           Int64
        positions       Int64
        value           float64, `currency`
        currency        string
        closed          datetime64[s]
    """
    return history.ask("funds", issuer=issuer)


def coverage(history: History, fund: str | None = None, issuer: str | None = None) -> pd.DataFrame:
    """Which trading sessions our files cover. `gaps` are lists of {from, to, sessions}.

    Columns:
        issuer          string
        fund            string
        first           datetime64[s]
        last            datetime64[s]
        sessions        Int64, sessions
        files           Int64
        gaps            object
        quarantined     Int64
        late            Int64
    """
    return history.ask("coverage", fund=fund, issuer=issuer)


def search(history: History, text: str, limit: int = 30) -> pd.DataFrame:
    """The funds, issuers and securities that a text may mean, the likeliest first, and by what each was found.

    Columns:
        what            string
        issuer          string
        fund            string
        security        string
        name            string
        ticker          string
        why             string
        fund_count      Int64
    """
    return history.ask("search", text=text, limit=limit)
