"""Makes the item people are told from a group of events: its table, its headline, its caveat.

What counts and how much is `ranking`; what may be claimed is `claims`. Nothing is looked up here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from monitor.core import claims, contracts, identity, ranking
from monitor.core.events import event_key
from monitor.core.model import (
    Absence,
    Arrival,
    Coverage,
    Event,
    FundPart,
    Interval,
    Item,
    Kind,
    Position,
)
from monitor.core.ranking import Group, Standings
from monitor.core.values import quick


@quick(frozen=True, slots=True)
class Other:
    """A fund of the issuer that did not change: what it holds (None: not listed), and the date of its last
    file when that is too old to speak of today."""

    position: Position | None
    old_file: date | None = None


@quick(frozen=True, slots=True)
class Backdrop:
    """What an item needs beside its events: the issuer's name, what its other funds hold of the security,
    how the security is called, how far the issuer's records reach."""

    issuer: str
    issuer_name: str
    name: str
    others: Mapping[str, Other]
    standings: Standings
    records: Coverage
    told: date  # the day being told: a redeemed file's events come a day after those of the other funds
    holder: str = ""  # who held it last, for the caveat
    known: int = 1  # funds of the issuer we have files of
    unit: str = "shares"  # what its quantities count
    per_unit: bool = False  # the files list one creation unit, not the fund
    kin: tuple[str, ...] = ()  # other lines of the same company the issuer's funds hold: "ARKF ALIBABA (9988 HK)"


class _Sums(NamedTuple):
    """Over the events of an item; None where one of them does not know."""

    before: Decimal | None
    after: Decimal | None
    active: Decimal | None
    value: Decimal | None


def make(group: Group, backdrop: Backdrop) -> Item:
    """One item over all funds of `group`."""
    events = group.events
    kind = ranking.kind_of(group, backdrop.standings)
    scored = _is_position(group) or group.direction == ranking.EXCHANGE
    terms = ranking.terms(group, kind, backdrop.standings) if scored else ()
    points = ranking.total(terms)
    gone = _absence(group, backdrop)
    sums = _Sums(
        _sum([e.shares_before for e in events]),
        _sum([e.shares_after for e in events]),
        _sum([e.active_shares for e in events]),
        _sum([e.value for e in events]),
    )
    headline = _headline(group, kind, backdrop, gone, sums)
    caveat = _caveat(kind, backdrop, gone, events)
    latest = max(events, key=lambda e: (e.day, e.fund))
    return Item(
        key=_key(group, backdrop),
        kind=kind,
        issuer=backdrop.issuer,
        security=group.security,
        as_of=max(e.as_of for e in events),
        day=latest.day,
        pos_session=_interval(events),
        known_at=max(e.known_at for e in events),
        arrival=Arrival.LIVE if any(e.arrival is Arrival.LIVE for e in events) else Arrival.HISTORY,
        funds=tuple(_part(e) for e in events),
        others=tuple(_other(fund, backdrop.others[fund]) for fund in sorted(backdrop.others)),
        shares_before=sums.before,
        shares_after=sums.after,
        active_shares=sums.active,
        value=sums.value,
        currency=events[0].currency,
        weight_before=_largest([e.weight_before for e in events]),
        weight_after=_largest([e.weight_after for e in events]),
        absence=gone,
        headline=headline,
        claim=f"{headline}. {caveat}" if caveat else headline,
        caveat=caveat,
        score=points,
        severity=ranking.severity(points),
        confidence="low" if any(e.confidence == "low" for e in events) else "high",
        events=tuple(e.key for e in events),
        evidence=tuple(line for e in events for line in e.evidence),
        terms=tuple((term.name, term.points, term.how) for term in terms),
        published_from=min((e.published_from for e in events if e.published_from is not None), default=None),
        published_to=max((e.published_to for e in events if e.published_to is not None), default=None),
        unit=backdrop.unit,
    )


def _key(group: Group, backdrop: Backdrop) -> str:
    """The id messages are bound to: it must never change for what it tells."""
    security = identity.inside_issuer(backdrop.issuer, group.security)
    parts = (backdrop.issuer, security, group.direction, _session(group.events), backdrop.told)
    return "I" + event_key(*parts)[1:]


def _is_position(group: Group) -> bool:
    return group.direction in ranking.POSITION


def _session(events: Sequence[Event]) -> str:
    return max(str(e.told_for or e.as_of) for e in events)


def _interval(events: Sequence[Event]) -> Interval:
    firsts = [e.pos_session.first for e in events if e.pos_session.first is not None]
    lasts = [e.pos_session.last for e in events if e.pos_session.last is not None]
    return Interval(min(firsts, default=None), max(lasts, default=None))


