"""What the date of a file means, told by prices: one file, periods of files, comparison with what is configured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import calibration
from monitor.core.calibration import Fingerprint, Outcome, Period, Priced, Verdict
from monitor.core.model import Convention
from tests.core.samples import CALENDAR, D, day

CODES = tuple(f"cusip:{n}2345678{n}" for n in range(8))
SATURDAY = date(2026, 1, 10)


def close(code: str, on: date) -> Decimal:
    """The invented close of a session: no two within ten days are within 0.5 %."""
    return D(50 + CODES.index(code)) * (1 + D("0.01") * (on.toordinal() % 97 * 31 % 97))


def closes(codes: Sequence[str] = CODES, days: int = 120) -> dict[date, dict[str, Decimal]]:
    return {day(n): {code: close(code, day(n)) for code in codes} for n in range(-10, days)}


def priced(as_of: date, on: date, wrong: int = 0, codes: Sequence[str] = CODES) -> Priced:
    """A file dated `as_of` with the closes of `on`; the first `wrong` lines show something else."""
    lines = [((code,), close(code, on) * (D("1.2") if at < wrong else 1)) for at, code in enumerate(codes)]
    return Priced(as_of, tuple(lines))


# --- lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "value", "price"),
    [
        ("1000", "891290", "891.29"),
        ("1000", "99999", None),
        ("200000", "199999", None),
        ("0", "891290", None),
        ("-5", "891290", None),
        (None, "891290", None),
        ("1000", None, None),
    ],
)
def test_the_price_of_a_liquid_line_is_its_value_by_its_shares(
    shares: str | None, value: str | None, price: str | None
) -> None:
    held, worth = (None if text is None else D(text) for text in (shares, value))
    found = calibration.implied(("cusip:1",), held, worth)
    assert found == (None if price is None else (("cusip:1",), D(price)))
    assert calibration.implied((), D(1000), D(891_290)) is None


def test_closes_come_from_calibrated_files_and_the_first_one_stays() -> None:
    one, other = priced(day(1), day(0)), priced(day(1), day(3))
    found = calibration.closes_of([(day(0), one), (day(0), other)])
    assert found == {day(0): {code: close(code, day(0)) for code in CODES}}


# --- one file -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "session", "convention"),
    [
        (day(3), day(3), Convention.CLOSE),
        (day(3), day(2), Convention.OPEN),
        (day(3), day(1), Convention.UNKNOWN),
        (SATURDAY, day(4), Convention.CALENDAR),
        (SATURDAY, day(3), Convention.UNKNOWN),
    ],
)
def test_a_file_shows_the_session_whose_closes_it_matches(as_of: date, session: date, convention: Convention) -> None:
    found = calibration.fingerprint(priced(as_of, session), closes(), CALENDAR)
    assert (found.verdict, found.session, found.matched, found.compared) == (Verdict.MATCHED, session, 8, 8)
    assert calibration.convention_of(found, CALENDAR) is convention


@pytest.mark.parametrize(("wrong", "verdict"), [(0, Verdict.MATCHED), (1, Verdict.NONE), (8, Verdict.NONE)])
def test_nine_of_ten_lines_must_match(wrong: int, verdict: Verdict) -> None:
    found = calibration.fingerprint(priced(day(3), day(3), wrong), closes(), CALENDAR)
    assert found.verdict is verdict
    assert calibration.convention_of(found, CALENDAR) is (Convention.UNKNOWN if wrong else Convention.CLOSE)


@pytest.mark.parametrize(("lines", "verdict"), [(4, Verdict.FEW), (5, Verdict.MATCHED)])
def test_four_lines_are_too_few(lines: int, verdict: Verdict) -> None:
    found = calibration.fingerprint(priced(day(3), day(3), codes=CODES[:lines]), closes(), CALENDAR)
    assert (found.verdict, found.compared) == (verdict, lines)


def test_prices_that_did_not_move_tell_nothing() -> None:
    still = {day(n): dict.fromkeys(CODES, D(10)) for n in range(9)}
    file = Priced(day(3), tuple(((code,), D("10.04")) for code in CODES))
    found = calibration.fingerprint(file, still, CALENDAR)
    assert (found.verdict, found.session) == (Verdict.AMBIGUOUS, None)


def test_a_session_without_closes_is_not_looked_at() -> None:
    known = {at: prices for at, prices in closes().items() if at != day(3)}
    assert calibration.fingerprint(priced(day(3), day(3)), known, CALENDAR).verdict is Verdict.NONE
    assert calibration.fingerprint(priced(day(3), day(3)), {}, CALENDAR) == Fingerprint(day(3), Verdict.FEW, None, 0, 0)
    zero = {day(3): dict.fromkeys(CODES, D(0))}
    assert calibration.fingerprint(priced(day(3), day(3)), zero, CALENDAR).verdict is Verdict.FEW


def test_foreign_lines_are_silent_beside_enough_american_ones() -> None:
    foreign = tuple((("sedol:B3Z5T14", f"ticker:F{n}"), D(7)) for n in range(4))
    mixed = Priced(day(3), priced(day(3), day(2)).lines + foreign)
    known = {at: prices | {f"ticker:F{n}": D(9) for n in range(4)} for at, prices in closes().items()}
    found = calibration.fingerprint(mixed, known, CALENDAR)
    assert (found.session, found.compared) == (day(2), 8)
    abroad = Priced(day(3), foreign + priced(day(3), day(2), codes=CODES[:4]).lines)
    assert calibration.fingerprint(abroad, known, CALENDAR).compared == 8


def test_every_verdict_is_explained() -> None:
    assert len({calibration.explained(verdict) for verdict in Verdict}) == 4


# --- periods --------------------------------------------------------------------------------------


def told(*files: tuple[date, date | None]) -> list[Period]:
    """The periods of files (date, session shown; None: cannot be told)."""
    found = [
        Fingerprint(as_of, Verdict.MATCHED, shown, 8, 8) if shown else Fingerprint(as_of, Verdict.NONE, None, 3, 8)
        for as_of, shown in files
    ]
    return calibration.periods(found, CALENDAR)


def closing(*numbers: int) -> list[tuple[date, date | None]]:
    return [(day(n), day(n)) for n in numbers]


def opening(*numbers: int) -> list[tuple[date, date | None]]:
    return [(day(n), day(n - 1)) for n in numbers]


def short(found: Sequence[Period]) -> list[tuple[str, date, date, int, int, int]]:
    return [(p.convention.value, p.first, p.last, p.files, p.exceptions, p.unjudged) for p in found]


def test_a_switch_lies_between_two_files() -> None:
    assert short(told(*opening(14, 12, 13), *closing(8, 9, 10))) == [
        ("CLOSE", day(8), day(10), 3, 0, 0),
        ("OPEN", day(12), day(14), 3, 0, 0),
    ]


def test_a_few_files_that_disagree_are_exceptions() -> None:
    assert short(told(*closing(1, 2, 3), *opening(4, 5), *closing(6, 7, 8))) == [("CLOSE", day(1), day(8), 6, 2, 0)]
    assert short(told(*closing(1, 2, 3), (day(4), None), *closing(5))) == [("CLOSE", day(1), day(5), 4, 0, 1)]
    assert short(told((day(0), None), *closing(1, 2, 3)))[0] == ("UNKNOWN", day(0), day(0), 0, 0, 1)


def test_too_few_files_tell_nothing() -> None:
    assert short(told(*closing(1, 2))) == [("UNKNOWN", day(1), day(2), 2, 0, 0)]
    assert told() == []


def test_dates_that_are_no_sessions_make_calendar_of_close_but_not_of_open() -> None:
    weekend = [(SATURDAY, day(4))]
    assert short(told(*closing(1, 2, 3), *weekend)) == [("CALENDAR", day(1), SATURDAY, 4, 0, 0)]
    assert short(told(*opening(1, 2, 3), *weekend)) == [("OPEN", day(1), SATURDAY, 4, 0, 0)]
    assert short(told(*closing(1, 2, 3), (SATURDAY, day(2)))) == [("CLOSE", day(1), day(3), 3, 1, 0)]


def test_a_monthly_publisher_is_known_by_its_rhythm() -> None:
    assert short(told(*closing(0, 20, 41)))[0][0] == "MONTH_END"


@given(st.lists(st.sampled_from([Convention.CLOSE, Convention.OPEN, None]), max_size=30))
def test_periods_alternate_and_count_every_file_once(said: list[Convention | None]) -> None:
    files: list[tuple[date, date | None]] = []
    for n, one in enumerate(said):
        files += closing(n) if one is Convention.CLOSE else opening(n) if one else [(day(n), None)]
    found = told(*files)
    assert sum(p.files + p.exceptions + p.unjudged for p in found) == len(files)
    named = [p.convention for p in found]
    assert all(a is not b for a, b in pairwise(named))
    assert all(p.first <= p.last for p in found)
    assert all(p.files >= calibration.RUN for p in found if p.convention is not Convention.UNKNOWN)


# --- the configuration ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "configured", "outcome"),
    [
        (Convention.OPEN, Convention.OPEN, Outcome.AGREES),
        (Convention.CALENDAR, Convention.CLOSE, Outcome.AGREES),
        (Convention.OPEN, Convention.CLOSE, Outcome.DIFFERS),
        (Convention.OPEN, Convention.UNKNOWN, Outcome.DIFFERS),
        (Convention.UNKNOWN, Convention.OPEN, Outcome.UNKNOWN),
    ],
)
def test_what_leads_to_the_same_sessions_agrees(found: Convention, configured: Convention, outcome: Outcome) -> None:
    period = Period(found, day(1), day(9), 5, 0, 0, 40, 40)
    assert calibration.outcome(period, lambda _: configured, CALENDAR) is outcome


def test_a_wrong_boundary_differs() -> None:
    period = Period(Convention.OPEN, day(1), day(9), 5, 0, 0, 40, 40)

    def late(on: date) -> Convention:
        return Convention.OPEN if on >= day(3) else Convention.CLOSE

    assert calibration.outcome(period, late, CALENDAR) is Outcome.DIFFERS


def test_the_advice_is_what_belongs_into_the_source() -> None:
    found = told((day(0), None), *closing(1, 2, 3), *opening(6, 7, 8), *closing(11, 12, 13))
    assert calibration.advice("LANA", found) == (
        '[[conventions]]\nconvention = "CLOSE"\nvalid_to = 2026-01-12\nfunds = ["LANA"]\n\n'
        '[[conventions]]\nconvention = "OPEN"\nvalid_from = 2026-01-13  # changed after the file of 2026-01-08\n'
        'valid_to = 2026-01-19\nfunds = ["LANA"]\n\n'
        '[[conventions]]\nconvention = "CLOSE"\nvalid_from = 2026-01-20  # changed after the file of 2026-01-15\n'
        'funds = ["LANA"]'
    )
    assert calibration.advice("LANA", told((day(0), None))) == ""


# --- again ----------------------------------------------------------------------------------------


def test_a_month_later_it_is_due_again() -> None:
    now = datetime(2026, 3, 31, tzinfo=UTC)
    assert calibration.is_due(None, now)
    assert calibration.is_due(now - timedelta(days=28), now)
    assert not calibration.is_due(now - timedelta(days=27), now)


@pytest.mark.parametrize(
    ("said", "count"), [("", 0), ("d", 1), ("dd", 2), ("ad", 1), ("da", 0), ("dud", 2), ("adud", 2), ("u", 0)]
)
def test_failures_in_a_row_are_counted_over_looks_that_tell_nothing(said: str, count: int) -> None:
    outcomes = {"a": Outcome.AGREES, "d": Outcome.DIFFERS, "u": Outcome.UNKNOWN}
    assert calibration.failures_in_a_row([outcomes[one] for one in said]) == count
