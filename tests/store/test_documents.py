"""Documents come back to the byte however odd they are, and the views say what they say."""

from __future__ import annotations

import json
import zlib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text

from monitor.core.errors import StoreError
from monitor.core.model import Kind, Severity
from monitor.store import documents, schema
from monitor.store.claim_text import long_claim, short_claim
from monitor.store.codec import day_of
from monitor.store.coded import KINDS, SEVERITIES
from monitor.store.compact import LARGEST, files_of, grow, opened, shrink, whole
from monitor.store.engine import Connection, Engine, open_engine, transaction
from monitor.store.migrate import upgrade
from monitor.store.said import read

KEY, NAME = "cusip:37833A109", 'LANTERN "OIL" & CO – ÉTÉ \x0b\n'
AT = "2026-03-03T01:00:00Z"
OLD, NEW = "a" * 64, "b" * 64
TUESDAY = date(2026, 3, 3)

words = st.text(max_size=12) | st.sampled_from(["LANTERN CO", "12345", "1,234 shares", ":1;", '"', "\\", "{}", "\x06"])
numbers = (
    st.none()
    | st.integers(-(10**9), 10**9)
    | st.floats(-1e9, 1e9).map(lambda one: int(one) if one == int(one) else one)
)
days = st.none() | st.dates(date(1999, 1, 1), date(2040, 1, 1)).map(str)


def document(**more: Any) -> dict[str, Any]:
    """An event as deriving makes them."""
    line = {"fund": "LANA", "as_of": "2026-03-02", "sha256": OLD, "line": "LANTERN CO, LAN: 1,000 shares, 0.5 %"}
    after = {"as_of": "2026-03-03", "sha256": NEW, "line": "LANTERN CO, LAN: 2,500 shares, 1.25 %"}
    return {
        "id": "E0123456789ABCD",
        "level": "event",
        "kind": "INCREASED",
        "issuer": "lantern",
        "funds": ["LANA"],
        "security": {"id": "S1", "name": "LANTERN CO", "ticker": "LAN", "cusip": KEY[6:]}
        | dict.fromkeys(("isin", "sedol", "figi")),
        "as_of": "2026-03-03",
        "pos_session": {"from": "2026-03-02", "to": "2026-03-02"},
        "published": {"from": None, "to": None},
        "known_at": "2026-03-03T01:02:03.000004Z",
        "shares_before": 1000,
        "shares_after": 2500,
        "active_shares": 1500,
        "value": 94288.0,
        "currency": "USD",
        "weight_before": 0.5,
        "weight_after": 1.25,
        "absence": None,
        "claim": "LANA increased LANTERN CO (LAN) by 1,500 shares (+150.0 %) in session 2026-03-02, flow factor"
        " 0.998490 removed: 2,500 shares now, $94,288",
        "score": 14,
        "severity": "low",
        "confidence": "high",
        "status": "current",
        "evidence": [line, line | after],
        "factors": {"flow_factor": "0.99849012", "units": "3"},
    } | more


def item(**more: Any) -> dict[str, Any]:
    """An item as deriving makes them."""
    part = {"fund": "LANA", "kind": "INCREASED", "shares_before": 1000, "shares_after": 2500, "active_shares": 1500}
    headline = "LANA adds to LANTERN CO (LAN): 1,500 shares beyond the flows, $94,288; 1,000 before, 2,500 now"
    own = {
        "headline": headline,
        "caveat": "",
        "parts": [part | {"value": 94288.0, "weight_after": 1.25, "holds": True, "note": ""}],
        "events": ["E0123456789ABCD"],
        "terms": [{"name": "size", "points": 1.4707, "how": "LANA: 30 × min(1, 3.45 bp/100)"}],
    }
    base = {k: v for k, v in document().items() if k != "factors"}
    return base | {"id": "I0123456789ABCD", "level": "item", "claim": headline} | own | more


def packed(tree: dict[str, Any]) -> str:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


