"""The commands `db …`: upgrade, check, backup, restore, rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import files, output
from monitor.cli.context import DONE, FAILED, program
from monitor.cli.options import Cluster, ConfigFile, Db, Workers, where
from monitor.cli.progress import Progress
from monitor.cli.shape import Program
from monitor.cli.wording import counted

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.rebuilding import RebuildReport
    from monitor.scale.where import Where
    from monitor.store.engine import Engine

group = Program(
    "The database itself.",
    examples=(
        "db backup holdings-2026-01-31.zip",
        "db check",
        "db rebuild",
    ),
)
BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup, one file.")]


@group.command()
def upgrade(db: Db = None, config: ConfigFile = None) -> None:
    """Create the database, or bring an older one up to date and derive everything again. Tells nobody."""
    from monitor.store import migrate, partitions, past
    from monitor.store.engine import open_engine, reading

    app = program(config, db)
    engine = open_engine(app.config.database)
    try:
        with Progress() as progress:
            before, after = migrate.upgrade(engine, told=progress)
        partitions.ahead(engine, app.clock().date())
        with reading(engine) as conn:
            due = past.is_derivation_due(conn)
    finally:
        engine.dispose()
    if before == after and due:
        output.say(f"The database is at schema {after}. What follows from its files was not made to the end.")
        rebuild(db=db, config=config)
    elif before == after:
        output.say(f"The database is up to date (schema {after}).")
    elif before is None:
        output.say(f"The database {app.config.database_shown} was made (schema {after}).")
    else:
        output.say(
            f"The database was brought from schema {before} to {after}. What follows from its files is made again."
        )
        rebuild(db=db, config=config)


@group.command("check")
def check_database(db: Db = None, config: ConfigFile = None) -> None:
    """Look at every row and every stored file; 1 when something is wrong."""
    from monitor.store import upkeep

    with opened_current(config, db) as engine, Progress() as progress:
        found = upkeep.check(engine, progress)
    for one in found:
        output.say(f"{one.table}: {one.text}")
    if found:
        raise typer.Exit(FAILED)
    output.say("Nothing is wrong.")


@group.command()
def backup(file: BackupFile, db: Db = None, config: ConfigFile = None) -> None:
    """Write one consistent state to a file; works while the program runs."""
    from monitor.store import backup as backups

    files.check_new(file)
    with opened_current(config, db) as engine, Progress() as progress:
        manifest = backups.backup(engine, file, progress)
    output.say(f"{counted(sum(one.rows for one in manifest.tables), 'row')} saved in {file}.")


@group.command()
def restore(
    file: BackupFile,
    force: Annotated[bool, typer.Option("--force", help="Remove what the database holds first.")] = False,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Load a backup into an empty database, all or nothing."""
    from monitor.store import backup as backups

    app = program(config, db)
    files.check_backup(file)
    with Progress() as progress:
        manifest = backups.restore(app.config.database, file, force=force, progress=progress)
    rows = sum(one.rows for one in manifest.tables)
    output.say(f"{counted(rows, 'row')} loaded from {file} into {app.config.database_shown}.")


@group.command()
def rebuild(cluster: Cluster = None, workers: Workers = None, db: Db = None, config: ConfigFile = None) -> None:
    """Derive verdicts, spells, events and items again from the stored files. Tells nobody."""
    app, crew = program(config, db), where(cluster, workers)
    if crew is not None:
        raise typer.Exit(_rebuild_on(app, crew))
    with app.existing() as engine, Progress() as progress:
        report = app.rebuild(engine, progress)
    _say_rebuilt(report)


def _rebuild_on(app: App, crew: Where) -> int:
    """The same by workers, issuer by issuer; 1 when some could not be derived."""
    with app.existing() as engine, app.crew(crew) as workers, Progress() as progress:
        done = app.rebuild_on(workers, engine, progress)
    _say_rebuilt(done.report)
    if done.before:
        output.say(f"{counted(done.before, 'issuer')} had been rebuilt by the run that was cut off.")
    for text in done.lost:
        output.say(f"not rebuilt  {text}")
    return FAILED if done.lost else DONE


def _say_rebuilt(report: RebuildReport) -> None:
    output.say(
        f"Rebuilt from {counted(report.snapshots, 'file')} of {counted(report.issuers, 'issuer')}: "
        f"{counted(report.events, 'event')}, {counted(report.items, 'item')}."
    )


@contextmanager
def opened_current(config: Path | None, db: str | None) -> Iterator[Engine]:
    """A database that exists and is up to date; a missing one is not made."""
    from monitor.store.engine import open_engine
    from monitor.store.migrate import open_current

    url = program(config, db).config.database
    open_engine(url, read_only=True).dispose()
    engine = open_current(url)
    try:
        yield engine
    finally:
        engine.dispose()
