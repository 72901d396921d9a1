"""The commands `sources …`: what we can read, and what we understand of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import completing, output
from monitor.cli.context import ATTENTION, DONE, FAILED, program
from monitor.cli.options import ConfigFile, Db, Form, day
from monitor.cli.output import Format, record
from monitor.cli.shape import Program
from monitor.core.errors import ParseError, UsageError

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.calibrating import Calibrated
    from monitor.sources.spec import Source
    from monitor.store.engine import Engine

group = Program(
    "What we can read: issuers, their funds and files.",
    examples=(
        "sources list",
        "sources list --verified",
        "sources show yieldmax",
        "sources try ark ARKK_HOLDINGS.csv",
        "sources probe ark ARKK",
        "sources calibrate ark ARKK",
    ),
)
LISTED = (
    "id", "name", "shape", "verified", "funds", "confirmed", "unconfirmed", "past", "currency", "calendar", "why",
)  # fmt: skip
SourceId = Annotated[
    str, typer.Argument(metavar="ID", help="As `sources list` names it.", autocompletion=completing.source)
]


@group.command("list")
def list_sources(
    verified: Annotated[
        bool | None,
        typer.Option(
            "--verified/--unverified", help="Only those whose form is known from a real file; only the others."
        ),
    ] = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """The issuers and brands whose files we can read, which of them we know from real files, and why not the others."""
    from monitor.sources.described import addresses, past

    found = program(config, db).sources()
    rows = []
    for _, one in sorted(found.items()):
        if verified is not None and one.verified is not verified:
            continue
        confirmed, unconfirmed = addresses(one)
        rows.append(
            {
                "id": one.id,
                "name": one.name,
                "funds": len(one.funds),
                "watched": len(one.watched()),
                "shape": one.shape.value,
                "verified": one.verified,
                "confirmed": confirmed,
                "unconfirmed": unconfirmed,
                "past": past(one) or None,
                "currency": one.currency,
                "calendar": one.calendar,
                "homepage": one.homepage or None,
                "why": one.why or None,
            }
        )
    output.show(rows, form, LISTED, "No source.")
    seen = sum(bool(row["verified"]) for row in rows)
    said = f"{len(rows)} brands, {seen} with a shape seen in a real file; addresses are confirmed fund by fund."
    (output.say if form is Format.TABLE else output.tell)(said)


@group.command("show")
def show_source(source: SourceId, form: Form = Format.TABLE, db: Db = None, config: ConfigFile = None) -> None:
    """All that is known of one issuer: how its files are printed, dated, asked for and read, its funds, and what
    nobody has confirmed."""
    from monitor.sources.described import parts

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
    if form is Format.JSON:
        known = [{"what": word, "is": text} for word, text in parts(found)]
        about = {"id": found.id, "name": found.name, "verified": found.verified, "why": found.why or None}
        about |= {"homepage": found.homepage or None, "currency": found.currency, "calendar": found.calendar}
        output.show([about | {"known": known, "funds": rows}], form, (), "")
        return
    if form is Format.TABLE:
        output.say(f"{found.name} ({found.id}): {found.currency}, {found.calendar} sessions, {found.homepage or '–'}\n")
        for word, text in parts(found):
            said = f"{word:<13} {text}"
            for line in [said] if "://" in text else output.folded(said, "", " " * 14):  # addresses can be copied
                output.say(line)
        output.say()
    output.show(rows, form, ("fund", "name", "kind", "convention", "verified", "closed", "url"), "No fund is listed.")


def _convention(source: Source, fund: str) -> str:
    from monitor.cli.context import now

    return source.convention_on(fund, now().date()).value


@group.command("try")
def try_file(
    source: Annotated[
        str,
        typer.Argument(
            metavar="[ID]",
            help="As `sources list` names it; without it, it is looked for.",
            autocompletion=completing.source,
        ),
    ],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A file as the issuer published it.", show_default=False)
    ] = None,
    fund: Annotated[
        str | None,
        typer.Option(
            "--fund", metavar="TICKER", help="Whose lines, in a file of many funds; whose file, if none says."
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Its date, if it neither prints nor names one.")
    ] = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Read one file and print what we understand, line by line, and what we do not. Nothing is stored.

    Exit code 3 when something was not understood: rows, cells, or whose file it is.
    """
    from monitor.cli import trying
    from monitor.sources.trying import understand

    app = program(config, db)
    path = file if file is not None else Path(source)
    if file is None and not path.exists() and source in app.sources():
        raise UsageError(f"Which file? Try: sources try {source} FILE.")
    try:
        body = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    found = app.source(source) if file is not None else _guessed(app, body, path, fund)
    file = path
    try:
        understood = understand(found, body, name=str(file), fund=fund, dated=day(as_of))
    except ParseError as error:
        where = f", row {error.row}" if error.row else ""
        raise ParseError(f"{file} is refused ({error.code}{where}): {error}", code=error.code) from error
    trying.show(found, understood, form, whole=fund is not None)
    raise typer.Exit(DONE if understood.complete else ATTENTION)


def _guessed(app: App, body: bytes, file: Path, fund: str | None) -> Source:
    """The one source whose file this must be. Raises UsageError naming those that it may be of."""
    from monitor.sources.trying import guess

    likely = guess(app.sources().values(), body, name=str(file), fund=fund)
    if not likely:
        raise ParseError(
            f"{file} is refused by every source: say which to learn why, sources try ID {file}", code="shape"
        )
    if len(likely) > 1:
        names = ", ".join(source.id for source in likely)
        raise UsageError(f"{file} may be of {names}. Say which: sources try ID {file}.")
    return likely[0]


