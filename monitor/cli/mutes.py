"""The commands `mute …`: what is not told until a day, although it is kept and counted."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.cli import completing, output
from monitor.cli.context import program
from monitor.cli.options import ConfigFile, Db, Form, choices, day, known_channel
from monitor.cli.output import Format
from monitor.cli.shape import Program
from monitor.core.errors import UsageError
from monitor.core.model import Kind

if TYPE_CHECKING:
    from datetime import date

    from monitor.app import App
    from monitor.config import Mute
    from monitor.store.engine import Connection
    from monitor.store.mutes import Scope, StoredMute

group = Program(
    "What is not told until a day; it is still kept and counted.",
    examples=(
        'mute add --security TSLA --days 30 --note "known"',
        "mute list",
        "mute end 3",
    ),
)
LONGEST = 3650  # days


@group.command()
def add(
    security: Annotated[
        str | None, typer.Option("--security", metavar="S", help="This security.", autocompletion=completing.security)
    ] = None,
    fund: Annotated[
        str | None,
        typer.Option("--fund", metavar="FUND", help="What only this fund did.", autocompletion=completing.fund),
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option("--issuer", metavar="ID", help="All funds of this issuer.", autocompletion=completing.issuer),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="K", help="This kind of change.", autocompletion=completing.words(Kind)),
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option("--channel", metavar="NAME", help="Only there; default: all.", autocompletion=completing.channel),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="To the end of this day.")] = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, max=LONGEST, help="For so many days.")
    ] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Your reason; it is kept.")] = "",
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Tell nothing of a security, fund, issuer or kind until a day. What has been told is still corrected."""
    from monitor.store import mutes
    from monitor.store.engine import transaction

    given = [(scope, text) for scope, text in _scopes(security, fund, issuer, kind) if text is not None]
    if len(given) != 1:
        raise UsageError("Say one thing to mute: --security, --fund, --issuer or --kind.")
    app = program(config, db)
    end, zone = _end(app, day(until), days), app.config.daemon.time_zone
    known_channel(app.config, channel)
    with app.existing() as engine, transaction(engine) as conn:
        value, label = _meant(conn, *given[0])
        new = mutes.NewMute(given[0][0], value, label, end, "command line", channel, note)
        number = mutes.add(conn, new, app.clock())
    where = f" on {channel}" if channel else ""
    output.say(f"Muted {label}{where} until {_shown_end(end, zone)}. To lift it: holdings-monitor mute end {number}")


def _scopes(
    security: str | None, fund: str | None, issuer: str | None, kind: str | None
) -> list[tuple[Scope, str | None]]:
    return [("security", security), ("fund", fund), ("issuer", issuer), ("kind", kind)]


def _end(app: App, until: date | None, days: int | None) -> datetime:
    """When it ends: at the end of a day in the daemon's time zone."""
    from monitor.routing import end_of, today

    zone = app.config.daemon.time_zone
    if (until is None) == (days is None):
        raise UsageError("Say when the mute ends: --until DATE or --days N.")
    last = until if until is not None else today(app.clock(), zone) + timedelta(days=days or 0)
    end = end_of(last, zone)
    if end <= app.clock():
        raise UsageError(f"--until {last} is over.")
    return end


def _meant(conn: Connection, scope: str, text: str) -> tuple[str, str]:
    """What is kept of a name, and what people call it."""
    from monitor.core.model import Kind
    from monitor.store import queries
    from monitor.store.queries.names import groups, issuer_number, public_roots

    match scope:
        case "security":
            found = queries.find_security(conn, text)
            public = sorted(set(public_roots(conn, found.ids, groups(conn)).values()))
            if len(public) > 1:
                raise UsageError(f"{text!r} means several positions. Say which one by its id: {', '.join(public)}")
            return public[0], f"{found.names[0]} ({text})" if found.names else text
        case "fund":
            fund = queries.find_fund(conn, text)
            return (f"{fund.issuer}/{fund.ticker}",) * 2
        case "issuer":
            known = {one.issuer_id: one.issuer for one in queries.funds_known(conn, text)}
            number = issuer_number(conn, text)
            return (known.get(number, text),) * 2
        case _:
            return (choices(Kind, [text], "kind")[0].value,) * 2


@group.command("list")
def list_mutes(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """The mutes in force, those of the configuration first (they have no number)."""
    from monitor.routing import end_of
    from monitor.store import mutes

    app = program(config, db)
    now, zone = app.clock(), app.config.daemon.time_zone
    with app.reading() as conn:
        stored = mutes.listing(conn, None if everything else now)
    rows = [
        _configured(one, end_of(one.until, zone), now)
        for one in app.config.mutes
        if everything or now < end_of(one.until, zone)
    ]
    rows += [_stored(one, now) for one in stored]
    if form is Format.TABLE:
        rows = [one | {"until": _shown_end(datetime.fromisoformat(str(one["until"])), zone)} for one in rows]
    output.show(rows, form, ("id", "scope", "label", "channel", "until", "state", "by", "note"), "Nothing is muted.")


def _shown_end(end: datetime, zone: str) -> str:
    """`the end of 2026-12-15`, where an instant is the end of a day in the time zone."""
    local = end.astimezone(ZoneInfo(zone))
    if local.time() == time():
        return f"the end of {local.date() - timedelta(days=1)}"
    return f"{end:%Y-%m-%d %H:%M} UTC"


def _configured(one: Mute, until: datetime, now: datetime) -> dict[str, object]:
    named = (("security", one.securities), ("fund", one.funds), ("issuer", one.issuers), ("kind", one.kinds))
    return {
        "id": None,
        "scope": "+".join(scope for scope, values in named if values),
        "value": None,
        "label": ", ".join(str(value) for _, values in named for value in values),
        "channel": ", ".join(one.channels) or None,
        "until": output.plain(until),
        "at": None,
        "by": "configuration",
        "note": one.note,
        "ended_at": None,
        "state": "in force" if now < until else "over",
    }


def _stored(one: StoredMute, now: datetime) -> dict[str, object]:
    state = "in force" if one.holds(now) else "lifted" if one.ended_at is not None else "over"
    return output.record(one) | {"state": state}


@group.command()
def end(
    number: Annotated[list[int], typer.Argument(metavar="ID…", help="Numbers that `mute list` shows.")],
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Lift mutes before their end."""
    from monitor.store import mutes
    from monitor.store.engine import transaction

    app = program(config, db)
    with app.existing() as engine, transaction(engine) as conn:
        for one in number:
            if not mutes.end(conn, one, app.clock()):
                raise UsageError(f"There is no mute {one} in force. See: holdings-monitor mute list --all")
    output.say(f"Lifted {len(number)} of them." if len(number) > 1 else f"Lifted mute {number[0]}.")
