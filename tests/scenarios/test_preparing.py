"""What is prepared of a body needs no database, travels to other processes and is stored as if read in place."""

from __future__ import annotations

import pickle
from datetime import date

import pytest

from monitor import pipeline
from monitor.bodies import Bodies, Body
from monitor.core.errors import FetchError, MonitorError, ParseError
from monitor.core.filling import Period
from monitor.core.model import Arrival
from monitor.intake import Intake, take
from monitor.preparing import Passed, Prepared, ReadFile, prepare
from monitor.store import save
from monitor.store.engine import Engine, transaction
from tests.scenarios.stories import LANTERN, NOW, QUILL, file, portfolio

GOOD = Body(*file("LANA", 3, portfolio(QUILL)), Arrival.HISTORY)
STRANGE = Body("strange.csv", GOOD.content.replace(b"LANA", b"LANQ"), Arrival.HISTORY)
BROKEN = Body("broken.csv", b"date,name\n2026-01-05,x\n", Arrival.HISTORY)
LIST_OF_WORDS = Body("words.csv", GOOD.content.replace(b".00", b".0x"), Arrival.HISTORY)


def travelled(prepared: Prepared) -> Prepared:
    found = pickle.loads(pickle.dumps(prepared))
    assert isinstance(found, Prepared)
    return found


def kept(engine: Engine, *some: Prepared) -> list[tuple[str, str, str]]:
    with transaction(engine) as conn:
        intake = Intake(conn, LANTERN, NOW)
        for one in some:
            take(intake, one)
        return [(one.place, one.outcome, one.code) for one in intake.outcomes]


def test_a_body_says_what_is_in_it_once_it_is_prepared() -> None:
    (read,) = prepare(Bodies(LANTERN), GOOD).files
    assert isinstance(read, ReadFile)
    assert (read.ticker, read.lines, len(read.positions), read.unread) == ("LANA", 13, 13, 0)
    assert (read.printed, read.content, read.whole) == ((), (), None)


@pytest.mark.parametrize("body", [GOOD, STRANGE, BROKEN, LIST_OF_WORDS], ids=lambda body: body.place)
def test_what_is_prepared_travels(body: Body) -> None:
    here = prepare(Bodies(LANTERN), body)
    there = travelled(here)
    assert (there.body, there.sha256) == (here.body, here.sha256)
    assert [repr(one) for one in there.files] == [repr(one) for one in here.files]
    assert [getattr(one, "code", "") for one in there.files] == [getattr(one, "code", "") for one in here.files]


def test_what_travelled_is_kept_as_what_was_read_in_place(lite: Engine, stage: Engine) -> None:
    some = [prepare(Bodies(LANTERN), body) for body in (GOOD, STRANGE, BROKEN, GOOD)]
    expected = [
        (GOOD.place, "new", ""),
        ("strange.csv", "refused", "fund"),
        ("broken.csv", "refused", "columns"),
        (GOOD.place, "heartbeat", ""),
    ]
    assert kept(lite, *some) == expected
    assert kept(stage, *map(travelled, some)) == expected


def test_only_the_funds_and_days_asked_for_are_read() -> None:
    assert prepare(Bodies(LANTERN, frozenset({"LANB"})), GOOD).files == (Passed("LANA"),)
    before = Period(None, date(2026, 1, 5))
    assert prepare(Bodies(LANTERN, period=before), GOOD).files == (Passed("LANA dated 2026-01-08"),)


def test_others_may_write_while_files_are_read(lite: Engine) -> None:
    written: list[int] = []

    def meanwhile(text: str, _count: int) -> None:
        if text == "reading":
            with transaction(lite) as conn:
                written.append(save.issuer_id(conn, f"other{len(written)}", "Other"))

    files = [file("LANA", day, portfolio()) for day in range(2)]
    pipeline.ingest(lite, LANTERN, files, now=NOW, alert=False, plan=pipeline.AlertPlan(), progress=meanwhile)
    assert len(written) == 2


@pytest.mark.parametrize(
    "error",
    [
        ParseError("no date", code="as_of", row=3, column="date"),
        FetchError("slow", url="https://lantern.example/a.csv", status=503),
        MonitorError("a plain one"),
    ],
    ids=repr,
)
def test_an_error_travels_with_its_context(error: MonitorError) -> None:
    found = pickle.loads(pickle.dumps(error))
    assert (type(found), str(found), vars(found)) == (type(error), str(error), vars(error))
