"""The commands `evidence …`: lists of past holdings beside the daily files, and what rests on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import completing, output, summary
from monitor.cli.context import history, program
from monitor.cli.options import ConfigFile, Db, Form, Fund, Issuer, one_of
from monitor.cli.output import Format, record
from monitor.cli.progress import Progress
from monitor.cli.shape import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.core.evidence import Origin

group = Program(
    "Evidence of what a fund held beside its daily files: N-PORT schedules, archived or re-published copies.",
    examples=(
        "evidence add nport-2021q3.xml --fund ARKK",
        "evidence list --security TSLA",
        "evidence claims --fund ARKK",
    ),
)

KINDS = ("n-port", "back-file", "archive", "third-party")
LISTS = ("fund", "source", "as_of", "pos_session", "lines", "title", "place")
PRESENCE = ("fund", "pos_session", "state", "shares", "weight", "file_shares", "source", "as_of", "note")


@group.command()
def add(
    file: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files, folders, zip or tar archives.")],
    fund: Annotated[
        str,
        typer.Option(
            "--fund", metavar="FUND", help="Whose they are: ticker, or issuer/ticker.", autocompletion=completing.fund
        ),
    ],
    origin: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="KIND",
            autocompletion=completing.words(KINDS),
            help="n-port (XML), or files of the issuer's form: back-file, archive, third-party.",
        ),
    ] = "n-port",
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Keep lists of what a fund held. They alert nobody; they narrow intervals and take back what they refute."""
    kind = _kind(origin)
    app = program(config, db)
    unread: list[str] = []
    with app.opened() as engine, Progress() as progress:
        outcome = app.learn(engine, fund, _bodies(file, unread), kind, progress=progress)
        progress.clear()
        summary.print_outcome(outcome, brief=False, unread=unread)
        raise typer.Exit(summary.exit_code(outcome))


def _kind(text: str) -> Origin:
    from monitor.core.evidence import Origin

    word = text.strip().lower()
    one_of(word, KINDS, "kind of evidence")
    return Origin(word)


def _bodies(paths: list[Path], unread: list[str]) -> Iterator[tuple[str, bytes]]:
    from monitor.sources.files import LocalFile, read_paths

    for one in read_paths(paths):
        if isinstance(one, LocalFile):
            yield one.name, one.body
        else:
            unread.append(f"{one.name}: {one.reason}")


@group.command("list")
def list_evidence(
    security: Annotated[
        str | None,
        typer.Option(
            "--security",
            metavar="S",
            autocompletion=completing.security,
            help="What each list says of this security: HELD, NOT_LISTED, UNKNOWN.",
        ),
    ] = None,
    fund: Fund = None,
    issuer: Issuer = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """The lists we have beside the daily files, or what they say of one security."""
    from monitor.store import queries

    with history(config, db) as conn:
        wanted = queries.find_fund(conn, fund, issuer) if fund else None
        if security is None:
            rows = [record(one) for one in queries.schedules(conn, wanted, issuer)]
        else:
            what = queries.find_security(conn, security)
            rows = [record(one) for one in queries.presence(conn, what, wanted, issuer)]
    columns = LISTS if security is None else PRESENCE
    output.show(rows, form, columns, "No evidence beside the daily files.")


@group.command()
def claims(
    security: Annotated[
        str | None,
        typer.Option(
            "--security",
            metavar="S",
            autocompletion=completing.security,
            help="What lists show of this security alone: held on one session, not on another.",
        ),
    ] = None,
    fund: Fund = None,
    issuer: Issuer = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """The entries and exits known to an interval only, and those that rest on a list beside the daily files."""
    from monitor.store import queries

    app = program(config, db)
    with app.reading() as conn:
        wanted = queries.find_fund(conn, fund, issuer) if fund else None
        if security is not None:
            rows = [record(one) for one in queries.interval_turns(conn, security, wanted, issuer, app.hides)]
            shown = ("as_of", "kind", "fund", "pos_session.from", "pos_session.to", "basis", "claim")
            output.show(rows, form, shown, "No list shows that it came or went.")
            return
        rows = [record(one) for one in queries.interval_claims(conn, wanted, issuer)]
    columns = ("as_of", "kind", "fund", "security.ticker", "pos_session.from", "pos_session.to", "basis", "claim")
    output.show(rows, form, columns, "No claim rests on an interval.")