def _absence(group: Group, backdrop: Backdrop) -> Absence | None:
    """The issuer's absence when no fund held it, else the shortest of the funds that came back."""
    if backdrop.standings.absence is not None:
        return backdrop.standings.absence
    found = [e.absence for e in group.events if e.absence is not None]
    return min(found, key=lambda a: a.sessions if a.sessions is not None else 10**6) if found else None


def _part(event: Event) -> FundPart:
    return FundPart(
        event.fund,
        event.kind,
        event.shares_before,
        event.shares_after,
        event.active_shares,
        event.value,
        event.weight_after,
        bool(event.shares_after),
    )


def _other(fund: str, other: Other) -> FundPart:
    position = other.position
    when = "" if other.old_file is None else f"its last file is dated {other.old_file}"
    if position is None or position.shares == 0:
        return FundPart(fund, None, None, None, None, None, None, False, when)
    held = position.shares
    return FundPart(fund, None, held, held, None, position.value, position.weight, True, when)


def _sum(values: Sequence[Decimal | None]) -> Decimal | None:
    if len(values) == 1:
        return None if values[0] is None else Decimal(0) + values[0]
    known = [v for v in values if v is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(values) else None


def _largest(values: Sequence[Decimal | None]) -> Decimal | None:
    if len(values) == 1:
        return values[0]
    return max((v for v in values if v is not None), default=None)


NO_FLOW = "1.00000000"
MOST_TOLD = 12  # sentences of one note
_VERBS = {
    Kind.INITIATED_AT_ISSUER: ("opens", "open"),
    Kind.INITIATED: ("opens", "open"),
    Kind.RE_ENTERED: ("reopens", "reopen"),
    Kind.RESUMED: ("resumes", "resume"),
    Kind.EXITED: ("no longer holds", "no longer hold"),
    Kind.INCREASED: ("adds to", "add to"),
    Kind.DECREASED: ("reduces", "reduce"),
}


def _headline(group: Group, kind: Kind, backdrop: Backdrop, gone: Absence | None, sums: _Sums) -> str:
    if not _is_position(group):
        return _together(group)
    entering = group.direction == ranking.IN
    shares = sums.after if entering else sums.active
    if contracts.is_contract(group.security) and group.direction in (ranking.UP, ranking.DOWN) and shares is not None:
        return _sized(group, kind, backdrop, shares, sums)
    verb = _verb(group, kind, backdrop)
    short = "a short position in " if entering and shares is not None and shares < 0 else ""
    what = f"{_who(group, backdrop)} {verb} {short}{backdrop.name}{_first_or_since(kind, backdrop, gone, group)}"
    if all(e.active_shares is None for e in group.events) and (weight := _weight_told(group)):
        return f"{what}: {weight}"
    value = sums.value
    size = claims.counted(abs(shares) if shares is not None else None, backdrop.unit)
    worth = claims.money(abs(value) if value is not None else None, group.events[0].currency)
    return f"{what}: {size}{_beyond(kind, group)}, {worth}{_rest(kind, sums, backdrop.unit)}"


def _sized(group: Group, kind: Kind, backdrop: Backdrop, shares: Decimal, sums: _Sums) -> str:
    """A size change of contracts: a signed delta, because a larger short is no purchase."""
    verb = "changes" if len(group.events) == 1 else "change"
    delta = f"{'+' if shares > 0 else ''}{claims.counted(shares, backdrop.unit)}"
    return f"{_who(group, backdrop)} {verb} {backdrop.name} by {delta}{_rest(kind, sums, backdrop.unit)}"


def _together(group: Group) -> str:
    """What a note that is no position change says: of rolls and cash vehicles all of the day, up to a few."""
    if group.direction not in (Kind.ROLLED.value, Kind.CASH_VEHICLE.value):
        return group.events[0].claim
    funds: dict[str, list[str]] = {}
    for event in group.events:
        funds.setdefault(event.claim.removeprefix(f"{event.fund}: "), []).append(event.fund)
    told = [f"{', '.join(dict.fromkeys(of))}: {what}" for what, of in funds.items()]
    more = f"; and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
    return "; ".join(told[:MOST_TOLD]) + more


def _weight_told(group: Group) -> str:
    """The size of an entry or exit in files that print weights only; empty when these are not known either."""
    leaving = group.direction == ranking.OUT
    weight = _largest([e.weight_before if leaving else e.weight_after for e in group.events])
    if weight is None:
        return ""
    whose = "the fund" if len(group.events) == 1 else "a fund at most"
    return f"{weight.normalize():f} % of {whose}{' before' if leaving else ''}"


def _beyond(kind: Kind, group: Group) -> str:
    """A size change is what the flow does not explain: with an outflow a fund may add and hold less."""
    factors = [dict(e.factors) for e in group.events]
    flows = any(f.get("line_factor", f.get("flow_factor", NO_FLOW)) != NO_FLOW for f in factors)
    return " beyond the flows" if flows and kind in (Kind.INCREASED, Kind.DECREASED) else ""


def _rest(kind: Kind, sums: _Sums, unit: str) -> str:
    before, after = sums.before, sums.after
    if kind is Kind.EXITED:
        return f"; {claims.counted(after, unit)} are left" if after else ""
    if kind in (Kind.INCREASED, Kind.DECREASED, Kind.FLIPPED):
        return f"; {claims.number(before)} before, {claims.number(after)} now"
    return ""


def _verb(group: Group, kind: Kind, backdrop: Backdrop) -> str:
    """How the change is told: an exit that leaves a crumb is not "no longer holds"."""
    one = len(group.events) == 1
    if kind in (Kind.RE_ENTERED, Kind.RESUMED) and _mixed(group, backdrop):
        return "open or reopen"
    if kind is Kind.EXITED and any(e.shares_after for e in group.events):
        return "all but closes" if one else "all but close"
    if kind is Kind.FLIPPED:
        return f"{'turns' if one else 'turn'} {group.direction} in"
    return _VERBS[kind][0 if one else 1]


def _mixed(group: Group, backdrop: Backdrop) -> bool:
    """Whether some of the funds never held it, while the issuer did not leave it as a whole."""
    return backdrop.standings.absence is None and any(e.kind is Kind.INITIATED for e in group.events)


def _who(group: Group, backdrop: Backdrop) -> str:
    funds = sorted({e.fund for e in group.events})
    if len(funds) == 1:
        return funds[0]
    count = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six", 7: "Seven", 8: "Eight"}.get(
        len(funds), str(len(funds))
    )
    return f"{count} {backdrop.issuer_name} funds ({', '.join(funds)})"


