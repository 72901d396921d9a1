"""Reads what the program says from its database: documented views and queries where they say enough, else tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from monitor.core.sessions import Sessions
from monitor.store.codec import date_of_day
from monitor.store.engine import Connection, Engine, reading
from monitor.store.queries.changes import Wanted, changes
from monitor.store.sessions import sessions
from tests.accuracy.told import File, FlowPair, History, Line, Refusal, Split, Told, TradeLine, grouped

FILES = """
    SELECT f.ticker, n.as_of, n.id, t.pos_session, t.standing, t.convention, t.reasons, t.warnings, n.place
    FROM snapshot n JOIN fund f ON f.id = n.fund JOIN standing t ON t.fund = n.fund AND t.snapshot = n.id
    ORDER BY f.ticker, n.as_of, n.place"""
LINES = """
    SELECT f.ticker, h.snapshot, s.public, l.name, l.ticker, l.identifier, l.asset_class,
        h.shares, n.shares_exp, h.value, h.weight
    FROM holding h
    JOIN snapshot n ON n.fund = h.fund AND n.id = h.snapshot
    JOIN fund f ON f.id = h.fund JOIN security s ON s.id = h.security JOIN listing l ON l.id = h.listing"""
LINKS = """
    SELECT a.public, b.public FROM link d
    JOIN security a ON a.id = d.earlier JOIN security b ON b.id = d.later"""
SPLITS = "SELECT DISTINCT d.day, s.public, d.factor FROM split d JOIN security s ON s.id = d.security"
FLOWS = "SELECT f.ticker, d.previous, d.snapshot, d.gap, d.factor, d.units FROM flow d JOIN fund f ON f.id = d.fund"
TRADES = """
    SELECT f.ticker, d.snapshot, s.public, d.label, d.shares_before, d.shares_after, d.active_shares, d.value, n.value
    FROM trade d JOIN fund f ON f.id = d.fund JOIN security s ON s.id = d.security
    JOIN snapshot n ON n.fund = d.fund AND n.id = d.snapshot"""
REFUSED = "SELECT place, code, text FROM v_refusals"
CLOSED = "SELECT ticker, closed FROM fund WHERE closed IS NOT NULL"


def read(engine: Engine) -> History:
    """Everything the database says about its one issuer."""
    with reading(engine) as conn:
        calendar = str(conn.exec_driver_sql("SELECT calendar FROM fund").scalar() or "XNYS")
        files = [_file(*row) for row in conn.exec_driver_sql(FILES)]
        found = [(one["level"], _told(one)) for one in changes(conn, Wanted())]
        return History(
            issuer=str(conn.exec_driver_sql("SELECT code FROM issuer").scalar() or ""),
            files=grouped((file.fund, file) for file in files if file.standing == "accepted"),
            unused=[file for file in files if file.standing != "accepted"],
            refused=[Refusal(str(place), str(code), str(text)) for place, code, text in conn.exec_driver_sql(REFUSED)],
            events=[one for level, one in found if level == "event"],
            items=[one for level, one in found if level == "item"],
            splits=[Split(date_of_day(d), str(key), Fraction(str(f))) for d, key, f in conn.exec_driver_sql(SPLITS)],
            flows=_flows(conn, {(file.fund, file.number): file for file in files}),
            closed={str(fund): date_of_day(day) for fund, day in conn.exec_driver_sql(CLOSED)},
            sessions=Sessions(sessions(conn, calendar)),
            links=[(str(one), str(other)) for one, other in conn.exec_driver_sql(LINKS)],
            lines=_lines(conn),
        )


def messages(engine: Engine) -> list[date]:
    """The file date of every message promised in a live replay, where each file arrives the next noon."""
    with reading(engine) as conn:
        rows = conn.exec_driver_sql("SELECT created_at FROM delivery ORDER BY id")
        return [date.fromisoformat(str(at)[:10]) - timedelta(days=1) for (at,) in rows]


def _flows(conn: Connection, files: Mapping[tuple[str, int], File]) -> list[FlowPair]:
    lines: dict[tuple[str, int], list[TradeLine]] = {}
    for fund, number, key, label, before, after, active, value, total in conn.exec_driver_sql(TRADES):
        part = value / total if value is not None and total else None
        cents = None if value is None else value / 100
        found = TradeLine(key, label, _number(before), _number(after), _number(active), cents, part)
        lines.setdefault((fund, number), []).append(found)
    return [
        FlowPair(files[f, old], files[f, new], gap, _number(factor), units, tuple(lines.get((f, new), ())))
        for f, old, new, gap, factor, units in conn.exec_driver_sql(FLOWS)
    ]


def _lines(conn: Connection) -> dict[tuple[str, int], list[Line]]:
    found: dict[tuple[str, int], list[Line]] = {}
    for fund, number, key, name, ticker, identifier, asset, shares, exponent, value, weight in conn.exec_driver_sql(
        LINES
    ):
        line = Line(
            key,
            name,
            ticker,
            identifier,
            asset,
            None if shares is None else shares / 10**exponent,
            None if value is None else value / 100,
            None if weight is None else weight / 10_000,
        )
        found.setdefault((fund, number), []).append(line)
    return found


def _file(
    fund: str,
    as_of: int,
    number: int,
    session: int | None,
    standing: str,
    convention: str,
    reasons: str,
    warnings: str,
    place: str,
) -> File:
    gates = frozenset(str(one["gate"]) for text in (reasons, warnings) for one in json.loads(text))
    when = None if session is None else date_of_day(session)
    return File(fund, date_of_day(as_of), number, when, standing, convention, gates, place)


def _told(document: dict[str, object]) -> Told:
    security, interval, gone = (document.get(key) or {} for key in ("security", "pos_session", "absence"))
    assert isinstance(security, dict)
    assert isinstance(interval, dict)
    assert isinstance(gone, dict)
    funds = document["funds"]
    assert isinstance(funds, list)
    ticker = security.get("ticker")
    return Told(
        id=str(document["id"]),
        kind=str(document["kind"]),
        funds=tuple(map(str, funds)),
        key=str(security.get("id")),
        label=f"{security.get('name')} ({ticker})" if ticker else str(security.get("name")),
        as_of=date.fromisoformat(str(document["as_of"])),
        first=_day(interval.get("from")),
        last=_day(interval.get("to")),
        before=_number(document.get("shares_before")),
        after=_number(document.get("shares_after")),
        active=_number(document.get("active_shares")),
        value=_number(document.get("value")),
        weight_before=_number(document.get("weight_before")),
        weight_after=_number(document.get("weight_after")),
        absence=None if gone.get("sessions") is None else int(gone["sessions"]),
        last_material=_day(gone.get("last_material")),
        score=int(str(document.get("score") or 0)),
        severity=str(document.get("severity")),
        confidence=str(document.get("confidence")),
        claim=str(document.get("claim")),
    )


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
