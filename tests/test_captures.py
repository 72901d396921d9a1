"""Polling the issuer as it was really polled ends in the same facts as reading its files from a folder.

A web server on this machine serves at each capture what was served then, error pages included, at the address the
source gives for that day; the real fetcher asks under a simulated clock.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import pytest
from sqlalchemy import Table, select

from monitor import pipeline
from monitor.app import App, quiet
from monitor.config import Watch, load
from monitor.demo.issuer import LoopbackIssuer, serving
from monitor.pipeline import AlertPlan, FileOutcome
from monitor.sources.fetch import Fetcher
from monitor.sources.spec import Source
from monitor.store import schema
from monitor.store.documents import documents, stored
from monitor.store.engine import Engine, open_engine

CONFIG = '[issuers.ark]\nbase_url = "{url}"\nallow_private = true\nmin_interval = 0\n'
DERIVED = (schema.standing, schema.link, schema.split, schema.spell, schema.sighting, schema.event, schema.item)
LONG_AFTER = datetime(2026, 1, 5, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Poll:
    """One look at some funds: the instant, and which file each address answered with."""

    at: datetime
    answers: Mapping[str, Path]


def polls(folder: Path, first: str, last: str) -> list[Poll]:
    """The captures from `first` to `last` in the order of time; those without a time cannot be replayed."""
    with (folder / "bad" / "bad_log.csv").open(encoding="utf-8", newline="") as log:
        bad = {(row["captured_utc"], row["fund"]): row["example_file"] for row in csv.DictReader(log)}
    with (folder / "captures.csv").open(encoding="utf-8", newline="") as log:
        rows = [row for row in csv.DictReader(log) if first <= row["captured_utc"][:10] <= last]
    found = []
    for instant, of_instant in groupby(sorted(rows, key=lambda row: row["captured_utc"]), lambda r: r["captured_utc"]):
        rounds: list[dict[str, Path]] = [{}]
        for row in of_instant:
            name = row["fund_in_name"]
            if name in rounds[-1]:  # the same fund again: another look in the same second
                rounds.append({})
            rounds[-1][name] = folder / (row["path"] or bad[instant, name])
        found += [Poll(datetime.fromisoformat(instant), answers) for answers in rounds]
    return found


@dataclass(slots=True)
class Replay:
    """The issuer of then and the monitor that looks at it."""

    engine: Engine
    source: Source
    issuer: LoopbackIssuer
    now: datetime = datetime(2020, 1, 1, tzinfo=UTC)
    served: set[Path] = field(default_factory=set)
    fetcher: Fetcher = field(init=False)

    def __post_init__(self) -> None:
        self.fetcher = Fetcher(
            allow_private=True,
            trust_env=False,
            clock=lambda: self.now.timestamp(),
            sleep=lambda seconds: pytest.fail(f"nobody should wait, but {seconds} s were asked for"),
            now=lambda: self.now,
        )

    def look(self, poll: Poll) -> Iterator[FileOutcome]:
        """Serve what was served then, and check the funds that were checked then."""
        self.now = poll.at
        for ticker, path in poll.answers.items():
            address = self.source.funds[ticker].url_on(poll.at.date())
            if address is not None:
                self.issuer.publish(address.url, path.read_bytes())
                self.served.add(path)
        yield from pipeline.check(
            self.engine,
            {self.source.id: self.source},
            [Watch(issuer=self.source.id, funds=tuple(poll.answers))],
            self.fetcher,
            now=poll.at,
            dry_run=False,
            plan=AlertPlan(),
            progress=quiet,
        ).files


def facts(engine: Engine) -> dict[str, list[str]]:
    """What follows from the stored files, in words that do not depend on when and in which order they came."""
    with engine.connect() as conn:
        funds = {row.id: row.ticker for row in conn.execute(select(schema.fund))}
        keys = {row.id: row.key for row in conn.execute(select(schema.security))}
        files = {(row.fund, row.id): row.sha256 for row in conn.execute(select(schema.snapshot))}
        found = {}
        for table in DERIVED:
            if table in (schema.event, schema.item):
                rows = [one._asdict() for one in stored(conn, documents(table))]
            else:
                rows = [dict(row._mapping) for row in conn.execute(select(table))]
            found[table.name] = sorted(_fact(table, row, funds, keys, files) for row in rows)
    assert len(found["standing"]) == len(files)
    return found


def _fact(
    table: Table,
    row: dict[str, object],
    funds: Mapping[object, str],
    keys: Mapping[object, str],
    files: Mapping[tuple[object, object], str],
) -> str:
    if "snapshot" in row:
        row["snapshot"] = files[row["fund"], row["snapshot"]]
    for column in {"security", "earlier", "later"} & row.keys():
        row[column] = keys[row[column]]
    if "fund" in row:
        row["fund"] = funds[row["fund"]]
    if "text" in row:
        body = json.loads(str(row["text"]))
        row["text"] = {key: value for key, value in body.items() if key not in ("known_at", "published")}
    return json.dumps(row, sort_keys=True)


def assert_polled_as_ingested(folder: Path, database: Path, first: str, last: str) -> list[FileOutcome]:
    """Polls the stretch, reads the same files into another database, and compares; returns what polling gave."""
    beside = database.with_name("ingested.db")
    shutil.copyfile(database, beside)
    with serving() as issuer:
        config = database.with_name("monitor.toml")
        config.write_text(CONFIG.format(url=issuer.url), encoding="utf-8")
        app = App(load(config, {}), lambda: LONG_AFTER, quiet)
        source = app.source("ark")
        polled, ingested = open_engine(f"sqlite:///{database}"), open_engine(f"sqlite:///{beside}")
        try:
            app.prepare_calendars(polled, [source])
            replay = Replay(polled, source, issuer)
            outcomes = [outcome for poll in polls(folder, first, last) for outcome in replay.look(poll)]
            holdings = sorted(path for path in replay.served if path.parent.name != "bad")
            local = ((str(path.relative_to(folder)), path.read_bytes()) for path in holdings)
            app.ingest(ingested, source, local, alert=False, progress=quiet)
            expected, found = facts(ingested), facts(polled)
        finally:
            polled.dispose()
            ingested.dispose()
    for name in expected:
        missing, extra = set(expected[name]) - set(found[name]), set(found[name]) - set(expected[name])
        assert (name, sorted(missing)[:3], sorted(extra)[:3]) == (name, [], [])
        assert len(expected[name]) == len(found[name])
    return outcomes


@pytest.fixture
def database(sqlite_url: str) -> Path:
    """The file of an empty, migrated database."""
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.mark.parametrize(
    ("first", "last", "codes"),
    [
        # A second version of a day.
        ("2021-02-05", "2021-02-11", set()),
        # Error pages, an old file again, and the change from CLOSE to OPEN.
        ("2021-03-04", "2021-03-17", {"error-page"}),
        # The new web site: "page not found" for days, a form without shares, a new form, other addresses.
        ("2021-09-28", "2021-10-08", {"html", "columns"}),
    ],
)
def test_polls_with_error_pages_give_the_facts_of_the_files(
    first: str, last: str, codes: set[str], shared_data: Path, database: Path
) -> None:
    outcomes = assert_polled_as_ingested(shared_data / "ark", database, first, last)
    kinds = {outcome.outcome for outcome in outcomes}
    assert {"new", "not-modified"} <= kinds
    assert "failed" not in kinds
    assert {outcome.code for outcome in outcomes if outcome.outcome == "refused"} == codes


@pytest.mark.slow
def test_all_polls_give_the_facts_of_the_files(shared_data: Path, database: Path) -> None:
    outcomes = assert_polled_as_ingested(shared_data / "ark", database, "2020-11-23", "2022-12-31")
    assert len(outcomes) > 6_000
