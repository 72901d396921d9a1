"""The commands `alerts …` and `test-alert`: messages promised, sent or given up."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import completing, output, summary
from monitor.cli.context import ATTENTION, DONE, history, program
from monitor.cli.options import Channel, ConfigFile, Db, Form, known_channel, one_of
from monitor.cli.output import Format
from monitor.cli.shape import Program
from monitor.cli.wording import counted
from monitor.core.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store.destinations import Destination
    from monitor.store.digests import Entry
    from monitor.store.engine import Connection
    from monitor.store.outbox import DeliveryRow

group = Program(
    "Messages promised, sent or given up.",
    examples=(
        "alerts list --failing",
        "alerts show 12",
        "alerts resend --channel slack",
    ),
)
STATES = ("pending", "sending", "sent", "dead", "withdrawn", "waiting")
HIDDEN = ("message", "receipt", "key", "holder", "lease_until")  # of a list; `show` has them
Number = Annotated[int, typer.Argument(metavar="ID", help="The number that `alerts list` shows.")]


@group.command("list")
def list_alerts(
    state: Annotated[
        str | None, typer.Option("--state", help=f"Only {', '.join(STATES)}.", autocompletion=completing.words(STATES))
    ] = None,
    channel: Channel = None,
    item: Annotated[str | None, typer.Option("--item", metavar="ITEM", help="Only about this item.")] = None,
    failing: Annotated[bool, typer.Option("--failing", help="Only what failed and is not sent, dead or not.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Only the newest so many.")] = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """The deliveries, newest first; --state waiting: the lines that wait for a digest. --item also finds digests."""
    from monitor.store import digests, outbox

    one_of(state, STATES, "state")
    with history(config, db) as conn:
        if state == "waiting":
            lines = digests.listing(conn, state, item=item, channel=channel, limit=limit)
            shown = ("channel", "cadence", "severity", "created_at", "due_at", "headline")
            output.show([_row(one) for one in lines], form, shown, "Nothing waits for a digest.")
            return
        carriers = digests.carriers(conn, item) if item is not None else ()
        found = outbox.listing(
            conn, state=state, item=item, digests=carriers, channel=channel, failing=failing, limit=limit
        )
    columns = ("id", "state", "channel", "severity", "created_at", "attempts", "headline", "error")
    output.show([_row(one) for one in found], form, columns, "No alerts.")


def _row(one: DeliveryRow | Entry) -> dict[str, object]:
    tree = output.record(one)
    message = json.loads(one.message)
    told = {"headline": message.get("headline"), "form": message.get("form")}
    return {key: value for key, value in tree.items() if key not in HIDDEN} | told


@group.command("show")
def show_alert(number: Number, form: Form = Format.TABLE, db: Db = None, config: ConfigFile = None) -> None:
    """One delivery with its whole message, its attempts and when it is tried next."""
    from monitor.notify.text import whole
    from monitor.notify.wire import from_json
    from monitor.store import outbox
    from monitor.store.destinations import destinations

    with history(config, db) as conn:
        found = outbox.show(conn, number)
        manners = destinations(conn)
    if found is None:
        raise UsageError(f"There is no delivery {number}. See: holdings-monitor alerts list")
    coming = _next_try(found, manners.get(found.channel))
    if form is not Format.TABLE:
        tree = output.record(found) | {"message": json.loads(found.message), "next_try": coming and output.cell(coming)}
        output.show([tree], form, tuple(tree), "")
        return
    for key, value in _row(found).items():
        output.say(f"{key:12} {output.cell(value)}")
    for key, told in (("holder", found.holder), ("next_try", coming), ("receipt", found.receipt)):
        output.say(f"{key:12} {output.cell(told)}")
    output.say("")
    output.say(whole(from_json(found.message)))


def _next_try(one: DeliveryRow, manners: Destination | None) -> datetime | None:
    """From when it may be sent: its own time, and that of its channel."""
    if one.state not in ("pending", "sending"):
        return None
    begins = one.lease_until if one.state == "sending" and one.lease_until else one.due_at
    return max(begins, manners.not_before) if manners and manners.not_before else begins


@group.command()
def resend(
    number: Annotated[
        list[int] | None, typer.Argument(metavar="[ID…]", help="Numbers that `alerts list` shows.", show_default=False)
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(
            "--channel", metavar="NAME", help="Every dead letter of this channel.", autocompletion=completing.channel
        ),
    ] = None,
    dead: Annotated[bool, typer.Option("--dead", help="Every dead letter.")] = False,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Send ended deliveries again, now; with --channel or --dead every dead letter, and what waits there at once."""
    from monitor.store.engine import reading, transaction

    numbers = number or []
    if bool(numbers) + bool(channel) + dead != 1:
        raise UsageError("Say what to send again: numbers, --channel NAME or --dead.")
    app = program(config, db)
    known_channel(app.config, channel)
    with app.existing() as engine:
        with transaction(engine) as conn:
            if numbers:
                _again(conn, numbers, app.clock())
            else:
                _all_again(conn, channel, app.clock())
        report = app.deliver(engine, app.channels(sys.stdout))
        if numbers:
            with reading(engine) as conn:
                raise typer.Exit(_what_became(conn, numbers))
    summary.print_deliveries(report)
    raise typer.Exit(ATTENTION if report.waiting else summary.delivery_code(report))


def _what_became(conn: Connection, numbers: list[int]) -> int:
    """Says how each of the deliveries stands, whoever sent it, and the exit code of that."""
    from monitor.store import outbox

    found = [outbox.show(conn, one) for one in numbers]
    for row in found:
        if row is not None:
            output.tell(f"{row.id}: {row.state}{f' ({row.error})' if row.error else ''}")
    return DONE if all(row is not None and row.state == "sent" for row in found) else ATTENTION


def _again(conn: Connection, numbers: list[int], now: datetime) -> None:
    from monitor.store import outbox

    for one in numbers:
        if outbox.show(conn, one) is None:
            raise UsageError(f"There is no delivery {one}. See: holdings-monitor alerts list")
        if not outbox.resend(conn, one, now=now):
            output.tell(f"Delivery {one} is still on its way.")


def _all_again(conn: Connection, channel: str | None, now: datetime) -> None:
    from monitor.store import outbox

    count = outbox.resend_dead(conn, channel=channel, now=now)
    if channel is not None:
        outbox.hurry(conn, channel, now=now)
    output.tell(f"{counted(count, 'dead letter')} to be sent again.")


def send_test(
    channel: Annotated[
        str,
        typer.Argument(
            metavar="CHANNEL", help="The channel's name in the configuration.", autocompletion=completing.channel
        ),
    ],
    config: ConfigFile = None,
) -> None:
    """Send a sample alert through one channel, marked as a test."""
    receipt = program(config, None).test_alert(channel, sys.stdout)
    note = f" ({receipt.note})" if receipt.note else ""
    output.tell(f"The channel {channel} took the test alert{note}.")
