"""Makes of the configuration who is told what and when: the plan, with every name in a rule checked.

It decides nothing about an item; that is `core.rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from monitor import config as settings
from monitor.config import ChannelSettings, Config
from monitor.core.days import instant_of
from monitor.core.errors import ConfigError
from monitor.core.hours import Cadence, Hours
from monitor.core.model import Kind
from monitor.core.rules import About, AlertPlan, Mute, Rule
from monitor.sources.spec import Source
from monitor.store import mutes
from monitor.store.engine import Connection
from monitor.store.mutes import StoredMute

# Characters of one message. Slack refuses blocks that hold more than about 12,000 together and says so nowhere
# (slackapi/bolt-js issues 2509 and 2867, read 2026-11-27); what Apprise reaches often ends at 4,096.
ROOM = {"slack": 9_000, "slack-webhook": 9_000, "apprise": 3_500}


def plan_of(config: Config, sources: Mapping[str, Source]) -> AlertPlan:
    """Who is told what. Raises ConfigError naming every fund or issuer in rules and mutes that no source has."""
    if faults := list(_unknown(config, sources)):
        raise ConfigError("\n".join(f"{config.file or 'configuration'}: {fault}" for fault in faults))
    return AlertPlan(
        channels=config.alert_channels,
        min_severity=config.alerts.min_severity,
        digest=Cadence(config.alerts.digest),
        rules=tuple(_rule(one) for one in config.rules if one.enabled),
        mutes=tuple(_mute(one, config.daemon.time_zone) for one in config.mutes),
        hours={name: _hours(one, config.daemon.time_zone) for name, one in config.channels.items()},
        flood=config.alerts.flood,
        page=config.web.url or "",
    )


def muted_by(stored: StoredMute) -> Mute:
    """A kept wish as rules read it."""
    values = (stored.value,)
    match stored.scope:
        case "security":
            about = About(securities=values)
        case "fund":
            about = About(funds=values)
        case "issuer":
            about = About(issuers=values)
        case _:
            about = About(kinds=(Kind(stored.value),))
    channels = (stored.channel,) if stored.channel is not None else ()
    return Mute(f"mute {stored.id} ({stored.label})", about, stored.until, channels)


def with_mutes(plan: AlertPlan, conn: Connection, now: datetime) -> AlertPlan:
    """The plan with what people do not want to hear of now, as well."""
    return plan.also_muted(muted_by(one) for one in mutes.listing(conn, now))


def today(now: datetime, zone: str) -> date:
    """The date in a time zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def end_of(day: date, zone: str) -> datetime:
    """The instant at which a day ends in a time zone."""
    return instant_of(datetime.combine(day + timedelta(days=1), time()), ZoneInfo(zone))


def _rule(one: settings.Rule) -> Rule:
    return Rule(
        name=one.name,
        about=_about(one),
        severities=one.severities,
        min_value=one.min_value,
        min_bp=one.min_bp,
        min_absence=one.min_absence,
        min_score=one.min_score,
        channels=one.channels,
        deliver=Cadence(one.deliver),
    )


def _mute(one: settings.Mute, zone: str) -> Mute:
    what = ", ".join([*one.securities, *one.funds, *one.issuers, *one.kinds])
    return Mute(f"mutes ({what})", _about(one), end_of(one.until, zone), one.channels)


def _about(one: settings.Rule | settings.Mute) -> About:
    return About(one.issuers, one.funds, one.securities, one.kinds)


def _hours(one: ChannelSettings, zone: str) -> Hours:
    return Hours(
        zone=ZoneInfo(one.time_zone or zone),
        quiet=one.quiet or "",
        quiet_except=one.quiet_except,
        digest_at=one.digest_at,
        digest_day=one.digest_day,
        room=ROOM.get(one.type),
    )


def _unknown(config: Config, sources: Mapping[str, Source]) -> Iterator[str]:
    """Names of issuers and funds that would never match anything."""
    issuers = {name.lower(): name for name in sources}
    funds = {
        text.lower(): text
        for source in sources.values()
        for ticker in source.funds
        for text in (ticker, f"{source.id}/{ticker}")
    }
    tables: list[tuple[str, Sequence[settings.Rule | settings.Mute]]] = [
        ("rules", config.rules),
        ("mutes", config.mutes),
    ]
    for table, sections in tables:
        for number, one in enumerate(sections):
            for key, names, known in (("issuers", one.issuers, issuers), ("funds", one.funds, funds)):
                for name in names:
                    if name.lower() not in known:
                        what = {"issuers": "there is no source", "funds": "no source has a fund"}[key]
                        yield f'{table}[{number}].{key}: {what} "{name}"{_meant(name, known.values())}'


def _meant(word: str, known: Iterable[str]) -> str:
    by_fold = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), list(by_fold), n=1, cutoff=0.5)
    return f'; did you mean "{by_fold[close[0]]}"?' if close else ""
