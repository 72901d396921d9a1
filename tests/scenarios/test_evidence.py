"""Stories of lists beside the daily files: what a schedule of month-end proves about holes, exits and firsts.

The sessions of the stories begin on 2026-01-05; session 19 is 2026-01-30, the last of January.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from monitor import pipeline
from monitor.core.evidence import Origin
from monitor.pipeline import Outcome
from monitor.rebuilding import rebuild
from monitor.sources.spec import Source
from monitor.store import schema as t
from monitor.store.engine import Engine, reading, transaction
from monitor.why import EventAnswer
from monitor.why import why as explain
from tests.filings import Holding, filing
from tests.scenarios.stories import (
    BASE,
    LANTERN,
    NOW,
    PLAN,
    QUILL,
    RESOLUTION,
    Change,
    File,
    Row,
    derived,
    events,
    file,
    items,
    load,
    portfolio,
    session,
    source,
)

JANUARY, DECEMBER = date(2026, 1, 31), date(2025, 12, 31)
LAST = session(19)


def schedule(as_of: date, *rows: Row, fund: str = "LANA", weight: str = "1.2", kind: str = "NPORT-P") -> File:
    """The filing of a month: the twelve lines and `rows`."""
    lines = [Holding(row.name.title(), row.identifier, str(row.shares), weight="5.0") for row in BASE.values()]
    lines += [Holding(row.name.title(), row.identifier, str(row.shares), weight=weight) for row in rows]
    return f"{fund}_{as_of}.xml", filing(as_of, lines, kind=kind)


def learn(
    engine: Engine, *files: File, fund: str = "LANA", origin: Origin = Origin.NPORT, of: Source = LANTERN
) -> Outcome:
    return pipeline.learn(engine, of, fund, files, origin, now=NOW, plan=PLAN, progress=lambda text, count: None)


def days(fund: str, held: Sequence[int], absent: Sequence[int], row: Row = QUILL) -> list[File]:
    """Files of the sessions `held` with the row and of the sessions `absent` without."""
    files = [file(fund, n, portfolio(row)) for n in held] + [file(fund, n, portfolio()) for n in absent]
    return sorted(files)


def quill(engine: Engine, fund: str = "LANA") -> list[Change]:
    return [e for e in events(engine) if e.ticker == "QLN" and e.funds == fund]


def sessions_of(change: Change) -> tuple[str, str]:
    interval = change.body["pos_session"]
    return interval["from"], interval["to"]


HOLE = days("LANA", [25, 26], [15, 16])


def test_a_schedule_inside_a_hole_says_when_the_fund_entered(stage: Engine) -> None:
    load(stage, HOLE)
    assert sessions_of(quill(stage)[0]) == (str(session(17)), str(session(25)))
    outcome = learn(stage, schedule(JANUARY, replace(QUILL, shares=90_000)))
    assert [f.outcome for f in outcome.files] == ["new"]
    (entry,) = quill(stage)
    assert sessions_of(entry) == (str(session(17)), str(LAST))
    assert entry.body["claim"].endswith(
        f"Not held on {session(16)}, held on {LAST}: entry between"
        " (90,000 shares in the N-PORT schedule of 2026-01-31)."
    )
    assert "90,000 shares" in entry.body["evidence"][-1]["line"]
    (item,) = [i for i in items(stage) if i.ticker == "QLN"]
    assert f"It happened in sessions {session(17)} … {LAST}: no files between. Not held on" in item.body["claim"]


def test_a_schedule_without_it_moves_the_entry_behind_it(lite: Engine) -> None:
    load(lite, HOLE)
    learn(lite, schedule(JANUARY))
    assert sessions_of(quill(lite)[0]) == (str(session(20)), str(session(25)))
    assert "(not in the N-PORT schedule of 2026-01-31)" in quill(lite)[0].body["claim"]


@pytest.mark.parametrize(("rows", "first", "last"), [([QUILL], 20, 25), ([], 17, 19)])
def test_a_schedule_splits_the_interval_of_an_exit(lite: Engine, rows: list[Row], first: int, last: int) -> None:
    load(lite, days("LANA", [15, 16], [25, 26]))
    learn(lite, schedule(JANUARY, *rows))
    (left,) = quill(lite)
    assert (left.kind, *sessions_of(left)) == ("EXITED", str(session(first)), str(session(last)))
    with transaction(lite) as conn:
        closed = conn.execute(select(t.spell.c.closed_to).where(t.spell.c.closed_day.is_not(None))).scalar_one()
    assert date(1970, 1, 1).toordinal() + closed == session(last).toordinal()


def test_an_absence_counts_from_the_schedule_that_saw_it_last(lite: Engine) -> None:
    load(lite, days("LANA", [0, 1, 40, 41], [2, 3, 4, 25, 26]))
    assert [e.kind for e in quill(lite)] == ["EXITED", "RE_ENTERED"]
    learn(lite, schedule(JANUARY, replace(QUILL, shares=9_000)))
    back = quill(lite)[-1]
    assert back.kind == "RESUMED"  # 20 sessions, not 38
    assert (back.body["absence"]["last_material"], back.body["absence"]["sessions"]) == (str(LAST), 20)
    assert back.body["absence"]["exit"] == {"from": str(session(20)), "to": str(session(25))}
    assert f"first seen since {LAST}" in back.body["claim"]
    assert back.body["evidence"][-1]["line"] == "9,000 shares in the N-PORT schedule of 2026-01-31"
    with reading(lite) as conn:
        answer = explain(conn, {LANTERN.id: LANTERN}, back.body["id"])
    assert isinstance(answer, EventAnswer)
    assert [(one.source, one.title, one.pos_session) for one in answer.beside] == [
        ("n-port", "Lantern A S000099999", LAST)
    ]
    assert "(9,000 shares, by the N-PORT schedule of 2026-01-31)" in back.body["claim"]


def test_a_trace_on_a_schedule_is_the_last_line_and_no_more(lite: Engine) -> None:
    load(lite, days("LANA", [0, 1, 40, 41], [2, 3, 4, 25, 26]))
    learn(lite, schedule(JANUARY, replace(QUILL, shares=10), weight="0.001"))
    gone = quill(lite)[-1].body["absence"]
    assert (gone["last_material"], gone["last_held"]) == (str(session(1)), str(LAST))


def test_a_file_that_hides_nothing_outweighs_a_schedule(lite: Engine) -> None:
    load(lite, days("LANA", [0, 1, 40, 41], [2, 3, 4, 19, 26]))
    before = derived(lite)
    learn(lite, schedule(JANUARY, QUILL))
    assert derived(lite) == before


def test_first_is_not_said_of_what_an_older_schedule_lists(lite: Engine) -> None:
    load(lite, days("LANA", [5, 6], [0, 1, 2, 3, 4]))
    assert quill(lite)[0].kind == "INITIATED"
    assert items(lite)[0].kind == "INITIATED_AT_ISSUER"
    learn(lite, schedule(DECEMBER, QUILL))
    entry, item = quill(lite)[0], next(i for i in items(lite) if i.ticker == "QLN")
    assert (entry.kind, item.kind) == ("RESUMED", "RE_ENTERED") or (entry.kind, item.kind) == ("RESUMED", "RESUMED")
    for change in (entry, item):
        assert "in our records" not in change.body["claim"]
        assert "by the N-PORT schedule of 2025-12-31" in change.body["claim"]


def test_a_schedule_of_another_fund_of_the_issuer_takes_its_first_away(lite: Engine) -> None:
    load(lite, days("LANA", [5, 6], [0, 1, 2, 3, 4]) + days("LANB", [], [0, 1, 5, 6]))
    learn(lite, schedule(DECEMBER, QUILL, fund="LANB"), fund="LANB")
    entry, item = quill(lite)[0], next(i for i in items(lite) if i.ticker == "QLN")
    assert (entry.kind, item.kind) == ("INITIATED", "INITIATED")
    assert "first Lantern position" not in item.body["claim"]


def test_a_trace_on_an_older_schedule_is_named(lite: Engine) -> None:
    load(lite, days("LANA", [5, 6], [0, 1, 2, 3, 4]))
    learn(lite, schedule(DECEMBER, replace(QUILL, shares=5), weight="0.001"))
    assert "a trace was listed from 2025-12-31 on" in quill(lite)[0].body["claim"]


HIDING = source(RESOLUTION)
SMALL = replace(QUILL, shares=3_000)
UNSEEN = replace(QUILL, shares=400)


def test_a_line_too_small_to_be_published_never_left(lite: Engine) -> None:
    load(lite, days("LANA", [0, 1, 30, 31], [2, 3, 10, 19, 21], SMALL), of=HIDING)
    assert [e.kind for e in quill(lite)] == ["EXITED", "RE_ENTERED"]
    learn(lite, schedule(JANUARY, UNSEEN, weight="0.004"), of=HIDING)
    assert quill(lite) == []


ENDING = source('\n[[resolutions]]\nbelow = "0.005"\nvalid_to = 2026-02-03\n')


def test_it_left_when_even_small_lines_are_published_again(lite: Engine) -> None:
    load(lite, days("LANA", [0, 1], [2, 3, 10, 19, 21, 22, 25], SMALL), of=ENDING)
    assert [e.as_of for e in quill(lite)] == [session(2)]
    learn(lite, schedule(JANUARY, UNSEEN, weight="0.004"), of=ENDING)
    (left,) = quill(lite)
    assert (left.kind, left.as_of) == ("EXITED", session(22))
    assert sessions_of(left) == (str(session(20)), str(session(22)))


def test_a_crumb_too_small_to_be_published_did_leave(lite: Engine) -> None:
    load(lite, days("LANA", [0, 1], [2, 3, 10, 19, 21], SMALL), of=HIDING)
    learn(lite, schedule(JANUARY, replace(QUILL, shares=100), weight="0.001"), of=HIDING)
    assert [e.kind for e in quill(lite)] == ["EXITED"]


# --- order, rebuilding, silence -------------------------------------------------------------------

MIXED = [
    *days("LANA", [0, 1, 25, 40, 41], [2, 3, 4, 15, 16, 30]),
    *days("LANB", [25, 26, 40], [0, 15, 30]),
]
LISTS = [
    schedule(JANUARY, replace(QUILL, shares=90_000)),
    schedule(DECEMBER, QUILL),
    schedule(date(2026, 2, 28)),
]
Load = Callable[[Engine], object]
STEPS: list[Load] = [
    lambda engine: load(engine, MIXED[:6]),
    lambda engine: load(engine, MIXED[6:]),
    lambda engine: learn(engine, *LISTS[:2]),
    lambda engine: learn(engine, LISTS[2]),
    lambda engine: learn(engine, schedule(JANUARY, QUILL, fund="LANB"), fund="LANB"),
]


def test_any_order_of_files_and_schedules_gives_the_same_rows(fresh: Callable[[], Engine]) -> None:
    answers = []
    for order in list(itertools.permutations(STEPS))[::17]:
        engine = fresh()
        for step in order:
            step(engine)
        answers.append(derived(engine))
    assert len(answers) == 8
    assert all(answer == answers[0] for answer in answers)
    assert any("N-PORT" in row["text"] for row in answers[0]["event"])


def test_rebuilding_gives_the_same_rows(lite: Engine) -> None:
    for step in STEPS:
        step(lite)
    before = derived(lite)
    rebuild(lite, {LANTERN.id: LANTERN}, progress=lambda text, count: None)
    assert derived(lite) == before


def deliveries(engine: Engine) -> list[tuple[str, str]]:
    with transaction(engine) as conn:
        rows = conn.execute(select(t.delivery).order_by(t.delivery.c.id)).all()
    return [(row.state, row.message) for row in rows]


def test_a_schedule_alerts_nobody(lite: Engine) -> None:
    load(lite, HOLE)
    assert learn(lite, schedule(JANUARY, QUILL)).deliveries == 0
    assert deliveries(lite) == []


def test_what_was_told_is_corrected_in_its_thread(lite: Engine) -> None:
    for part in (HOLE[:2], HOLE[2:]):
        load(lite, part, alert=True)
    ((_, first),) = [row for row in deliveries(lite) if "QUILLON" in row[1]]
    with transaction(lite) as conn:
        conn.execute(t.delivery.update().values(state="sent", sent_at="2026-02-10T12:00:00.000000Z", receipt="1"))
    learn(lite, schedule(JANUARY, QUILL))
    found = [json.loads(text) for _, text in deliveries(lite) if "QUILLON" in text]
    assert [(one["form"], one["revision"]) for one in found] == [("alert", 1), ("update", 2)]
    assert {one["item"] for one in found} == {json.loads(first)["item"]}
    assert f"held on {LAST}: entry between" in found[1]["caveat"]


def test_the_same_schedule_again_changes_nothing(lite: Engine) -> None:
    load(lite, HOLE)
    learn(lite, schedule(JANUARY, QUILL))
    before = derived(lite)
    assert [f.outcome for f in learn(lite, schedule(JANUARY, QUILL)).files] == ["heartbeat"]
    assert derived(lite) == before


def test_an_amended_schedule_counts_instead_of_the_first(lite: Engine) -> None:
    load(lite, HOLE)
    learn(lite, schedule(JANUARY, kind="NPORT-P/A"), schedule(JANUARY, QUILL))
    assert sessions_of(quill(lite)[0])[0] == str(session(20))


def test_a_schedule_of_another_fund_is_refused(lite: Engine) -> None:
    load(lite, HOLE)
    strangers = [Holding(f"Stranger {n}", identifier) for n, identifier in enumerate(STRANGE)]
    codes = [f.code for f in learn(lite, ("other.xml", filing(JANUARY, strangers))).files]
    learn(lite, schedule(JANUARY, QUILL))
    codes += [f.code for f in learn(lite, schedule(JANUARY, QUILL), fund="LANB").files]
    codes += [f.code for f in learn(lite, ("page.xml", b"<html/>"), ("x.xml", filing("2026", strangers))).files]
    assert codes == ["fund", "fund", "nport", "as_of"]


STRANGE = ("037833100", "594918104", "023135106", "88160R101", "67066G104")


def test_a_copy_of_the_issuers_own_file_is_evidence_too(lite: Engine) -> None:
    load(lite, HOLE)
    copy = file("LANA", 20, portfolio(QUILL))
    assert [f.outcome for f in learn(lite, copy, origin=Origin.ARCHIVE).files] == ["new"]
    assert sessions_of(quill(lite)[0]) == (str(session(17)), str(session(20)))
    assert "an archived copy of the file of 2026-02-02" in quill(lite)[0].body["claim"]
    wrong = learn(lite, copy, fund="LANB", origin=Origin.ARCHIVE).files
    assert [f.code for f in wrong] == ["fund"]


def test_without_known_sessions_a_copy_proves_nothing(lite: Engine) -> None:
    unknown = source('\n[[conventions]]\nconvention = "UNKNOWN"\nfunds = ["LANA"]\n')
    copy = file("LANA", 20, portfolio(QUILL))
    assert [f.code for f in learn(lite, copy, origin=Origin.THIRD_PARTY, of=unknown).files] == ["as_of"]