def there_and_back(tree: dict[str, Any]) -> int:
    """How many bytes a document takes; it must come back."""
    wanted = packed(tree)
    found = read(wanted, KEY)
    known = {("LANA", day_of(date(2026, 3, 2)), OLD): 0, ("LANA", day_of(TUESDAY), NEW): 17}
    files = {(fund, day, version): sha256 for (fund, day, sha256), version in known.items()}
    rest = shrink(found, lambda *file: known.get(file))
    assert long_claim(short_claim(found.said), found.said) == found.said.claim
    if rest is None:
        rest = whole(wanted)
    assert set(files_of(opened(rest, found.said), found.said)) <= set(files)
    assert grow(opened(rest, found.said), found.said, files.__getitem__) == wanted
    return len(rest)


def test_what_columns_say_takes_no_bytes() -> None:
    assert len(packed(document())) > 1000
    assert there_and_back(document()) < 40
    assert there_and_back(item()) < 100
    assert len(short_claim(read(packed(document()), KEY).said)) < 40


@pytest.mark.parametrize(
    "odd",
    [
        {"security": {"id": "S1", "name": NAME, "ticker": None, "cusip": None, "isin": "X", "sedol": None, "figi": ""}},
        {"published": {"from": "2026-03-03T00:00:00Z", "to": AT}, "known_at": AT},
        {"absence": {"last_held": "2026-01-05", "last_material": None, "sessions": 17, "exit": {"from": None}}},
        {"shares_before": 1e-7, "shares_after": 12.34567890123, "weight_after": 0.123456789, "value": 0.1},
        {"shares_before": None, "shares_after": None, "active_shares": None, "value": None, "weight_before": None},
        {"claim": "12345 – \\ \" \x01 {}", "currency": 'U"D'},
        {"funds": ["A, B", "C"], "evidence": [], "factors": {}},
        {"evidence": [{"fund": "LANA", "as_of": "2026-03-02", "sha256": "c" * 64, "line": "not listed"}]},
        {"kind": "A\\B", "extra": 1},
    ],
)  # fmt: skip
def test_odd_documents_come_back(odd: dict[str, Any]) -> None:
    there_and_back(document(**odd))
    there_and_back(item(**odd))


def test_a_caveat_is_part_of_its_claim() -> None:
    headline, caveat = "LANA opens LANTERN CO. (LAN)", "Our records of LANA begin 2026-01-05. They say more."
    plain = there_and_back(item())
    more = {"headline": headline, "caveat": caveat, "claim": f"{headline}. {caveat}"}
    assert there_and_back(item(**more)) <= plain + 2
    assert there_and_back(item(**more | {"claim": headline})) > plain + 40


@given(words, words, words, numbers, numbers, numbers, days, days, st.booleans())
def test_any_document_comes_back(
    name: str, claim: str, ticker: str, before: Any, after: Any, value: Any, first: Any, last: Any, told: bool
) -> None:
    security = document()["security"] | {"name": name, "ticker": ticker or None}
    size = {"shares_before": before, "shares_after": after, "weight_before": value, "weight_after": before}
    tree = {"security": security, "claim": claim, "pos_session": {"from": first, "to": last}, **size}
    there_and_back(item(**tree, headline=claim, caveat=name) if told else document(**tree, value=value, factors=name))


def test_damaged_bytes_are_said() -> None:
    said = read(packed(document()), KEY).said
    bomb = zlib.compressobj(9, zlib.DEFLATED, -13)
    for rest in (b"", b"\7x", b"\1\xff", whole("x")[:-2], b"\0" + bomb.compress(b"\0" * (LARGEST + 1)) + bomb.flush()):
        with pytest.raises(StoreError):
            grow(opened(rest, said), said, lambda file: str(file))


