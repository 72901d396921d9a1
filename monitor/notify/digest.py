"""Many messages as one: a digest, or as many numbered parts as a channel's messages have room for. Nothing is left out.

A digest has one line per change, by issuer, loudest first, with the date of its file, its past where the message has
one, and a link. Where that is too long for one message of the channel,
changes of one kind in the same funds share a line that names each of them; only then it is split.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.core.hours import Cadence
from monitor.core.model import Kind, Severity
from monitor.core.rules import LOUDNESS
from monitor.notify.message import PREFIXES, Form, Message
from monitor.notify.words import clean, plural, sparkline

TITLES = {Cadence.DAILY: "Daily digest", Cadence.WEEKLY: "Weekly digest", Cadence.NOW: "Many at once"}
TOGETHER = 10  # changes of one kind in the same funds from which they may share a line
DRAWN = 16  # bars
LINE = 700  # characters; Slack's blocks would shorten longer ones
VERBS = {
    Kind.INITIATED: "new in",
    Kind.INITIATED_AT_ISSUER: "new in",
    Kind.RE_ENTERED: "back in",
    Kind.RESUMED: "back in",
    Kind.EXITED: "gone from",
    Kind.INCREASED: "larger in",
    Kind.DECREASED: "smaller in",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a digest and the places of the messages it tells of in the list that was given; a heading has none."""

    text: str
    members: tuple[int, ...] = ()
    link: str = ""

    @property
    def size(self) -> int:
        """Characters it takes in a message."""
        return len(self.text) + (len(self.link) + 30 if self.link else 0) + 1  # a link needs words and markup, too


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a digest, and the places of the messages it carries."""

    message: Message
    members: tuple[int, ...]


def digest(
    channel: str, cadence: Cadence, messages: Sequence[Message], *, at: datetime, room: int | None = None
) -> list[Part]:
    """The digest of `messages` for a channel whose messages hold `room` characters (None: any number)."""
    order = sorted(range(len(messages)), key=lambda place: _rank(messages, place))
    lines = _lines(messages, order)
    if room is not None and _length(lines) > room:
        lines = _headed(messages, list(_shared(messages, order)))
    pages = list(_pages(lines, room))
    made = []
    for number, page in enumerate(pages, 1):
        members = tuple(place for line in page for place in line.members)
        counted = f", part {number} of {len(pages)}" if len(pages) > 1 else ""
        made.append(
            Part(
                Message(
                    form=Form.DIGEST,
                    item=_identity(channel, cadence, [messages[place] for place in members]),
                    revision=1,
                    severity=_loudest(messages) if cadence is Cadence.NOW else Severity.LOW,
                    at=at,
                    headline=f"{TITLES[cadence]}: {_counted(messages)}{counted}",
                    issuer_name=_one_issuer(messages),
                    lines=tuple(line.text for line in page),
                    links=tuple(line.link for line in page) if any(line.link for line in page) else (),
                ),
                members,
            )
        )
    return made


def _rank(messages: Sequence[Message], place: int) -> tuple[int, str, int, str, int]:
    """Issuers by their loudest change, then the changes by theirs."""
    one = messages[place]
    loudest = max(m.score or 0 for m in messages if m.issuer_name == one.issuer_name)
    return -loudest, one.issuer_name, -(one.score or 0), one.headline, place


def _lines(messages: Sequence[Message], order: Sequence[int]) -> list[Line]:
    return _headed(messages, [_alone(messages[place], place) for place in order])


def _alone(message: Message, place: int) -> Line:
    """One change: what it is, the file that showed it, and the past as it was drawn for a message of its own."""
    ends = [clean(message.title, LINE - 60), _dated([message])]
    drawn = sparkline([point.shares for point in message.history], DRAWN)
    return Line(" · ".join(part for part in (*ends, drawn) if part), (place,), message.link or "")


def _dated(messages: Sequence[Message]) -> str:
    """`file of 2025-09-23`, or from when to when several are."""
    days = sorted({message.as_of for message in messages if message.as_of is not None})
    if len(days) < 2:
        return f"file of {days[0].isoformat()}" if days else ""
    return f"files of {days[0].isoformat()} … {days[-1].isoformat()}"


def _headed(messages: Sequence[Message], lines: Sequence[Line]) -> list[Line]:
    """A line with the issuer's name and count above its changes, where there are several issuers."""
    if len({message.issuer_name for message in messages}) < 2:
        return list(lines)
    found: list[Line] = []
    last = None
    for line in lines:
        name = messages[line.members[0]].issuer_name
        if name != last and name:
            found.append(Line(f"{name}: {sum(message.issuer_name == name for message in messages):,}"))
        last = name
        found.append(line)
    return found


