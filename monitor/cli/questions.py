"""Commands that ask the history: funds, coverage, holdings, history, who-holds, changes."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from monitor.cli import output
from monitor.cli.context import history as asking
from monitor.cli.context import now
from monitor.cli.options import ConfigFile, Db, Form, Fund, Issuer, On, choices, day, instant, period
from monitor.cli.output import Format, record
from monitor.core.errors import UsageError

OLD_DAYS = 14  # a latest file older than this is pointed out
Security = Annotated[
    str, typer.Argument(metavar="SECURITY", help="Public id, ticker (also a former one), CUSIP, ISIN, SEDOL or a name.")
]


def funds(issuer: Issuer = None, form: Form = Format.TABLE, db: Db = None, config: ConfigFile = None) -> None:
    """The funds we have files of, and how far these reach."""
    from monitor.store import queries

    with asking(config, db) as conn:
        found = queries.funds(conn, issuer)
    columns = ("issuer", "fund", "name", "kind", "first_file", "last_file", "files", "positions", "value")
    output.show([record(one) for one in found], form, columns, "No fund yet: load files with `ingest` or `check`.")


def coverage(
    fund: Annotated[str | None, typer.Argument(metavar="[FUND]", help="Only this fund.")] = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Which trading sessions our files cover: first, last, gaps, quarantined, late."""
    from monitor.store import queries

    with asking(config, db) as conn:
        found = queries.coverage(conn, None if fund is None else [queries.find_fund(conn, fund)])
    records = [record(one) for one in found]
    if form is Format.TABLE:
        records = [one | {"gaps": _gaps(one["gaps"], brief=fund is None)} for one in records]
    columns = ("fund", "first", "last", "sessions", "files", "gaps", "quarantined", "late")
    output.show(records, form, columns, "No fund yet: load files with `ingest` or `check`.")


def _gaps(gaps: object, *, brief: bool) -> str:
    """`3 (longest 26: 2021-10-29 … 2021-12-06)`, or all of them."""
    assert isinstance(gaps, list)
    if not gaps:
        return "none"
    worded = [f"{gap['sessions']}: {_between(gap)}" for gap in gaps]
    if not brief:
        return ", ".join(worded)
    longest = max(range(len(gaps)), key=lambda at: int(gaps[at]["sessions"]))
    return f"{len(gaps)} (longest {worded[longest]})"


def holdings(
    fund: Annotated[str, typer.Argument(metavar="FUND", help="Ticker, or issuer/ticker.")],
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
    from monitor.store import queries

    when, known = day(on), instant(as_known)
    with asking(config, db) as conn:
        found = queries.find_fund(conn, fund)
        if against is None:
            rows = [record(one) for one in queries.holdings(conn, found, when, known)]
        else:
            other = day(against)
            assert other is not None
            rows = [record(one) for one in queries.difference(conn, found, other, when, known)]
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
    output.show(rows, form, columns, "No difference." if against else "The file lists nothing.")


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
    records = [record(one) | {"evidence": [record(fact) for fact in said if one.holds(fact)]} for one in found]
    if form is Format.TABLE:
        output.say(f"{' / '.join(what.names)}")
        records = [one | {"opened": _between(one["opened"]), "closed": _between(one["closed"])} for one in records]
    columns = (
        "fund", "security.ticker", "opened", "closed", "entry_shares", "peak_shares", "exit_shares", "sessions",
        "first_file", "exit_file", "last_file", "censored",
    )  # fmt: skip
    output.show(records, form, columns, "No fund held a material position of it.")
    if form is Format.TABLE and said:
        output.say("\nBeside the daily files:")
        facts = ("fund", "pos_session", "state", "shares", "weight", "file_shares", "source", "as_of", "note")
        output.show([record(one) for one in said], form, facts, "")


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
    from monitor.store import queries

    when = day(on)
    with asking(config, db) as conn:
        found = queries.who_holds(conn, queries.find_security(conn, security), when, issuer)
    columns = ("fund", "as_of", "security.ticker", "security.name", "shares", "value", "weight")
    output.show([record(one) for one in found], form, columns, "No fund holds it.")
    if form is Format.TABLE:
        _tell_old([(one.fund, one.as_of) for one in found], when or now().date())


def _tell_old(files: list[tuple[str, date]], asked: date) -> None:
    """A note on funds whose latest file is much older than the day that was asked for."""
    old = sorted({(fund, as_of) for fund, as_of in files if (asked - as_of).days > OLD_DAYS})
    if old:
        named = ", ".join(f"{fund} as of {as_of}" for fund, as_of in old)
        output.tell(f"Files more than {OLD_DAYS} days older than {asked}, nothing later is known: {named}")


def changes(
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="From files dated so on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Up to files dated so.")] = None,
    fund: Fund = None,
    issuer: Issuer = None,
    security: Annotated[str | None, typer.Option("--security", metavar="S", help="Only this security.")] = None,
    kind: Annotated[list[str] | None, typer.Option("--kind", metavar="K", help="Only this kind; repeatable.")] = None,
    severity: Annotated[
        list[str] | None, typer.Option("--severity", metavar="LEVEL", help="Only high, normal or low; repeatable.")
    ] = None,
    level: Annotated[
        str | None,
        typer.Option(
            "--level", help="Only 'event' (one fund) or 'item' (issuer-wide: what people are told). Default: both."
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the newest so many of what is listed.")
    ] = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """What entered, left, came back or changed, newest last.

    By default both levels are listed: the events of each fund and the issuer-wide items made of them. With
    --level item you get what people are told.
    """
    from monitor.core.model import Kind, Severity
    from monitor.store import queries

    first, last = period(since, until)
    kinds, severities = choices(Kind, kind, "kind"), choices(Severity, severity, "severity")
    if level not in (None, "event", "item"):
        raise UsageError(f"There is no level {level!r}. Known: event, item")
    with asking(config, db) as conn:
        found = queries.changes(
            conn,
            queries.Wanted(
                first,
                last,
                queries.find_fund(conn, fund, issuer) if fund else None,
                issuer,
                queries.find_security(conn, security).ids if security else None,
                kinds,
                severities,
                level,  # type: ignore[arg-type]
            ),
        )
    shown = found[-limit:] if limit else found
    columns = ("as_of", "level", "kind", "funds", "security.ticker", "active_shares", "value", "severity", "claim")
    output.show(shown, form, columns, "No changes.")
