"""The commands `funds …`: what we have files of, finding a fund by its ticker, adding and removing one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import completing, output
from monitor.cli.context import ATTENTION, DONE, program
from monitor.cli.options import ConfigFile, Db, Form
from monitor.cli.output import Format, record
from monitor.cli.progress import Progress
from monitor.cli.questions import funds
from monitor.cli.shape import Program
from monitor.core.errors import StoreError, UsageError

if TYPE_CHECKING:
    from monitor.adding import Baseline
    from monitor.app import App
    from monitor.core.model import HoldingsFile
    from monitor.sources.spec import Source

group = Program(
    "The funds we have files of, and how far these reach; find, add and remove one.",
    examples=("funds", "funds search momentum", "funds add QQQ", "funds add ishares-us/IVV", "funds refresh"),
    usual="list",
)
FOUND = ("fund", "issuer", "name", "known_from", "address", "shape", "history", "watched")
LARGEST = ("ticker", "name", "identifier", "shares", "value", "weight")


group.command("list", examples=("funds", "funds --issuer ark --json"))(funds)


@group.command(examples=("funds search SPY", "funds search innovation --json"))
def search(
    text: Annotated[list[str], typer.Argument(metavar="TEXT…", help="A ticker, its beginning, or words of a name.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 25,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Which issuer publishes a fund, and how far back history can be had. Asks nobody: `funds refresh` does."""
    from monitor import adding

    app = program(config, db)
    wanted, sources, watched = " ".join(text), app.sources(), app.watched_funds()
    try:
        with app.reading() as conn:
            found = adding.search(conn, sources, wanted, watched, limit)
    except StoreError as error:  # what the sources say is known without a database
        output.tell(f"Only the sources were searched, not the issuers' lists. {error}")
        found = adding.search(None, sources, wanted, watched, limit)
    rows = [
        {
            "fund": one.ticker,
            "issuer": one.issuer,
            "name": one.name,
            "known_from": one.known_from,
            "address": "known" if one.has_address else "unknown",
            "shape": "verified" if one.shape_verified else "unverified",
            "history": one.history,
            "watched": one.watched,
        }
        for one in found
    ]
    output.show(rows, form, FOUND, "No such fund in what we know. Read the issuers' own lists with: funds refresh")