def _shared(messages: Sequence[Message], order: Sequence[int]) -> Iterable[Line]:
    """Lines in which ten and more changes of one kind in the same funds are told together."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for place in order:
        groups.setdefault(_sort(messages[place]), []).append(place)
    done: set[tuple[object, ...]] = set()
    for place in order:
        sort = _sort(messages[place])
        if len(groups[sort]) < TOGETHER:
            yield _alone(messages[place], place)
        elif sort not in done:
            done.add(sort)
            yield from _together(messages, groups[sort])


def _sort(message: Message) -> tuple[object, ...]:
    return message.issuer_name, message.form, message.kind, tuple(part.fund for part in message.funds)


def _together(messages: Sequence[Message], places: Sequence[int]) -> Iterable[Line]:
    """One line, or several where the names do not fit into one."""
    first = messages[places[0]]
    kind = VERBS.get(first.kind, first.kind.value.lower().replace("_", " ") + " in") if first.kind else "changes in"
    mark = "" if first.form is Form.ALERT else PREFIXES.get(first.form, "").lower()
    dated = _dated([messages[place] for place in places])
    funds = ", ".join(part.fund for part in first.funds)
    head = f"{len(places):,} {mark}{kind} {funds}{f' ({dated})' if dated else ''}: "
    names: list[str] = []
    members: list[int] = []
    for place in places:
        name = _short(messages[place])
        if names and len(head) + sum(len(one) + 2 for one in names) + len(name) > LINE:
            yield Line(head + ", ".join(names), tuple(members))
            names, members = [], []
        names.append(name)
        members.append(place)
    yield Line(head + ", ".join(names), tuple(members))


def _short(message: Message) -> str:
    if message.security is None:
        return clean(message.headline, 60)
    return clean(message.security.ticker or message.security.name, 60)


def _pages(lines: Sequence[Line], room: int | None) -> Iterable[list[Line]]:
    page: list[Line] = []
    used = 0
    for line in lines:
        if room is not None and page and used + line.size > room:
            yield page
            page, used = [], 0
        page.append(line)
        used += line.size
    yield page


def _length(lines: Sequence[Line]) -> int:
    return sum(line.size for line in lines)


def _counted(messages: Sequence[Message]) -> str:
    """`14 changes`, `3 changes, 1 correction`."""
    corrections = sum(message.form is not Form.ALERT for message in messages)
    fresh = len(messages) - corrections
    parts = [plural(fresh, "change")] if fresh or not corrections else []
    return ", ".join([*parts, *([plural(corrections, "correction")] if corrections else [])])


def _loudest(messages: Sequence[Message]) -> Severity:
    return max((message.severity for message in messages), key=LOUDNESS.index, default=Severity.LOW)


def _one_issuer(messages: Sequence[Message]) -> str:
    names = {message.issuer_name for message in messages}
    return names.pop() if len(names) == 1 else ""


def _identity(channel: str, cadence: Cadence, carried: Sequence[Message]) -> str:
    """The id of a part: what it carries, said the same way by whoever makes it."""
    said = " ".join([channel, cadence.value, *(f"{one.item}:{one.revision}" for one in carried)])
    return f"D{hashlib.sha256(said.encode()).hexdigest()[:16]}"
