"""Says what a pass over files did, and which exit code that is."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from monitor.cli import output
from monitor.cli.context import ATTENTION, DONE, FAILED
from monitor.cli.wording import counted

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.blindness import LookReport
    from monitor.delivery import DeliveryReport
    from monitor.pipeline import FileOutcome, Outcome
    from monitor.store.engine import Engine

SHOWN = 50  # refused files listed one by one; the counts always say all
ORDER = (
    "new",
    "heartbeat",
    "not-modified",
    "absent",
    "skipped",
    "superseded",
    "discarded",
    "quarantined",
    "unreadable",
    "refused",
    "failed",
)
WORDS = {
    "heartbeat": "already known",
    "not-modified": "not modified",
    "failed": "not fetched",
    "absent": "not there",
    "skipped": "of other funds",
}
TOLD = frozenset({"discarded", "quarantined", "unreadable", "refused", "failed"})


def print_outcome(outcome: Outcome, *, brief: bool, unread: Sequence[str] = ()) -> None:
    """Each file that needs a word (all of them unless `brief`), then the counts."""
    told = [file for file in outcome.files if not brief or file.outcome in TOLD]
    for file in told[: SHOWN if brief else None]:
        output.say(_line(file))
    if brief and len(told) > SHOWN:
        output.say(f"… and {len(told) - SHOWN:,} more; see `quarantine list --all`")
    for text in unread[:SHOWN]:
        output.say(f"not read     {text}")
    output.say(_counts(outcome, len(unread)))


def _line(file: FileOutcome) -> str:
    what = " ".join(str(part) for part in (file.fund, file.as_of) if part is not None)
    why = f": {file.code + ': ' if file.code else ''}{file.text}" if file.text or file.code else ""
    return f"{WORDS.get(file.outcome, file.outcome):12} {file.place}{f' ({what})' if what else ''}{why}"


def _counts(outcome: Outcome, unread: int) -> str:
    number = Counter(file.outcome for file in outcome.files)
    parts = [f"{number[name]:,} {WORDS.get(name, name)}" for name in ORDER if number[name]]
    codes = Counter(file.code for file in outcome.files if file.outcome == "refused" and file.code)
    reasons = ", ".join(f"{code} {count:,}" for code, count in sorted(codes.items(), key=lambda one: (-one[1], one[0])))
    files = ", ".join(parts) or "no files"
    if unread:
        files += f", {unread:,} not read"
    refused = f" (refused: {reasons})" if reasons else ""
    events, items = counted(outcome.events, "event"), counted(outcome.items, "item")
    return f"{counted(len(outcome.files), 'file')}: {files}{refused}. {events}, {items}."


def print_look(report: LookReport) -> None:
    """Where we became blind, and where we see again."""
    for headline in report.opened:
        output.say(f"{'blind':12} {headline}")
    for headline in report.closed:
        output.say(f"{'seen again':12} {headline}")


def exit_code(outcome: Outcome) -> int:
    """3 when something is quarantined, 1 when there was nothing to use, else 0."""
    outcomes = {file.outcome for file in outcome.files}
    if "quarantined" in outcomes:
        return ATTENTION
    return FAILED if not outcomes or outcomes <= {"refused", "failed"} else DONE


def send(app: App, engine: Engine) -> int:
    """Send what is due, once, and say what became of it; the exit code of that."""
    channels = app.channels(sys.stdout)
    if channels:
        app.digest(engine)
        print_deliveries(app.deliver(engine, channels))
    else:
        output.tell("No channel is configured, so nobody was told. See: holdings-monitor init")
    return _undelivered(app, engine)


def _undelivered(app: App, engine: Engine) -> int:
    """3 when messages of this or an earlier pass are given up or overdue, and says how many, as `status` does."""
    from monitor.store import queries
    from monitor.store.engine import reading

    with reading(engine) as conn:
        rows = [row for row in queries.status(conn, app.clock()) if row.what == "deliveries"]
    late = [row for row in rows if queries.needs_attention([row])]
    if late:
        each = ", ".join(f"{row.name}: {row.count:,} {row.state}" for row in late)
        output.tell(f"Undelivered: {sum(row.count for row in late):,} ({each}). See: holdings-monitor status")
    return ATTENTION if late else DONE


def print_deliveries(report: DeliveryReport) -> None:
    """What became of the messages, when there were any."""
    if report.sent or report.failed or report.dead or report.waiting:
        more = [
            f"{count} {word}"
            for count, word in ((report.failed, "to be tried again"), (report.dead, "given up"))
            if count
        ]
        output.tell(
            f"{counted(report.sent, 'message')} sent{''.join(', ' + one for one in more)}, {report.waiting} waiting."
        )


def delivery_code(report: DeliveryReport) -> int:
    """3 when a message was not delivered."""
    return ATTENTION if report.failed or report.dead else DONE


def rank(code: int) -> int:
    """Which exit code matters more: failed, then attention, then done."""
    return (DONE, ATTENTION, FAILED).index(code)
