"""The command `incidents`: where we are or were blind. It only lists; what it means to be blind is in `core.sight`."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli import output
from monitor.cli.context import history
from monitor.cli.options import ConfigFile, Db, Form
from monitor.cli.output import Format, record
from monitor.cli.shape import Program

group = Program(
    "Where we are blind: what could not be seen of issuers and funds, and since when.",
    examples=(
        "incidents list",
        "incidents list --all --json",
    ),
)


@group.command("list")
def list_incidents(
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """What we cannot see now: late, failing, renamed, closed, stale or quarantined files, and unreachable issuers."""
    from monitor.store import incidents

    with history(config, db) as conn:
        rows = [record(one) for one in incidents.listing(conn, everything=everything)]
    columns = ("name", "kind", "opened_at", *(("closed_at",) if everything else ()), "headline", "detail")
    output.show(rows, form, columns, "No incident lasts. When each fund was last looked for: holdings-monitor status")
