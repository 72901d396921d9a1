"""Commands that read the database as a whole: sql, export, status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.context import ATTENTION, program
from monitor.cli.options import ConfigFile, Db, Form
from monitor.cli.output import Format, record
from monitor.cli.wording import counted

if TYPE_CHECKING:
    from monitor.store.queries import StatusRow

SQL_HELP = """Answer a SELECT over the documented views; nothing can be changed.

The views, whose names and columns are promised (the tables behind them are not):

\b
v_holdings – one position of one fund in one accepted file.
v_spells – one unbroken run in which a fund held a security; open while closed is null.
v_events – one change of one position of one fund.
v_items – one change over all funds of an issuer: what people are told.
v_flows – two consecutive files of one fund: what creations and redemptions explain.
v_trades – one line that was bought or sold between them.
v_coverage – one fund: how much of its history we have.
v_deliveries – one message for one channel.
v_snapshots – one published version of a fund's holdings, whatever became of it.
v_refusals – one body that was not a holdings file.
v_presence – one line of an N-PORT schedule or another list of past holdings.
v_identifiers – one name, ticker or identifier of a security, and how long it was valid.
v_incidents – one time we could not see what an issuer or fund published.
v_mutes – one wish not to hear of something until a day.

Columns, with types and meanings: views v_holdings. Dates are dates on PostgreSQL and ISO text on SQLite.
"""


def sql(
    statement: Annotated[str, typer.Argument(metavar="QUERY", help='For example "SELECT * FROM v_coverage".')],
    seconds: Annotated[float, typer.Option("--seconds", metavar="N", min=0.1, max=3600, help="Time limit.")] = 30,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=1_000_000, help="Most rows printed.")
    ] = 10_000,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    from monitor.store.readonly import ask

    answer = ask(program(config, db).config.database, statement, seconds=seconds, limit=limit)
    rows = [[output.plain_cell(value) for value in row] for row in answer.rows]
    columns = list(answer.columns)
    if form is Format.JSON:
        output.show([dict(zip(columns, row, strict=True)) for row in rows], form, columns, "")
    elif form is Format.CSV:
        typer.echo(output.csv_text(columns, rows), nl=False)
    else:
        output.print_table(columns, rows)
    if answer.cut:
        output.tell(f"Only the first {counted(limit, 'row')} of the answer: raise --limit, or use `export`.")


sql.__doc__ = SQL_HELP


COUNTED = {
    "incident": "incident",
    "daemon": "daemon",
    "tick": "failure",
    "issuer": "failure",
    "work": "issuer",
    "quarantine": "file",
    "calibration": "failure",
    "deliveries": "message",
}


def _counted(row: StatusRow) -> str | None:
    """What the count of a row counts, in words; nothing for a fund without a file."""
    if row.what != "fund":
        return counted(row.count, COUNTED[row.what])
    return counted(row.count, "session behind", "sessions behind") if row.since else None


def status(form: Form = Format.TABLE, db: Db = None, config: ConfigFile = None) -> None:
    """How fresh the files are, where we are blind, and what is unfinished, quarantined or undelivered (exit code 3)."""
    from monitor.cli.context import now
    from monitor.store import queries

    app = program(config, db)
    with app.reading() as conn:
        rows = queries.status(conn, now(), app.watched_funds(), app.expectations(conn, now()))
    records = [record(one) for one in rows]
    if form is Format.TABLE:
        records = [one | {"count": _counted(row)} for one, row in zip(records, rows, strict=True)]
    output.show(records, form, ("what", "name", "state", "count", "since", "detail"), "")
    if queries.needs_attention(rows):
        raise typer.Exit(ATTENTION)
