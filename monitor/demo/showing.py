"""How the tour is told: plain lines that fit a terminal. It shows what it is given and asks nothing."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.core.model import Interval

if TYPE_CHECKING:  # the first words are shown before these are loaded
    from monitor.delivery import DeliveryReport
    from monitor.pipeline import FileOutcome, Outcome
    from monitor.store.queries import HeldFile, RefusedFile, SpellRow

Out = Callable[[str], None]
WIDTH = 80
ZONE = ZoneInfo("America/New_York")
WORDS = {"heartbeat": "known already", "not-modified": "unchanged", "failed": "not fetched"}


def opening(out: Out) -> None:
    """What is going on, before anything is done."""
    _say(
        out,
        "A small web server on this computer plays the fund issuer ARK, and the real program watches it: it fetches "
        "daily holdings files, compares them and tells what changed.",
    )
    _say(out, "The files are illustrative: invented lines around public facts. Nothing leaves this machine.")


def chapter(out: Out, number: int, title: str) -> None:
    """A heading with room above it."""
    out("")
    out(f"{number}. {title}")
    out("")


def loaded(out: Out, outcome: Outcome, seconds: float) -> None:
    """What reading the archive gave."""
    days = sorted({one.as_of for one in outcome.files if one.as_of is not None})
    _say(
        out,
        f"{len(outcome.files):,} files dated {days[0]} … {days[-1]} gave {outcome.events:,} events in "
        f"{seconds:.1f} s. As in many a real archive they have holes: daily until 2021, weekly until June 2024, "
        "then none until September 2025.",
        "   ",
    )


def polled(out: Out, at: datetime, outcome: Outcome, report: DeliveryReport) -> None:
    """One poll: what became of each fund's file, and whether somebody was told."""
    groups: dict[str, list[str]] = {}
    for one in outcome.files:
        groups.setdefault(_became(one), []).append(one.fund or "?")
    parts = [f"{', '.join(funds)} {became}" for became, funds in groups.items()]
    if report.sent:
        parts.append(f"an alert, sent to {report.sent} channels")
    lead = f"   {at.astimezone(ZONE):%a %Y-%m-%d %H:%M}  "
    for line in textwrap.wrap("; ".join(parts), WIDTH - len(lead)):
        out(lead + line)
        lead = " " * len(lead)


def _became(one: FileOutcome) -> str:
    word = WORDS.get(one.outcome, one.outcome)
    return word.upper() if one.outcome in ("refused", "quarantined", "failed") else word


def verbatim(out: Out, text: str) -> None:
    """Text as it is."""
    for line in text.rstrip("\n").split("\n"):
        out(line)


def spells(out: Out, rows: Sequence[SpellRow]) -> None:
    """The spells as a table, the columns that matter here."""
    titles = ("fund", "entered", "left", "at entry", "peak", "at exit", "last file")
    table: list[tuple[str, ...]] = [titles]
    for one in rows:
        left = _between(one.closed) if one.closed is not None else "still held"
        sizes = [f"{size:,}" if size is not None else "–" for size in (one.entry_shares, one.peak_shares)]
        gone = f"{one.exit_shares:,}" if one.exit_shares is not None else "–"
        entered = _between(one.opened) if one.censored == "none" else f"before {one.first_file}"
        table.append((one.fund, entered, left, *sizes, gone, str(one.last_file or "–")))
    widths = [max(len(row[at]) for row in table) for at in range(len(titles))]
    for row in table:
        cells = [
            f"{row[at]:>{widths[at]}}" if at in (3, 4, 5) else f"{row[at]:<{widths[at]}}" for at in range(len(row))
        ]
        out(f"   {'  '.join(cells).rstrip()}")
    _say(out, "Days are sessions: what the funds held after that day's close. Shares are those of the files.", "   ")


def _between(interval: Interval) -> str:
    if interval.first is None or interval.first == interval.last:
        return str(interval.last)
    return f"{interval.first} … {interval.last}"


def bad(out: Out, held: Sequence[HeldFile], refused: Sequence[RefusedFile]) -> None:
    """Every file that was not believed, with all its reasons."""
    for one in held:
        then = ", then discarded" if one.standing == "discarded" else ""
        out(f"   {one.ref}  quarantined{then}")
        for reason in one.reasons:
            _say(out, f"{reason.gate}: {reason.text}", "      ")
    for other in refused:
        out(f"   {other.ref}  refused")
        _say(out, f"{other.code}: {other.text}", "      ")
    _say(
        out, "Neither counted: no position was reported as sold because a file was short or a page came instead.", "   "
    )


def ending(out: Out, kept: Path | None, faults: Sequence[str], seconds: float) -> None:
    """How it went, and what to do next."""
    out("")
    if faults:
        out("The demo did not end as it should:")
        for fault in faults:
            _say(out, fault, "   ")
        return
    out(f"Done in {seconds:.0f} s: one alert, delivered exactly once to each of two channels.")
    if kept is not None:
        _say(out, f"Kept in {kept}: holdings.db, monitor.toml, alerts.jsonl and the files in archive and published.")
    out("What next?")
    for command, what in NEXT if kept is None else _inside(kept):
        out(f"   {what}:")
        out(f"      holdings-monitor {command}")
    if kept is None:
        _say(out, "Nothing of this demo was kept. Started with `uv run`? Put it in front of these as well.")


NEXT = (
    ("demo --keep tour", "The same again, to look around in its database afterwards"),
    ("init --issuer ark", "A configuration for the real thing"),
    ("check", "Fetch once; the first sight of a fund is a baseline and alerts nobody"),
)


def _inside(kept: Path) -> tuple[tuple[str, str], ...]:
    config = shlex.quote(str(kept / "monitor.toml"))
    return (
        (f"history BABA --issuer ark --config {config}", "The timeline with all its columns"),
        (
            f"changes --since 2025-09-18 --config {config}",
            "What changed in those days, also what was too small to tell",
        ),
        (f"quarantine show ARKF/2025-09-22 --config {config}", "The file that was cut short"),
    )


def _say(out: Out, text: str, indent: str = "") -> None:
    """A paragraph, broken into lines."""
    for line in textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False):
        out(line)
