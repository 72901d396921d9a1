"""Commands that ask the history: funds, coverage, holdings, history, who-holds."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from monitor.asking.registry import find
from monitor.cli import completing, output
from monitor.cli.asking import answered
from monitor.cli.context import history as asking
from monitor.cli.context import now, program
from monitor.cli.options import ConfigFile, Db, Form, Fund, Issuer, On, day
from monitor.cli.output import Format, record
from monitor.cli.wording import counted

OLD_DAYS = 14  # a latest file older than this is pointed out
Security = Annotated[
    str,
    typer.Argument(
        metavar="SECURITY",
        help="Public id, ticker (also a former one), CUSIP, ISIN, SEDOL or a name.",
        autocompletion=completing.security,
    ),
]


def funds(issuer: Issuer = None, form: Form = Format.TABLE, db: Db = None, config: ConfigFile = None) -> None:
    """The funds we have files of, and how far these reach."""
    from monitor.store import queries

    with asking(config, db) as conn:
        found = queries.funds(conn, issuer)
    columns = ("issuer", "fund", "name", "kind", "first_file", "last_file", "files", "positions", "value")
    output.show([record(one) for one in found], form, columns, "No fund yet: load files with `ingest` or `check`.")


def coverage(
    fund: Annotated[
        str | None,
        typer.Argument(
            metavar="[FUND]", help="Only this fund (ticker, or issuer/ticker).", autocompletion=completing.fund
        ),
    ] = None,
    issuer: Issuer = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Which trading sessions our files cover: first, last, gaps, quarantined, late."""
    with asking(config, db) as conn:
        records, empty = answered(conn, find("coverage"), {"fund": fund, "issuer": issuer})
    columns = ("fund", "first", "last", "sessions", "files", "gaps", "quarantined", "late")
    if form is not Format.TABLE:
        output.show(records, form, columns, empty)
        return
    brief = [{**one, "gaps": _gaps(one["gaps"])} for one in records]
    output.show(brief, form, columns, empty)
    gaps = records[0]["gaps"] if fund is not None else []
    assert isinstance(gaps, list)
    for gap in gaps:
        output.say(f"gap of {counted(gap['sessions'], 'session'):12} {_between(gap)}")


def _gaps(gaps: object) -> str:
    """`3 (max 26)`: how many, and the sessions of the longest."""
    assert isinstance(gaps, list)
    return f"{len(gaps)} (max {max(int(gap['sessions']) for gap in gaps)})" if gaps else "none"


def holdings(
    fund: Annotated[
        str, typer.Argument(metavar="FUND", help="Ticker, or issuer/ticker.", autocompletion=completing.fund)
    ],
    on: On = None,
    as_known: Annotated[
        str | None,
        typer.Option(
            "--as-known",
            metavar="DATE|INSTANT",
            help="As we knew it then, before later corrections: 2021-09-03T14:00:00Z, or the end (UTC) of a date.",
        ),
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="DATE", help="The difference to the file of that day instead.")
    ] = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """A portfolio, or the difference of two: the latest accepted file dated --on or before."""
    asked = {"fund": fund, "on": on, "as_known": as_known}
    if against is not None:
        asked = {"fund": fund, "before": against, "after": on, "as_known": as_known}
    with asking(config, db) as conn:
        rows, empty = answered(conn, find("holdings" if against is None else "difference"), asked)
    if form is Format.TABLE and rows:
        output.say(_heading(rows[0]))
    columns: tuple[str, ...] = ("security.ticker", "security.name", "shares", "value", "weight", "security.id")
    if against is not None:
        columns = (
            "security.ticker",
            "security.name",
            "shares_before",
            "shares_after",
            "split",
            "change",
            "security.id",
        )
    output.show(rows, form, columns, empty)


def _heading(first: output.Record) -> str:
    if "as_of" not in first:
        return f"{first['fund']}, files dated {first['as_of_before']} and {first['as_of_after']}"
    session = f" (positions after the close of {first['pos_session']})" if first["pos_session"] else ""
    return f"{first['fund']}, file dated {first['as_of']}{session}"


def history(
    security: Security,
    fund: Fund = None,
    issuer: Issuer = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """When funds held a security: entry, exit, peak and length of every spell."""
    from monitor.store import queries

    with asking(config, db) as conn:
        what = queries.find_security(conn, security)
        of = queries.find_fund(conn, fund, issuer) if fund else None
        found = queries.history(conn, what, of, issuer)
        said = queries.presence(conn, what, of, issuer)
        turns = queries.interval_turns(conn, security, of, issuer, program(config, db).hides) if said else []
    records = [record(one) | {"evidence": [record(fact) for fact in said if one.holds(fact)]} for one in found]
    if form is Format.TABLE:
        output.say(f"{' / '.join(what.names)}")
        records = [one | {"opened": _between(one["opened"]), "closed": _between(one["closed"])} for one in records]
    columns = (
        "fund", "security.ticker", "opened", "closed", "entry_shares", "peak_shares", "exit_shares", "sessions",
        "first_file", "exit_file", "last_file", "censored",
    )  # fmt: skip
    output.show(
        records,
        form,
        columns,
        "No fund held a material position of it; traces below that are not spells: see `who-holds`.",
    )
    if form is Format.TABLE and said:
        output.say("\nBeside the daily files:")
        facts = ("fund", "pos_session", "state", "shares", "weight", "file_shares", "source", "as_of", "note")
        output.show([record(one) for one in said], form, facts, "")
        for turn in turns:
            output.say(f"{turn.fund}: {turn.claim}")


def _between(interval: object) -> str | None:
    """`2021-08-16`, or `2021-10-29 … 2021-12-07` where files leave it open."""
    if not isinstance(interval, dict):
        return None
    first, last = interval["from"], interval["to"]
    if first is None or first == last:
        return str(last) if first or last is None else f"… {last}"
    return f"{first} … {last}"


def who_holds(
    security: Security,
    on: On = None,
    issuer: Issuer = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """The funds whose latest file lists a security."""
    when = day(on)
    with asking(config, db) as conn:
        rows, empty = answered(conn, find("who_holds"), {"security": security, "on": on, "issuer": issuer})
    columns = ("fund", "as_of", "security.ticker", "security.name", "shares", "value", "weight")
    output.show(rows, form, columns, empty)
    if form is Format.TABLE:
        _tell_old([(str(one["fund"]), date.fromisoformat(str(one["as_of"]))) for one in rows], when or now().date())


def _tell_old(files: list[tuple[str, date]], asked: date) -> None:
    """A note on funds whose latest file is much older than the day that was asked for."""
    old = sorted({(fund, as_of) for fund, as_of in files if (asked - as_of).days > OLD_DAYS})
    if old:
        named = ", ".join(f"{fund} as of {as_of}" for fund, as_of in old)
        output.tell(f"Files more than {OLD_DAYS} days older than {asked}, nothing later is known: {named}")
