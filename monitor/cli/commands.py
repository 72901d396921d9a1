"""The list of commands. Each group lives in its own module; nothing heavy is imported before a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.asking.registry import QUESTIONS
from monitor.cli import (
    alerts,
    asking,
    assisting,
    changing,
    charting,
    completion,
    doctor,
    evidence,
    exporting,
    filling,
    funds,
    held,
    incidents,
    mutes,
    partitions,
    questions,
    reports,
    rules,
    securities,
    serving,
    sources,
    trading,
    viewing,
    why,
    work,
)
from monitor.cli.shape import Program

cli = Program(
    "Watches what funds hold and says what entered, left or came back.",
    name="holdings-monitor",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
cli.info.epilog = (
    "\b\nExamples:\n"
    "  holdings-monitor demo\n"
    "  holdings-monitor history TSLA\n"
    "  holdings-monitor changes --since -30d --severity high\n"
    "  holdings-monitor holdings ARKK --on 2021-09-03 --json\n\n"
    "Days are written 2021-09-03, today, yesterday or -30d. Exit codes: 0 done · 1 failed · 2 wrong use · "
    "3 done, but something is quarantined or undelivered."
)
WORK, ASK, SEE, TELL, KEEP = "Watch and load", "Ask the history", "How well we see", "Who is told", "This installation"


@cli.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=work.say_version)
    ] = False,
) -> None:
    """Watches what funds hold and says what entered, left or came back."""


cli.command(rich_help_panel=WORK)(work.demo)
cli.command(rich_help_panel=WORK)(work.init)
cli.command(rich_help_panel=WORK)(work.check)
cli.command("run", rich_help_panel=WORK)(work.run)
cli.command(rich_help_panel=WORK)(work.ingest)
cli.command(rich_help_panel=WORK, examples=filling.EXAMPLES)(filling.backfill)
cli.add_typer(sources.group, name="sources", rich_help_panel=WORK)
cli.add_typer(evidence.group, name="evidence", rich_help_panel=WORK)

cli.add_typer(funds.group, name="funds", rich_help_panel=ASK)
cli.command(rich_help_panel=ASK)(questions.holdings)
cli.command(rich_help_panel=ASK)(questions.history)
cli.command(rich_help_panel=ASK)(charting.chart)
cli.command("who-holds", rich_help_panel=ASK)(questions.who_holds)
cli.command(rich_help_panel=ASK)(changing.changes)
cli.command(rich_help_panel=ASK)(trading.trades)
cli.command(rich_help_panel=ASK)(why.why)
for question in QUESTIONS:
    if question.own_command is None:
        cli.command(question.slug, rich_help_panel=ASK)(asking.command(question))
cli.add_typer(securities.group, name="securities", rich_help_panel=ASK)
cli.command(rich_help_panel=ASK, context_settings={"ignore_unknown_options": True})(reports.sql)  # "--": a comment
cli.command(rich_help_panel=ASK)(viewing.views)
cli.command(rich_help_panel=ASK)(exporting.export)
cli.command(rich_help_panel=ASK)(serving.serve)
cli.command(rich_help_panel=ASK)(assisting.mcp)

cli.command(rich_help_panel=SEE)(reports.status)
cli.command(rich_help_panel=SEE)(questions.coverage)
cli.add_typer(incidents.group, name="incidents", rich_help_panel=SEE)
cli.add_typer(held.group, name="quarantine", rich_help_panel=SEE)

cli.add_typer(alerts.group, name="alerts", rich_help_panel=TELL)
cli.add_typer(rules.group, name="rules", rich_help_panel=TELL)
cli.add_typer(mutes.group, name="mute", rich_help_panel=TELL)
cli.command("test-alert", rich_help_panel=TELL)(alerts.send_test)

cli.command(rich_help_panel=KEEP)(doctor.doctor)
cli.add_typer(partitions.group, name="db", rich_help_panel=KEEP)
cli.command(rich_help_panel=KEEP)(completion.completion)
cli.command(rich_help_panel=KEEP)(work.version)
