"""The command `views`: what `sql` and `export` can be asked for, for somebody who sees it for the first time.

A command of its own and not an option of `sql`: it is found in the list of commands, needs no database and no query,
takes `--json` as every list does, and its argument completes.
"""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli import completing, output
from monitor.cli.options import Form
from monitor.cli.output import Format

SAID = {
    "text": "text",
    "day": "date",
    "instant": "instant (UTC text)",
    "whole": "whole number",
    "number": "decimal number",
}
TYPES = "Dates are `date` on PostgreSQL and ISO text on SQLite, decimals `numeric` and doubles; unknown is null."


def views(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[VIEW]",
            help="Its columns; default: all views.",
            autocompletion=completing.view,
            show_default=False,
        ),
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """The documented views of the database, or the columns of one: name, type and meaning. For `sql` and `export`."""
    if name is None:
        _all(form)
    else:
        _one(name, form)


def _all(form: Format) -> None:
    from monitor.store.views import VIEWS

    rows = [
        {"view": one.name, "meaning": one.says, "columns": [column.name for column in one.columns]}
        if form is Format.JSON
        else {"view": one.name, "columns": len(one.columns), "meaning": one.says}
        for one in VIEWS
    ]
    output.show(rows, form, ("view", "columns", "meaning"), "")
    if form is Format.TABLE:
        output.tell("Columns: holdings-monitor views VIEW. Rows: holdings-monitor sql, export.")


def _one(name: str, form: Format) -> None:
    from monitor.store.whole_views import find_view

    view = find_view(name)
    rows = [{"column": one.name, "type": SAID[one.sort], "meaning": one.says} for one in view.columns]
    if form is Format.TABLE:
        output.say(f"{view.name}: {view.says}\n")
    output.show(rows, form, ("column", "type", "meaning"), "")
    if form is Format.TABLE:
        output.tell(TYPES)
