"""The commands `alerts …` and `test-alert`: messages promised, sent or given up."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output, summary
from monitor.cli.context import ATTENTION, history, program
from monitor.cli.options import ConfigFile, Db, Form
from monitor.cli.output import Format
from monitor.core.errors import UsageError

if TYPE_CHECKING:
    from monitor.store.outbox import DeliveryRow

group = typer.Typer(help="Messages promised, sent or given up.", no_args_is_help=True)
STATES = ("pending", "sending", "sent", "dead", "withdrawn")
Number = Annotated[int, typer.Argument(metavar="ID", help="The number that `alerts list` shows.")]


@group.command("list")
def list_alerts(
    state: Annotated[str | None, typer.Option("--state", help=f"Only {', '.join(STATES)}.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", metavar="NAME", help="Only this channel.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the newest so many.")] = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """The deliveries, newest first."""
    from monitor.store import outbox

    if state is not None and state not in STATES:
        raise UsageError(f"There is no state {state!r}. Known: {', '.join(STATES)}")
    with history(config, db) as conn:
        found = outbox.listing(conn, state=state, channel=channel, limit=limit)
    columns = ("id", "state", "channel", "severity", "created_at", "attempts", "headline", "error")
    output.show([_row(one) for one in found], form, columns, "No alerts.")


def _row(one: DeliveryRow) -> dict[str, object]:
    tree = output.record(one)
    headline = json.loads(one.message).get("headline")
    return {key: value for key, value in tree.items() if key not in ("message", "receipt", "key", "holder")} | {
        "headline": headline
    }


@group.command("show")
def show_alert(number: Number, form: Form = Format.TABLE, db: Db = None, config: ConfigFile = None) -> None:
    """One delivery with its whole message."""
    from monitor.notify.text import whole
    from monitor.notify.wire import from_json
    from monitor.store import outbox

    with history(config, db) as conn:
        found = outbox.show(conn, number)
    if found is None:
        raise UsageError(f"There is no delivery {number}. See: holdings-monitor alerts list")
    if form is not Format.TABLE:
        tree = output.record(found) | {"message": json.loads(found.message)}
        output.show([tree], form, tuple(tree), "")
        return
    for key, value in _row(found).items():
        output.say(f"{key:12} {output.cell(value)}")
    output.say(f"{'receipt':12} {output.cell(found.receipt)}\n")
    output.say(whole(from_json(found.message)))


@group.command()
def resend(
    number: Annotated[list[int], typer.Argument(metavar="ID…", help="Numbers that `alerts list` shows.")],
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Send ended deliveries again, now."""
    from monitor.store import outbox
    from monitor.store.engine import transaction

    app = program(config, db)
    with app.existing() as engine:
        with transaction(engine) as conn:
            for one in number:
                if outbox.show(conn, one) is None:
                    raise UsageError(f"There is no delivery {one}. See: holdings-monitor alerts list")
                if not outbox.resend(conn, one, now=app.clock()):
                    output.tell(f"Delivery {one} is still on its way.")
        report = app.deliver(engine, app.channels(sys.stdout))
    summary.print_deliveries(report)
    raise typer.Exit(ATTENTION if report.waiting else summary.delivery_code(report))


def send_test(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="The channel's name in the configuration.")],
    config: ConfigFile = None,
) -> None:
    """Send a sample alert through one channel, marked as a test."""
    receipt = program(config, None).test_alert(channel, sys.stdout)
    note = f" ({receipt.note})" if receipt.note else ""
    output.tell(f"The channel {channel} took the test alert{note}.")