def _first_or_since(kind: Kind, backdrop: Backdrop, gone: Absence | None, group: Group) -> str:
    if kind is Kind.INITIATED_AT_ISSUER:
        return f", first {backdrop.issuer_name} position in our records"
    if gone is not None and kind in (Kind.RE_ENTERED, Kind.RESUMED):
        fund = _returning(gone, backdrop, group.events)
        return f", {fund}{' ' if fund else ''}{claims.since(gone)}"
    if kind is Kind.INITIATED:
        return ", the first time in our records of " + ("this fund" if len(group.events) == 1 else "these funds")
    return ""


def _all_known(backdrop: Backdrop) -> str:
    """The issuer may have funds whose files we do not have: say of how many we speak."""
    funds = "one fund" if backdrop.known == 1 else f"{backdrop.known} funds"
    return f"the {funds} of {backdrop.issuer_name} we have files of"


def _reaches(events: Sequence[Event]) -> list[str]:
    """What "the first time in our records" rests on, funds of equal records together."""
    found: dict[Coverage, list[str]] = {}
    for event in sorted(events, key=lambda e: e.fund):
        if event.records is not None:
            found.setdefault(event.records, []).append(event.fund)
    return [claims.reach(seen, " and ".join(funds), several=len(funds) > 1) for seen, funds in found.items()]


def _returning(gone: Absence, backdrop: Backdrop, events: Sequence[Event]) -> str:
    """The fund whose absence is told, where it is not that of all who enter; else empty."""
    if backdrop.standings.absence is not None or all(e.absence == gone for e in events):
        return ""
    return next((e.fund for e in events if e.absence == gone), "")


def _caveat(kind: Kind, backdrop: Backdrop, gone: Absence | None, events: Sequence[Event]) -> str:
    words = []
    if gone is not None and kind in (Kind.RE_ENTERED, Kind.RESUMED):
        whole = backdrop.standings.absence is not None
        mine = _returning(gone, backdrop, events) or ", ".join(sorted({e.fund for e in events}))
        who = _all_known(backdrop) if whole else mine
        words.append(f"{who[0].upper()}{who[1:]}: {claims.absence_note(gone, backdrop.holder if whole else '')}.")
    if kind is Kind.INITIATED_AT_ISSUER:
        words.append(claims.reach(backdrop.records, _all_known(backdrop)))
    if kind is Kind.INITIATED:
        words += _reaches(events)
    gaps = [e for e in events if e.pos_session.first != e.pos_session.last and e.pos_session.first is not None]
    if gaps and (_VERBS.get(kind) or kind is Kind.FLIPPED):
        words.append(f"It happened {claims.during(_interval(events))}: no files between.")
    words += sorted({e.witnessed for e in events if e.witnessed})
    if kind is Kind.EXITED:
        words.append("The files do not say why it left.")
    if backdrop.per_unit and kind in _VERBS:
        words.append("The file lists one creation unit, not the whole fund.")
    if backdrop.kin:
        words.append(f"Another line of the company is held: {', '.join(backdrop.kin)}.")
    if kind is Kind.INITIATED and backdrop.standings.held_before:
        words.append(f"Other {backdrop.issuer_name} funds hold or held it.")
    return " ".join(words)
