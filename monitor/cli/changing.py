"""The command `changes`: what entered, left, came back or changed, as it was derived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.asking.registry import find
from monitor.cli import completing, output
from monitor.cli.asking import answered
from monitor.cli.context import history as asking
from monitor.cli.options import ConfigFile, Db, Form, Fund, Issuer, Security, choices, one_of, period
from monitor.cli.output import Format
from monitor.core.model import Kind, Severity

if TYPE_CHECKING:
    from monitor.store.queries import Change

LEVELS = ("event", "item")
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="K", help="Only this kind; repeatable.", autocompletion=completing.words(Kind)),
]
Severities = Annotated[
    list[str] | None,
    typer.Option(
        "--severity",
        metavar="LEVEL",
        help="Only high, normal or low; repeatable.",
        autocompletion=completing.words(Severity),
    ),
]
COLUMNS = (("id", 15), ("as_of", 10), ("severity", 6), ("kind", 10))


def changes(
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="From files dated so on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Up to files dated so.")] = None,
    fund: Fund = None,
    issuer: Issuer = None,
    security: Security = None,
    kind: Kinds = None,
    severity: Severities = None,
    level: Annotated[
        str | None,
        typer.Option(
            "--level",
            help="Only 'event' (one fund) or 'item' (issuer-wide: what people are told). Default: both.",
            autocompletion=completing.words(LEVELS),
        ),
    ] = None,
    superseded: Annotated[
        bool, typer.Option("--superseded", help="Also what was told and has been replaced or taken back.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Only the newest so many of what is listed.")
    ] = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """What entered, left, came back or changed, newest last.

    By default both levels are listed: the events of each fund and the issuer-wide items made of them. With
    --level item you get what people are told.
    """
    from monitor.store import queries

    first, last = period(since, until)
    kinds, severities = choices(Kind, kind, "kind"), choices(Severity, severity, "severity")
    one_of(level, LEVELS, "level")
    with asking(config, db) as conn:
        of = queries.find_fund(conn, fund, issuer) if fund else None
        found = queries.changes(
            conn,
            queries.Wanted(
                first,
                last,
                of,
                issuer,
                queries.find_security(conn, security).ids if security else None,
                kinds,
                severities,
                level,  # type: ignore[arg-type]
                superseded,
                limit,
            ),
        )
        asked = {"since": since, "until": until, "fund": fund, "issuer": issuer, "security": security, "level": level}
        chosen = {"kind": [str(one) for one in kinds], "severity": [str(one) for one in severities]}
        empty = "" if found else answered(conn, find("changes"), {**asked, **chosen, "superseded": superseded})[1]
    if form is Format.TABLE and found:
        _print(found)
    else:
        output.show(found, form, ("id",), empty)


def _print(found: Sequence[Change]) -> None:
    """A line of facts for each change, and what it says below it, folded to the terminal."""
    for one in found:
        security = one["security"]
        ticker = security.get("ticker") if isinstance(security, dict) else None
        facts = (f"{output.cell(one[key]):{width}}" for key, width in COLUMNS)
        output.say("  ".join([*facts, output.shortened(output.cell(ticker), 10)]).rstrip())
        for line in output.folded(str(one["claim"]), "  ", "  "):
            output.say(line)
