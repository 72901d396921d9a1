"""What may be said: the wordings, their conditions, numbers and money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import claims
from monitor.core.claims import (
    Past,
    absence_note,
    coverage,
    during,
    filed,
    money,
    number,
    records,
    resolution_note,
    since,
)
from monitor.core.model import Coverage, Interval
from tests.core.samples import CALENDAR, D, absence, day

ALL = set(CALENDAR.days)


def without(*numbers: int) -> set[date]:
    """The sessions covered when these have no file."""
    return ALL - {day(n) for n in numbers}


# --- coverage -------------------------------------------------------------------------------------


def test_full_coverage_has_no_gap() -> None:
    assert coverage(CALENDAR, ALL, day(0), day(9)) == Coverage(day(0), day(9), 10, 10, 0, None, 0)


def test_coverage_counts_sessions_without_files_and_names_the_longest_run() -> None:
    found = coverage(CALENDAR, without(1, 4, 5, 6, 8), day(0), day(9))
    assert found == Coverage(day(0), day(9), 10, 5, 5, Interval(day(4), day(6)), 3)


@pytest.mark.parametrize(("first", "last"), [(None, day(1)), (day(1), None), (day(2), day(1))])
def test_nothing_to_cover_is_no_coverage(first: date | None, last: date | None) -> None:
    assert coverage(CALENDAR, ALL, first, last) == Coverage(first, last, 0, 0, 0, None, 0)


# --- absences -------------------------------------------------------------------------------------


def past(held: int | None, material: int | None) -> Past:
    def on(at: int | None) -> date | None:
        return None if at is None else day(at)

    return Past(on(held), on(material), D(500), on(material), Interval(day(3), day(4)), "LANA")


def test_an_absence_counts_the_sessions_between() -> None:
    found = claims.absence(CALENDAR, past(2, 2), ALL, day(32))
    assert (found.last_held, found.last_material, found.sessions, found.days) == (day(2), day(2), 29, 42)
    assert (found.uncovered_sessions, found.longest_gap, found.last_shares) == (0, None, D(500))
    assert (found.exit, found.last_file) == (Interval(day(3), day(4)), day(2))


def test_an_absence_counts_from_the_last_material_holding_and_quotes_the_last_crumb() -> None:
    found = claims.absence(CALENDAR, past(7, 2), without(4, 9), day(32))
    assert (found.last_held, found.sessions, found.uncovered_sessions) == (day(7), 29, 1)


def test_the_day_of_return_needs_no_file_before_it() -> None:
    assert claims.absence(CALENDAR, past(2, 2), without(2, 6), day(6)).uncovered_sessions == 0
    assert claims.absence(CALENDAR, past(2, 2), ALL, day(3)).sessions == 0


def test_an_absence_of_unknown_length_stays_unknown() -> None:
    for found in (
        claims.absence(CALENDAR, past(None, None), ALL, day(9)),
        claims.absence(CALENDAR, past(2, 2), ALL, None),
    ):
        assert (found.sessions, found.days, found.longest_gap) == (None, None, None)
    assert claims.absence(CALENDAR, past(None, 2), ALL, day(9)).sessions == 6


# --- since ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gap", "words"), [(0, "first since 2026-01-05"), (5, "first since 2026-01-05"), (6, "first seen since 2026-01-05")]
)
def test_more_than_five_sessions_without_files_make_since_a_last_seen(gap: int, words: str) -> None:
    assert since(absence(30, longest_gap_sessions=gap)) == words


LONG = {"last_held": date(2021, 9, 2), "last_material": date(2021, 8, 27)}


@pytest.mark.parametrize(
    ("exit_last", "held", "sessions", "words"),
    [
        (date(2021, 9, 3), date(2021, 9, 2), 1015, "first since 2021"),
        (date(2022, 1, 3), date(2021, 9, 2), 1015, "first since 2021-08-27"),
        (date(2021, 9, 3), date(2022, 1, 3), 1015, "first since 2021-08-27"),
        (date(2021, 9, 3), None, 1015, "first since 2021-08-27"),
        (date(2021, 9, 3), date(2021, 9, 2), 252, "first since 2021-08-27"),
        (date(2021, 9, 3), date(2021, 9, 2), 253, "first since 2021"),
        (date(2021, 9, 3), date(2021, 9, 2), None, "first since 2021-08-27"),
        (None, date(2021, 9, 2), 1015, "first since 2021-08-27"),
    ],
)
def test_a_year_stands_alone_only_when_the_whole_exit_lies_in_it(
    exit_last: date | None, held: date | None, sessions: int | None, words: str
) -> None:
    gone = absence(
        sessions, last_material=date(2021, 8, 27), last_held=held, exit=Interval(None, exit_last) if exit_last else None
    )
    assert since(gone) == words


def test_without_sessions_the_file_is_named() -> None:
    gone = absence(None, last_material=None, last_held=None, last_file=day(3), last_shares=D(7_000))
    assert since(gone) == f"first since the file dated {day(3)}"
    assert absence_note(gone, "LANA") == f"last material holding in the file dated {day(3)} (LANA, 7,000 shares)"


@given(st.sets(st.integers(1, 59)), st.integers(0, 20), st.integers(0, 20))
def test_first_since_without_seen_is_never_said_over_a_large_gap(missing: set[int], material: int, longer: int) -> None:
    held = material + longer
    gone = claims.absence(CALENDAR, past(held, material), without(*missing), day(60))
    run = longest = 0
    for number_ in range(held + 1, 60):
        run = run + 1 if number_ in missing else 0
        longest = max(longest, run)
    assert ("seen" in since(gone)) == (longest > 5)
    assert gone.longest_gap_sessions == longest


def test_the_note_tells_crumb_holding_and_sessions_apart() -> None:
    gone = absence(1015, last_held=date(2021, 9, 2), last_material=date(2021, 8, 27), last_shares=D(16_820))
    assert absence_note(gone, "LANQ") == (
        "last line after the close of 2021-09-02; last material holding after the close of 2021-08-27"
        " (LANQ, 16,820 shares); 1,015 sessions between"
    )


def test_the_note_is_short_when_little_is_known() -> None:
    assert absence_note(absence(None, last_shares=None)) == "last material holding after the close of 2026-01-05"


def test_the_note_names_what_the_files_do_not_cover() -> None:
    run = Interval(date(2024, 6, 5), date(2025, 9, 19))
    whole = absence_note(absence(1015, uncovered_sessions=324, longest_gap=run, longest_gap_sessions=324))
    assert whole.endswith("1,015 sessions between, 324 of them, 2024-06-05 … 2025-09-19, without files")
    part = absence_note(absence(1015, uncovered_sessions=330, longest_gap=run, longest_gap_sessions=324))
    assert part.endswith("330 of them without files, the longest run 2024-06-05 … 2025-09-19 (324 sessions)")
    days = absence(30, uncovered_sessions=2, longest_gap=Interval(day(3), day(3)), longest_gap_sessions=1)
    assert absence_note(days).endswith("30 sessions between, 2 of them without a file")


# --- records --------------------------------------------------------------------------------------


def seen(gap: int = 0, uncovered: int | None = None) -> Coverage:
    missing = gap if uncovered is None else uncovered
    return Coverage(day(0), day(99), 100, 100 - missing, missing, None, gap)


@pytest.mark.parametrize(
    ("cover", "inception", "words"),
    [
        (seen(), day(0), "first time ever"),
        (seen(1, 3), day(5), "first time ever"),
        (seen(2), day(0), "first in our records of LANA, which begin 2026-01-05 (98 % of sessions, longest gap 2)"),
        (seen(), date(2025, 1, 1), "first in our records of LANA, which begin 2026-01-05 (100 % of sessions)"),
        (seen(26, 30), None, "first in our records of LANA, which begin 2026-01-05 (70 % of sessions, longest gap 26)"),
        (
            Coverage(day(0), None, 0, 0, 0, None, 0),
            None,
            "first in our records of LANA, which begin 2026-01-05 (one file)",
        ),
        (Coverage(None, None, 0, 0, 0, None, 0), day(0), "first in our records"),
    ],
)
def test_first_says_how_far_the_records_reach(cover: Coverage, inception: date | None, words: str) -> None:
    assert records(cover, inception, " of LANA") == words


def test_the_reach_of_the_records_is_a_sentence() -> None:
    assert claims.reach(seen(26, 30), "Lantern").startswith("Our records of Lantern begin 2026-01-05; 70 %")
    assert "longest gap is 26 sessions" in claims.reach(seen(26, 30), "Lantern")
    assert "gap" not in claims.reach(seen(), "Lantern")
    assert "None" not in claims.reach(Coverage(None, None, 0, 0, 0, None, 0), "Lantern")
    assert "none" in claims.reach(Coverage(day(0), None, 0, 0, 0, None, 0), "Lantern")


def test_hidden_small_lines_are_owned_up_to() -> None:
    assert resolution_note(D("0.005")) == "lines under 0.01 % were not published"
    assert resolution_note(D(0)) == ""


# --- dates, numbers, money ------------------------------------------------------------------------


def test_intervals_and_files_in_words() -> None:
    assert during(Interval(day(1), day(1))) == "in session 2026-01-06"
    assert during(Interval(None, day(1))) == "in session 2026-01-06"
    assert during(Interval(day(1), day(3))) == "in sessions 2026-01-06 … 2026-01-08"
    assert during(Interval(None, None)) == "on an unknown session"
    assert filed(day(1), day(0)) == "file dated 2026-01-06 (positions after the close of 2026-01-05)"
    assert filed(day(1), None) == "file dated 2026-01-06"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("99090", "99,090"),
        ("58456.25", "58,456"),
        ("58.250", "58.25"),
        ("1E+3", "1,000"),
        ("0", "0"),
        ("-7.5", "-7.5"),
        ("0.0001", "0.0001"),
    ],
)
def test_numbers_in_words(value: str, text: str) -> None:
    assert number(D(value)) == text


def test_an_unknown_number_is_called_unknown() -> None:
    assert (number(None), money(None, "USD")) == ("unknown", "value unknown")


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("16300000", "USD", "$16.3M"),
        ("778941.4", "USD", "$778,941"),
        ("1200000000", "EUR", "EUR 1.20bn"),
        ("-2500000", "USD", "-$2.5M"),
        ("0", "USD", "$0"),
        ("999999", "USD", "$999,999"),
        ("1000000", "USD", "$1.0M"),
        ("999999.60", "USD", "$1.0M"),
        ("999960000", "USD", "$1.00bn"),
        ("999940000", "USD", "$999.9M"),
        ("-0.30", "USD", "$0"),
    ],
)
def test_money_in_words(value: str, currency: str, text: str) -> None:
    assert money(D(value), currency) == text


@given(st.decimals(-(10**12), 10**12, places=4))
def test_a_number_reads_back_as_what_it_was(value: Decimal) -> None:
    read = Decimal(number(value).replace(",", ""))
    assert read == value or (abs(value) >= 1000 and abs(read - value) <= D("0.5"))


@given(st.decimals(-(10**13), 10**13, places=2))
def test_money_reads_back_to_three_figures(value: Decimal) -> None:
    text = money(value, "USD")
    scale = {"M": D(10**6), "n": D(10**9)}.get(text[-1], D(1))
    read = Decimal(text.replace("$", "").replace(",", "").replace("bn", "").replace("M", "")) * scale
    assert abs(read - value) <= max(D("0.5"), abs(value) * D("0.05"))
    assert read <= 0 or value > 0
    assert "1,000.0M" not in text
    assert "1000.0M" not in text
