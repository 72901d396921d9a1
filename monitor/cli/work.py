"""Commands that start things and do the work: demo, init, check, run, ingest, version."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import completing, output, summary
from monitor.cli.context import ATTENTION, program
from monitor.cli.options import Cluster, ConfigFile, Db, Workers, day, instant, where
from monitor.cli.progress import Progress
from monitor.core.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from monitor.app import App
    from monitor.scale.where import Where
    from monitor.sources.files import LocalFile, NotRead
    from monitor.sources.spec import Source


def demo(
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Keep the demo's files and database in this folder.")
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Show its history on the web page at the end.")] = False,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Of the page; 0: any free one. Default: 8765.")
    ] = None,
) -> None:
    """Offline tour: an issuer on this machine, years of illustrative files, the alert, its history, a bad file."""
    from monitor.cli import serving
    from monitor.demo import run_demo

    def show(folder: Path) -> None:
        if serve:
            serving.listen(program(folder / "monitor.toml", None), port)

    raise typer.Exit(run_demo(keep, output.say, show))


def init(
    issuer: Annotated[
        list[str] | None,
        typer.Option(
            "--issuer",
            metavar="ID",
            help="Watch this issuer; repeatable. Default: those whose addresses are confirmed.",
            autocompletion=completing.source,
        ),
    ] = None,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Write a commented monitor.toml, create the database, and say what to do next."""
    from monitor.app import database_url
    from monitor.config import example_config
    from monitor.sources import registry

    file = config or Path("monitor.toml")
    if file.exists():
        raise UsageError(f"{file} exists already and stays as it is. Edit it, or choose another name with --config.")
    known = registry.load()
    confirmed = sorted(one.id for one in known.values() if one.watched())
    chosen = [registry.choose(known, one).id for one in issuer or confirmed]
    text = example_config(list(dict.fromkeys(chosen)))
    if db is not None:
        text = re.sub(r'(?m)^database = "[^"]*"', lambda _: f"database = {json.dumps(database_url(db))}", text, count=1)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.") from error
    app = program(file, None)
    app.open().dispose()
    output.say(f"Wrote {file} and made the database {app.config.database_shown}.")
    output.say(
        "Next: say in that file who is to be told, then\n"
        "  holdings-monitor test-alert console    try a channel\n"
        "  holdings-monitor funds add TICKER      find any other fund, fetch it once, and watch it\n"
        "  holdings-monitor check                 fetch once; a first file alerts nobody\n"
        "  holdings-monitor run                   keep watching"
    )


def check(
    fund: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FUND]…", help="Only these; default: all watched.", autocompletion=completing.fund),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Fetch and compare, but store and send nothing.")] = False,
    at: Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="Use this instead of the clock.")] = None,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """One pass now: fetch what is due, compare, tell."""
    app = program(config, db, instant(at))
    app.watch(fund or [])  # refuses what cannot be watched, or told, before a database is made
    app.plan()
    if not dry_run:
        app.channels(sys.stdout)  # a secret that is missing is said before anything is fetched
    with app.opened() as engine, Progress() as progress:
        outcome = app.check(engine, fund or [], dry_run=dry_run, progress=progress)
        progress.clear()
        summary.print_outcome(outcome, brief=False)
        if dry_run:
            output.say("Dry run: nothing was stored and nothing sent.")
            raise typer.Exit(summary.exit_code(outcome))
        summary.print_look(app.look(engine))
        code = max(summary.exit_code(outcome), summary.send(app, engine), key=summary.rank)
    raise typer.Exit(code)


def run(db: Db = None, config: ConfigFile = None) -> None:
    """Keep watching: fetch by the schedule of the configuration, deliver, until stopped (SIGTERM finishes first)."""
    # Until the daemon listens itself nothing has begun, so there is nothing to finish.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    from monitor.daemon import Daemon

    raise typer.Exit(Daemon(program(config, db), sys.stdout).run())


