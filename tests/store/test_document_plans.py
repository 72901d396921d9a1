"""No document costs work that grows with history: rows are found by an index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, text

from monitor.store import documents, schema
from monitor.store.codec import day_of
from monitor.store.engine import Engine, transaction
from monitor.store.queries.grounds import item_of
from tests.store.test_documents import TUESDAY, document, fill, item, packed


def test_looking_for_names_scans_no_table(sqlite_engine: Engine) -> None:
    with transaction(sqlite_engine) as conn:
        asked: list[str] = []
        driver: Any = conn.connection.driver_connection
        driver.set_trace_callback(asked.append)
        documents.Printed(conn).ask({"LANTERN CO"})
        driver.set_trace_callback(None)
        (statement,) = (one for one in asked if "listing" in one)
        plan = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    assert any("SEARCH listing USING INDEX ix_listing_name_folded" in step for step in plan), plan


def test_reading_a_document_scans_no_table(sqlite_engine: Engine) -> None:
    asked: list[tuple[str, Any]] = []
    with transaction(sqlite_engine) as conn:
        fill(conn)
        documents.add(conn, schema.event, 1, [documents.New(7, 3, day_of(TUESDAY), packed(document()))])
        documents.add(conn, schema.item, 1, [documents.New(0, 3, day_of(TUESDAY), packed(item()))])
        event.listen(conn, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
        assert item_of(conn, "E0123456789ABCD", TUESDAY, 1) == "I0123456789ABCD"
        assert item_of(conn, "E9", TUESDAY, 1) is None
        for statement, values in list(asked):
            plan = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            scanned = {step.split()[1] for step in plan if step.startswith("SCAN")}
            assert scanned <= {"w", "fund", "2", "3"}, (statement, plan)  # a list, the funds of an issuer
        assert conn.execute(text("SELECT count(*) FROM item")).scalar() == 1
    assert any("FROM w CROSS JOIN snapshot" in statement for statement, _ in asked)
