"""The order in which files arrive never shows: properties over shuffled and divided deliveries."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from monitor.rebuilding import rebuild
from monitor.store.engine import Engine, open_engine
from tests.scenarios.stories import (
    BASE,
    LANTERN,
    QUILL,
    ROWAN,
    File,
    Row,
    cusip,
    derived,
    events,
    file,
    load,
    portfolio,
    told,
)

MOVED = replace(QUILL, identifier=cusip("55591A10"))
SPLIT = replace(QUILL, identifier=MOVED.identifier, shares=QUILL.shares * 4, price=QUILL.price / 4)
SPOILED = replace(ROWAN, identifier="5.55E+08")
TRACE = replace(ROWAN, shares=100)

# What each fund lists beside the twelve lines, session by session; None: no file that day, a number: cut short.
PLOT: dict[str, list[list[Row] | int | None]] = {
    "LANA": [[QUILL], [QUILL], [MOVED], [MOVED], 4, [MOVED], [SPLIT], [SPLIT, ROWAN], [ROWAN], [TRACE]],
    "LANB": [[], [QUILL], [QUILL], [MOVED, ROWAN], None, [MOVED, ROWAN], [SPLIT, SPOILED], [SPLIT, ROWAN], [SPLIT], []],
    "LANC": [[ROWAN], [ROWAN], [], [], 4, 4, [], [ROWAN, SPLIT], [], []],
}


def plot() -> list[File]:
    """The files of three funds over ten sessions."""
    files = []
    for fund, days in PLOT.items():
        for number, extra in enumerate(days):
            if extra is not None:
                rows = portfolio(*extra) if isinstance(extra, list) else portfolio()[:extra]
                files.append(file(fund, number, rows))
    return files


FILES = plot()
REVISED = [
    file("LANA", 3, portfolio(replace(MOVED, shares=QUILL.shares + 4_000)), version=".v2"),
    file("LANB", 2, portfolio(), version=".v2"),
]
DAMAGED = file("LANB", 5, portfolio()[:4], version=".v2")


def partitions(files: Sequence[File]) -> st.SearchStrategy[list[list[File]]]:
    """The files in any order, divided into one to six deliveries."""
    cuts = st.lists(st.integers(0, len(files)), max_size=5).map(sorted)
    return st.tuples(st.permutations(files), cuts).map(lambda pair: _divided(*pair))


def _divided(files: Sequence[File], cuts: Sequence[int]) -> list[list[File]]:
    ends = [0, *cuts, len(files)]
    parts = [list(files[a:b]) for a, b in itertools.pairwise(ends)]
    return [part for part in parts if part]


def together(fresh: Callable[[], Engine], files: Sequence[File]) -> Engine:
    engine = fresh()
    load(engine, files)
    return engine


# No shrinking: a failing division of thirty files is printed as it is, in seconds instead of minutes.
SEVERAL = settings(
    max_examples=4,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def rows(engine: Engine) -> dict[str, list[str]]:
    """Every derived row as text."""
    return {name: [repr(row) for row in found] for name, found in derived(engine).items()}


@pytest.fixture(scope="module")
def at_once(
    tmp_path_factory: pytest.TempPathFactory, stage_file: Path
) -> Callable[[Sequence[File]], dict[str, list[str]]]:
    """What loading files all at once gives; each list of files is loaded once."""
    known: dict[int, dict[str, list[str]]] = {}

    def answer(files: Sequence[File]) -> dict[str, list[str]]:
        if len(files) not in known:
            path = tmp_path_factory.mktemp("at-once") / "stage.db"
            shutil.copyfile(stage_file, path)
            engine = open_engine(f"sqlite:///{path}")
            load(engine, files)
            known[len(files)] = rows(engine)
            engine.dispose()
        return known[len(files)]

    return answer


AtOnce = Callable[[Sequence[File]], dict[str, list[str]]]


def test_the_plot_is_eventful(fresh: Callable[[], Engine]) -> None:
    engine = together(fresh, FILES)
    kinds = {event[0] for event in told(engine)}
    assert kinds >= {"INITIATED", "EXITED", "IDENTIFIER_CHANGE", "SPLIT", "RESUMED"}
    assert {row["standing"] for row in derived(engine)["standing"]} == {"accepted", "discarded"}
    assert len(FILES) + len(REVISED) == 31
    assert len(BASE) == 12


@SEVERAL
@given(parts=partitions(FILES))
def test_any_order_of_loading_gives_the_same_rows(
    fresh: Callable[[], Engine], at_once: AtOnce, parts: list[list[File]]
) -> None:
    engine = fresh()
    for part in parts:
        load(engine, part)
    assert rows(engine) == at_once(FILES)


def dated(one: File) -> str:
    return one[0].split("_")[1]


def test_a_file_at_a_time_gives_the_same_rows_as_all_at_once(fresh: Callable[[], Engine], at_once: AtOnce) -> None:
    engine = fresh()
    for one in sorted(FILES, key=dated):
        load(engine, [one])
    assert rows(engine) == at_once(FILES)


def test_the_newest_day_first_gives_the_same_rows_as_all_at_once(fresh: Callable[[], Engine], at_once: AtOnce) -> None:
    engine = fresh()
    for _, of_day in itertools.groupby(sorted(FILES, key=dated, reverse=True), key=dated):
        load(engine, list(of_day))
    assert rows(engine) == at_once(FILES)


@SEVERAL
@given(parts=partitions([*FILES, *REVISED]))
def test_versions_of_a_day_count_whatever_came_first(
    fresh: Callable[[], Engine], at_once: AtOnce, parts: list[list[File]]
) -> None:
    engine = fresh()
    for part in parts:
        load(engine, part)
    assert rows(engine) == at_once([*FILES, *REVISED])


def test_the_share_of_sessions_covered_is_the_same_however_files_arrive(fresh: Callable[[], Engine]) -> None:
    files = [file("LANA", n, portfolio(*([QUILL] if n > 1 else []), *([ROWAN] if n > 3 else []))) for n in range(6)]
    daily = fresh()
    for one in files:
        load(daily, [one])
    assert [e.body["claim"] for e in events(together(fresh, files))] == [e.body["claim"] for e in events(daily)]


def test_a_damaged_version_that_comes_last_leaves_the_same_rows(fresh: Callable[[], Engine]) -> None:
    days = sorted([f for f in FILES if f[0].startswith("LANB")])
    engine = fresh()
    load(engine, [*days[:5], DAMAGED])
    load(engine, days[5:])
    assert derived(engine)["standing"] == derived(together(fresh, [*days, DAMAGED]))["standing"]


def test_rebuilding_after_any_order_changes_nothing(fresh: Callable[[], Engine]) -> None:
    engine = fresh()
    for part in (FILES[20:], FILES[:7], [*FILES[7:20], *REVISED]):
        load(engine, part)
    before = rows(engine)
    rebuild(engine, {"lantern": LANTERN}, progress=lambda text, count: None)
    assert rows(engine) == before


def test_what_a_later_file_prints_of_a_security_does_not_change_an_earlier_day(fresh: Callable[[], Engine]) -> None:
    """Only the third file prints both identifiers; the second day's link must not rest on it."""
    rows = [
        [replace(QUILL, identifier="DE0007164600")],
        [replace(QUILL, identifier="2046251")],
        [replace(QUILL, identifier="DE0007164600", sedol="2046251")],
    ]
    files = [file("LANA", n, portfolio(*extra)) for n, extra in enumerate(rows)]
    daily = fresh()
    for one in files:
        load(daily, [one], of=LANTERN)
    at_once = fresh()
    load(at_once, files, of=LANTERN)
    assert derived(daily)["link"] == derived(at_once)["link"]
