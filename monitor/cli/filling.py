"""The command `backfill`: what of a fund's history is missing, who could give it, and getting it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import completing, output, summary
from monitor.cli.context import ATTENTION, DONE, FAILED, environment, program
from monitor.cli.options import Cluster, ConfigFile, Db, Form, Workers, day, instant, one_of, where
from monitor.cli.output import Format, Record, record
from monitor.cli.progress import Progress
from monitor.cli.wording import counted
from monitor.core.errors import UsageError

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.backfill import Filling, Offer, Plan, Report
    from monitor.backfill.ways import Options, Way
    from monitor.core.filling import Period
    from monitor.pipeline import FileOutcome, Outcome
    from monitor.scale.crew import Crew
    from monitor.scale.where import Where

WAYS = ("issuer", "nport", "wayback", "git", "files")
EXAMPLES = (
    "backfill ARKK --dry-run",
    "backfill ARKK --from 2021-01-01 --to 2021-06-30 --via issuer",
    "backfill ARKK --via nport",
    "backfill ARKK ARKF --via git --path https://git.example/archive.git --in 'data/**/*.csv'",
    "backfill --source ark --via files --path downloads.zip",
)
RUNS = 12  # missing runs listed for a fund
EXAMPLES_SHOWN = 3  # addresses of a way
COLUMNS = ("way", "days", "requests", "time", "from", "to", "detail")

Funds = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FUND]…", help="Ticker, or issuer/ticker.", autocompletion=completing.fund),
]
Via = Annotated[
    str | None,
    typer.Option(
        "--via", metavar="[" + "|".join(WAYS) + "]", help="Where from.", autocompletion=completing.words(WAYS)
    ),
]


def backfill(
    fund: Funds = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="D", help="The first date of files. Default: as far as it goes.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="D", help="The last date. Default: today; of an issuer, our newest file."),
    ] = None,
    via: Via = None,
    path: Annotated[
        list[str] | None,
        typer.Option(
            "--path",
            metavar="PATH|URL",
            help="git: a repository (folder or https address); files, nport: files, folders, zip. Repeatable.",
        ),
    ] = None,
    inside: Annotated[
        list[str] | None,
        typer.Option("--in", metavar="GLOB", help="git: only these files or folders, data/ or **/ARKK*.csv."),
    ] = None,
    series: Annotated[
        str, typer.Option("--series", metavar="ID", help="nport: the SEC's name of the fund, S000012345.")
    ] = "",
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="ID", help="All funds of this source.", autocompletion=completing.source),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is missing and what would be asked; without --via for all ways.")
    ] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="Ask for so many at most.")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="Use this instead of the clock.")] = None,
    form: Form = Format.TABLE,
    cluster: Cluster = None,
    workers: Workers = None,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """History from elsewhere: silent, polite, resumed where it was cut off. One note says what became longer."""
    from monitor.backfill.ways import Options, comparable

    one_of(via, WAYS, "way")
    if via is None and not dry_run:
        raise UsageError(f"Say --via {', '.join(WAYS)}; or --dry-run to compare them.")
    period, crew = _period(since, until), where(cluster, workers)
    options = Options(tuple(path or ()), tuple(inside or ()), series, limit, environment())
    app = program(config, db, instant(at))
    if via is not None:
        ways = [app.way(via, options, looks=True)]
    else:
        ways = [app.way(name, options_of(name, options), looks=False) for name in comparable(options)]
    if dry_run:
        code = _compare(app, fund or [], source, period, ways, form)
    else:
        code = _fill(app, fund or [], source, period, ways[0], form, crew)
    raise typer.Exit(code)


def options_of(name: str, options: Options) -> Options:
    """The options as far as they concern this way: when ways are compared, `--path` is for those that read files."""
    return options if name in ("git", "files", "nport") else replace(options, paths=(), inside=())


def _period(since: str | None, until: str | None) -> Period:
    from monitor.core.filling import Period

    found = Period(day(since), day(until))
    if found.is_empty:
        raise UsageError(f"--from {found.first} is later than --to {found.last}: no day is between them.")
    return found


# --- dry run --------------------------------------------------------------------------------------


def _compare(app: App, funds: list[str], source: str | None, period: Period, ways: list[Way], form: Format) -> int:
    from monitor.backfill import dry_run

    with app.opened() as engine, Progress() as progress:
        plans = dry_run(app.filling(engine, funds, source, period), ways, progress)
        progress.clear()
    if form is Format.TABLE:
        for plan in plans:
            _print_plan(plan)
        output.say("Dry run: nothing was stored.")
    else:
        output.show([_plain(_plan_record(plan)) for plan in plans], form, (), "")
    return DONE


def _print_plan(plan: Plan) -> None:
    wanted = plan.wanted
    days, missing = len(wanted.expected.days), len(wanted.expected.missing)
    begin = wanted.expected.days[0] if days else wanted.period.first
    what = "month ends" if wanted.expected.monthly else "sessions"
    known = f"{days:,} {what}, {days - missing:,} stored, {missing:,} missing" if days else "how far back is open"
    output.say(f"{wanted.name} {begin or 'any day'} … {wanted.period.last}: {known}")
    runs = wanted.runs
    for run in runs[:RUNS]:
        span = f"{run.first}" if run.first == run.last else f"{run.first} … {run.last}"
        output.say(f"  missing {span} ({run.sessions:,})")
    if len(runs) > RUNS:
        output.say(f"  … and {len(runs) - RUNS:,} more runs (--json lists them)")
    output.print_table(COLUMNS, [[_offer_row(one)[key] for key in COLUMNS] for one in plan.offers])
    for one in plan.offers:
        for ask in one.asks[:EXAMPLES_SHOWN]:
            output.say(f"  {one.way}: {ask}")
        if len(one.asks) > EXAMPLES_SHOWN:
            output.say(f"  {one.way}: … and {len(one.asks) - EXAMPLES_SHOWN:,} more (--json lists them)")


def _offer_row(one: Offer) -> dict[str, object]:
    if one.why:
        return {"way": one.way, **dict.fromkeys(COLUMNS[1:-1]), "detail": f"not possible: {one.why}"}
    return {
        "way": one.way,
        "days": one.days,
        "requests": one.requests,
        "time": _clock(one.seconds),
        "from": one.first,
        "to": one.last,
        "detail": one.note or None,
    }


def _plan_record(plan: Plan) -> Record:
    wanted = plan.wanted
    return {
        "issuer": wanted.source.id,
        "fund": wanted.spec.ticker,
        "from": wanted.expected.days[0] if wanted.expected.days else wanted.period.first,
        "to": wanted.period.last,
        "sessions": len(wanted.expected.days),
        "stored": len(wanted.expected.stored),
        "missing": len(wanted.expected.missing),
        "runs": [{"from": run.first, "to": run.last, "sessions": run.sessions} for run in wanted.runs],
        "ways": [_offer_record(one) for one in plan.offers],
    }


def _offer_record(one: Offer) -> Record:
    return {
        "way": one.way,
        "possible": not one.why,
        "days": one.days,
        "requests": one.requests,
        "seconds": one.seconds,
        "from": one.first,
        "to": one.last,
        "asks": list(one.asks),
        "note": one.note or None,
        "why": one.why or None,
    }


def _plain(made: Record) -> Record:
    return {key: output.plain(value) for key, value in made.items()}


def _clock(seconds: float) -> str:
    """`1:02:03`."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


