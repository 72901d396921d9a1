"""The command `trades`: what funds bought and sold, with their own creations and redemptions removed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.asking.registry import find
from monitor.cli import output
from monitor.cli.asking import answered
from monitor.cli.context import history as asking
from monitor.cli.options import ConfigFile, Db, Form, Fund, Issuer, Security, day, period
from monitor.cli.output import Format, Record, record
from monitor.cli.wording import counted

if TYPE_CHECKING:
    from monitor.store.queries import TradeRow

COLUMNS = ("session", "fund", "ticker", "label", "before", "after", "active", "value")


def trades(
    fund: Fund = None,
    issuer: Issuer = None,
    security: Security = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="From this trade session on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Up to this trade session.")] = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="DATE", help="Only what may have been traded in this session.")
    ] = None,
    all_labels: Annotated[
        bool,
        typer.Option("--all-labels", help="Also lines without a size: PENDING (perhaps a split) and REBALANCE."),
    ] = False,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """What funds bought and sold: active changes, with the fund's own creations and redemptions removed.

    Dates are trade sessions, not the dates of files. Over several sessions without a file the session is an interval;
    over more than 5 there is no flow factor and no size, only what is new or gone.
    """
    from monitor.core.trades import TRADED, TradeLabel
    from monitor.store import queries

    first, last = period(since, until)
    with asking(config, db) as conn:
        of = queries.find_fund(conn, fund, issuer) if fund else None
        wanted = queries.TradesWanted(
            first,
            last,
            day(session),
            of,
            issuer,
            queries.find_security(conn, security).ids if security else None,
        )
        found = queries.trades(conn, wanted)
        asked = {"fund": fund, "issuer": issuer, "security": security, "since": since, "until": until}
        empty = "" if found else answered(conn, find("trades"), {**asked, "session": session, "all_labels": True})[1]
    sized = [one for one in found if TradeLabel(one.label) in TRADED]
    shown = found if all_labels else sized
    if form is not Format.TABLE:
        output.show([record(one) for one in shown], form, COLUMNS, empty or "No trades of a size.")
        return
    output.show([_line(one) for one in shown], form, COLUMNS, empty or "No trades of a size.")
    if len(found) > len(shown):
        output.tell(f"Left out: {counted(len(found) - len(sized), 'line')} without a size. See: --all-labels")


def _line(one: TradeRow) -> Record:
    """One row of the table; an interval is named by its last session with an ellipsis in front."""
    sessions = one.trade_session
    return {
        "session": f"{'…' if sessions.first != sessions.last else ''}{output.cell(sessions.last)}",
        "fund": one.fund,
        "ticker": one.security.ticker or output.shortened(one.security.name, 12),
        "label": one.label,
        "before": one.shares_before,
        "after": one.shares_after,
        "active": one.active_shares,
        "value": f"{'–' if one.value is None else _brief(one.value):>7}",
    }


def _brief(value: Decimal) -> str:
    """`-34.2M`, `1.2K`, `-950`: a value in a table; JSON and CSV have it to the cent."""
    for size, letter in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")):
        if abs(value) >= size:
            return f"{value / size:,.1f}{letter}"
    return f"{value:,.0f}"
