"""The table of what may be claimed, row by row, and the worked sentences; then what must hold for any history."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.core import claims
from monitor.core.claims import Past
from monitor.core.model import Absence, Coverage, Interval
from monitor.core.sessions import Sessions
from tests.core.samples import D, weekdays

YEARS = weekdays(date(2020, 1, 1), date(2026, 12, 31))
HALF, NOTHING = D("0.005"), D(0)
NOTE = "lines under 0.01 % were not published"


def covered(*holes: tuple[date, date]) -> set[date]:
    """All sessions but those in the holes."""
    return {day for day in YEARS.days if not any(first <= day <= last for first, last in holes)}


def past(material: date, held: date | None = None, gone: date | None = None, **changed: object) -> Past:
    seen = held or material
    left = gone or YEARS.after(seen)
    values: dict[str, object] = {"holder": "LANA"} | changed
    span = Interval(YEARS.after(material) if gone else left, left)
    return Past(seen, material, D(500), material, span, **values)  # type: ignore[arg-type]


# --- the rows -------------------------------------------------------------------------------------


def reached(first: date, *holes: tuple[date, date], resolution: Decimal = NOTHING) -> Coverage:
    return claims.coverage(YEARS, covered(*holes), first, date(2022, 12, 30), resolution)


INCEPTION = date(2020, 11, 20)
ONE_DAY = (date(2021, 3, 3), date(2021, 3, 3))
TWO_DAYS = (date(2021, 3, 3), date(2021, 3, 4))
HOLE = (date(2021, 10, 28), date(2021, 12, 2))


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (reached(INCEPTION), "first time ever"),
        (reached(INCEPTION, ONE_DAY), "first time ever"),
        (reached(INCEPTION - timedelta(days=30)), "first time ever"),
        (reached(INCEPTION, resolution=HALF), f"first time ever ({NOTE})"),
        (
            reached(INCEPTION, TWO_DAYS),
            "first in our records of LANA, which begin 2020-11-20 (99 % of sessions, longest gap 2)",
        ),
        (
            reached(INCEPTION, HOLE),
            "first in our records of LANA, which begin 2020-11-20 (95 % of sessions, longest gap 26)",
        ),
        (
            reached(date(2020, 11, 23)),
            "first in our records of LANA, which begin 2020-11-23 (100 % of sessions)",
        ),
        (
            reached(date(2020, 11, 23), HOLE, resolution=HALF),
            f"first in our records of LANA, which begin 2020-11-23 (95 % of sessions, longest gap 26; {NOTE})",
        ),
    ],
)
def test_never_seen_before(seen: Coverage, words: str) -> None:
    assert claims.records(seen, INCEPTION, " of LANA") == words


def test_seen_before_without_a_large_gap() -> None:
    gone = claims.absence(YEARS, past(date(2022, 2, 22), date(2022, 2, 24)), covered(), date(2023, 5, 11))
    assert claims.since(gone) == "first since 2022"
    assert claims.absence_note(gone, "LANA") == (
        "last line after the close of 2022-02-24; last material holding after the close of 2022-02-22"
        " (LANA, 500 shares); 316 sessions between"
    )
    near = claims.absence(YEARS, past(date(2022, 2, 22), date(2022, 2, 24)), covered(), date(2022, 6, 1))
    assert claims.since(near) == "first since 2022-02-22"


def test_seen_before_with_a_large_gap_counts_from_the_last_line_seen() -> None:
    hole = (date(2024, 6, 5), date(2025, 9, 19))
    last = past(date(2021, 8, 27), date(2022, 1, 4))
    gone = claims.absence(YEARS, last, covered(hole), date(2025, 9, 22))
    assert claims.since(gone) == "first seen since 2022-01-04"  # lines were seen after the last material holding
    assert "338 of them, 2024-06-05 … 2025-09-19, without files" in claims.absence_note(gone)
    same = claims.absence(YEARS, past(date(2021, 8, 27), date(2021, 9, 2)), covered(hole), date(2025, 9, 22))
    assert claims.since(same) == "first seen since 2021"


@pytest.mark.parametrize(("days", "seen"), [(5, False), (6, True)])
def test_the_gap_that_makes_seen_has_more_than_five_sessions(days: int, seen: bool) -> None:
    first = date(2022, 3, 7)
    hole = (first, YEARS.days[YEARS.days.index(first) + days - 1])
    gone = claims.absence(YEARS, past(date(2022, 2, 22)), covered(hole), date(2022, 6, 1))
    assert claims.since(gone).startswith("first seen since" if seen else "first since")


def test_only_interval_evidence() -> None:
    quarterly = past(date(2021, 6, 30), gone=date(2021, 9, 30), witness="the N-PORT schedule of 2021-06-30")
    gone = claims.absence(YEARS, quarterly, covered(), date(2022, 6, 1))
    assert claims.absence_note(gone) == (
        "last material holding after the close of 2021-06-30 (500 shares, by the N-PORT schedule of 2021-06-30),"
        " not held on 2021-09-30: exit between; 239 sessions between"
    )
    assert claims.between(date(2021, 6, 30), date(2021, 9, 30), "exit") == (
        "Held on 2021-06-30, not on 2021-09-30: exit between"
    )
    assert claims.between(date(2021, 6, 30), date(2021, 9, 30), "entry") == (
        "Not held on 2021-06-30, held on 2021-09-30: entry between"
    )


@pytest.mark.parametrize(
    ("span", "held"),
    [
        (None, date(2021, 6, 30)),
        (Interval(None, date(2021, 9, 30)), date(2021, 6, 30)),
        (Interval(date(2021, 7, 1), None), date(2021, 6, 30)),
        (Interval(date(2021, 7, 1), date(2021, 7, 1)), date(2021, 6, 30)),
        (Interval(date(2021, 7, 1), date(2021, 9, 30)), date(2021, 10, 4)),  # a crumb was still listed
    ],
)
def test_an_exit_of_one_session_or_into_a_crumb_is_not_called_an_interval(span: Interval | None, held: date) -> None:
    last = Past(held, date(2021, 6, 30), D(500), date(2021, 6, 30), span)
    assert (
        "between" not in claims.absence_note(claims.absence(YEARS, last, covered(), date(2021, 12, 1))).split(";")[-2]
    )


@pytest.mark.parametrize(("resolution", "said"), [(HALF, True), (D(0), False)])
def test_hidden_small_lines_are_named_exactly_when_there_were_any(resolution: Decimal, said: bool) -> None:
    last = past(date(2021, 2, 22), resolution=resolution)
    known = claims.absence(YEARS, last, covered(), date(2021, 6, 1))
    unknown = claims.absence(YEARS, last, covered(), None)
    seen = reached(date(2020, 12, 1), resolution=resolution)
    for text in (
        claims.absence_note(known),
        claims.absence_note(unknown),
        claims.records(seen, None, ""),
        claims.records(seen, date(2020, 12, 1), ""),
        claims.reach(seen, "LANA", several=False).lower(),
    ):
        assert (NOTE in text) is said


def test_what_is_known_of_an_absence_without_sessions_is_kept() -> None:
    last = past(date(2021, 2, 22), resolution=HALF, witness="a list")
    gone = claims.absence(YEARS, last, covered(), None)
    assert (gone.resolution, gone.witness, gone.sessions, gone.exit) == (HALF, "a list", None, last.exit)


@pytest.mark.parametrize(
    ("files", "sessions", "share"),
    [(999, 1000, "99 %"), (1000, 1000, "100 %"), (1, 1000, "less than 1 %"), (0, 1000, "0 %"), (989, 1000, "98 %")],
)
def test_coverage_is_never_rounded_up(files: int, sessions: int, share: str) -> None:
    seen = Coverage(date(2021, 1, 4), date(2024, 12, 31), sessions, files, sessions - files, None, 3)
    assert f"({share} of sessions" in claims.records(seen, None, "")
    assert f"; {share} of the sessions since" in claims.reach(seen, "LANA")


def test_the_worked_sentence_of_two_funds() -> None:
    """The last line of any fund 2021-09-02, the last material holding 2021-08-27, files until 2024-06-04."""
    sessions = YEARS
    last = Past(
        date(2021, 9, 2), date(2021, 8, 27), D(16_820), date(2021, 8, 30),
        Interval(date(2021, 8, 30), date(2021, 8, 30)), "ARKQ",
    )  # fmt: skip
    gone = claims.absence(sessions, last, covered((date(2024, 6, 5), date(2025, 9, 19))), date(2025, 9, 22))
    assert claims.since(gone) == "first seen since 2021"
    note = claims.absence_note(gone, "ARKQ")
    assert note.startswith(
        "last line after the close of 2021-09-02; last material holding after the close of 2021-08-27"
        " (ARKQ, 16,820 shares); "
    )
    assert "2024-06-05 … 2025-09-19, without files" in note


# --- any history ----------------------------------------------------------------------------------

DAYS = YEARS.days[:400]


@st.composite
def absences(draw: st.DrawFn) -> tuple[Absence, set[date], date]:
    """An absence with any coverage, its covered sessions and the session of the return."""
    material = draw(st.integers(0, 150))
    held = draw(st.integers(material, 200))
    left = draw(st.integers(material + 1, 230))
    now = draw(st.integers(held + 1, 399))
    holes = draw(st.sets(st.integers(0, 399), max_size=150))
    run = draw(st.integers(0, 380))
    holes |= set(range(run, run + draw(st.integers(0, 20))))
    files = {day for at, day in enumerate(DAYS) if at not in holes}
    resolution = draw(st.sampled_from([D(0), HALF]))
    span = Interval(DAYS[material + 1], DAYS[left])
    last = Past(DAYS[held], DAYS[material], D(5), DAYS[material], span, "LANA", resolution)
    return claims.absence(YEARS, last, files, DAYS[now]), files, DAYS[now]


@given(absences())
def test_uncovered_sessions_are_part_of_the_absence(drawn: tuple[Absence, set[date], date]) -> None:
    gone, files, now = drawn
    assert gone.sessions is not None
    assert gone.last_held is not None
    assert 0 <= gone.longest_gap_sessions <= gone.uncovered_sessions <= gone.sessions
    missing = [d for d in DAYS if gone.last_held < d < now and d not in files]
    assert gone.uncovered_sessions == len(missing)


@given(absences())
def test_since_never_leaves_a_large_gap_or_a_later_line_unsaid(drawn: tuple[Absence, set[date], date]) -> None:
    gone, _, _ = drawn
    words = claims.since(gone)
    assert ("seen" in words) == (gone.longest_gap_sessions > 5)
    dated = re.search(r"\d{4}-\d\d-\d\d", words)
    if dated is None:
        year = int(words.split()[-1])
        assert gone.exit is not None
        assert {gone.last_material, gone.last_held, gone.exit.first, gone.exit.last} <= _days_of(year)
    elif "seen" in words:
        assert dated.group() == str(gone.last_held)
    else:
        assert dated.group() == str(gone.last_material)


def _days_of(year: int) -> set[date | None]:
    first = date(year, 1, 1)
    return {first + timedelta(days=n) for n in range(366) if (first + timedelta(days=n)).year == year}


@given(absences())
def test_every_session_without_a_file_is_counted_in_the_note(drawn: tuple[Absence, set[date], date]) -> None:
    gone, _, _ = drawn
    note = claims.absence_note(gone)
    assert ("without" in note) == (gone.uncovered_sessions > 0)
    assert (NOTE in note) == (gone.resolution > 0)
    if gone.uncovered_sessions:
        assert f"{gone.uncovered_sessions:,} of them" in note


@given(
    st.sets(st.integers(0, 60), min_size=1),
    st.integers(-5, 5),
    st.sampled_from([D(0), HALF]),
)
def test_first_time_ever_needs_every_session_since_the_inception(
    numbers: set[int], before: int, resolution: Decimal
) -> None:
    sessions = Sessions(DAYS[:100])
    files: Collection[date] = {DAYS[n + 10] for n in numbers}
    first, until = min(files), DAYS[75]
    assume(10 + min(numbers) + before >= 0)
    inception = DAYS[10 + min(numbers) + before]
    words = claims.records(claims.coverage(sessions, files, first, until, resolution), inception, " of LANA")
    missing = [day not in files for day in sessions.between(first, until)]
    two = any(a and b for a, b in itertools.pairwise(missing))
    assert words.startswith("first time ever") == (before >= 0 and not two)
    assert (NOTE in words) == (resolution > 0)
    share = re.search(r"(\d+) % of sessions", words)
    if share is not None:
        assert int(share.group(1)) * len(missing) <= 100 * (len(missing) - sum(missing))
