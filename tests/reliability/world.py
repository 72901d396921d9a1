"""One small world: an issuer with its funds, who is told, a database, a clock, and the program in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from monitor.sources.calendars import sessions_between
from monitor.store.engine import Engine, open_engine, reading
from monitor.store.schema import delivery, snapshot
from tests.reliability.app import DIE_AT, STOP_AT
from tests.reliability.children import ROOT, Child, Launcher
from tests.reliability.clock import VARIABLE, SharedClock
from tests.reliability.hook import Hook
from tests.reliability.issuer import Issuer
from tests.reliability.serving import serving, wait_for
from tests.reliability.slack import Slack
from tests.reliability.smtp import Mailbox, receiving
from tests.reliability.visible import Ledger, Visible
from tests.scenarios import stories
from tests.scenarios.stories import QUILL, ROWAN, Row, cusip, portfolio

NEW_YORK = ZoneInfo("America/New_York")
FUNDS = ("LANA", "LANB")
GUESTS = (
    QUILL,
    ROWAN,
    Row("SABLEWOOD TOOLS INC", "SBL", cusip("55503C30"), 40_000, 55.0),
    Row("TAMARIND SOFT CORP", "TMR", cusip("55504D40"), 25_000, 140.0),
    Row("UMBERFIELD BANK CORP", "UMB", cusip("55505E50"), 60_000, 31.0),
)
HASTY, PATIENT = 2, 20  # seconds an answer may take
PATIENCE = 180.0  # seconds until something that must happen has happened, on a busy machine
CALM = '[blindness]\nenabled = false\n[alerts]\nmin_severity = "low"\ndigest = "never"\n'


@cache
def sessions() -> tuple[date, ...]:
    """The sessions of New York from the first day of the stories."""
    return tuple(sessions_between("XNYS", date(2026, 3, 2), date(2027, 3, 1)))


def evening(number: int, at: time = time(18, 35)) -> datetime:
    """A moment after the close of a session, in New York."""
    return datetime.combine(sessions()[number], at, NEW_YORK)


@dataclass(frozen=True, slots=True)
class Story:
    """What the funds hold, session by session. `dated`: each session's file has an address of its own.

    `first` is the session with which it begins.
    """

    funds: tuple[str, ...] = FUNDS
    dated: bool = False
    first: int = 0

    def rows(self, fund: str, number: int) -> list[Row]:
        """Beside what is always held, five securities that come and go: four sessions in, four sessions out."""
        at = self.funds.index(fund)
        return portfolio(*(row for shift, row in enumerate(GUESTS) if (number + shift + at) // 4 % 2))

    def path(self, fund: str, number: int) -> str:
        """Where the file of a session is."""
        return f"/{sessions()[number]:%Y%m%d}/{fund}.csv" if self.dated else f"/{fund}.csv"

    def body(self, fund: str, number: int, version: str = "") -> bytes:
        """The file of a fund for a session."""
        return stories.file(fund, sessions()[number], self.rows(fund, number), version=version)[1]


def source_toml(story: Story) -> str:
    """The invented issuer as a user's own source."""
    pieces = [stories.FUND.format(ticker=ticker, kind="active") for ticker in story.funds]
    text = stories.TOML + "".join(pieces)
    return text.replace("lantern.example/", "lantern.example/{date:YYYYMMDD}/") if story.dated else text


