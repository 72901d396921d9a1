"""Changed names, splits, revisions and what was told, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.errors import UsageError
from monitor.store import schema as t
from monitor.store.engine import Engine, transaction
from tests.asking.answers import answered, cited, part
from tests.scenarios.stories import NOW, QUILL, file, load, portfolio, session

BEFORE = str(NOW - timedelta(hours=1))


def test_what_a_line_was_called_before(stage: Engine) -> None:
    renamed = replace(QUILL, name="VELLUM ROBOTICS INC", ticker="VLM")
    load(stage, [file("LANA", 0, portfolio(QUILL)), file("LANA", 1, portfolio(renamed))])
    rows = answered(stage, "identity_changes")
    assert rows
    assert {(row["old_ticker"], row["new_ticker"], row["old_name"], row["new_name"]) for row in rows} == {
        (QUILL.ticker, "VLM", QUILL.name, "VELLUM ROBOTICS INC")
    }
    assert answered(stage, "identity_changes", fund="LANA", security="VLM") == rows
    assert answered(stage, "identity_changes", until=str(session(0))) == []
    assert cited(stage, "identity_changes") == [("LANA", session(0)), ("LANA", session(1))]


def test_a_new_identifier_is_named_beside_the_old_one(stage: Engine) -> None:
    renamed = replace(QUILL, identifier="55501A989")
    load(stage, [file("LANA", 0, portfolio(QUILL)), file("LANA", 1, portfolio(renamed))])
    (one,) = answered(stage, "identity_changes")
    assert (one["kind"], one["old_identifier"], one["new_identifier"], one["old_ticker"]) == (
        "IDENTIFIER_CHANGE",
        QUILL.identifier,
        "55501A989",
        "QLN",
    )
    assert cited(stage, "identity_changes", security="QLN") == [("LANA", session(0)), ("LANA", session(1))]


def test_splits_say_who_showed_them(stage: Engine) -> None:
    halved = replace(QUILL, shares=40_000, price=50.0)
    load(stage, [file(of, n, portfolio(row)) for of in ("LANA", "LANB") for n, row in enumerate((QUILL, halved))])
    load(stage, [file("LANC", 0, portfolio())])
    (one,) = answered(stage, "splits")
    assert (one["fund"], one["funds"], one["factor"], one["ratio"], one["kind"]) == (
        None,
        ["LANA", "LANB"],
        2,
        "2",
        "SPLIT",
    )
    assert (one["security"]["ticker"], one["as_of"]) == ("QLN", str(session(1)))
    assert answered(stage, "splits", fund="LANB") == answered(stage, "splits", security="QLN") == [one]
    assert answered(stage, "splits", fund="LANC") == []
    assert cited(stage, "splits") == [("LANA", session(1)), ("LANB", session(1))]


def test_what_became_known(stage: Engine) -> None:
    load(stage, [file("LANA", 0, portfolio()), file("LANA", 1, portfolio(QUILL))])
    assert part(answered(stage, "revisions", since=BEFORE), "what", "fund", "as_of", "standing") == [
        ("back-file", "LANA", str(session(0)), "accepted"),
        ("back-file", "LANA", str(session(1)), "accepted"),
    ]
    load(stage, [file("LANA", 1, portfolio(replace(QUILL, shares=25_000)), version="2")], alert=True)
    rows = answered(stage, "revisions", since=BEFORE, fund="LANA")
    assert ("restatement", str(session(1))) in part(rows, "what", "as_of")
    assert answered(stage, "revisions", since=str(NOW + timedelta(days=1))) == []
    assert answered(stage, "revisions", since=BEFORE, issuer="lantern") == rows
    with pytest.raises(UsageError, match="later than until"):
        answered(stage, "revisions", since="2026-04-02", until="2026-04-01")


def test_what_a_file_caused_and_what_corrected_it(stage: Engine) -> None:
    load(stage, [file("LANA", n, portfolio()) for n in range(3)])
    load(stage, [file("LANA", 3, portfolio(QUILL))], alert=True)
    name = f"LANA/{session(3)}"
    (one,) = answered(stage, "told", file=name)
    assert (one["channel"], one["form"], one["holds"], one["corrected_by"]) == ("console", "alert", True, None)
    assert one["message"] == f"{one['item']}:1:console"
    with transaction(stage) as conn:
        conn.execute(t.delivery.update().values(state="sent", sent_at="2026-03-31T12:00:01.000000Z"))
    load(stage, [file("LANA", 3, portfolio(replace(QUILL, shares=30_000)), version="2")], alert=True)
    rows = answered(stage, "told", file=f"{name}/{one['sha256'][:8]}")
    first = next(row for row in rows if row["message"] == one["message"])
    assert (first["state"], first["sent_at"]) == ("sent", "2026-03-31T12:00:01.000000Z")
    assert first["corrected_by"] == f"{one['item']}:2:console"


def test_a_file_of_history_told_nobody(stage: Engine) -> None:
    load(stage, [file("LANA", 0, portfolio()), file("LANA", 1, portfolio(QUILL))])
    rows = answered(stage, "told", file=f"LANA/{session(1)}")
    assert part(rows, "channel", "state", "sent_at") == [(None, "not promised", None)]
    assert cited(stage, "told", file=f"LANA/{session(1)}") == [("LANA", session(1))]
    with pytest.raises(UsageError, match="No file"):
        answered(stage, "told", file="LANA/1999-01-01")