# --- for real -------------------------------------------------------------------------------------


def _fill(
    app: App,
    funds: list[str],
    source: str | None,
    period: Period,
    way: Way,
    form: Format,
    crew: Where | None,
) -> int:
    with ExitStack() as stack:
        workers = None if crew is None else stack.enter_context(app.crew(crew))
        engine = stack.enter_context(app.opened())
        report = _filled(app, app.filling(engine, funds, source, period), way, workers)
    if form is Format.TABLE:
        _print_report(report)
    else:
        output.show([_plain(_report_record(report, way.name))], form, (), "")
    return _code(report)


def _filled(app: App, filling: Filling, way: Way, workers: Crew | None) -> Report:
    from monitor.backfill import run

    with Progress() as progress:  # from now on: opening a database is no measure of what is to come
        return run(filling, way, progress) if workers is None else app.fill_on(workers, filling, way, progress)


def _print_report(report: Report) -> None:
    outcome = replace(report.outcome, files=tuple(_together(report.outcome.files)))
    summary.print_outcome(outcome, brief=True, unread=report.unread)
    for one in report.extended:
        output.say(f"{'extended':12} {one.sentence}")
    for text in report.stopped:
        output.say(f"{'stopped':12} {text}. Run the same command again to go on.")


def _together(files: Iterable[FileOutcome]) -> Iterable[FileOutcome]:
    """What cannot be read once for each file of a history, however many versions of it there are."""
    first: dict[str, FileOutcome] = {}
    number: dict[str, int] = {}
    for file in files:
        if file.outcome != "unreadable":
            yield file
            continue
        name = file.place.partition("!")[2] or file.place
        first.setdefault(name, file)
        number[name] = number.get(name, 0) + 1
    for name, file in first.items():
        many = f" ({counted(number[name], 'version')})" if number[name] > 1 else ""
        yield replace(file, text=f"{file.text}{many}")


def _report_record(report: Report, way: str) -> Record:
    outcome: Outcome = report.outcome
    counts: dict[str, int] = {}
    for file in outcome.files:
        counts[file.outcome] = counts.get(file.outcome, 0) + 1
    return {
        "way": way,
        "outcomes": counts,
        "extended": [
            {"fund": one.name, "files": len(one.files), "schedules": len(one.schedules), "first_file": one.first}
            for one in report.extended
        ],
        "events": outcome.events,
        "items": outcome.items,
        "revised": outcome.revised,
        "stopped": list(report.stopped),
        "unread": list(report.unread),
        "files": [record(file) for file in outcome.files if file.outcome in summary.TOLD],
    }


def _code(report: Report) -> int:
    """3 when something is quarantined or was not asked to the end, 1 when nothing could be had, else 0."""
    outcomes = {file.outcome for file in report.outcome.files}
    early = [text for text in report.stopped if not text.endswith("--limit allows")]
    useful = outcomes - {"refused", "failed", "unreadable"}
    if not useful and (outcomes or early):
        return FAILED
    return ATTENTION if "quarantined" in outcomes or "failed" in outcomes or early else DONE
