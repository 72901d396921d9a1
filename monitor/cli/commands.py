"""The list of commands. Each group lives in its own module; nothing heavy is imported before a command runs."""

from __future__ import annotations

import typer

from monitor.asking.registry import QUESTIONS
from monitor.cli import (
    alerts,
    asking,
    changing,
    charting,
    database,
    doctor,
    evidence,
    held,
    incidents,
    mutes,
    questions,
    reports,
    rules,
    securities,
    serving,
    sources,
    trading,
    why,
    work,
)

cli = typer.Typer(
    name="holdings-monitor",
    help="Watches what funds hold and says what entered, left or came back.",
    epilog="Exit codes: 0 done · 1 failed · 2 wrong use · 3 done, but something is quarantined or undelivered.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich would make --help take four times as long
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

cli.command()(work.demo)
cli.command()(work.init)
cli.command()(work.check)
cli.command("run")(work.run)
cli.command()(work.ingest)
cli.add_typer(sources.group, name="sources")

cli.command()(questions.funds)
cli.command()(questions.coverage)
cli.command()(questions.holdings)
cli.command()(questions.history)
cli.command()(charting.chart)
cli.add_typer(evidence.group, name="evidence")
cli.command("who-holds")(questions.who_holds)
cli.command()(changing.changes)
cli.command()(trading.trades)
cli.command()(why.why)
cli.command(context_settings={"ignore_unknown_options": True})(reports.sql)  # a query may begin with "--"
cli.command()(reports.export)
cli.add_typer(securities.group, name="securities")

for question in QUESTIONS:
    if question.own_command is None:
        cli.command(question.slug)(asking.command(question))

cli.command()(serving.serve)
cli.command()(reports.status)
cli.add_typer(incidents.group, name="incidents")
cli.command()(doctor.doctor)
cli.add_typer(held.group, name="quarantine")
cli.add_typer(alerts.group, name="alerts")
cli.add_typer(rules.group, name="rules")
cli.add_typer(mutes.group, name="mute")
cli.command("test-alert")(alerts.send_test)
cli.add_typer(database.group, name="db")
cli.command()(work.version)
