"""What this machine says: the configuration, who may read its secrets, extras, time zones, trading days."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import SecretStr

from monitor.config import AppriseSettings, Config
from monitor.config.credentials import under
from monitor.config.fields import SECRETS, Section
from monitor.core.errors import MonitorError
from monitor.doctor.finding import Finding, State

if TYPE_CHECKING:
    from monitor.app import App

EXTRAS = {"apprise": "channels of type apprise", "pyarrow": "export to Parquet", "distributed": "work on a cluster"}
ROOM = 1 << 30  # bytes free below which a disk is soon full
NO_ROOM = 100 << 20
SHORTEST_SECRET = 8  # characters; shorter ones are guessed, and cannot be hidden well in a log
WINTER, SUMMER = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)


def configuration(config: Config) -> Iterator[Finding]:
    """Where it was found, what it watches, and whom it tells."""
    found = str(config.file) if config.file else "no file: defaults and environment"
    yield Finding("configuration", "file", State.OK, found)
    if not config.watch and not config.funds_file.exists():
        yield Finding(
            "configuration", "watch", State.WARNING, "nothing is watched", "Add a [[watch]] block, or: funds add TICKER"
        )
    if not config.channels:
        yield Finding("configuration", "channels", State.WARNING, "nobody is told", "Add a [channels.NAME] block.")
    if config.heartbeat_fault:
        yield Finding("configuration", "heartbeat", State.FAULT, config.heartbeat_fault, "Provide the secret.")
    if config.web_fault:
        yield Finding("configuration", "web", State.FAULT, config.web_fault, "`serve` refuses to start: see [web].")
    yield room("configuration", "disk", config.folder)


def room(area: str, name: str, folder: Path) -> Finding:
    """How much is free where `folder` is."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(area, name, State.FAULT, f"{folder}: {error.strerror}", "Create the folder.")
    text = f"{free / (1 << 30):,.1f} GiB free at {folder}"
    if free < NO_ROOM:
        return Finding(area, name, State.FAULT, text, "Make room: a full disk stops everything.")
    return Finding(area, name, State.WARNING if free < ROOM else State.OK, text, "Make room." if free < ROOM else "")


# --- secrets --------------------------------------------------------------------------------------


def secrets(config: Config) -> Iterator[Finding]:
    """Who may read the files with secrets, and which secrets stand in the configuration itself."""
    sections: dict[str, Section] = {f"channels.{name}": one for name, one in config.channels.items()}
    sections |= {"web": config.web, "heartbeat": config.heartbeat}
    written = [f"{name}.{key}" for name, section in sections.items() for key in _written(section)]
    if ":***@" in config.database_shown and config.file is not None and _says(config.file, "database"):
        written.append("database")
    for name, section in sections.items():
        for key in SECRETS:
            path = getattr(section, f"{key}_file", None)
            if path is not None:
                yield _readable_by(f"{name}.{key}_file", under(config.folder, path))
            yield from _short(f"{name}.{key}", getattr(section, key, None))
    if written and config.file is not None:
        text = f"{', '.join(written)} stand in {config.file}"
        yield Finding("secrets", "in the file", State.WARNING, text, "Use the keys ending in _env or _file.")
        yield _readable_by("configuration", config.file)


def _written(section: Section) -> Iterator[str]:
    """Names of secrets given as they are, not by the name of a variable or file."""
    for key in SECRETS:
        elsewhere = [getattr(section, f"{key}_{place}", None) for place in ("env", "file")]
        if isinstance(getattr(section, key, None), SecretStr) and elsewhere == [None, None]:
            yield key


def _says(file: Path, key: str) -> bool:
    try:
        return any(line.split("=")[0].strip() == key for line in file.read_text("utf-8", "replace").splitlines())
    except OSError:
        return False


def _readable_by(name: str, path: Path) -> Finding:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return Finding("secrets", name, State.FAULT, f"{path}: {error.strerror}", "Put the file there.")
    if mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
        others = "everybody" if mode & stat.S_IROTH else "others"
        what = "read" if mode & stat.S_IROTH else "change"
        return Finding("secrets", name, State.WARNING, f"{others} may {what} {path}", f"chmod 600 {path}")
    return Finding("secrets", name, State.OK, f"{path} is not readable by everybody")


def _short(name: str, secret: object) -> Iterator[Finding]:
    if isinstance(secret, SecretStr) and len(secret.get_secret_value()) < SHORTEST_SECRET:
        text = f"shorter than {SHORTEST_SECRET} characters: easily guessed, and no log can hide it well"
        yield Finding("secrets", name, State.WARNING, text, "Choose a longer one.")


# --- program --------------------------------------------------------------------------------------


def program(config: Config) -> Iterator[Finding]:
    """Extras and the time zone database."""
    wanted = any(isinstance(one, AppriseSettings) for one in config.channels.values())
    for module, use in EXTRAS.items():
        if find_spec(module) is not None:
            yield Finding("program", module, State.OK, f"installed, for {use}")
        elif module == "apprise" and wanted:
            text = "a channel needs it, and it is not installed"
            yield Finding("program", module, State.FAULT, text, "pip install 'holdings-monitor[apprise]'")
        else:
            yield Finding("program", module, State.SKIPPED, f"not installed; only for {use}")
    yield _zones(config)


def _zones(config: Config) -> Finding:
    names = {"America/New_York", "Europe/London", config.daemon.time_zone}
    try:
        shifts = {name: ZoneInfo(name).utcoffset(WINTER) != ZoneInfo(name).utcoffset(SUMMER) for name in names}
    except (ZoneInfoNotFoundError, OSError) as error:
        return Finding("program", "time zones", State.FAULT, f"no data: {error}", "pip install tzdata")
    if not (shifts["America/New_York"] and shifts["Europe/London"]):
        return Finding("program", "time zones", State.FAULT, "the data knows no summer time", "pip install -U tzdata")
    return Finding("program", "time zones", State.OK, f"known; times are {config.daemon.time_zone}")


def calendars(app: App) -> Iterator[Finding]:
    """Whether the trading days of what is watched are known a week ahead."""
    from monitor.sources.calendars import sessions_between

    try:
        names = {app.source(one.issuer).calendar for one in app.watch_list()}
    except MonitorError as error:
        yield Finding("calendar", "sources", State.FAULT, str(error), "See: holdings-monitor sources list")
        return
    today = app.clock().date()
    for name in sorted(names):
        try:
            days = sessions_between(name, today - timedelta(days=14), today + timedelta(days=14))
        except MonitorError as error:
            yield Finding("calendar", name, State.FAULT, str(error), "Correct the issuer's description.")
            continue
        if not days or days[-1] <= today:
            text = f"no session after {today} is known"
            yield Finding("calendar", name, State.WARNING, text, "pip install -U exchange_calendars")
        else:
            yield Finding("calendar", name, State.OK, f"next session {min(d for d in days if d > today)}")