def test_a_file_of_a_fund_that_is_not_there_is_said() -> None:
    line = document()["evidence"][0] | {"fund": "LANB"}
    found = read(packed(document(funds=["LANA", "LANB"], evidence=[line])), KEY)
    rest, said = shrink(found, lambda *file: 0), found.said._replace(funds=("LANA",))
    assert rest is not None
    with pytest.raises(StoreError):
        files_of(opened(rest, said), said)
    with pytest.raises(StoreError):
        grow(opened(rest, said), said, lambda file: OLD)


def test_every_kind_and_severity_has_its_number() -> None:
    assert set(KINDS.words) == {str(one) for one in Kind}
    assert SEVERITIES.words == tuple(str(one) for one in (Severity.HIGH, Severity.NORMAL, Severity.LOW))


# --- in the database -----------------------------------------------------------------------------


PRINTED = {"id": 4, "security": 3, "name": "LANTERN CO", "ticker": "LAN", "identifier": "", "asset_class": ""}


def fill(conn: Connection) -> None:
    """One fund with two files, and a security whose name is printed in one."""
    rows: list[tuple[Any, dict[str, Any]]] = [
        (schema.issuer, {"id": 1, "code": "lantern", "name": "Lantern"}),
        (schema.fund, {"id": 7, "issuer": 1, "ticker": "LANA", "name": "", "kind": "active", "calendar": "XNYS"}),
        (schema.security, {"id": 3, "key": KEY, "public": "S1"}),
        (schema.listing, PRINTED),
        (schema.archive, {"sha256": OLD, "size": 0, "body": b"", "stored_at": "", "base": None}),
        (schema.archive, {"sha256": NEW, "size": 0, "body": b"", "stored_at": "", "base": None}),
    ]  # fmt: skip
    for day, sha256 in ((date(2026, 3, 2), OLD), (TUESDAY, NEW)):
        row = {"fund": 7, "id": day_of(day) * 256, "as_of": day_of(day), "sha256": sha256, "shares_exp": 0, "lines": 0}
        more = {"positions": 0, "unread": 0, "warnings": "[]"}
        texts = dict.fromkeys(("place", "arrival", "known_at", "rank", "currency", "dates"), "")
        rows.append((schema.snapshot, row | more | texts))
    for table, row in rows:
        conn.execute(insert(table), [row])


SMALL = {"shares_before": 0.1, "shares_after": 12.5, "active_shares": -3, "weight_after": 0.00005, "known_at": AT}
GONE = {"last_held": "2026-01-05", "last_material": None, "sessions": 17, "days": 25, "uncovered_sessions": 0}
TREES = (
    document(),
    document(id="E2", security=document()["security"] | {"name": "Ünprinted", "ticker": None}, value=None),
    document(id="E3", **SMALL),
    document(id="E4", absence=GONE),
    document(id="E5", claim="marks \x0b\x01 of its own"),
)  # fmt: skip


@pytest.fixture
def filled(engine: Engine) -> Engine:
    with transaction(engine) as conn:
        fill(conn)
        new = [documents.New(7, 3, day_of(TUESDAY), packed(tree)) for tree in TREES]
        documents.add(conn, schema.event, 1, new)
        documents.add(conn, schema.item, 1, [documents.New(0, 3, day_of(TUESDAY), packed(item()))])
    return engine


def test_the_database_gives_them_back(filled: Engine) -> None:
    with transaction(filled) as conn:
        query = documents.documents(schema.event).order_by(schema.event.c.id)
        found = [one.text for one in documents.stored(conn, query)]
        assert found == [packed(tree) for tree in sorted(TREES, key=lambda one: one["id"])]
        assert [one.text for one in documents.stored(conn, documents.documents(schema.item))] == [packed(item())]
        assert list(documents.faults(conn, schema.event)) == []


