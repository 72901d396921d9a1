"""What funds list, but too small to be a position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitor.asking.answers.scope import funds_asked
from monitor.asking.arguments import Asked
from monitor.core import splits as rules
from monitor.core.model import SecurityRef
from monitor.core.spells import SMALL, TRACKED, Point, last_held, maximum_shares
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import FileLine, FundRef, FundSpell, Groups, HeldLine
from monitor.store.queries.names import NOTHING_JOINED
from monitor.store.queries.portfolios import Split
from monitor.store.queries.tracks import added

Key = tuple[int, int]  # fund, root


@dataclass(frozen=True, slots=True)
class CrumbRow:
    """One line that is no position. `since` is the file in which it ceased to be one, None when it never was one;
    the peak is that of the position that ended, in shares of this file."""

    issuer: str
    fund: str
    as_of: date
    pos_session: date | None
    security: SecurityRef
    shares: Decimal | None
    value: Decimal | None
    currency: str | None
    weight: Decimal | None
    since: date | None
    peak_shares: Decimal | None


@dataclass(frozen=True, slots=True)
class _Ended:
    """How the position before the crumb ended; nothing of one that never was."""

    since: date | None = None
    peak: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Ground:
    """The funds, their files, and the spells and splits of each position."""

    funds: Mapping[int, FundRef]
    files: Mapping[int, FileLine]
    joined: Mapping[int, Groups]
    spells: Mapping[Key, FundSpell]  # the last that began by then

    def root(self, fund: int, security: int) -> int:
        return self.joined.get(fund, NOTHING_JOINED).root_of(security)


def crumbs(conn: Connection, asked: Asked) -> Sequence[CrumbRow]:
    """The crumbs by issuer and fund, the largest first."""
    on = asked.day("on")
    funds = {one.id: one for one in funds_asked(conn, asked) if asked.fund() or not _has_closed(one, on or asked.today)}
    files = queries.latest_files(conn, list(funds.values()), on)
    lines = [one for one in queries.lines_on(conn, list(funds.values()), on) if one.asset_class in TRACKED]
    joined = queries.groups_by_fund(conn, {one.security for one in lines})
    ground = _Ground(funds, files, joined, {})
    ground = _Ground(funds, files, joined, _begun(ground, queries.spells_of_funds(conn, list(funds.values()))))
    positions: dict[Key, list[HeldLine]] = {}
    for line in lines:
        positions.setdefault((line.fund, ground.root(line.fund, line.security)), []).append(line)
    found = _found(conn, ground, positions)
    wanted = {(key[0], line.security, line.listing) for key in found for line in positions[key][-1:]}
    named = queries.refs_by_fund(conn, wanted, joined)
    rows = [_row(ground, positions[key], how, named) for key, how in found.items()]
    return sorted(rows, key=lambda row: (row.issuer, row.fund, -abs(row.weight or Decimal(0)), row.security.name))


def _has_closed(fund: FundRef, day: date) -> bool:
    return fund.closed is not None and fund.closed <= day


def _begun(ground: _Ground, spells: Iterable[FundSpell]) -> dict[Key, FundSpell]:
    """The last spell of each position that had begun by the file; `spells` are sorted by date."""
    found: dict[Key, FundSpell] = {}
    for one in spells:
        file = ground.files.get(one.fund)
        if file is not None and one.first_file <= file.as_of:
            found[one.fund, ground.root(one.fund, one.security)] = one
    return found


def _found(conn: Connection, ground: _Ground, positions: Mapping[Key, Sequence[HeldLine]]) -> dict[Key, _Ended]:
    """The positions that are crumbs."""
    splits = queries.splits_by_fund(conn, list(ground.funds.values()))
    found: dict[Key, _Ended] = {}
    for key, lines in positions.items():
        weight, one, as_of = added(line.weight for line in lines), ground.spells.get(key), ground.files[key[0]].as_of
        if weight is None:
            continue
        if one is None:
            found[key] = _Ended()
        elif one.exit_file is not None and one.exit_file <= as_of:
            found[key] = _Ended(one.exit_file, _later(one, splits[key[0]](key[1]), as_of))
        elif abs(weight) < SMALL:
            ended = _waiting(conn, ground, one, [line.security for line in lines], splits[key[0]](key[1]))
            found |= {} if ended is None else {key: ended}
    return found


def _later(one: FundSpell, splits: Sequence[Split], as_of: date) -> Decimal | None:
    assert one.exit_file is not None
    return queries.adjusted(one.peak_shares, splits, one.exit_file, as_of)


def _waiting(
    conn: Connection, ground: _Ground, one: FundSpell, securities: Iterable[int], splits: Sequence[Split]
) -> _Ended | None:
    """The crumb that waits for a second file to settle its exit; None while the position is none."""
    file = ground.files[one.fund]
    members = ground.joined.get(one.fund, NOTHING_JOINED).members([one.security, *securities])
    track = []
    for filed in queries.tracks(conn, [one.fund], members, one.first_file, file.as_of):
        shares, value, weight = (
            added(getattr(line, part) for line in filed.lines) for part in ("shares", "value", "weight")
        )
        track.append(Point(filed.as_of, filed.pos_session, shares, value, weight))
    known = [rules.Split("", day, factor, "", "") for day, factor in splits]
    held, waiting = last_held(track, known, file.as_of)
    return _Ended(waiting[0].as_of, maximum_shares(held, known, file.as_of)) if waiting and held else None


def _row(
    ground: _Ground, lines: Sequence[HeldLine], how: _Ended, named: Mapping[tuple[int, int, int], SecurityRef]
) -> CrumbRow:
    last = lines[-1]
    fund, file = ground.funds[last.fund], ground.files[last.fund]
    return CrumbRow(
        fund.issuer,
        fund.ticker,
        file.as_of,
        file.pos_session,
        named[last.fund, last.security, last.listing],
        added(line.shares for line in lines),
        added(line.value for line in lines),
        file.currency,
        added(line.weight for line in lines),
        how.since,
        how.peak,
    )