def ingest(
    path: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, folders, zip or tar archives.")],
    source: Annotated[
        str,
        typer.Option(
            "--source",
            metavar="ID",
            help="Whose files these are: see `sources list`.",
            autocompletion=completing.source,
        ),
    ],
    alert: Annotated[
        bool, typer.Option("--alert", help="Treat them as arriving now, in the order of their dates, and send alerts.")
    ] = False,
    at: Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="Use this instead of the clock.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="The date of files that neither print nor name one.")
    ] = None,
    fund: Annotated[
        str | None, typer.Option("--fund", metavar="TICKER", help="Whose files these are that do not say it.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List every file, not only refused ones.")] = False,
    cluster: Cluster = None,
    workers: Workers = None,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Read local files, in any order. Without --alert this is history and tells nobody."""
    app, crew = program(config, db, instant(at)), where(cluster, workers)
    found = app.source(source)
    dated, whose = day(as_of), of_source(found, fund)
    unread: list[str] = []
    bodies = _bodies(path, unread, found.http.max_bytes)
    if crew is not None:
        if alert:
            raise UsageError("--alert takes files in one after the other, as they would arrive: no workers.")
        raise typer.Exit(_ingest_on(app, crew, found, bodies, dated, whose, unread, brief=not verbose))
    with app.opened() as engine, Progress() as progress:
        outcome = app.ingest(engine, found, bodies, alert=alert, progress=progress, dated=dated, fund=whose)
        progress.clear()
        summary.print_outcome(outcome, brief=not verbose, unread=unread)
        code = summary.exit_code(outcome)
        if alert:
            code = max(code, summary.send(app, engine), key=summary.rank)
    raise typer.Exit(code)


def _ingest_on(
    app: App,
    crew: Where,
    source: Source,
    bodies: Iterator[tuple[str, bytes]],
    dated: date | None,
    fund: str | None,
    unread: list[str],
    *,
    brief: bool,
) -> int:
    """The same by workers; 3 when there were files that nobody could read."""
    with app.crew(crew) as workers, app.opened() as engine, Progress() as progress:
        taken = app.ingest_on(workers, engine, source, bodies, progress=progress, dated=dated, fund=fund)
        progress.clear()
        summary.print_outcome(taken.outcome, brief=brief, unread=[*unread, *taken.unread])
        return ATTENTION if taken.unread else summary.exit_code(taken.outcome)


def of_source(source: Source, fund: str | None) -> str | None:
    """The ticker of a fund of the source, as it writes it. Raises UsageError when it has none of that name."""
    if fund is None:
        return None
    ticker = fund.strip().rpartition("/")[2].upper()
    try:
        return source.fund(ticker).ticker
    except KeyError:
        raise UsageError(f"{source.id} has no fund {fund!r}. See: holdings-monitor sources show {source.id}") from None


def _bodies(paths: list[Path], unread: list[str], largest: int) -> Iterator[tuple[str, bytes]]:
    """The bodies as they are read; a path that does not exist is refused at once. `largest`: bytes a file may have."""
    from monitor.sources.files import Limits, read_paths

    usual = Limits()
    return _told(read_paths(paths, replace(usual, file_bytes=max(usual.file_bytes, largest))), unread)


def _told(found: Iterable[LocalFile | NotRead], unread: list[str]) -> Iterator[tuple[str, bytes]]:
    from monitor.sources.files import LocalFile

    for one in found:
        if isinstance(one, LocalFile):
            yield one.name, one.body
        else:
            unread.append(f"{one.name}: {one.reason}")


def say_version(wanted: bool) -> None:
    """The option --version: one line, and nothing else is done."""
    if wanted:
        from monitor import __version__

        output.say(f"holdings-monitor {__version__}")
        raise typer.Exit


def version() -> None:
    """The versions of this program, its database schema, and what it runs on."""
    import platform

    from monitor import __version__
    from monitor.store.migrate import head

    output.say(f"holdings-monitor {__version__} (schema {head()}, Python {platform.python_version()})")
