"""What changed, as frames: entries, exits, returns, and what was told of them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from monitor.analysis.history import History, Value


def changes(
    history: History,
    since: Value = None,
    until: Value = None,
    fund: str | None = None,
    issuer: str | None = None,
    security: str | None = None,
    kind: Sequence[str] = (),
    severity: Sequence[str] = (),
    level: str | None = None,
    superseded: bool = False,
    limit: int | None = None,
) -> pd.DataFrame:
    """What entered, left, came back or changed, oldest first: events of funds, and the items made of them.

    `since` and `until` are dates of files, `level` is `event` or `item` (what people are told), `limit` keeps the
    newest. `evidence` are lists of {fund, as_of, sha256, row}: the lines of files it rests on.

    Columns:
        id                              string
        level                           string
        kind                            string
        issuer                          string
        funds                           object
        security                        string
        name                            string
        ticker                          string
        cusip                           string
        isin                            string
        sedol                           string
        figi                            string
        as_of                           datetime64[s]
        pos_session_from                datetime64[s]
        pos_session_to                  datetime64[s]
        published_from                  datetime64[us, UTC]
        published_to                    datetime64[us, UTC]
        known_at                        datetime64[us, UTC]
        shares_before                   float64, shares
        shares_after                    float64, shares
        active_shares                   float64, shares
        value                           float64, `currency`
        currency                        string
        weight_before                   float64, percent points
        weight_after                    float64, percent points
        absence_last_held               datetime64[s]
        absence_last_material           datetime64[s]
        absence_sessions                Int64, sessions
        absence_days                    Int64, days
        absence_uncovered_sessions      Int64, sessions
        absence_last_shares             float64, shares
        absence_last_file               datetime64[s]
        absence_longest_gap_from        datetime64[s]
        absence_longest_gap_to          datetime64[s]
        absence_longest_gap_sessions    Int64, sessions
        absence_exit_from               datetime64[s]
        absence_exit_to                 datetime64[s]
        claim                           string
        score                           Int64, points
        severity                        string
        confidence                      string
        status                          string
        evidence                        object
    """
    return history.ask(
        "changes",
        since=since,
        until=until,
        fund=fund,
        issuer=issuer,
        security=security,
        kind=list(kind),
        severity=list(severity),
        level=level,
        superseded=superseded,
        limit=limit,
    )


def entries(
    history: History,
    security: str | None = None,
    fund: str | None = None,
    issuer: str | None = None,
    since: Value = "-30d",
    until: Value = None,
) -> pd.DataFrame:
    """Who began to hold a security, or came back to it: events of funds, oldest first.

    Columns: as of `changes`, then:
        fund                            string
    """
    return history.ask("entries", security=security, fund=fund, issuer=issuer, since=since, until=until)


def exits(
    history: History,
    security: str | None = None,
    fund: str | None = None,
    issuer: str | None = None,
    since: Value = "-30d",
    until: Value = None,
) -> pd.DataFrame:
    """Who gave up a security: the position is gone, or a crumb is left. Events of funds, oldest first.

    Columns: as of `entries`.
    """
    return history.ask("exits", security=security, fund=fund, issuer=issuer, since=since, until=until)


def re_entries(
    history: History,
    fund: str | None = None,
    issuer: str | None = None,
    security: str | None = None,
    since: Value = None,
    until: Value = None,
    min_absence: int = 21,
) -> pd.DataFrame:
    """Which positions came back after at least `min_absence` sessions without a material holding, oldest first.

    Sessions without a file are counted in `absence_uncovered_sessions`: nobody knows what was held then.

    Columns: as of `entries`.
    """
    return history.ask(
        "re_entries",
        fund=fund,
        issuer=issuer,
        security=security,
        since=since,
        until=until,
        min_absence=min_absence,
    )


def issuer_firsts(
    history: History, issuer: str | None = None, since: Value = "-90d", until: Value = None
) -> pd.DataFrame:
    """Which securities no fund of the issuer had held before, as far as our records reach; the claim says how far.

    Columns: as of `changes`.
    """
    return history.ask("issuer_firsts", issuer=issuer, since=since, until=until)


def interval_claims(history: History, fund: str | None = None, issuer: str | None = None) -> pd.DataFrame:
    """Which entries and exits are known to an interval only, or rest on a list beside the daily files.

    Columns: as of `entries`, then:
        basis                           string
    """
    return history.ask("interval_claims", fund=fund, issuer=issuer)
