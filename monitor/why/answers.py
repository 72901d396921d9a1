"""Which answer an id asks for, and how each is put together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches

from monitor.core.errors import ParseError, UsageError
from monitor.sources.printed import printed
from monitor.sources.read import read_file
from monitor.sources.spec import Source
from monitor.store import archive, outbox, queries
from monitor.store.engine import Connection
from monitor.store.outbox import DeliveryRow
from monitor.store.queries.grounds import (
    StoredEvent,
    change_ids,
    numbered_file,
    stored_change,
    stored_file,
    stored_flow,
)
from monitor.why import rules
from monitor.why.events import event_answer, mapping, number, text
from monitor.why.facts import (
    Answer,
    DeliveryFacts,
    EventAnswer,
    FileAnswer,
    ItemAnswer,
    MessageAnswer,
    PrintedLine,
    RefusalAnswer,
    ScoreFacts,
    TermFacts,
)
from monitor.why.reading import Wanted, file_facts
from monitor.why.sums import chains, flow_facts, flow_sums, known_splits, pair_of, positions, shown

FIRST_LINES = 12
IDS = (
    "An id looks like E0123456789ABCD (event) or I0123456789ABCD (item): see `changes --format json`;"
    " FUND/DATE/HASH (file) or FUND/HASH (refusal): see `quarantine list --all`; a number (message): see `alerts list`."
)


def why(conn: Connection, sources: Mapping[str, Source], wanted: str) -> Answer:
    """The evidence behind the event, item, file, refusal or message called `wanted`. Raises UsageError for others."""
    name = wanted.strip()
    change = stored_change(conn, name.upper())
    if change is not None:
        return _item(conn, sources, change) if change.level == "item" else event_answer(conn, sources, change)
    if name.isdecimal() or ":" in name:
        found = outbox.show(conn, int(name) if name.isdecimal() and len(name) < 18 else name)
        if found is not None:
            return _message(conn, sources, found)
    try:
        held = queries.find_held(conn, name)
    except UsageError as error:
        raise UsageError(_unknown(conn, name, str(error))) from None
    return _refusal(conn, sources, held) if isinstance(held, queries.RefusedFile) else _file(conn, sources, held)


def _unknown(conn: Connection, name: str, said: str) -> str:
    """What may have been meant, and what ids look like."""
    if "several" in said:
        return said
    known = change_ids(conn, name[:3].upper()) if len(name) >= 3 else []
    close = get_close_matches(name.upper(), known, 3, 0.7)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    return f"There is nothing called {name!r} to explain. {hint}{IDS}"


def _item(conn: Connection, sources: Mapping[str, Source], item: StoredEvent) -> ItemAnswer:
    body = item.body
    ids = body.get("events")
    events: list[EventAnswer] = []
    for one in ids if isinstance(ids, list) else []:
        event = stored_change(conn, str(one))
        if event is not None:
            events.append(event_answer(conn, sources, event))
    funds = body.get("funds")
    return ItemAnswer(
        item.id,
        "item",
        text(body, "kind"),
        rules.rule_of(rules.KINDS, text(body, "kind")),
        text(body, "claim"),
        text(body, "issuer"),
        tuple(str(one) for one in funds) if isinstance(funds, list) else (),
        mapping(body, "security") or {},
        events[0].as_of if events else item.day,
        mapping(body, "pos_session") or {},
        text(body, "known_at"),
        number(body, "active_shares"),
        number(body, "value"),
        text(body, "currency"),
        mapping(body, "absence"),
        text(body, "confidence"),
        _score(item),
        tuple(_sums(events, number(body, "active_shares"), number(body, "value"))),
        tuple(_delivery(one) for one in reversed(outbox.listing(conn, item=item.id))),
        tuple(events),
    )


def _score(item: StoredEvent) -> ScoreFacts:
    terms = item.body.get("terms")
    found = tuple(
        TermFacts(text(one, "name"), number(one, "points") or Decimal(0), text(one, "how"))
        for one in (terms if isinstance(terms, list) else [])
    )
    points = number(item.body, "score") or Decimal(0)
    added = sum((term.points for term in found), Decimal(0))
    return ScoreFacts(found, added, int(points), text(item.body, "severity"), rules.SEVERITY)


def _sums(events: list[EventAnswer], active: Decimal | None, value: Decimal | None) -> list[str]:
    """The sums over the funds, where there are several."""
    if len(events) < 2:
        return []
    found = []
    for name, total, parts in (
        ("active", active, [(e.fund, e.active_shares) for e in events]),
        ("value", value, [(e.fund, e.value) for e in events]),
    ):
        known = [(fund, part) for fund, part in parts if part is not None]
        if total is not None and known:
            added = " + ".join(f"{shown(part, 2)} ({fund})" for fund, part in known)
            found.append(f"{name} = {added} = {shown(total, 2)}")
    return found


def _delivery(one: DeliveryRow) -> DeliveryFacts:
    sent = None if one.sent_at is None else one.sent_at.isoformat()
    return DeliveryFacts(one.id, one.channel, one.revision, one.state, sent)


def _message(conn: Connection, sources: Mapping[str, Source], one: DeliveryRow) -> MessageAnswer:
    item = stored_change(conn, one.item)
    told = "what it tells still holds" if item is not None else "a notice, or an item that no file shows any more"
    answer = _item(conn, sources, item) if item is not None else None
    return MessageAnswer(one.key, "message", _delivery(one), told, answer)


def _refusal(conn: Connection, sources: Mapping[str, Source], one: queries.RefusedFile) -> RefusalAnswer:
    body = archive.get(conn, one.sha256)
    row, column, line, today = _again(sources.get(one.issuer), body, one)
    return RefusalAnswer(
        one.ref,
        "refusal",
        one.code,
        rules.rule_of(rules.REFUSALS, one.code),
        one.text,
        row,
        column,
        line,
        today,
        one.issuer,
        one.fund,
        one.place,
        one.sha256,
        len(body),
        one.first_at,
        one.last_at,
        one.times,
        tuple(body[:20_000].decode("utf-8", "replace").splitlines()[:FIRST_LINES]),
    )


def _again(
    source: Source | None, body: bytes, one: queries.RefusedFile
) -> tuple[int | None, str | None, PrintedLine | None, str]:
    """Where reading the body fails now: row, column, the row as printed, and the words."""
    if source is None:
        return None, None, None, "no source describes this issuer"
    try:
        at = datetime.fromisoformat(one.first_at)
        file = read_file(source, body, expected_fund=one.fund, name=one.place, fetched=at)
    except ParseError as error:
        return error.row, error.column, _printed(source, body, error.row), f"{error.code}: {error}"
    first = file.unread[0] if file.unread else None
    words = f"it can be read, {len(file.lines)} lines as of {file.as_of}: see `quarantine replay`"
    return (None, None, None, words) if first is None else (first.row, None, _printed(source, body, first.row), words)


def _printed(source: Source, body: bytes, row: int | None) -> PrintedLine | None:
    if row is None:
        return None
    try:
        cells = printed(source, body).rows.get(row)
    except ParseError:
        lines = body.decode("utf-8", "replace").splitlines()
        cells = {"text": lines[row - 1][:400]} if 0 < row <= len(lines) else None
    return None if cells is None else PrintedLine(row, cells)


def _file(conn: Connection, sources: Mapping[str, Source], one: queries.HeldFile) -> FileAnswer:
    fund = queries.find_fund(conn, one.fund, one.issuer)
    file = stored_file(conn, fund, one.as_of, one.sha256)
    assert file is not None, one.ref
    source, nothing = sources.get(one.issuer), Wanted((), None)
    flow = stored_flow(conn, fund, file.number)
    older = numbered_file(conn, fund, flow.previous) if flow is not None else None
    facts = None
    if flow is not None and older is not None:
        known = chains(queries.links_of(conn, fund), fund.ticker, file.as_of)
        before, after = ((x, positions(conn, x, known.own)) for x in (older, file))
        splits = known_splits(queries.splits_of(conn, fund), known, fund.ticker, file.as_of)
        facts = flow_facts(flow, pair_of(before, after, known, splits, flow.gap))
    return FileAnswer(
        one.ref,
        "file",
        rules.rule_of(rules.STANDINGS, one.standing),
        file_facts(conn, source, file, "file", nothing),
        file.settled,
        file.operator,
        file.lines,
        file.unread,
        file_facts(conn, source, older, "previous", nothing) if older is not None else None,
        facts,
        tuple(flow_sums(facts)) if facts is not None else (),
    )
