"""Two programs at work on one database: nothing is lost, nothing is told twice, and nobody waits while others read."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from monitor import pipeline, retelling
from monitor.bodies import Body
from monitor.core.model import Arrival
from monitor.store import engine as store_engine
from monitor.store import save
from monitor.store import schema as t
from monitor.store.engine import Engine, StoreConflict, is_postgres, open_engine, transaction
from monitor.store.turns import TRIES, in_turn
from tests.scenarios.stories import LANTERN, NOW, PLAN, QUILL, ROWAN, derived, file, load, portfolio

DAYS = 6
LANA = [file("LANA", day, portfolio(*[QUILL] * (day > 2))) for day in range(DAYS)]
LANB = [file("LANB", day, portfolio(*[ROWAN] * (day > 3))) for day in range(DAYS)]


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def ingest(engine: Engine, files: list[tuple[str, bytes]], progress: Callable[[str, int], None], alert: bool) -> None:
    pipeline.ingest(engine, LANTERN, files, now=NOW, alert=alert, plan=PLAN, progress=progress)


def promised(engine: Engine) -> list[str]:
    with transaction(engine) as conn:
        return sorted(conn.execute(select(t.delivery.c.key)).scalars())


def test_others_may_write_while_days_are_derived(lite: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_engine, "BUSY_SECONDS", 0.1)
    other, written = open_engine(url_of(lite)), list[int]()

    def meanwhile(text: str, _count: int) -> None:
        if text == "deriving":
            with transaction(other) as conn:
                written.append(save.issuer_id(conn, f"other{len(written)}", "Other"))

    ingest(lite, LANA, meanwhile, alert=True)
    assert len(written) == DAYS  # derived once: what concerns another issuer is no reason to do it again
    other.dispose()


@pytest.mark.parametrize("alert", [False, True])
def test_what_another_program_stored_meanwhile_is_derived_with_the_rest(
    lite: Engine, stage: Engine, alert: bool
) -> None:
    other, days = open_engine(url_of(lite)), list[str]()

    def meanwhile(text: str, _count: int) -> None:
        if text == "deriving":
            days.append(text)
            if len(days) == 3:
                load(other, LANB)

    ingest(lite, LANA, meanwhile, alert=alert)
    assert len(days) > DAYS if alert else len(days) == DAYS  # of history the other program derived all there was
    load(stage, [*LANA, *LANB])
    assert facts_aside(derived(lite)) == facts_aside(derived(stage))
    other.dispose()


def facts_aside(found: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
    """Without the bodies, which say whether a file was found or fetched."""
    return {name: [{k: v for k, v in row.items() if k != "body"} for row in rows] for name, rows in found.items()}


def test_two_programs_that_begin_at_once_give_what_one_gives(stage: Engine, lite: Engine) -> None:
    begun = Barrier(2, timeout=20)

    def one(files: list[tuple[str, bytes]]) -> None:
        own = open_engine(url_of(stage))
        begun.wait()
        load(own, files)
        own.dispose()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, [LANA, LANB]))
    load(lite, [*LANA, *LANB])
    assert derived(stage) == derived(lite)


def test_what_is_outdated_again_and_again_is_done_under_the_lock(lite: Engine) -> None:
    other, prepared = open_engine(url_of(lite)), list[int]()

    def prepare(conn: object, issuer: int) -> int:
        prepared.append(issuer)
        if len(prepared) < TRIES:
            with transaction(other) as conn_of_other:
                save.mark_underived(conn_of_other, issuer, NOW.date() - timedelta(days=len(prepared)))
        return len(prepared)

    assert in_turn(lite, "lantern", "Lantern", (), prepare, lambda conn, made: made) == TRIES
    other.dispose()


def test_a_conflict_that_does_not_end_is_said(lite: Engine) -> None:
    def write(conn: object, made: object) -> None:
        raise StoreConflict("deadlock detected")

    with pytest.raises(StoreConflict):
        in_turn(lite, "lantern", "Lantern", (), lambda conn, issuer: None, write)


def _killed(url: str, moment: str) -> None:
    """A program that ends without a word: with its facts written but not committed, or committed but not derived."""
    engine = open_engine(url)
    if moment == "writing":
        retelling.tell = lambda *arguments: os._exit(9)
        ingest(engine, LANA, lambda text, count: None, alert=True)
    bodies = [Body(name, content, Arrival.HISTORY) for name, content in LANA]
    pipeline.store_chunk(engine, LANTERN, bodies, now=NOW, progress=lambda text, count: None)
    pipeline.derive_issuer(
        engine, LANTERN, now=NOW, progress=lambda text, count: os._exit(9) if text == "deriving" else None
    )


@pytest.mark.parametrize("moment", ["writing", "deriving"])
def test_a_program_killed_in_between_leaves_nothing_undone(stage: Engine, lite: Engine, moment: str) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_killed, args=(url_of(stage), moment))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    alert = moment == "writing"
    ingest(stage, LANA, lambda text, count: None, alert=alert)
    ingest(lite, LANA, lambda text, count: None, alert=alert)
    assert facts_aside(derived(stage)) == facts_aside(derived(lite))
    assert promised(stage) == promised(lite)
    assert bool(promised(stage)) == alert


def test_a_lock_is_per_issuer(engine: Engine) -> None:
    """Who works on one issuer keeps nobody from another one, as far as the database can: on PostgreSQL."""
    if not is_postgres(engine):
        pytest.skip("SQLite has one lock for all")
    other = open_engine(url_of(engine))

    def write(conn: object, made: object) -> bool:
        return in_turn(other, "candle", "Candle", (), lambda conn, issuer: True, lambda conn, made: made)

    assert in_turn(engine, "lantern", "Lantern", (), lambda conn, issuer: None, write)
    other.dispose()
