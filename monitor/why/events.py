"""The answer about one event: its files, the flow between them, links, splits, spells, and the sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from monitor.core import spells
from monitor.core.linking import Link
from monitor.core.model import Position
from monitor.core.splits import Split
from monitor.sources.spec import Source
from monitor.store import lines, queries
from monitor.store.engine import Connection
from monitor.store.lines import Securities
from monitor.store.queries import FundRef
from monitor.store.queries.grounds import (
    StoredEvent,
    StoredFile,
    item_of,
    numbered_file,
    stored_file,
    stored_flow,
)
from monitor.why import rules, sums
from monitor.why.exchanges import exchange_sums
from monitor.why.facts import EventAnswer, FileFacts, FlowFacts, LineFacts, LinkFacts, ScheduleFacts, SplitFacts
from monitor.why.reading import Wanted, file_facts
from monitor.why.sums import Chains, Pair

ENTRIES = ("INITIATED", "RE_ENTERED", "RESUMED")
RESIZED = ("INCREASED", "DECREASED")
MEASURED = (*RESIZED, "REBALANCE", "SPLIT", "SUCCESSOR")
EXCHANGED = ("CONVERTED", "POSSIBLE_CONVERSION")
CONTINUED = ("SPLIT", "SUCCESSOR", "IDENTIFIER_CHANGE")
DAY = timedelta(days=1)
ROLES = {1: ("file",), 2: ("before", "after"), 3: ("last held", "exit", "settled by")}


@dataclass(frozen=True, slots=True)
class Side:
    """One file of an event with its positions, and the security's own among them."""

    file: StoredFile
    positions: Mapping[str, Position]
    root: str | None

    @property
    def position(self) -> Position | None:
        """The security's position in this file; None when it is not listed."""
        return self.positions.get(self.root) if self.root is not None else None


def text(tree: Mapping[str, object], key: str) -> str:
    """A text in a document; empty when it is not there."""
    value = tree.get(key)
    return "" if value is None else str(value)


def number(tree: Mapping[str, object], key: str) -> Decimal | None:
    """A number in a document; None when unknown."""
    value = tree.get(key)
    return Decimal(value) if isinstance(value, (int, Decimal)) else None


def mapping(tree: Mapping[str, object], key: str) -> Mapping[str, object] | None:
    """An object in a document; None when unknown."""
    value = tree.get(key)
    return {str(name): part for name, part in value.items()} if isinstance(value, Mapping) else None


def event_answer(conn: Connection, sources: Mapping[str, Source], event: StoredEvent) -> EventAnswer:
    """Why an event was derived."""
    body = event.body
    fund = _fund(conn, body)
    links = queries.links_of(conn, fund)
    known = sums.chains(links, fund.ticker, event.day)
    splits = sums.known_splits(queries.splits_of(conn, fund), known, fund.ticker, event.day)
    root = known.whole.of(Securities(conn).key(event.security))
    keys = frozenset(known.whole.members(root))
    sides = _sides(conn, fund, body, known, root)
    pair, flow = _flow(conn, fund, sides, known, splits)
    own = next((side.root for side in reversed(sides) if side.root is not None), None)
    line = sums.line_facts(pair, own) if pair is not None and own is not None else None
    roles = ROLES.get(len(sides), ("file",) * len(sides))
    files = [
        file_facts(conn, sources.get(fund.issuer), side.file, role, Wanted(keys, side.position))
        for role, side in zip(roles, sides, strict=True)
    ]
    kind, largest = text(body, "kind"), _largest(conn, fund, keys, splits, body)
    return EventAnswer(
        event.id,
        "event",
        kind,
        rules.rule_of(rules.KINDS, kind),
        text(body, "claim"),
        fund.issuer,
        fund.ticker,
        mapping(body, "security") or {},
        date.fromisoformat(text(body, "as_of")),
        mapping(body, "pos_session") or {},
        text(body, "known_at"),
        text(body, "confidence"),
        number(body, "shares_before"),
        number(body, "shares_after"),
        number(body, "active_shares"),
        number(body, "value"),
        text(body, "currency"),
        number(body, "weight_before"),
        number(body, "weight_after"),
        mapping(body, "absence"),
        item_of(conn, event.id, date.fromisoformat(text(body, "as_of")), fund.issuer_id),
        tuple(files),
        flow,
        line,
        tuple(_split(one) for one in splits if known.whole.of(one.key) == root and one.day <= event.day),
        tuple(_link(day, link) for day, link in links if day <= event.day and {link.earlier, link.later} & keys),
        tuple(_spells(conn, fund, keys, event.day)),
        tuple(_exchange(body, pair, known, root, flow) or _arithmetic(body, files, flow, line, largest)),
        tuple(_beside(conn, fund, body)),
    )


def _fund(conn: Connection, body: Mapping[str, object]) -> FundRef:
    funds = body.get("funds")
    ticker = str(funds[0]) if isinstance(funds, list) and funds else ""
    return queries.find_fund(conn, ticker, text(body, "issuer"))


