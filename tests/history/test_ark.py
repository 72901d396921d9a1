"""The real ARK history: every file accepted, held or refused with a reason, and the labelled cases right."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import rebuilding
from monitor.store import schema as t
from monitor.store.documents import documents, stored
from monitor.store.engine import Engine, open_engine, reading
from tests.history import facts
from tests.postgres import PostgresServer, database_name

ENTRIES = ("INITIATED", "RE_ENTERED", "RESUMED")


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> list[Path]:
    """All files as published, in order of name."""
    return sorted((shared_data / "ark" / "raw").glob("*/*.csv"))


@pytest.fixture(scope="module")
def whole(raw: list[Path], sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The whole history on SQLite."""
    path = tmp_path_factory.mktemp("whole") / "ark.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = facts.prepare(open_engine(f"sqlite:///{path}"))
    facts.load(engine, raw)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def labels(shared_data: Path) -> list[dict[str, str]]:
    with (shared_data / "ark" / "labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def events(whole: Engine) -> list[dict[str, object]]:
    return facts.documents(whole, "event")


def test_every_file_is_stored_or_refused_with_a_reason_and_loading_again_changes_nothing(
    whole: Engine, raw: list[Path]
) -> None:
    before = facts.derived(whole)
    with reading(whole) as conn:
        stored = conn.exec_driver_sql("SELECT COUNT(*) FROM snapshot").scalar_one()
        refused = list(conn.exec_driver_sql("SELECT code, text FROM refusal"))
        fetched = conn.exec_driver_sql("SELECT COUNT(*) FROM fetch").scalar_one()
    assert stored + len(refused) == len(raw)
    assert {code for code, _ in refused} == {"columns"}
    assert all("shares" in text for _, text in refused)
    outcome = facts.load(whole, raw)
    assert Counter(f.outcome for f in outcome.files) == {"heartbeat": stored, "refused": len(refused)}
    assert (outcome.events, outcome.items, outcome.deliveries) == (0, 0, 0)
    with reading(whole) as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM fetch").scalar_one() == fetched
    assert facts.derived(whole) == before


def test_history_alerts_nobody(whole: Engine) -> None:
    with reading(whole) as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM delivery").scalar_one() == 0


def test_every_true_re_entry_is_found_on_its_file(
    events: list[dict[str, object]], labels: list[dict[str, str]]
) -> None:
    found = {
        (fund, event["as_of"], event["security"]["cusip"])  # type: ignore[index]
        for event in events
        if event["kind"] == "RE_ENTERED"
        for fund in event["funds"]  # type: ignore[attr-defined]
    }
    wanted = {
        (label["fund"], label["date"], label["cusip"])
        for label in labels
        if label["true_event"] == "RE-ENTRY" and label["date_precision"] == "exact"
    }
    assert wanted
    assert wanted <= found


def test_no_false_label_appears_as_an_entry_or_an_exit(
    events: list[dict[str, object]], labels: list[dict[str, str]]
) -> None:
    false = [label for label in labels if label["true_event"] != "RE-ENTRY"]
    assert len(false) > 20
    for label in false:
        ids = {part.strip() for part in label["cusip"].split("->") if part.strip()}
        wrong = [
            event
            for event in events
            if label["fund"] in event["funds"]  # type: ignore[operator]
            and event["as_of"] == label["date"]
            and event["kind"] in (*ENTRIES, "EXITED")
            and (not ids or ids & set(event["security"].values()))  # type: ignore[attr-defined]
        ]
        assert not wrong, (label["true_event"], [event["claim"] for event in wrong])


def test_splits_are_told_as_splits_and_not_as_size_changes(
    events: list[dict[str, object]], labels: list[dict[str, str]]
) -> None:
    splits = [label for label in labels if "SPLIT" in label["true_event"]]
    assert len(splits) >= 8
    for label in splits:
        cusip = label["cusip"].split("->")[-1].strip()
        kinds = {
            event["kind"]
            for event in events
            if label["fund"] in event["funds"]  # type: ignore[operator]
            and event["as_of"] == label["date"]
            and cusip in event["security"].values()  # type: ignore[attr-defined]
        }
        assert "SPLIT" in kinds, label
        assert not kinds & {"INCREASED", "DECREASED"}, label


def test_alibaba_ended_in_crumbs_in_august_2021(whole: Engine) -> None:
    query = """SELECT f.ticker, d.exit_file, d.last_line_file, d.material_shares FROM spell d
        JOIN fund f ON f.id = d.fund JOIN security s ON s.id = d.security WHERE s.key = 'cusip:01609W102'"""
    with reading(whole) as conn:
        spells = {row[0]: row[1:] for row in conn.exec_driver_sql(query)}
    assert set(spells) == {"ARKF", "ARKW", "ARKQ", "ARKX"}
    # Days since 1970: the file of 2021-08-17 shows the crumb, that of 2021-09-03 is the last to list it.
    assert spells["ARKF"] == (18856, 18873, "146174")


def test_a_rebuild_gives_the_same_rows(whole: Engine) -> None:
    before = facts.derived(whole)
    with reading(whole) as conn:
        bodies = list(stored(conn, documents(t.item).order_by(t.item.c.id)))
    rebuilding.rebuild(whole, {"ark": facts.ARK}, progress=lambda _text, _count: None)
    assert facts.derived(whole) == before
    with reading(whole) as conn:
        assert list(stored(conn, documents(t.item).order_by(t.item.c.id))) == bodies


@pytest.mark.slow
def test_postgres_holds_the_same_history(
    whole: Engine, raw: list[Path], postgres_server: PostgresServer, postgres_template: str
) -> None:
    name = database_name("whole")
    engine = facts.prepare(open_engine(postgres_server.create(name, postgres_template)))
    try:
        facts.load(engine, raw)
        assert facts.derived(engine) == facts.derived(whole)
    finally:
        engine.dispose()
        postgres_server.drop(name)
