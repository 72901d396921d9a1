"""The commands `sources …`: what we can read, and what we understand of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.context import program
from monitor.cli.options import ConfigFile, Db, Form
from monitor.cli.output import Format, record
from monitor.core.errors import ParseError, UsageError

if TYPE_CHECKING:
    from monitor.core.model import HoldingsFile
    from monitor.sources.spec import Source

group = typer.Typer(help="What we can read: issuers, their funds and files.", no_args_is_help=True)
SourceId = Annotated[str, typer.Argument(metavar="ID", help="As `sources list` names it.")]


@group.command("list")
def list_sources(form: Form = Format.TABLE, db: Db = None, config: ConfigFile = None) -> None:
    """The issuers whose files we can read."""
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "funds": len(one.funds),
            "watched": len(one.watched()),
            "shape": one.shape.value,
            "currency": one.currency,
            "calendar": one.calendar,
            "homepage": one.homepage or None,
        }
        for _, one in sorted(program(config, db).sources().items())
    ]
    output.show(rows, form, ("id", "name", "funds", "watched", "shape", "currency", "calendar"), "No source.")


@group.command("show")
def show_source(source: SourceId, form: Form = Format.TABLE, db: Db = None, config: ConfigFile = None) -> None:
    """The funds of one issuer, where their files are, and what is known about them."""
    found = program(config, db).source(source)
    rows = [
        {
            "fund": fund.ticker,
            "name": fund.name or None,
            "kind": fund.kind.value,
            "cadence": fund.cadence.value,
            "inception": output.plain(fund.inception),
            "closed": output.plain(fund.closed),
            "verified": fund.verified,
            "convention": _convention(found, fund.ticker),
            "url": fund.url.url if fund.url else None,
            "why": fund.why or None,
        }
        for fund in sorted(found.funds.values(), key=lambda one: one.ticker)
    ]
    if form is Format.TABLE:
        output.say(
            f"{found.name} ({found.id}): {found.shape.value} files in {found.currency}, {found.calendar} sessions"
        )
        for note in found.notes:
            output.say(f"  {note}")
        output.say()
    output.show(rows, form, ("fund", "name", "kind", "convention", "verified", "closed", "url"), "No fund.")


def _convention(source: Source, fund: str) -> str:
    from monitor.cli.context import now

    return source.convention_on(fund, now().date()).value


@group.command("try")
def try_file(
    source: SourceId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file as the issuer published it.")],
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Read one file and print what we understand, line by line, and what we do not. Nothing is stored."""
    from monitor.sources.read import fund_of, read_file

    found = program(config, db).source(source)
    try:
        body = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    try:
        understood = read_file(found, body, name=str(file))
        fund = fund_of(found, understood, str(file))
    except ParseError as error:
        where = f", row {error.row}" if error.row else ""
        raise ParseError(f"{file} is refused ({error.code}{where}): {error}", code=error.code) from error
    if form is Format.TABLE:
        _head(found, understood, fund)
    lines = [{key: None if value == "" else value for key, value in record(line).items()} for line in understood.lines]
    output.show(lines, form, ("row", "ticker", "name", "identifier", "shares", "value", "weight"), "No lines.")
    _rest(understood, output.say if form is Format.TABLE else output.tell)


def _head(source: Source, file: HoldingsFile, fund: str) -> None:
    convention = source.convention_on(fund, file.as_of).value
    output.say(f"fund       {fund}")
    output.say(f"dated      {', '.join(str(one) for one in file.dates)} (convention {convention})")
    output.say(f"columns    {', '.join(file.columns)}")
    output.say(f"lines      {len(file.lines)}, unread {len(file.unread)}\n")


def _rest(file: HoldingsFile, say: object) -> None:
    assert callable(say)
    for row in file.unread:
        say(f"unread     row {row.row}: {row.reason}: {row.text}")
    for text in file.footer:
        say(f"footer     {text[:200]}")
    for text in file.warnings:
        say(f"warning    {text}")