@group.command(examples=("funds add QQQ", "funds add ishares-us/IVV", "funds add IVV --dry-run"))
def add(
    fund: Annotated[str, typer.Argument(metavar="FUND", help="A ticker, or issuer/ticker.")],
    any_name: Annotated[
        bool, typer.Option("--any-name", help="Also when the file calls the fund something else than we do.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Fetch once and show it, but keep nothing.")] = False,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Find who publishes a fund, fetch its file once, check that it is the fund meant, show it and watch it."""
    from monitor import adding
    from monitor.sources.added import add as write

    app = program(config, db)
    sources = app.sources()
    with app.opened() as engine, Progress() as progress:
        chosen = adding.candidate(engine, sources, fund)
        app.prepare_calendars(engine, [chosen.source])
        found = adding.fetch_once(engine, chosen, app.fetcher(), app.clock(), progress)
        progress.clear()
        _show(found, form)
        if found.name_agrees is False and not any_name:
            raise UsageError(
                f"The file is of {found.file.title!r}, but {chosen.spec.ticker} is known as {chosen.asked_name!r}. "
                "Nothing was kept. If it is the right one: --any-name"
            )
        if dry_run:
            output.tell("Dry run: nothing was kept.")
            raise typer.Exit(DONE)
        outcome = adding.store_baseline(engine, found, app.clock(), progress)
        progress.clear()
    held = [one for one in outcome.files if one.outcome not in ("new", "heartbeat", "absent", "not-modified")]
    for one in held:
        output.tell(f"{one.place}: {one.outcome}: {one.text}")
    write(app.config.funds_file, adding.added(found, app.clock().date()))
    output.tell(f"{chosen.source.id}/{chosen.spec.ticker} is watched from now on ({app.config.funds_file}).")
    raise typer.Exit(ATTENTION if held else DONE)


def _show(found: Baseline, form: Format) -> None:
    from monitor.adding import history_of

    file, chosen = found.file, found.candidate
    if form is not Format.TABLE:
        output.show([_summary(found)], form, (), "")
        return
    convention = chosen.source.convention_of(chosen.spec.ticker, file.as_of, file.dated_by).value
    classes = ", ".join(f"{count} {name}" for name, count in _classes(file).most_common())
    title = {True: "as asked for", False: "NOT as asked for", None: "not compared"}[found.name_agrees]
    output.say(f"fund       {chosen.spec.ticker} of {chosen.source.name} ({chosen.source.id})")
    output.say(f"asked for  {chosen.asked_name or '(no list names it)'}")
    output.say(f"file says  {file.title or '(no name)'} – {title}")
    output.say(f"address    {found.place}")
    output.say(
        f"dated      {file.as_of} ({convention}{'' if file.dated_by == 'file' else ', by its ' + file.dated_by})"
    )
    output.say(f"lines      {len(file.lines)} ({classes}), not understood {len(file.unread)}")
    output.say(f"totals     weights {_sum(file, 'weight')} %, value {_sum(file, 'value')} {chosen.source.currency}")
    output.say(f"history    {history_of(chosen.source, chosen.spec)}")
    if not chosen.source.verified:
        output.say(f"note       {chosen.source.why}")
    output.say()
    rows = [{key: None if value == "" else value for key, value in record(line).items()} for line in found.largest]
    output.show(rows, form, LARGEST, "No line.")


def _summary(found: Baseline) -> Mapping[str, object]:
    from monitor.adding import history_of

    file, chosen = found.file, found.candidate
    return {
        "issuer": chosen.source.id,
        "fund": chosen.spec.ticker,
        "asked_name": chosen.asked_name or None,
        "file_name": file.title or None,
        "name_agrees": found.name_agrees,
        "place": found.place,
        "as_of": file.as_of.isoformat(),
        "dated_by": file.dated_by,
        "lines": len(file.lines),
        "unread": len(file.unread),
        "classes": dict(_classes(file)),
        "weight": output.plain(_sum(file, "weight")),
        "value": output.plain(_sum(file, "value")),
        "history": history_of(chosen.source, chosen.spec),
        "shape_verified": chosen.source.verified,
    }


def _classes(file: HoldingsFile) -> Counter[str]:
    from monitor.core.identity import positions_of

    return Counter(one.asset_class.value for one in positions_of(file.fund, file.lines, file.net_assets))


def _sum(file: HoldingsFile, column: str) -> Decimal | None:
    printed = [value for line in file.lines if (value := getattr(line, column)) is not None]
    return sum(printed, Decimal(0)) if printed else None


@group.command(examples=("funds remove IVV",))
def remove(
    fund: Annotated[
        str,
        typer.Argument(metavar="FUND", help="A ticker, or issuer/ticker.", autocompletion=completing.fund),
    ],
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Stop watching a fund that was added. Its history stays."""
    from monitor.sources import added

    app = program(config, db)
    found = [one for one in added.read(app.config.funds_file) if _is(one.issuer, one.ticker, fund)]
    if len(found) != 1:
        known = ", ".join(f"{one.issuer}/{one.ticker}" for one in found)
        why = f"Several were added: {known}" if found else f"{fund!r} was not added with `funds add`"
        raise UsageError(f"{why}. What monitor.toml names is taken out there.")
    added.remove(app.config.funds_file, found[0].issuer, found[0].ticker)
    output.tell(f"{found[0].issuer}/{found[0].ticker} is no longer watched; its history stays.")


def _is(issuer: str, ticker: str, text: str) -> bool:
    return text.strip().upper() in (ticker.upper(), f"{issuer}/{ticker}".upper())


@group.command(examples=("funds refresh", "funds refresh ishares-us"))
def refresh(
    issuer: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]…", help="Only these; default: all that list.", autocompletion=completing.source),
    ] = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Read the issuers' own lists of their funds, so that `search` and `add` know them."""
    from monitor import adding

    app = program(config, db)
    chosen = _with_lists(app, issuer or [])
    with app.opened() as engine, Progress() as progress:
        made = adding.refresh(engine, chosen, app.fetcher(), app.clock, progress)
        progress.clear()
    rows = [{**record(one), "fault": one.fault or None} for one in made]
    output.show(
        rows, form, ("issuer", "funds", "skipped", "place", "fault"), "No source says where its funds are listed."
    )
    raise typer.Exit(ATTENTION if any(one.fault for one in made) else DONE)


def _with_lists(app: App, issuers: list[str]) -> list[Source]:
    chosen = [app.source(one) for one in issuers] or list(app.sources().values())
    without = [one.id for one in chosen if one.catalogue is None]
    if issuers and without:
        raise UsageError(f"No list of funds is known of {', '.join(without)}.")
    return [one for one in chosen if one.catalogue is not None]
