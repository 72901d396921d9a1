"""The tour, chapter by chapter: years of history, four mornings of polling, the alert, what lies behind it.

Every chapter does something with the real program and says what it did. Nothing is shown that was not done.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from monitor import config, pipeline
from monitor.app import App, quiet
from monitor.demo import files, showing
from monitor.demo.issuer import LoopbackIssuer, serving
from monitor.pipeline import Outcome
from monitor.sources.fetch import Fetcher
from monitor.sources.files import LocalFile, read_paths
from monitor.sources.spec import Source
from monitor.store import outbox, queries
from monitor.store.engine import Engine, reading
from monitor.store.queries.held import NOT_COUNTED
from monitor.store.sessions import sessions

Out = Callable[[str], None]
CONFIG = """\
# Written by `holdings-monitor demo`. The database and the files beside it are illustrative:
# invented lines around public facts.

database = "sqlite:///holdings.db"

[[watch]]
issuer = "ark"
funds = ["ARKF", "ARKK", "ARKW"]

[issuers.ark]               # the demo's own issuer; it stopped answering when the demo ended
base_url = "{url}"
allow_private = true
min_interval = 0

[channels.console]
type = "console"

[channels.log]
type = "file"
path = "alerts.jsonl"
"""
FUNDS = ("ARKF", "ARKK", "ARKW")
LOADED = datetime(2025, 9, 17, 22, 0, tzinfo=UTC)  # when the history is read; later files are polled
# The polls, in New York's 08:30 and 10:30, and what is wrong with the answer for a fund.
POLLS: tuple[tuple[datetime, Mapping[str, str]], ...] = (
    (datetime(2025, 9, 18, 12, 30, tzinfo=UTC), {}),
    (datetime(2025, 9, 19, 12, 30, tzinfo=UTC), {"ARKW": "page"}),
    (datetime(2025, 9, 19, 14, 30, tzinfo=UTC), {}),
    (datetime(2025, 9, 22, 12, 30, tzinfo=UTC), {"ARKF": "cut"}),
    (datetime(2025, 9, 22, 14, 30, tzinfo=UTC), {}),
    (datetime(2025, 9, 23, 12, 30, tzinfo=UTC), {}),
    (datetime(2025, 9, 23, 14, 30, tzinfo=UTC), {}),
)


def tour(folder: Path, kept: Path | None, out: Out) -> int:
    """All chapters in `folder`; `kept` is how the user named it, when it stays. Returns the exit code."""
    started = time.monotonic()
    with serving() as issuer:
        (folder / "monitor.toml").write_text(CONFIG.format(url=issuer.url), encoding="utf-8")
        clock = Clock(LOADED)
        app = App(config.load(folder / "monitor.toml", {}), clock, quiet)
        with app.opened() as engine:
            story = Story(folder, app, clock, engine, issuer, out)
            story.history()
            story.mornings()
            story.alert()
            story.timeline()
            story.bad_files()
            faults = story.faults()
    showing.ending(out, kept, faults, time.monotonic() - started)
    return 1 if faults else 0


@dataclass(slots=True)
class Clock:
    """The demo's clock: it stands where the story stands."""

    now: datetime

    def __call__(self) -> datetime:
        """The instant of the story."""
        return self.now


