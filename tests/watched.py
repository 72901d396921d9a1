"""A program that watches an issuer of this machine by a clock the test sets, for tests of the daemon and its passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from monitor.app import App, configured, quiet
from monitor.demo.issuer import LoopbackIssuer
from monitor.sources.calendars import sessions_between
from monitor.store import schema as t
from monitor.store.engine import Engine, reading
from tests.scenarios.stories import QUILL, TOML, file, portfolio

NEW_YORK = ZoneInfo("America/New_York")
SESSIONS = sessions_between("XNYS", date(2026, 3, 2), date(2026, 4, 30))
CONFIG = """
{watch}
[daemon]
spread_seconds = 0
{daemon}
{more}
"""
ISSUER = """
[issuers.{name}]
base_url = "{url}"
allow_private = true
min_interval = 0
"""


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A local time in New York as an instant."""
    return datetime.combine(day, time(hour, minute), NEW_YORK).astimezone(UTC)


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: datetime = field(default_factory=lambda: at(SESSIONS[0], 20, 30))

    def __call__(self) -> datetime:
        return self.now


def source_text(name: str, funds: Sequence[str], dated: bool = False) -> str:
    """An issuer whose files lie at an address per fund, or at one per fund and session."""
    place = "_{date:YYYYMMDD}" if dated else ""
    return TOML.replace('id = "lantern"', f'id = "{name}"').replace('"Lantern"', f'"{name.title()}"') + "".join(
        f'\n[[funds]]\nticker = "{one}"\nname = "{one}"\nkind = "active"\n'
        f'urls = [{{ url = "https://{name}.example/{one}{place}.csv" }}]\n'
        for one in funds
    )


def program(
    folder: Path,
    url: str,
    clock: Clock,
    issuers: Mapping[str, Sequence[str]],
    *,
    database: str | None = None,
    daemon: str = "",
    more: str = "",
    dated: bool = False,
) -> App:
    """The program as a configuration in `folder` wants it."""
    (folder / "issuers").mkdir(exist_ok=True)
    for name, funds in issuers.items():
        (folder / "issuers" / f"{name}.toml").write_text(source_text(name, funds, dated), encoding="utf-8")
    watch = "".join(f'[[watch]]\nissuer = "{one}"\n' for one in issuers)
    reached = "".join(ISSUER.format(name=one, url=f"{url}/{one}") for one in issuers)
    text = CONFIG.format(watch=watch, daemon=daemon, more=reached + more)
    (folder / "monitor.toml").write_text(text, encoding="utf-8")
    return configured(folder / "monitor.toml", database, {}, clock, quiet)


def publish(issuer: LoopbackIssuer, name: str, fund: str, day: date, *, dated: bool = False) -> None:
    """The file of a session: a security comes with the second, leaves and returns."""
    number = SESSIONS.index(day)
    rows = portfolio() if number in (0, 1, 5) else portfolio(replace(QUILL, shares=40_000 + 500 * number))
    place = f"_{day:%Y%m%d}" if dated else ""
    issuer.publish(f"{issuer.url}/{name}/{fund}{place}.csv", file(fund, day, rows)[1])


def looks(engine: Engine) -> list[tuple[str, str]]:
    """Instant and outcome of every look, in order."""
    with reading(engine) as conn:
        rows = conn.execute(select(t.fetch.c.at, t.fetch.c.outcome).order_by(t.fetch.c.id))
        return [(row.at, row.outcome) for row in rows]


def steps(begin: datetime, end: datetime, minutes: float) -> list[datetime]:
    """Instants from `begin` up to before `end`."""
    count = int((end - begin) / timedelta(minutes=minutes))
    return [begin + timedelta(minutes=minutes * n) for n in range(count)]
