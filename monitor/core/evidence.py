"""What lists other than the issuer's daily files say of a fund's past: presence facts, intervals, refuted claims.

A *schedule* is a list of what a fund held after the close of one session: an N-PORT (complete, equal to the
books of a month's last session), an archived or re-published copy of a file. It never replaces a daily file.
It splits an interval in which files leave an entry or exit open (ARKW and META: files of 2021-10-28 and
2021-12-08, schedule of 2021-10-31, hence entered in sessions 2021-10-28 … 10-29), and it refutes "first" and
"exited" where files were silent or hid small lines (ONVO below ARKK's printing resolution, April 2021).
No wording of events, no storage here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from monitor.core.identity import is_verified, name_similarity, positions_of, share_class
from monitor.core.linking import ALIKE
from monitor.core.model import Interval, Line, Position
from monitor.core.sessions import Sessions
from monitor.core.spells import CRUMB_OF_PEAK, SMALL


class Origin(StrEnum):
    """Where a schedule comes from, in falling weight (a daily file of the issuer outweighs all of them)."""

    BACK_FILE = "back-file"  # the issuer's own, for an earlier date
    ARCHIVE = "archive"  # somebody's copy of the issuer's file
    NPORT = "n-port"
    THIRD_PARTY = "third-party"  # re-published by somebody else


class Presence(StrEnum):
    """What a source says of one security on one session."""

    HELD = "HELD"
    NOT_LISTED = "NOT_LISTED"
    BELOW_RESOLUTION = "BELOW_RESOLUTION"  # not listed by a source that leaves small lines out
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Listed:
    """One security on a schedule. `value` in the schedule's currency, `weight` in percent points; None: not said."""

    key: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    shares: Decimal | None
    value: Decimal | None
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A list of what a fund held after the close of `session`. `complete`: what is not on it was not held, lines
    under `below` percent points excepted.

    `as_of` is the date it states; `rank` says which of two of one origin and session is the later one.
    """

    session: date
    as_of: date
    origin: Origin
    sha256: str
    complete: bool
    rank: str
    lines: tuple[Listed, ...]
    below: Decimal = Decimal(0)
    _by_id: Mapping[str, Listed] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id = {text: line for line in self.lines for text in (line.key, *line.ids) if is_verified(text)}
        object.__setattr__(self, "_by_id", by_id)

    def called(self) -> str:
        """ "the N-PORT schedule of 2021-10-31"."""
        return _CALLED[self.origin].format(self.as_of)


_CALLED = {
    Origin.BACK_FILE: "the issuer's back-file of {}",
    Origin.ARCHIVE: "an archived copy of the file of {}",
    Origin.NPORT: "the N-PORT schedule of {}",
    Origin.THIRD_PARTY: "a list of {} re-published by others",
}
_WEIGHT = {origin: at for at, origin in enumerate(Origin)}


@dataclass(frozen=True, slots=True)
class Who:
    """A security as one fund's files have called it: every identity linked with it, and every name."""

    ids: frozenset[str]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A presence fact: what one schedule says of one security. Quantities as printed; None where not said."""

    state: Presence
    schedule: Schedule
    shares: Decimal | None = None
    value: Decimal | None = None
    weight: Decimal | None = None
    by_name: bool = False  # found by its name: the schedule prints other identifiers

    @property
    def session(self) -> date:
        """The session after whose close it was so."""
        return self.schedule.session


def who(positions: Iterable[Position], keys: Iterable[str]) -> Who:
    """The security that `positions` (of several files) and `keys` name."""
    found = list(positions)
    ids = {text for p in found for text in (p.key, *p.ids)} | set(keys)
    return Who(frozenset(text for text in ids if is_verified(text)), tuple(sorted({p.name for p in found})))


def listed(fund: str, lines: Iterable[tuple[Line, tuple[str, ...]]]) -> tuple[Listed, ...]:
    """The lines of a schedule of the fund that `identity.fund_name` calls `fund`, each with further names it prints, as
    securities by key; lots are summed."""
    found: dict[str, Listed] = {}
    for line, names in lines:
        for position in positions_of(fund, [line]):
            one = Listed(
                position.key,
                position.ids,
                tuple(dict.fromkeys(n for n in (position.name, *names) if n)),
                position.shares,
                line.value,
                line.weight,
            )
            found[one.key] = _summed(found[one.key], one) if one.key in found else one
    return tuple(found[key] for key in sorted(found))


def _summed(one: Listed, other: Listed) -> Listed:
    return replace(
        one,
        ids=tuple(dict.fromkeys(one.ids + other.ids)),
        names=tuple(dict.fromkeys(one.names + other.names)),
        shares=_plus(one.shares, other.shares),
        value=_plus(one.value, other.value),
        weight=_plus(one.weight, other.weight),
    )


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def fact(schedule: Schedule, security: Who) -> Fact:
    """What the schedule says of the security. Without a shared identifier a name decides, and only for a line
    that has no CUSIP (foreign lines: our files print a SEDOL, an N-PORT an ISIN); a doubt is UNKNOWN."""
    for text in sorted(security.ids):
        line = schedule._by_id.get(text)
        if line is not None:
            return _found(schedule, line, by_name=False)
    alike = [line for line in schedule.lines if _is_alike(line, security)]
    if not alike:
        return Fact(_unlisted(schedule), schedule)
    foreign = [line for line in alike if not _is_american(line.ids)]
    if len(alike) == 1 and foreign and not _is_american(security.ids):
        return _found(schedule, alike[0], by_name=True)
    return Fact(Presence.UNKNOWN, schedule)


def _unlisted(schedule: Schedule) -> Presence:
    if not schedule.complete:
        return Presence.UNKNOWN
    return Presence.BELOW_RESOLUTION if schedule.below > 0 else Presence.NOT_LISTED


def _found(schedule: Schedule, line: Listed, *, by_name: bool) -> Fact:
    held = line.shares is None or line.shares > 0  # a short position is not held
    state = Presence.HELD if held else Presence.NOT_LISTED
    return Fact(state, schedule, line.shares, line.value, line.weight, by_name)


def _is_alike(line: Listed, security: Who) -> bool:
    return any(
        name_similarity(one, other) >= ALIKE and not _other_class(one, other)
        for one in line.names
        for other in security.names
    )


def _other_class(one: str, other: str) -> bool:
    mine, theirs = share_class(one), share_class(other)
    return bool(mine and theirs and mine != theirs)


def _is_american(ids: Iterable[str]) -> bool:
    """Whether one is a CUSIP of the US or Canada: those begin with a digit, foreign ones with a letter."""
    return any(text.startswith("cusip:") and text[6].isdigit() for text in ids)


def facts(schedules: Iterable[Schedule], security: Who) -> list[Fact]:
    """One fact for each session a schedule covers, oldest first: the weightiest origin that knows decides."""
    found: dict[date, Fact] = {}
    for schedule in sorted(schedules, key=_precedence):
        said = fact(schedule, security)
        if schedule.session not in found or found[schedule.session].state is Presence.UNKNOWN:
            found[schedule.session] = said
    return [found[session] for session in sorted(found)]


def _precedence(schedule: Schedule) -> tuple[int, tuple[int, ...], str]:
    """Weightier origins first; of one origin the later version first."""
    return _WEIGHT[schedule.origin], tuple(-ord(char) for char in schedule.rank), schedule.sha256


def is_position(one: Fact, reference: Decimal | None = None) -> bool:
    """Whether a fact shows more than a crumb: 0.02 % of the fund, or more than 5 % of `reference` shares
    (in the units of that day)."""
    if one.state is not Presence.HELD:
        return False
    if one.weight is None or one.weight >= SMALL:
        return True
    return one.shares is not None and reference is not None and one.shares > CRUMB_OF_PEAK * reference


# --- intervals ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Narrowed:
    """An interval, narrowed by the facts that bound it (none: the files' own interval)."""

    interval: Interval
    held: Fact | None = None  # it was held then
    absent: Fact | None = None  # and not held then


def entered(sessions: Sessions, interval: Interval, known: Sequence[Fact]) -> Narrowed:
    """The sessions of an entry: after the last fact that shows nothing, up to the first that shows it held."""
    inside = _inside(interval, known)
    absent = max((f for f in inside if f.state is Presence.NOT_LISTED), key=lambda f: f.session, default=None)
    later = [f for f in inside if is_position(f) and (absent is None or f.session > absent.session)]
    held = min(later, key=lambda f: f.session, default=None)
    return _narrowed(sessions, interval, first=absent, last=held, held=held, absent=absent)


def left(sessions: Sessions, interval: Interval, known: Sequence[Fact], reference: Decimal | None) -> Narrowed:
    """The sessions of an exit: after the last fact that shows it held, up to the first that shows nothing.

    `reference` is the size it had, in the units of those days: less than 5 % of it is a crumb.
    """
    inside = _inside(interval, known)
    held = max((f for f in inside if is_position(f, reference)), key=lambda f: f.session, default=None)
    later = [f for f in inside if f.state is Presence.NOT_LISTED and (held is None or f.session > held.session)]
    absent = min(later, key=lambda f: f.session, default=None)
    return _narrowed(sessions, interval, first=held, last=absent, held=held, absent=absent)


def _inside(interval: Interval, known: Iterable[Fact]) -> list[Fact]:
    """Facts after the older file and before the newer one; none where sessions are not known."""
    if interval.first is None or interval.last is None:
        return []
    return [f for f in known if interval.first <= f.session < interval.last]


def _narrowed(
    sessions: Sessions,
    interval: Interval,
    *,
    first: Fact | None,
    last: Fact | None,
    held: Fact | None,
    absent: Fact | None,
) -> Narrowed:
    start = sessions.after(first.session) if first is not None else interval.first
    end = last.session if last is not None else interval.last
    return Narrowed(Interval(start, end), held, absent)


def last_held(known: Sequence[Fact], before: date, since: date | None, reference: Decimal | None) -> Fact | None:
    """The last fact that shows a position after session `since` (None: at any time) and before `before`."""
    for one in reversed(known):
        if one.session < before and (since is None or one.session > since) and is_position(one, reference):
            return one
    return None