@dataclass(slots=True)
class Story:
    """What the chapters share."""

    folder: Path
    app: App
    clock: Clock
    engine: Engine
    issuer: LoopbackIssuer
    out: Out
    source: Source = field(init=False)
    console: io.StringIO = field(default_factory=io.StringIO)
    fetcher: Fetcher = field(default_factory=lambda: Fetcher(allow_private=True, trust_env=False))
    polled: dict[tuple[str, date], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.source = self.app.source("ark")

    # --- 1. history -------------------------------------------------------------------------------

    def history(self) -> None:
        """Makes the files of five years and reads those from before the story; nobody is told anything."""
        showing.chapter(self.out, 1, "Years of history, read from a folder without telling anybody")
        self.app.prepare_calendars(self.engine, [self.source])
        with reading(self.engine) as conn:
            days = [day for day in sessions(conn, self.source.calendar) if files.BEGIN <= day <= files.STORY]
        for fund in FUNDS:
            self._write(fund, days if fund in files.STORY_SHARES else [day for day in days if day >= files.AGAIN])
        started = time.monotonic()
        outcome = self.app.ingest(self.engine, self.source, self._archive(), alert=False, progress=quiet)
        showing.loaded(self.out, outcome, time.monotonic() - started)

    def _write(self, fund: str, days: Sequence[date]) -> None:
        """Files up to the story into the archive; the later ones wait until the issuer publishes them."""
        place = self.folder / "archive" / fund
        place.mkdir(parents=True)
        for day, text in files.daily_files(fund, days):
            if day > LOADED.date():
                self.polled[fund, day] = text
            else:
                (place / f"{day}.csv").write_text(text, encoding="utf-8")

    def _archive(self) -> Iterator[tuple[str, bytes]]:
        for found in read_paths([self.folder / "archive"]):
            if isinstance(found, LocalFile):
                yield found.name, found.body

    # --- 2. mornings ------------------------------------------------------------------------------

    def mornings(self) -> None:
        """Polls the issuer as on the days of the story, good answers and bad ones, and delivers after each."""
        showing.chapter(self.out, 2, f"Four mornings: the funds' addresses at {self.issuer.url} are polled")
        channels = self.app.channels(self.console)
        for at, wrong in POLLS:
            self.clock.now = at
            for fund in FUNDS:
                self._publish(fund, at.date(), wrong.get(fund, ""))
            outcome = self._poll()
            report = self.app.deliver(self.engine, channels)
            showing.polled(self.out, at, outcome, report)

    def _publish(self, fund: str, day: date, wrong: str) -> None:
        text = self.polled[fund, day]
        if wrong:
            text = files.error_page() if wrong == "page" else files.cut_short(text)
        suffix = "html" if wrong == "page" else "cut.csv" if wrong else "csv"
        place = self.folder / "published" / f"{fund}_{day}.{suffix}"
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")
        address = self.source.funds[fund].url_on(day)
        assert address is not None
        self.issuer.publish(address.url, text.encode())

    def _poll(self) -> Outcome:
        """As `App.check`, but asking this machine directly even where the environment names a proxy."""
        return pipeline.check(
            self.engine,
            {self.source.id: self.source},
            self.app.config.watch,
            self.fetcher,
            now=self.clock.now,
            dry_run=False,
            plan=self.app.plan(),
            progress=quiet,
        )

    # --- 3. what came of it -----------------------------------------------------------------------

    def alert(self) -> None:
        """The alert, letter by letter as the console channel wrote it."""
        showing.chapter(self.out, 3, "The alert, as the console channel prints it")
        showing.verbatim(self.out, self.console.getvalue())

    def timeline(self) -> None:
        """When which fund held Alibaba, as the command `history` answers."""
        showing.chapter(self.out, 4, f"The timeline behind it: history {files.TICKER} --issuer ark")
        with reading(self.engine) as conn:
            showing.spells(self.out, queries.history(conn, queries.find_security(conn, files.TICKER), None, "ark"))

    def bad_files(self) -> None:
        """What was not believed, as the command `quarantine list` answers."""
        showing.chapter(self.out, 5, "The bad files on the way: quarantine list --all")
        with reading(self.engine) as conn:
            showing.bad(self.out, queries.held_files(conn, standings=NOT_COUNTED), queries.refused_files(conn))

    def faults(self) -> list[str]:
        """Why this was not one alert delivered exactly once to each channel; empty when it was."""
        with reading(self.engine) as conn:
            promised = outbox.listing(conn)
            held = queries.held_files(conn, standings=NOT_COUNTED)
        found = [
            f"{one.key} is {one.state}: {one.error or 'no reason given'}" for one in promised if one.state != "sent"
        ]
        for channel in self.app.config.alert_channels:
            count = sum(one.channel == channel for one in promised)
            if count != 1:
                found.append(f"{count} alerts were promised to the channel {channel!r} instead of 1")
        log = self.folder / "alerts.jsonl"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        if len(lines) != 1:
            found.append(f"{log.name} has {len(lines)} lines instead of 1")
        if len(held) != 1:
            found.append(f"{len(held)} files were held instead of 1")
        return found
