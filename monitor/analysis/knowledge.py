"""What we came to know and what was made of it, as frames: revisions, alerts, changed names, splits."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.history import History, Value


def identity_changes(
    history: History,
    fund: str | None = None,
    issuer: str | None = None,
    security: str | None = None,
    since: Value = None,
    until: Value = None,
) -> pd.DataFrame:
    """Which lines changed their identifier, ticker or name and stayed the same position, as both files print them.

    Columns:
        issuer            string
        fund              string
        as_of             datetime64[s]
        previous_file     datetime64[s]
        kind              string
        security          string
        name              string
        ticker            string
        cusip             string
        isin              string
        sedol             string
        figi              string
        old_name          string
        new_name          string
        old_ticker        string
        new_ticker        string
        old_identifier    string
        new_identifier    string
        confidence        string
        claim             string
    """
    return history.ask("identity_changes", fund=fund, issuer=issuer, security=security, since=since, until=until)


def splits(
    history: History,
    fund: str | None = None,
    issuer: str | None = None,
    security: str | None = None,
    since: Value = None,
    until: Value = None,
) -> pd.DataFrame:
    """Which splits and successors are applied in files dated `as_of` and later, by which rule, and what showed them.

    A split without a fund holds for all funds of the issuer; `funds` are those whose files showed it.

    Columns:
        issuer        string
        fund          string
        funds         object
        as_of         datetime64[s]
        kind          string
        security      string
        name          string
        ticker        string
        cusip         string
        isin          string
        sedol         string
        figi          string
        earlier       string
        later         string
        factor        float64
        ratio         string
        rule          string
        confidence    string
        evidence      string
    """
    return history.ask("splits", fund=fund, issuer=issuer, security=security, since=since, until=until)


def revisions(
    history: History, since: Value, until: Value = None, fund: str | None = None, issuer: str | None = None
) -> pd.DataFrame:
    """What our knowledge gained or changed between two instants (or the ends of two days, in UTC).

    `what` is file, back-file (loaded as history), restatement (another version of a date), settled (a held file, by a
    later one), operator, evidence, corrected or withdrawn (an item that had been told) or identity.

    Columns:
        at          datetime64[us, UTC]
        what        string
        issuer      string
        fund        string
        as_of       datetime64[s]
        standing    string
        detail      string
        item        string
        place       string
        sha256      string
    """
    return history.ask("revisions", since=since, until=until, fund=fund, issuer=issuer)


def told(history: History, file: str) -> pd.DataFrame:
    """Which alerts a file caused, to whom they went, and which message corrected them or took them back.

    `file` is FUND/DATE, FUND/DATE/HASH or the beginning of its hash. An item that was promised to nobody has a row
    without a channel.

    Columns:
        issuer          string
        fund            string
        as_of           datetime64[s]
        sha256          string
        item            string
        kind            string
        headline        string
        holds           boolean
        channel         string
        form            string
        state           string
        message         string
        created_at      datetime64[us, UTC]
        sent_at         datetime64[us, UTC]
        corrected_by    string
    """
    return history.ask("told", file=file)
