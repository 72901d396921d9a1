"""What lists beside the daily files prove: who is on them, how they narrow intervals, when they saw a position last."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import evidence
from monitor.core.evidence import Fact, Listed, Origin, Presence, Schedule, Who
from monitor.core.model import Interval
from tests.core.samples import CALENDAR, D, day, line, position

QUILL = "cusip:55501A105"
FOREIGN = "sedol:B3Z5T14"


def listed(key: str = QUILL, name: str = "QUILLON ROBOTICS INC", shares: int | None = 5_000, **changed: str) -> Listed:
    weight = changed.get("weight", "1.5")
    ids = (key, *filter(None, [changed.get("also", "")]))
    held = None if shares is None else D(shares)
    return Listed(key, ids, (name,), held, D(700_000), D(weight) if weight else None)


def schedule(number: int = 3, *lines: Listed, **changed: object) -> Schedule:
    values: dict[str, object] = {
        "session": day(number),
        "as_of": day(number),
        "origin": Origin.NPORT,
        "sha256": f"{number:064x}",
        "complete": True,
        "rank": "",
        "lines": lines or (listed(),),
    } | changed
    return Schedule(**values)  # type: ignore[arg-type]


SOMEBODY = listed("cusip:037833100", "LARKSPUR HEALTH INC")
ASKED = evidence.who([position(QUILL)], [QUILL])


# --- who is on a list -----------------------------------------------------------------------------


def test_a_shared_identifier_finds_the_line() -> None:
    found = evidence.fact(schedule(3, SOMEBODY, listed()), ASKED)
    assert (found.state, found.shares, found.weight, found.by_name) == (Presence.HELD, D(5_000), D("1.5"), False)
    assert found.session == day(3)


def test_a_second_identifier_finds_it_too() -> None:
    line_ = listed("isin:KYG017191142", "ANYTHING ELSE", also=QUILL)
    assert evidence.fact(schedule(3, line_), ASKED).state is Presence.HELD


@pytest.mark.parametrize(
    ("complete", "below", "state"),
    [
        (True, "0", Presence.NOT_LISTED),
        (True, "0.005", Presence.BELOW_RESOLUTION),
        (False, "0", Presence.UNKNOWN),
    ],
)
def test_what_a_list_leaves_out_says_what_the_list_allows(complete: bool, below: str, state: Presence) -> None:
    assert evidence.fact(schedule(3, SOMEBODY, complete=complete, below=D(below)), ASKED).state is state


def test_a_short_position_is_not_held_and_an_uncounted_one_is() -> None:
    assert evidence.fact(schedule(3, listed(shares=-500)), ASKED).state is Presence.NOT_LISTED
    assert evidence.fact(schedule(3, listed(shares=None)), ASKED).state is Presence.HELD


SEDOL = Who(frozenset({FOREIGN}), ("KOMAGATAKE WORKS LTD",))


def test_a_foreign_line_is_found_by_its_name() -> None:
    isin = listed("isin:JP3304200003", "KOMAGATAKE WORKS")
    found = evidence.fact(schedule(3, SOMEBODY, isin), SEDOL)
    assert (found.state, found.by_name) == (Presence.HELD, True)


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ([listed("cusip:037833100", "KOMAGATAKE WORKS")], SEDOL),  # the American line of the same company
        (
            [listed("isin:JP3304200003", "KOMAGATAKE WORKS"), listed("isin:JP0000000000", "KOMAGATAKE WORKS PREF")],
            SEDOL,
        ),
        ([listed("isin:JP3304200003", "QUILLON ROBOTICS")], ASKED),  # we know its CUSIP: this is another line
    ],
)
def test_a_similar_name_that_proves_nothing_is_unknown(lines: list[Listed], asked: Who) -> None:
    assert evidence.fact(schedule(3, *lines), asked).state is Presence.UNKNOWN


def test_another_share_class_is_another_security() -> None:
    line_ = listed("isin:JP3304200003", "KOMAGATAKE WORKS CL B")
    asked = Who(frozenset({FOREIGN}), ("KOMAGATAKE WORKS CL A",))
    assert evidence.fact(schedule(3, line_), asked).state is Presence.NOT_LISTED


def test_local_keys_are_no_identifiers() -> None:
    asked = evidence.who([position("local:LANA:X1", ids=(), name="SENTINEL PLACE HOLD")], ["local:LANA:X1"])
    assert asked == Who(frozenset(), ("SENTINEL PLACE HOLD",))


# --- lists ----------------------------------------------------------------------------------------


def test_lots_of_one_security_are_summed() -> None:
    one = line(value=D(10), weight=D("0.5"))
    other = line(name="QUILLON ROBOTICS", shares=D(200), value=None)
    (found,) = evidence.listed("LANA", [(one, ("Quillon common",)), (other, ())])
    assert (found.key, found.shares, found.value, found.weight) == (QUILL, D(1200), None, D("1.5"))
    assert found.names == ("QUILLON ROBOTICS INC", "Quillon common", "QUILLON ROBOTICS")
    assert evidence.listed("LANA", []) == ()


@pytest.mark.parametrize("origin", list(Origin))
def test_every_list_has_a_name(origin: Origin) -> None:
    assert "2026-01-08" in schedule(origin=origin).called()


def test_of_one_session_the_weightiest_list_decides_then_the_latest() -> None:
    copy = schedule(3, listed(shares=9), origin=Origin.ARCHIVE, sha256="f" * 64)
    first, amended = schedule(3, listed(shares=1), rank="0 2026-03"), schedule(3, listed(shares=2), rank="1 2026-04")
    found = evidence.facts([first, amended, copy, schedule(1)], ASKED)
    assert [(f.session, f.shares) for f in found] == [(day(1), D(5_000)), (day(3), D(9))]
    assert [f.shares for f in evidence.facts([first, amended], ASKED)] == [D(2)]
    silent = schedule(3, SOMEBODY, origin=Origin.ARCHIVE, complete=False)
    assert [f.shares for f in evidence.facts([silent, first], ASKED)] == [D(1)]


# --- intervals ------------------------------------------------------------------------------------


def held(number: int, shares: int = 5_000, weight: str = "1.5") -> Fact:
    return evidence.fact(schedule(number, listed(shares=shares, weight=weight)), ASKED)


def gone(number: int) -> Fact:
    return evidence.fact(schedule(number, SOMEBODY), ASKED)


def doubt(number: int) -> Fact:
    return evidence.fact(schedule(number, SOMEBODY, complete=False), ASKED)


GAP = Interval(day(1), day(20))


@pytest.mark.parametrize(
    ("facts", "first", "last"),
    [
        ([], 1, 20),
        ([doubt(5)], 1, 20),
        ([held(2)], 1, 2),
        ([gone(5)], 6, 20),
        ([gone(5), held(9), held(12)], 6, 9),
        ([held(3), gone(5)], 6, 20),
        ([held(0), gone(20), held(20)], 1, 20),
        ([held(4, 10, "0.0001")], 1, 20),
    ],
)
def test_an_entry_lies_between_the_last_list_without_it_and_the_first_with_it(
    facts: list[Fact], first: int, last: int
) -> None:
    assert evidence.entered(CALENDAR, GAP, facts).interval == Interval(day(first), day(last))


@pytest.mark.parametrize(
    ("facts", "first", "last"),
    [
        ([], 1, 20),
        ([held(4)], 5, 20),
        ([gone(5)], 1, 5),
        ([held(4), gone(9), gone(12)], 5, 9),
        ([gone(3), held(5)], 6, 20),
        ([held(4, 100, "0.001")], 1, 20),
        ([held(4, 2_000, "0.001")], 5, 20),
    ],
)
def test_an_exit_lies_between_the_last_list_with_it_and_the_first_without_it(
    facts: list[Fact], first: int, last: int
) -> None:
    assert evidence.left(CALENDAR, GAP, facts, D(20_000)).interval == Interval(day(first), day(last))


def test_an_interval_of_unknown_sessions_stays_unknown() -> None:
    for interval in (Interval(None, day(3)), Interval(day(1), None)):
        assert evidence.entered(CALENDAR, interval, [held(1)]).interval == interval
        assert evidence.left(CALENDAR, interval, [held(1)], None).interval == interval


@given(st.lists(st.tuples(st.integers(0, 21), st.booleans()), max_size=8), st.booleans())
def test_lists_only_ever_narrow_and_what_bounds_an_interval_is_outside_it(
    said: list[tuple[int, bool]], entry: bool
) -> None:
    facts = [held(n) if yes else gone(n) for n, yes in sorted(dict(said).items())]
    found = evidence.entered(CALENDAR, GAP, facts) if entry else evidence.left(CALENDAR, GAP, facts, None)
    first, last = found.interval.first, found.interval.last
    assert first is not None
    assert last is not None
    assert day(1) <= first <= last <= day(20)
    before, after = (found.absent, found.held) if entry else (found.held, found.absent)
    assert before is None or before.session < first
    assert after is None or after.session == last


# --- the last time --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "reference", "position_"),
    [
        (held(1), None, True),
        (held(1, weight="0.02"), None, True),
        (held(1, weight=""), None, True),
        (held(1, 100, "0.001"), None, False),
        (held(1, 100, "0.001"), D(1_999), True),
        (held(1, 100, "0.001"), D(2_000), False),
        (gone(1), None, False),
    ],
)
def test_a_crumb_is_no_position(fact: Fact, reference: Decimal | None, position_: bool) -> None:
    assert evidence.is_position(fact, reference) is position_


@pytest.mark.parametrize(
    ("before", "since", "session"),
    [(9, None, 8), (8, None, 4), (9, 4, 8), (9, 8, None), (4, None, None)],
)
def test_the_last_list_that_shows_it_before_a_session_and_after_another(
    before: int, since: int | None, session: int | None
) -> None:
    known = [held(4), gone(6), held(8), gone(10)]
    found = evidence.last_held(known, day(before), day(since) if since is not None else None, None)
    assert (found.session if found else None) == (day(session) if session is not None else None)