@dataclass
class World:
    """Everything around one database."""

    folder: Path
    url: str
    launcher: Launcher
    issuer: Issuer
    slack: Slack
    mail: Mailbox
    hook: Hook
    ledger: Ledger
    story: Story = field(default_factory=Story)
    hasty: frozenset[str] = frozenset()  # channels that wait for no slow answer; others take a slow machine for none
    children: list[Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = SharedClock(self.folder / "clock")
        self.clock.set(evening(0))
        self.slack.now = self.hook.now = self.clock
        (self.folder / "issuers").mkdir(exist_ok=True)
        (self.folder / "issuers" / "lantern.toml").write_text(source_toml(self.story), encoding="utf-8")

    # --- configuration ----------------------------------------------------------------------------

    def configure(
        self, channels: Sequence[str] = ("slack",), rest: str = CALM, issuer: str = "", daemon: str = ""
    ) -> None:
        """Writes monitor.toml."""
        parts = [
            f'database = "{self.url}"\nsources_dir = "issuers"\n[[watch]]\nissuer = "lantern"\n',
            f"funds = [{', '.join(repr(fund) for fund in self.story.funds)}]\n",
            f'[issuers.lantern]\nbase_url = "{self.issuer.url}"\nallow_private = true\nmin_interval = 0\n{issuer}',
            f"[daemon]\ninterval_minutes = 0.02\ntick_seconds = 0.2\ndeliver_seconds = 0.2\n{daemon}",
            rest,
            *(self.channel(name) for name in channels),
        ]
        (self.folder / "monitor.toml").write_text("\n".join(parts), encoding="utf-8")

    def channel(self, name: str) -> str:
        """The table of one channel: "slack", "slack-2" …, "mail", "mail-2" …, "hook", "hook-2" … or "log"."""
        kind = name.partition("-")[0]
        timeout = HASTY if name in self.hasty else PATIENT
        tables = {
            "slack": f'type = "slack"\nchannel = "C{name}"\ntoken = "xoxb-1"\npace = 0\ntimeout = {timeout}\n'
            f'base_url = "{self.slack.api}"\n',
            "mail": f'type = "mail"\nhost = "127.0.0.1"\nport = {self.mail.port}\nsecurity = "none"\n'
            # without pictures: each is half a second of processor time, and tests/notify tries them
            f'from = "holdings@example.org"\nto = ["{name}@example.org"]\ntimeout = {timeout}\ncharts = false\n',
            "hook": f'type = "webhook"\nurl = "{self.hook.url}/{name}"\ntimeout = {timeout}\n'
            'secret = "whsec_c2VjcmV0c2VjcmV0"\n',
            "log": 'type = "file"\npath = "alerts.jsonl"\n',
        }
        return f"[channels.{name}]\n{tables[kind]}"

    # --- days -------------------------------------------------------------------------------------

    def publish(self, number: int) -> None:
        """The issuer shows the files of a session."""
        for fund in self.story.funds:
            self.issuer.publish(self.story.path(fund, number), self.story.body(fund, number))

    # --- the program ------------------------------------------------------------------------------

    def visible(self) -> list[Visible]:
        """Everything people can see, the lines of the file channel included."""
        lines = self.folder / "alerts.jsonl"
        whole = lines.read_text("utf-8").rpartition("\n")[0] if lines.exists() else ""  # one may be on its way
        trees = [json.loads(line) for line in whole.splitlines()]
        return self.ledger.seen() + [Visible("log", one["key"], one["title"], one["repeated"]) for one in trees]

    def start(self, *args: str, die_at: str = "", stop_at: str = "") -> Child:
        """The program, running a command."""
        environment = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        environment |= {"HOME": str(self.folder), VARIABLE: str(self.clock.file), DIE_AT: die_at, STOP_AT: stop_at}
        environment["PYTHONPATH"] = str(ROOT)
        log = self.folder / f"{len(self.children)}-{args[0]}.log"
        child = self.launcher.start(args, self.folder, environment, log)
        self.children.append(child)
        return child

    def run(self, *args: str, codes: Sequence[int] = (0,)) -> Child:
        """A command, run to its end. Fails with its words when it ends with another code."""
        child = self.start(*args)
        code = child.wait(PATIENCE)
        assert code in codes, f"{' '.join(args)} ended with {code}:\n{child.said()}"
        return child

    def day(self, number: int, speed: float = 1.0, **shifted: float) -> None:
        """It is the evening of a session (or so much later), and its files are out: first the time, then the files.

        A daemon at work must not see a file before its day: after a long weekend it would be four days ahead, and held.
        """
        self.clock.set(evening(number) + timedelta(**shifted), speed)
        self.publish(number)

    def settle(self, number: int, seconds: float = PATIENCE) -> None:
        """Waits until the files of a session are stored and nothing promised is open."""
        running = [child for child in self.children if not child.ended.is_set()]
        engine = open_engine(self.url)
        try:
            wait_for(f"session {number} to be told", lambda: is_settled(engine, self.story, number), seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(child.said() for child in running)) from None
        finally:
            engine.dispose()

    @contextmanager
    def database(self) -> Iterator[Engine]:
        """The database, to look at."""
        engine = open_engine(self.url)
        try:
            yield engine
        finally:
            engine.dispose()

    def close(self) -> None:
        """Ends every process of this world."""
        for child in self.children:
            child.kill()


def is_settled(engine: Engine, story: Story, number: int) -> bool:
    """Whether every fund's file of a session is stored and nothing promised is open."""
    day = (sessions()[number] - date(1970, 1, 1)).days
    with reading(engine) as conn:
        files = select(func.count(func.distinct(snapshot.c.fund))).where(snapshot.c.as_of == day)
        open_ones = select(func.count()).where(delivery.c.state.in_(("pending", "sending")))
        return conn.execute(files).scalar_one() >= len(story.funds) and conn.execute(open_ones).scalar_one() == 0


@contextmanager
def world(folder: Path, url: str, launcher: Launcher, story: Story | None = None) -> Iterator[World]:
    """A world with its servers running; everything ends with it."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger()
    with ExitStack() as stack:
        issuer = stack.enter_context(serving(Issuer()))
        slack = stack.enter_context(serving(Slack(ledger)))
        hook = stack.enter_context(serving(Hook(ledger)))
        mail = stack.enter_context(receiving(ledger))
        made = World(folder, url, launcher, issuer, slack, mail, hook, ledger, story or Story())
        stack.callback(made.close)
        yield made
