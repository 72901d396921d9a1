"""What back-filled history changes: claims reach further back, late facts supersede, one note is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.backfill import Filling, Wanted, run
from monitor.backfill.asking import Piece
from monitor.backfill.local import FilesWay
from monitor.core.errors import StoreError
from monitor.core.filling import Period
from monitor.store import schema as t
from monitor.store.engine import Engine, transaction
from tests.backfill.stage import FILLED_AT, dates, fill, outcomes, told
from tests.scenarios.stories import (
    LANTERN,
    PLAN,
    QUILL,
    Change,
    File,
    events,
    file,
    items,
    load,
    portfolio,
    session,
)


def write(folder: Path, files: list[File]) -> FilesWay:
    folder.mkdir(exist_ok=True)
    for name, body in files:
        (folder / name).write_bytes(body)
    return FilesWay([folder])


def days(numbers: range, held: range = range(0)) -> list[File]:
    return [file("LANA", n, portfolio(*([QUILL] if n in held else []))) for n in numbers]


def quill(engine: Engine) -> Change:
    (found,) = [one for one in events(engine) if one.ticker == "QLN" and one.kind != "EXITED"]
    return found


def arrive(engine: Engine, files: list[File]) -> None:
    """The files as they come day by day, and the messages sent."""
    for one in files:
        load(engine, [one], alert=True)
    with transaction(engine) as conn:
        conn.execute(t.delivery.update().values(state="sent", sent_at="2026-02-20T12:00:00.000000Z", receipt="1"))


def test_first_in_our_records_reaches_further_back_without_a_message(tmp_path: Path, stage: Engine) -> None:
    arrive(stage, days(range(30, 36), held=range(33, 36)))
    assert quill(stage).kind == "INITIATED"
    assert "which begin 2026-02-16" in quill(stage).body["claim"]
    before = told(stage)
    report = fill(stage, write(tmp_path / "old", days(range(30))))
    assert outcomes(report) == {"new": 30}
    assert quill(stage).kind == "INITIATED"
    assert "which begin 2026-01-05" in quill(stage).body["claim"]
    (note,) = told(stage)[len(before) :]
    assert (note["form"], note["headline"]) == ("notice", "History extended: LANA")
    assert "30 files (dated 2026-01-05 … 2026-02-13) added" in note["lines"][0]
    assert "earlier changes read differently now" in note["lines"][1]
    assert report.outcome.revised >= 1


def test_a_first_becomes_a_return_and_whoever_was_told_hears_that_in_its_thread(tmp_path: Path, stage: Engine) -> None:
    arrive(stage, days(range(30, 36), held=range(33, 36)))
    before = told(stage)
    (first,) = [one for one in before if one["security"] is not None]
    fill(stage, write(tmp_path / "old", days(range(30), held=range(5))))
    now = quill(stage)
    assert now.kind == "RE_ENTERED"
    assert "first since" in now.body["claim"].lower()
    assert "29" in now.body["claim"] or now.body["absence"]["sessions"] >= 28
    said = told(stage)[len(before) :]
    assert sorted(one["form"] for one in said) == ["notice", "update"]
    (update,) = [one for one in said if one["form"] == "update"]
    assert (update["item"], update["revision"], update["kind"]) == (first["item"], 2, "RE_ENTERED")
    with transaction(stage) as conn:
        assert len(conn.execute(select(t.superseded)).all()) == 1
    assert [one.kind for one in items(stage) if one.ticker == "QLN"] == ["EXITED", "RE_ENTERED"]


def test_events_of_the_past_are_told_to_nobody(tmp_path: Path, lite: Engine) -> None:
    arrive(lite, days(range(30, 32)))
    before = told(lite)
    fill(lite, write(tmp_path / "old", days(range(30), held=range(10, 20))))
    assert {one.kind for one in events(lite) if one.ticker == "QLN"} == {"INITIATED", "EXITED"}
    assert [one["form"] for one in told(lite)[len(before) :]] == ["notice"]


def test_a_run_that_finds_nothing_new_says_nothing(tmp_path: Path, lite: Engine) -> None:
    way = write(tmp_path / "old", days(range(3)))
    fill(lite, way)
    report = fill(lite, FilesWay(way.paths))
    assert (outcomes(report), report.extended) == ({"heartbeat": 3}, ())
    assert len(told(lite)) == 1


def test_only_files_of_the_wanted_funds_are_kept_and_others_counted(tmp_path: Path, lite: Engine) -> None:
    folder = tmp_path / "mixed"
    bad = [("LANA_x.csv", b"<html>"), ("notes.csv", b"a,b\n1,2\n")]
    write(folder, [*days(range(2)), file("LANB", 0, portfolio()), *bad])
    (folder / "strange.csv").write_bytes(file("ELSE", 0, portfolio())[1])
    report = fill(lite, FilesWay([folder]))
    assert outcomes(report) == {"new": 2, "skipped": 2, "refused": 1, "unreadable": 1}
    with transaction(lite) as conn:
        assert conn.execute(select(t.fund.c.ticker)).scalars().all() == ["LANA"]
        assert [row.place.rpartition("/")[2] for row in conn.execute(select(t.refusal))] == ["LANA_x.csv"]


def test_a_file_in_an_archive_is_its_own_funds_whatever_the_archive_is_called(tmp_path: Path, lite: Engine) -> None:
    import zipfile

    path = tmp_path / "LANB.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name, body in days(range(2)):
            packed.writestr(name, body.replace(b",LANA,", b",,"))
    report = fill(lite, FilesWay([path]))
    assert outcomes(report) == {"new": 2}


def test_only_files_dated_in_the_period_are_kept(tmp_path: Path, lite: Engine) -> None:
    way = write(tmp_path / "old", days(range(6)))
    report = fill(lite, way, period=Period(session(1), session(3)))
    assert outcomes(report) == {"new": 3, "skipped": 3}
    assert dates(lite) == [session(1), session(2), session(3)]
    assert outcomes(fill(lite, FilesWay(way.paths))) == {"new": 3, "heartbeat": 3}


class Broken(FilesWay):
    """Fails for the second source."""

    def pieces(self, group: Sequence[Wanted]) -> Iterator[Piece]:
        """The files, or an error."""
        if group[0].source.id != LANTERN.id:
            raise StoreError("the disk is full")
        return super().pieces(group)


def test_what_was_done_before_an_error_is_told(tmp_path: Path, lite: Engine) -> None:
    way = Broken(write(tmp_path / "old", days(range(2))).paths)
    other = replace(LANTERN, id="zephyr")
    chosen = [(LANTERN, LANTERN.fund("LANA")), (other, other.fund("LANA"))]
    with pytest.raises(StoreError):
        filling = Filling(lite, chosen, Period(), PLAN, ("console",), FILLED_AT, lambda: FILLED_AT)
        run(filling, way, lambda text, count, total: None)
    assert [one["headline"] for one in told(lite)] == ["History extended: LANA"]
