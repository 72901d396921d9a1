"""The commands `db partitions`, `db archive` and `db restore-archive`: the months of lines, here and away."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.database import group as group  # one group, two modules of commands
from monitor.cli.database import opened_current
from monitor.cli.options import ConfigFile, Db, Form, day
from monitor.cli.output import Format
from monitor.cli.progress import Progress
from monitor.cli.wording import counted
from monitor.core.errors import UsageError

if TYPE_CHECKING:
    from monitor.asking.plain import Record

COLUMNS = ("months", "state", "rows", "bytes", "index_bytes", "file")


@group.command("partitions")
def list_partitions(form: Form = Format.TABLE, db: Db = None, config: ConfigFile = None) -> None:
    """The months of lines: about how many rows and bytes, which are done with, and which are archived where."""
    from monitor.store import archived, partitions
    from monitor.store.engine import reading

    with opened_current(config, db) as engine, reading(engine) as conn:
        away: list[tuple[int, Record]] = [
            (one.span.first, _row(str(one.span), "archived", one.rows, file=one.file)) for one in archived.listing(conn)
        ]
        here: list[tuple[int, Record]] = [
            (
                one.span.first,
                _row(
                    str(one.span),
                    "vacuumed" if one.vacuumed else "open",
                    one.rows,
                    one.bytes,
                    one.index_bytes,
                    one.name,
                ),
            )
            for one in partitions.partitions(conn)
        ]
    rows = [row for _, row in sorted((*away, *here), key=lambda pair: pair[0])]
    output.show(rows, form, COLUMNS, "SQLite keeps all lines in one table, and none is archived.")


def _row(
    months: str,
    state: str,
    rows: int,
    size: int | None = None,
    indexes: int | None = None,
    name: str = "",
    file: str = "",
) -> Record:
    return {
        "months": months,
        "state": state,
        "rows": rows,
        "bytes": size,
        "index_bytes": indexes,
        "table": name or None,
        "file": file or None,
    }


@group.command("archive")
def archive_lines(
    before: Annotated[
        str, typer.Option("--before", metavar="MONTH", help="Months that were over by then: 2020-01, or a day.")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder for the Parquet files; it must exist.")],
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Move the lines of old months into Parquet files, each checked before the database lets go of them."""
    _need_parquet()
    from monitor.cli.context import program
    from monitor.exporting.archived import archive_before

    until = day(f"{before}-01" if len(before) == len("2020-01") else before)
    assert until is not None
    app = program(config, db)
    with opened_current(config, db) as engine, Progress() as progress:
        moved = archive_before(engine, until, to, app.clock(), progress)
    for one in moved:
        output.say(f"{one.span}: {counted(one.rows, 'line')} in {one.file}")
    output.say(
        "Spells, events and items stay. Questions about those days say where their lines are."
        if moved
        else f"Nothing was moved: before {until} no whole month has lines, or only that of a newest file, which stays."
    )


@group.command("restore-archive")
def restore_lines(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `db archive` wrote.")],
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Bring archived lines back into the database, all or nothing; the file stays."""
    _need_parquet()
    from monitor.exporting.archived import restore

    with opened_current(config, db) as engine, Progress():
        one = restore(engine, file)
    output.say(f"{one.span}: {counted(one.rows, 'line')} are back.")


def _need_parquet() -> None:
    if find_spec("pyarrow") is None:
        raise UsageError('Archiving writes Parquet and needs pyarrow: pip install "holdings-monitor[parquet]".')
