"""The commands `rules …`: who is told what, in words, and what that would have meant for the past."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.context import program
from monitor.cli.options import Channel, ConfigFile, Db, Form, known_channel, period
from monitor.cli.output import Format
from monitor.cli.shape import Program

if TYPE_CHECKING:
    from monitor.config import Config, Rule
    from monitor.core.rehearsal import Tried

group = Program(
    "Who is told what: the rules, and what they would have told of the past.",
    examples=(
        "rules list",
        "rules try --since -90d --channel slack",
        "rules try --since -90d --details --config other.toml",
    ),
)
WHEN = {"now": "at once", "daily": "in the daily digest", "weekly": "in the weekly digest", "never": "not at all"}


@group.command("list")
def list_rules(form: Form = Format.TABLE, config: ConfigFile = None) -> None:
    """The configured rules and, last, the defaults that hold where none of them speaks."""
    app = program(config, None)
    app.plan()  # names in rules that mean nothing are said here, too
    columns = ("name", "matches", "channels", "tells", "enabled")
    output.show([*(_rule(one, app.config) for one in app.config.rules), *_defaults(app.config)], form, columns, "")


def _rule(one: Rule, config: Config) -> dict[str, object]:
    return {
        "name": one.name,
        "matches": "; ".join(_conditions(one)) or "everything",
        "channels": list(one.channels or config.alert_channels),
        "tells": WHEN[one.deliver],
        "deliver": one.deliver,
        "enabled": one.enabled,
    }


def _conditions(one: Rule) -> Iterator[str]:
    for word, values in (("issuer", one.issuers), ("fund", one.funds), ("security", one.securities)):
        if values:
            yield f"{word} {' or '.join(values)}"
    for word, members in (("kind", one.kinds), ("severity", one.severities)):
        if members:
            yield f"{word} {' or '.join(member.value for member in members)}"
    for least, words in (
        (one.min_value, "at least ${:,}"),
        (one.min_bp, "at least {} bp of the fund"),
        (one.min_absence, "back after {} sessions or more"),
        (one.min_score, "score {} or more"),
    ):
        if least is not None:
            yield words.format(least)


def _defaults(config: Config) -> Iterator[dict[str, object]]:
    channels, alerts = list(config.alert_channels), config.alerts
    loud = {"low": "everything", "normal": "high or normal severity", "high": "high severity"}[alerts.min_severity]
    base = {"name": "(default)", "channels": channels, "enabled": True}
    yield base | {"matches": f"no rule; {loud}", "tells": WHEN["now"], "deliver": "now"}
    if alerts.min_severity != "low":
        yield base | {"matches": "no rule; the rest", "tells": WHEN[alerts.digest], "deliver": alerts.digest}


@group.command("try")
def try_rules(
    since: Annotated[str, typer.Option("--since", metavar="DATE", help="From files dated so on: 2024-01-02, -90d.")],
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Up to files dated so.")] = None,
    details: Annotated[bool, typer.Option("--details", help="Every change and channel instead of weeks.")] = False,
    channel: Channel = None,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """What would have been told, week by week and channel by channel. Nothing is sent or changed.

    Every stored change counts on the day of the file that settled it, as if that file had come in time and the rules
    and mutes of today had held; also changes that were loaded as history. Try other rules with --config FILE.
    Corrections, quiet hours and floods are left out: they move messages, they do not choose them.
    """
    from monitor.core import rehearsal
    from monitor.routing import with_mutes
    from monitor.store.queries.trying import past_items

    first, last = period(since, until)
    assert first is not None
    app = program(config, db)
    plan, now = app.plan(), app.clock()
    known_channel(app.config, channel)
    with app.reading() as conn:
        plan = with_mutes(plan, conn, now)
        past = past_items(conn, first, last, former_names=plan.asks_for_names)
        tried = [one for one in rehearsal.rehearse(plan, past, now) if channel in (None, one.route.channel)]
    if details:
        told = [_tried(one) for one in tried if one.how != "never" or one.route.rules]
        output.show(told, form, ("day", "channel", "how", "severity", "by", "headline"), "Nothing would be told.")
        return
    rows = [output.record(week) for week in rehearsal.weeks(tried)]
    columns = ("week", "channel", "messages", "now", "daily", "weekly", "muted", "never")
    output.show(rows, form, columns, "No changes in this time.")


def _tried(one: Tried) -> dict[str, object]:
    subject, route = one.past.subject, one.route
    return {
        "day": subject.day.isoformat(),
        "channel": route.channel,
        "how": one.how,
        "severity": subject.severity.value,
        "score": subject.score,
        "kind": subject.kind.value,
        "issuer": subject.issuer,
        "funds": sorted(subject.funds),
        "by": route.muted or ", ".join(route.rules) or "default",
        "item": one.past.item,
        "headline": one.past.headline,
    }
