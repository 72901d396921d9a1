"""The commands `securities …`: what a security is and was called, and the operator's word on what is one position."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import completing, output, summary
from monitor.cli.context import history, program
from monitor.cli.options import ConfigFile, Db, Form, Fund, day
from monitor.cli.output import Format, cell, record
from monitor.cli.shape import Program
from monitor.cli.wording import counted

if TYPE_CHECKING:
    from monitor.identities import Effect
    from monitor.store.queries import SecurityRecord

group = Program(
    "What a security is and was called, and your word on which identities are one position.",
    examples=(
        "securities show TSLA",
        'securities link G01767105 02079K305 --why "renamed"',
    ),
)
SHOWN = 30  # sentences of each sort; the counts always say all
Earlier = Annotated[str, typer.Argument(metavar="EARLIER", help="The identity before: public id, CUSIP, SEDOL, ISIN …")]
Later = Annotated[str, typer.Argument(metavar="LATER", help="The identity after.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Your reason; it is kept with your word.")]


@group.command()
def show(
    security: Annotated[
        str,
        typer.Argument(
            metavar="SECURITY",
            help="Public id, ticker, CUSIP, ISIN, SEDOL or name.",
            autocompletion=completing.security,
        ),
    ],
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """All identities of a security: keys, names, tickers and identifiers with their dates, links, splits, conflicts."""
    from monitor.store import queries

    with history(config, db) as conn:
        found = queries.record_of(conn, queries.find_security(conn, security))
    tree = record(found)
    if form is Format.JSON:
        sys.stdout.write(output.json_text([tree]) + "\n")
    elif form is Format.CSV:
        output.show([record(one) for one in found.names], form, ("value",), "")
    else:
        _print(found)


def _print(found: SecurityRecord) -> None:
    for one in found.identities:
        output.say(f"{one.id}  {one.key}  {one.asset_class}  {one.name}{f' ({one.ticker})' if one.ticker else ''}")
    _section("names, tickers and identifiers, by the dates of files", [
        f"{x.kind:6} {x.value}: {x.fund} {x.valid_from} … {x.valid_to}{' reused' if x.reused else ''}"
        f"{' CONFLICT: another security had it at the same time' if x.conflict else ''}"
        for x in found.names
    ])  # fmt: skip
    _section("links", [
        f"{x.day}  {x.fund}  {x.earlier} → {x.later}  {x.kind} by {x.rule} ({x.confidence}): {x.evidence}"
        for x in found.links
    ])  # fmt: skip
    _section("splits", [
        f"{x.day}  {x.fund or f'all funds of {x.issuer}'}  {x.factor} new for one old ({x.rule}; {x.evidence})"
        for x in found.splits
    ])  # fmt: skip
    _section("operators said", [
        f"{cell(x.at)}  {x.verb} {x.earlier} → {x.later} in {x.fund or f'all funds of {x.issuer}'} from files dated"
        f" {x.day}{f': {x.note}' if x.note else ''}"
        for x in found.operator
    ])  # fmt: skip


def _section(title: str, lines: Sequence[str]) -> None:
    if lines:
        output.say()
        output.say(title)
        for line in lines:
            output.say("\n".join(output.folded(line, "  ", "    ")))


@group.command()
def link(
    earlier: Earlier,
    later: Later,
    fund: Fund = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="From files dated so; default: the first that lists it.")
    ] = None,
    why: Why = "",
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Say that one identity continues another: spells, events and items are derived again. `cut` takes it back."""
    from monitor import identities

    since = day(on)
    app = program(config, db)
    with app.existing() as engine:
        effect = identities.link(app.speaking(engine), earlier, later, fund, since, why)
        _tell(effect)
        if effect.deliveries:
            raise typer.Exit(summary.send(app, engine))


@group.command()
def cut(
    earlier: Earlier, later: Later, fund: Fund = None, why: Why = "", db: Db = None, config: ConfigFile = None
) -> None:
    """Say that one identity does not continue another, whatever a rule says. `link` takes it back."""
    from monitor import identities

    app = program(config, db)
    with app.existing() as engine:
        effect = identities.cut(app.speaking(engine), earlier, later, fund, why)
        _tell(effect)
        if effect.deliveries:
            raise typer.Exit(summary.send(app, engine))


def _tell(effect: Effect) -> None:
    """What a word changed, then how much in all."""
    output.say(f"{effect.said}.")
    for word, sentences in (("gone", effect.gone), ("new", effect.new)):
        for sentence in sentences[:SHOWN]:
            output.say("\n".join(output.folded(f"{word:5} {sentence}", "", "      ")))
        if len(sentences) > SHOWN:
            output.say(f"{word:5} … and {len(sentences) - SHOWN:,} more")
    gone, new = len(effect.gone), len(effect.new)
    same = f"; {counted(effect.renamed, 'event')} now of a security with another id" if effect.renamed else ""
    output.say(f"{gone:,} gone, {new:,} new{same}.")