def _sides(conn: Connection, fund: FundRef, body: Mapping[str, object], known: Chains, root: str) -> list[Side]:
    """The files named in the event's evidence, each once."""
    evidence = body.get("evidence")
    found: list[Side] = []
    for line in evidence if isinstance(evidence, list) else []:
        file = stored_file(conn, fund, date.fromisoformat(str(line["as_of"])), str(line["sha256"]))
        if file is not None and all(side.file.number != file.number for side in found):
            held = sums.positions(conn, file, known.own)
            found.append(Side(file, held, next((one for one in held if known.whole.of(one) == root), None)))
    return found


def _beside(conn: Connection, fund: FundRef, body: Mapping[str, object]) -> list[ScheduleFacts]:
    """The lists beside the daily files that the event's evidence names."""
    evidence = body.get("evidence")
    said = {str(one["sha256"]): str(one["line"]) for one in evidence if one} if isinstance(evidence, list) else {}
    return [
        ScheduleFacts(one.source, one.as_of, one.pos_session, one.title, said[one.sha256], one.place, one.sha256)
        for one in queries.schedules(conn, fund)
        if one.sha256 in said
    ]


def _flow(
    conn: Connection, fund: FundRef, sides: Sequence[Side], known: Chains, splits: Sequence[Split]
) -> tuple[Pair | None, FlowFacts | None]:
    """The flow into the file that settled the event."""
    stored = stored_flow(conn, fund, sides[-1].file.number) if sides else None
    older = numbered_file(conn, fund, stored.previous) if stored is not None else None
    if stored is None or older is None:
        return None, None
    before = next((side.positions for side in sides if side.file.number == older.number), None)
    held = before if before is not None else sums.positions(conn, older, known.own)
    pair = sums.pair_of((older, held), (sides[-1].file, sides[-1].positions), known, splits, stored.gap)
    return pair, sums.flow_facts(stored, pair)


def _split(one: Split) -> SplitFacts:
    return SplitFacts(one.day, str(one.factor), one.rule, one.evidence)


def _link(day: date, one: Link) -> LinkFacts:
    return LinkFacts(one.fund, day, one.earlier, one.later, one.kind.value, one.rule, one.confidence, one.evidence)


def _spells(conn: Connection, fund: FundRef, keys: frozenset[str], day: date) -> list[queries.SpellRow]:
    """The fund's spells in the security that had begun by `day`."""
    names = Securities(conn)
    what = queries.FoundSecurity("", frozenset(names.number(key) for key in keys), ())
    return [row for row in queries.history(conn, what, fund) if row.first_file <= day]


def _exchange(
    body: Mapping[str, object], pair: Pair | None, known: Chains, root: str, flow: FlowFacts | None
) -> list[str]:
    """The sums of a conversion; empty for every other kind."""
    if text(body, "kind") not in EXCHANGED or pair is None:
        return []
    factor = flow.factor if flow is not None and flow.factor is not None else Decimal(1)
    found = sums.flow_sums(flow) if flow is not None else []
    return found + exchange_sums(pair, known, root, mapping(body, "factors") or {}, factor)


def _arithmetic(
    body: Mapping[str, object],
    files: Sequence[FileFacts],
    flow: FlowFacts | None,
    line: LineFacts | None,
    largest: Decimal | None,
) -> list[str]:
    """The sums behind the event, step by step."""
    kind, active, value = text(body, "kind"), number(body, "active_shares"), number(body, "value")
    sizes = number(body, "shares_before"), number(body, "shares_after"), active
    factor = flow.factor if flow is not None else None
    if isinstance(own := (mapping(body, "factors") or {}).get("line_factor"), str):
        factor = Decimal(own)
    found: list[str] = []
    if flow is not None and kind in MEASURED:
        found += sums.flow_sums(flow)
        if line is not None and kind in RESIZED:
            found += sums.line_sums(flow, line)
    if kind in CONTINUED:
        found += sums.ratio_sums(files[0], files[-1], factor)
    if kind in ENTRIES:
        found += sums.entry_sums(files[-1], mapping(body, "absence"))
    if kind == "EXITED":
        found += sums.exit_sums(files[min(1, len(files) - 1)], largest)
    if "line_factor" in (mapping(body, "factors") or {}):
        found.append("f = 1 for this line: it did not move with the last clear flow, creations leave it out")
    found += sums.size_sums(sizes, factor if kind in RESIZED else None)
    priced = files[0] if kind == "EXITED" else files[-1]
    if kind in ENTRIES:  # an entry is worth its whole position
        active = number(body, "shares_after")
    return found + sums.value_sums(active, value, (priced.value, priced.shares), files[-1].fund_value)


def _largest(
    conn: Connection, fund: FundRef, keys: frozenset[str], splits: Sequence[Split], body: Mapping[str, object]
) -> Decimal | None:
    """The largest split-adjusted size in the last 60 files before an exit."""
    if text(body, "kind") != "EXITED":
        return None
    names, exited = Securities(conn), date.fromisoformat(text(body, "as_of"))
    track = lines.track(conn, fund.id, [names.number(key) for key in sorted(keys)], date.min + DAY, exited)
    return spells.maximum_shares(track[-spells.WINDOW :], [one for one in splits if one.key in keys], exited)