@group.command("probe")
def probe_source(
    source: SourceId,
    fund: Annotated[
        str | None,
        typer.Argument(
            metavar="[FUND]", help="Whose file; default: the first that has one.", autocompletion=completing.fund
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Ask here; {T}, {t}, {date:YYYYMMDD} are filled in.")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="DAY", help="The file of this day, where each has its own.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Keep the body as it came, for `sources try`.")
    ] = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Fetch one file and explain every step, what was understood, what is wrong and what to do. Nothing is stored.

    Exit code 3 when an answer came that is no file, 1 when none came.
    """
    from monitor.cli import probing
    from monitor.sources.probing import probe

    app = program(config, db)
    found = app.source(source)
    spec, address, asked = probing.wanted(found, fund, url, day, app.clock())
    made = probe(found, spec, app.fetcher(), address, asked, now=app.clock())
    if save is not None and made.body:
        _save(save, made.body)
    if form is Format.TABLE:
        probing.explain(found, made, output.say)
    else:
        output.show([probing.as_record(found, made)], form, (), "")
    raise typer.Exit({"read": DONE, "failed": FAILED}.get(made.verdict, ATTENTION))


def _save(path: Path, body: bytes) -> None:
    try:
        path.write_bytes(body)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


@group.command()
def calibrate(
    source: SourceId,
    fund: Annotated[
        str | None,
        typer.Argument(
            metavar="[FUND]", help="Only this fund; default: all with files.", autocompletion=completing.fund
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="FUND",
            help="Compare with this calibrated fund's prices.",
            autocompletion=completing.fund,
        ),
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option("--prices", metavar="FILE", help="Closes as CSV: date, close and one of ticker, cusip, isin."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Look at the last weeks only, and record it, as the daemon does monthly.")
    ] = False,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """What the dates in the stored files mean, by the prices their values imply; compared with what the source says.

    Without closes of your own, those of every other calibrated fund are taken. Exit code 3 when they say something
    else, or nothing.
    """
    if check and (against or prices):
        raise UsageError("--check compares with every other calibrated fund; leave out --against and --prices.")
    app = program(config, db)
    found = app.source(source)
    with app.existing() as engine:
        if check:
            agrees = _recheck(app, engine, found, fund, form)
        else:
            agrees = _calibrate(app, engine, found, (fund, against, prices), form)
    raise typer.Exit(DONE if agrees else ATTENTION)


CALIBRATION = (
    "fund", "convention", "from", "to", "files", "exceptions", "unjudged", "matched", "compared", "configured",
    "outcome",
)  # fmt: skip


def _calibrate(
    app: App, engine: Engine, source: Source, asked: tuple[str | None, str | None, Path | None], form: Format
) -> bool:
    from monitor import calibrating
    from monitor.store import queries
    from monitor.store.engine import reading

    fund, against, prices = asked
    closes = calibrating.read_closes(prices.name, _text_of(prices)) if prices is not None else None
    with reading(engine) as conn:
        other = queries.find_fund(conn, against, None) if against else None
        one = queries.find_fund(conn, fund, source.id) if fund else None
        funds = [one] if one else queries.funds_known(conn, source.id)
        shelf = calibrating.Shelf(conn)
        made = [calibrating.calibrate(conn, source, each, against=other, prices=closes, shelf=shelf) for each in funds]
    output.show([row for each in made for row in _periods(each)], form, CALIBRATION, "No file to calibrate.")
    if form is Format.TABLE:
        for each in made:
            _explain(each)
    return bool(made) and all(each.agrees for each in made)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as text: {error}") from error


def _periods(made: Calibrated) -> list[dict[str, object]]:
    return [
        {
            "fund": made.fund.ticker,
            "convention": period.convention.value,
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
            "files": period.files,
            "exceptions": period.exceptions,
            "unjudged": period.unjudged,
            "matched": period.matched,
            "compared": period.compared,
            "configured": configured.value,
            "outcome": outcome.value,
            "prices": made.prices,
        }
        for period, configured, outcome in made.told
    ]


def _explain(made: Calibrated) -> None:
    from monitor.core.calibration import explained

    output.say(f"\n{made.fund.ticker}: closes from {made.prices}")
    for verdict, count in sorted(made.unjudged().items()):
        output.say(f"  {count} files not judged: {explained(verdict)}")
    if made.advice:
        output.say(f"The source says something else. Its TOML should say:\n\n{made.advice}")


def _recheck(app: App, engine: Engine, source: Source, fund: str | None, form: Format) -> bool:
    from monitor.core.calibration import Outcome
    from monitor.store import queries
    from monitor.store.engine import reading

    with reading(engine) as conn:
        one = queries.find_fund(conn, fund, source.id) if fund else None
        funds = [one] if one else queries.funds_known(conn, source.id)
    made = app.recheck(engine, funds)
    rows = [record(look) | {"fund": ref.ticker} for ref, look in made]
    output.show(rows, form, ("fund", "found", "configured", "outcome", "files", "first", "last", "prices"), "No fund.")
    return bool(made) and all(look.outcome is Outcome.AGREES for _, look in made)
