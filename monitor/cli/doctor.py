"""The command `doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli import output
from monitor.cli.context import ATTENTION, DONE, FAILED, program
from monitor.cli.options import ConfigFile, Db, Form
from monitor.cli.output import Format, record
from monitor.cli.progress import Progress
from monitor.core.errors import ConfigError, UsageError

COLUMNS = ("area", "name", "state", "text", "remedy")


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask no server but the database.")] = False,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Look at the whole installation and say what to do: 0 all is well, 3 something to see to, 1 it cannot work.

    Nothing is changed and nothing is sent.
    """
    from monitor.doctor import State, examine, unreadable

    try:
        app = program(config, db)
    except (ConfigError, UsageError) as error:
        found = unreadable(error)
    else:
        found = []
        with Progress() as progress:
            for one in examine(app, online=not offline):
                found.append(one)
                progress(f"{one.area} {one.name}", 1)
            progress.clear()
    output.show([record(one) for one in found], form, COLUMNS, "")
    states = {one.state for one in found}
    raise typer.Exit(FAILED if State.FAULT in states else ATTENTION if State.WARNING in states else DONE)
