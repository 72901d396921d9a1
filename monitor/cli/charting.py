"""The command that draws a position over time into a file: the picture of alerts, in more detail."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli import output
from monitor.cli.context import history as asking
from monitor.cli.context import now
from monitor.cli.options import ConfigFile, Db, Fund, Issuer
from monitor.cli.questions import Security
from monitor.core.errors import MonitorError, UsageError

POINTS = 400


def chart(
    security: Security,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="FILE.png.")],
    fund: Fund = None,
    issuer: Issuer = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Draw a position over time, of one fund or of all of an issuer, into a PNG."""
    from monitor import telling
    from monitor.notify.chart import chart_of_history
    from monitor.notify.painter import Painter
    from monitor.store import queries
    from monitor.store.queries.names import issuer_name, keys_of

    if to.suffix.lower() != ".png":
        raise UsageError(f"{to} is no PNG: give a name that ends in .png.")
    if to.exists() and not force:
        raise UsageError(f"{to} exists already. Choose another name, or replace it with --force.")
    with asking(config, db) as conn:
        what = queries.find_security(conn, security)
        of = queries.find_fund(conn, fund, issuer) if fund else None
        spells = queries.history(conn, what, of, issuer)
        code = of.issuer if of else _only((spell.issuer for spell in spells), what.names)
        keys, ticker = keys_of(conn, what.ids), of.ticker if of else None
        past = telling.shares_over_time(conn, code, keys, now().date(), spans=POINTS, fund=ticker)
        holder = ticker or f"{issuer_name(conn, code)} funds"
    named = spells[0].security if spells else None
    drawn = chart_of_history(past, named, holder)
    if drawn is None:
        raise MonitorError("There is nothing to draw: no file shows a share count of it.")
    painter = Painter()
    picture = painter.paint(drawn)
    if picture is None:
        raise MonitorError(f"Not drawn: {painter.reason}.")
    try:
        to.write_bytes(picture)
    except OSError as error:
        raise UsageError(f"{to}: {error.strerror}") from None
    output.say(f"{past[0].day} to {past[-1].day} drawn to {to}.")


def _only(issuers: Iterable[str], names: tuple[str, ...]) -> str:
    """The one issuer whose funds held it."""
    found = sorted(set(issuers))
    if not found:
        raise MonitorError(f"No fund held a material position of {' / '.join(names)}.")
    if len(found) > 1:
        raise UsageError(f"Funds of several issuers held it: choose one with --issuer ({', '.join(found)}).")
    return found[0]