def test_a_name_is_found_where_it_is_printed_so_to_the_letter(filled: Engine) -> None:
    with transaction(filled) as conn:
        conn.execute(
            insert(schema.listing), [PRINTED | {"id": 9, "asset_class": "cash"}, PRINTED | {"id": 5, "ticker": ""}]
        )
        printed = documents.Printed(conn)
        printed.ask({"LANTERN CO", "Lantern Co", 'LANTERN "OIL"'})
        printed.ask({"LANTERN CO"})
        assert printed.listing("LANTERN CO", "LAN") == 4  # the first of them
        assert printed.listing("LANTERN CO", None) == 5
        assert printed.listing("LANTERN CO", "") is None
        assert printed.listing("Lantern Co", "LAN") is None


def said_by(view: dict[str, Any]) -> dict[str, Any]:
    """What a view says, in the words of documents."""
    return {key: str(value) if isinstance(value, date) else value for key, value in view.items()}


def expected(tree: dict[str, Any]) -> dict[str, Any]:
    gone = tree["absence"] or {}
    same = ("id", "kind", "as_of", "currency", "known_at", "claim", "confidence", "status", "issuer")
    counts = {"absence_sessions": gone.get("sessions"), "absence_days": gone.get("days")}
    return (
        {key: tree[key] for key in same}
        | {"name": tree["security"]["name"], "ticker": tree["security"]["ticker"]}
        | {"session_from": tree["pos_session"]["from"], "session_to": tree["pos_session"]["to"]}
        | counts
        | {"last_held": gone.get("last_held"), "last_material": gone.get("last_material")}
    )


NUMBERS = ("shares_before", "shares_after", "active_shares", "value", "weight_before", "weight_after")


def check_view(engine: Engine) -> None:
    with transaction(engine) as conn:
        rows = [said_by(dict(row)) for row in conn.execute(text("SELECT * FROM v_events ORDER BY id")).mappings()]
    for tree, row in zip(sorted(TREES, key=lambda one: str(one["id"])), rows, strict=True):
        assert {key: row[key] for key in expected(tree)} == expected(tree)
        found = [None if row[key] is None else float(row[key]) for key in NUMBERS]
        assert found == [tree[key] for key in NUMBERS]


def test_the_views_say_what_documents_say(filled: Engine) -> None:
    check_view(filled)
    with transaction(filled) as conn:
        told = conn.execute(text("SELECT claim, funds, severity, score FROM v_items")).one()
    assert tuple(told) == (item()["claim"], "LANA", "low", 14)


def test_an_older_database_keeps_its_documents(blank_url: str) -> None:
    engine = open_engine(blank_url)
    upgrade(engine, "0007")
    with transaction(engine) as conn:
        for statement in (
            "INSERT INTO issuer (id, code, name) VALUES (1, 'lantern', 'Lantern')",
            "INSERT INTO fund (id, issuer, ticker, name, kind, calendar) VALUES (7, 1, 'LANA', '', 'active', 'XNYS')",
            f"INSERT INTO security (id, key, public) VALUES (3, '{KEY}', 'S1')",
        ):
            conn.execute(text(statement))
        row = {"day": day_of(TUESDAY), "severity": "low", "score": 14}
        event = "INSERT INTO event (id, issuer, fund, security, kind, as_of, day, body) VALUES"
        event += " (:id, 1, 7, 3, 'INCREASED', :day, :day, :body)"
        told = "INSERT INTO item (id, issuer, security, kind, as_of, day, severity, score, body) VALUES"
        told += " (:id, 1, 3, 'INCREASED', :day, :day, :severity, :score, :body)"
        conn.execute(text(event), [row | {"id": tree["id"], "body": packed(tree)} for tree in TREES])
        many = [row | {"id": f"I{at}", "body": packed(item(id=f"I{at}"))} for at in range(1200)]
        conn.execute(text(told), many)
    upgrade(engine)
    with transaction(engine) as conn:
        found = {one.id: one.text for one in documents.stored(conn, documents.documents(schema.event))}
        assert found == {tree["id"]: packed(tree) for tree in TREES}
        items = {one.id: one.text for one in documents.stored(conn, documents.documents(schema.item))}
        assert items == {row["id"]: row["body"] for row in many}
    check_view(engine)
    engine.dispose()
