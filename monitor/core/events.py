"""Makes events of one fund's file: what a step of the spells, the flow and the links mean in words.

One function per kind of change; nothing here decides whether something changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from monitor.core import claims, identity
from monitor.core.baskets import factor_of
from monitor.core.contracts import is_contract
from monitor.core.conversions import Conversion
from monitor.core.flows import Flow
from monitor.core.model import (
    Absence,
    Coverage,
    Event,
    Evidence,
    Interval,
    Kind,
    Position,
    Snapshot,
)
from monitor.core.spells import RE_ENTRY, Closing, Opening, Point
from monitor.core.trades import active_shares
from monitor.core.values import quick

UNKNOWN_RE_ENTRY = 30  # days: about 21 sessions


@quick(frozen=True, slots=True)
class Scene:
    """Two consecutive accepted files of one fund of an issuer and what is known of the time between them."""

    issuer: str
    fund: str
    before: Snapshot
    after: Snapshot
    positions_before: Mapping[str, Position]  # by root
    positions_after: Mapping[str, Position]
    interval: Interval
    gap: int
    flow: Flow
    currency: str
    inception: date | None
    doubtful: bool  # a gap, or little of the flow explained
    outside: Collection[str] = ()  # roots creation baskets are known to leave out
    published: float | None = None  # the flow factor by the fund's own shares, where both files print them


def entry(scene: Scene, opening: Opening, gone: Absence | None, first_line: date | None, records: Coverage) -> Event:
    """A position that became material: first, again after 21 sessions or more, or resumed.

    `gone` is the absence that ends (None: never material before), `first_line` the first file that listed
    it however small, `records` what the fund's files cover.
    """
    if gone is None:
        kind = Kind.INITIATED
    elif _is_long(gone, scene.after.as_of):
        kind = Kind.RE_ENTERED
    else:
        kind = Kind.RESUMED
    position = opening.position
    before = scene.positions_before.get(opening.root)
    words = _entry_words(scene, kind, position, gone, first_line, records)
    event = _event(scene, kind, opening.root, before, position, _difference(before, position), words, gone)
    # What is told of an entry is the position, also where a line too small to matter was listed before.
    return replace(event, value=position.value, records=records if gone is None else None)


def _difference(before: Position | None, after: Position) -> Decimal | None:
    held = before.shares if before is not None else Decimal(0)
    return None if after.shares is None or held is None else after.shares - held


def _is_long(gone: Absence, now: date) -> bool:
    """21 sessions or more; 30 days between the files where sessions are not known."""
    if gone.sessions is not None:
        return gone.sessions >= RE_ENTRY
    return gone.last_file is None or (now - gone.last_file).days >= UNKNOWN_RE_ENTRY


def _entry_words(
    scene: Scene, kind: Kind, position: Position, gone: Absence | None, first_line: date | None, records: Coverage
) -> str:
    size = claims.size(position.shares, position.weight, claims.unit(position))
    if position.value is not None or position.shares is not None:
        size += f", {claims.money(position.value, scene.currency)}"
    what = {
        Kind.INITIATED: f"{scene.fund} opens {label(position)}",
        Kind.RE_ENTERED: f"{scene.fund} reopens {label(position)}",
        Kind.RESUMED: f"{scene.fund} resumes {label(position)}",
    }[kind]
    filed = claims.filed(scene.after.as_of, scene.after.pos_session)
    if gone is None:
        since = claims.records(records, scene.inception, f" of {scene.fund}")
        trace = f"; a trace was listed from {first_line} on" if first_line and first_line < scene.after.as_of else ""
        return f"{what}, {since}: {size}; {filed}{trace}"
    return f"{what}, {claims.since(gone)}: {size}; {filed}. {_sentence(claims.absence_note(gone))}"


def departure(scene: Scene, closing: Closing, interval: Interval, known: Position) -> Event:
    """A position that effectively ended: gone, or wound down to a crumb; `known` is how it was last printed."""
    ending, position = closing.ending, closing.position
    last = scene.positions_before.get(closing.root)
    name, unit = label(known), claims.unit(known)
    left = f"; a crumb of {claims.counted(ending.left, unit)} is left" if ending.left else ""
    words = (
        f"{name} left the portfolio of {scene.fund} {claims.during(interval)}:"
        f" {claims.size(ending.last.shares, ending.last.weight, unit)}{_worth(ending.last, scene.currency)} in the file"
        f" before{left}; held since"
        f" {'before our records begin' if closing.spell.censored else f'the file dated {closing.spell.first_file}'},"
        f" peak {claims.size(ending.peak.shares, ending.peak.weight, unit)} in the file dated {ending.peak.as_of}"
    )
    price = _price(last) if last is not None else None
    active = None if ending.left is None or ending.last.shares is None else ending.left - ending.last.shares
    event = _event(scene, Kind.EXITED, closing.root, last, position, active, words, None, as_of=ending.exit_file)
    value = active * price if active is not None and price is not None else _negated(ending.last.value)
    return replace(
        event,
        evidence=_exit_evidence(scene, closing, event.evidence, unit),
        pos_session=interval,
        shares_before=ending.last.shares,
        shares_after=ending.left,
        value=value,
        weight_before=ending.last.weight,
        peak_shares=ending.peak.shares,
        maximum_weight=ending.maximum_weight,
    )


def _worth(point: Point, currency: str) -> str:
    known = point.value is not None or point.shares is not None
    return f" ({claims.money(point.value, currency)})" if known else ""


def _exit_evidence(scene: Scene, closing: Closing, usual: tuple[Evidence, ...], unit: str) -> tuple[Evidence, ...]:
    """The last file that held it and the first that did not; an exit that waited for a second file adds that one."""
    ending = closing.ending
    if not ending.exit_sha256:
        return usual
    was = claims.size(ending.last.shares, ending.last.weight, unit)
    last = Evidence(scene.fund, ending.last.as_of, ending.last.sha256, was)
    left = claims.counted(ending.left, unit) if ending.left else "not listed"
    return last, Evidence(scene.fund, ending.exit_file, ending.exit_sha256, left), usual[-1]


def resize(scene: Scene, root: str, before: Decimal) -> Event:
    """An active change of a line held in both files; `before` is split-adjusted."""
    position = scene.positions_after[root]
    shares = position.shares if position.shares is not None else Decimal(0)  # only counted lines are re-sized
    factor = factor_of(root, scene.flow, scene.outside)
    active = active_shares(before, shares, factor)
    kind = Kind.INCREASED if active > 0 else Kind.DECREASED
    price = _price(position)
    value = active * price if price is not None else None
    expected = Decimal(repr(factor)) * before  # what the fund would hold without a trade
    change = f" ({100 * active / expected:+.1f} %)" if expected else ""
    flow = "" if factor == 1.0 else f", flow factor {factor:.6f} removed"
    if factor != scene.flow.factor:
        flow = f", left out of the baskets of its inflow (flow factor {scene.flow.factor:.6f})"
    words = (
        f"{scene.fund} {kind.value.lower()} {label(position)} by {claims.number(abs(active))} shares{change}"
        f" {claims.during(scene.interval)}{flow}: {claims.number(shares)} shares now,"
        f" {claims.money(value, scene.currency)}"
    )
    event = _event(scene, kind, root, scene.positions_before[root], position, active, words, None, held=before)
    if factor != scene.flow.factor:
        event = replace(event, factors=(*event.factors, ("line_factor", "1.00000000")))
    return event


def notice(scene: Scene, kind: Kind, root: str, words: str) -> Event:
    """A change that is no trade: a split, a rename, a successor, a crumb that went, a rebalance."""
    before, after = scene.positions_before.get(root), scene.positions_after.get(root)
    return _event(scene, kind, root, before, after, None, words, None)


def conversion(scene: Scene, kind: Kind, one: Conversion) -> Event:
    """Two lines of which one left as the other grew: certain, or only possible."""
    gone, grown = one.leaving, one.arriving
    flow = "" if scene.flow.factor == 1.0 else " beyond the flow"
    left = f"{label(gone.position)} {'left' if gone.after == 0 else 'lost shares in'} {scene.fund}"
    printed = scene.positions_before.get(gone.root)
    shares, worth = (printed.shares, printed.value) if printed is not None and gone.after == 0 else (None, None)
    counts = (
        f"{claims.number(shares or _whole(-gone.change))} shares,"
        f" {claims.money(worth or _whole(gone.value), scene.currency)} {claims.during(scene.interval)} as"
        f" {label(grown.position)} grew by {claims.number(_whole(grown.change))} shares{flow},"
        f" {claims.money(_whole(grown.value), scene.currency)}, {one.ratio:.4f} for one"
    )
    what = (
        "the counts of one issuer cancel, so nothing was bought or sold"
        if one.certain
        else "possibly an exchange (merger or conversion), so neither is told as sold or bought;"
        " `securities link` confirms it"
    )
    told = notice(scene, kind, gone.root, f"{left}: {counts}; {what} ({one.rule.value})")
    evidence = (*told.evidence, _line(scene.before, scene.positions_before.get(grown.root)))
    evidence += (_line(scene.after, scene.positions_after.get(grown.root)),)
    factors = (*told.factors, ("rule", one.rule.value), ("ratio", f"{one.ratio:.6f}"))
    factors += (("arriving", grown.position.key),)
    confidence = "high" if one.certain else "low"
    return replace(told, evidence=evidence, factors=factors, confidence=confidence, value=_whole(-gone.value))


def _whole(amount: float) -> Decimal:
    return Decimal(round(amount))


def change(scene: Scene, kind: Kind, root: str, active: Decimal, words: str) -> Event:
    """A position held in both files that changed by `active`, told with no flow factor."""
    before, after = scene.positions_before[root], scene.positions_after[root]
    return _event(scene, kind, root, before, after, active, words, None)


def label(position: Position) -> str:
    """`ALIBABA GROUP HOLDING-SP ADR (BABA)`."""
    return f"{position.name} ({position.ticker})" if position.ticker else position.name


def _event(
    scene: Scene,
    kind: Kind,
    root: str,
    before: Position | None,
    after: Position | None,
    active: Decimal | None,
    words: str,
    gone: Absence | None,
    as_of: date | None = None,
    held: Decimal | None = None,
) -> Event:
    """`held` is the older share count where a split makes it another than printed."""
    price = _price(after) if after is not None else None
    dated = as_of if as_of is not None else scene.after.as_of
    key, place = keys(scene, root, kind, dated)
    return Event(
        key=key,
        place=place,
        kind=kind,
        fund=scene.fund,
        security=root,
        as_of=dated,
        day=scene.after.as_of,
        pos_session=scene.interval,
        known_at=max(scene.before.known_at, scene.after.known_at),
        arrival=scene.after.arrival,
        shares_before=held if held is not None else before.shares if before is not None else Decimal(0),
        shares_after=after.shares if after is not None else Decimal(0),
        active_shares=active,
        value=active * price if active is not None and price is not None else None,
        currency=scene.currency,
        weight_before=before.weight if before is not None else None,
        weight_after=after.weight if after is not None else None,
        absence=gone,
        confidence="low" if scene.doubtful and kind in (Kind.INCREASED, Kind.DECREASED) else "high",
        claim=words,
        evidence=(_line(scene.before, before), _line(scene.after, after)),
        factors=_factors(scene),
        published_from=scene.after.published_from,
        published_to=scene.after.published_to,
    )


def _factors(scene: Scene) -> tuple[tuple[str, str], ...]:
    found = (("flow_factor", f"{scene.flow.factor:.8f}"), ("units", str(scene.flow.units)))
    return found if scene.published is None else (*found, ("published_factor", f"{scene.published:.8f}"))


def keys(scene: Scene, root: str, kind: Kind, dated: date) -> tuple[str, str]:
    """The id of an event, and its place among those of its issuer: what it says without whose fund it is. Two issuers
    may have a fund of one ticker, which hold the same security."""
    place = event_key(scene.fund, identity.inside_issuer(scene.issuer, root), kind, dated)
    return event_key(scene.issuer, place), place


def event_key(*parts: object) -> str:
    """A short id made of what the event says, so that deriving it again gives the same id."""
    text = "|".join(str(part) for part in parts)
    return "E" + hashlib.sha256(text.encode()).hexdigest()[:14].upper()


def _line(snapshot: Snapshot, position: Position | None) -> Evidence:
    if position is None:
        said = "not listed"
    else:
        weight = "" if position.weight is None else f"{position.weight.normalize():f} %"
        counted = "" if position.shares is None else claims.counted(position.shares, claims.unit(position))
        code = position.identifier if is_contract(position.key) else position.ticker
        said = f"{position.name}, {code or '-'}: {', '.join(filter(None, (counted, weight)))}"
    return Evidence(snapshot.fund, snapshot.as_of, snapshot.sha256, said)


def _price(position: Position) -> Decimal | None:
    if position.value is None or not position.shares:
        return None
    return position.value / position.shares


def _negated(value: Decimal | None) -> Decimal | None:
    return None if value is None else -value


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "." if text else ""
