"""How long something lasts when some of it still goes on."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from statistics import median, quantiles

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.survival import Lasted, Quartiles, curve, quartiles, surviving

LENGTHS = st.lists(st.builds(Lasted, st.integers(0, 50), st.booleans()), max_size=40)


def lasted(*lengths: int) -> list[Lasted]:
    """Lengths as they are written in books: what still goes on is negative."""
    return [Lasted(abs(one), one > 0) for one in lengths]


def test_the_curve_of_a_textbook() -> None:
    # Freireich et al. 1963, weeks in remission under 6-MP, as in Kleinbaum & Klein, Survival Analysis, table 2.2.
    weeks = lasted(6, 6, 6, 7, 10, 13, 16, 22, 23, -6, -9, -10, -11, -17, -19, -20, -25, -32, -32, -34, -35)
    assert [(length, round(float(part), 4)) for length, part in curve(weeks)] == [
        (6, 0.8571),
        (7, 0.8067),
        (10, 0.7529),
        (13, 0.6902),
        (16, 0.6275),
        (22, 0.5378),
        (23, 0.4482),
    ]
    assert surviving(weeks) == Quartiles(Decimal(13), Decimal(23), None)


def test_what_never_ended_has_no_quartiles() -> None:
    assert curve(lasted(-1, -5)) == []
    assert surviving(lasted(-1, -5)) == surviving([]) == Quartiles(None, None, None)
    assert quartiles([]) == Quartiles(None, None, None)


def test_exactly_a_half_is_reached() -> None:
    assert curve(lasted(1, 2, -3, -3)) == [(1, Fraction(3, 4)), (2, Fraction(1, 2))]
    assert surviving(lasted(1, 2, -3, -3)) == Quartiles(Decimal(1), Decimal(2), None)


def test_quartiles_lie_between_two_lengths() -> None:
    assert quartiles([1, 2, 3, 4]) == Quartiles(Decimal("1.75"), Decimal("2.5"), Decimal("3.25"))
    assert quartiles([7]) == Quartiles(Decimal(7), Decimal(7), Decimal(7))


@given(LENGTHS)
def test_the_curve_falls_from_one_and_never_below_nothing(lengths: list[Lasted]) -> None:
    parts = [Fraction(1)] + [part for _, part in curve(lengths)]
    assert all(before > after >= 0 for before, after in pairwise(parts))
    assert curve(reversed(lengths)) == curve(lengths)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_when_all_has_ended_the_curve_counts_what_is_left(lengths: list[int]) -> None:
    for length, part in curve(Lasted(one, True) for one in lengths):
        assert part == Fraction(sum(one > length for one in lengths), len(lengths))


@given(LENGTHS)
def test_to_go_on_never_makes_it_shorter(lengths: list[Lasted]) -> None:
    """What is still going on counts for at least as much as if it had ended then."""
    honest = surviving(lengths)
    hasty = surviving(Lasted(one.length, True) for one in lengths)
    for long, short in ((honest.first, hasty.first), (honest.median, hasty.median), (honest.third, hasty.third)):
        assert long is None or (short is not None and long >= short)


@given(st.lists(st.integers(0, 500), min_size=2, max_size=40))
def test_quartiles_are_those_of_the_standard_library(lengths: list[int]) -> None:
    found = quartiles(lengths)
    assert found.median == Decimal(str(median(lengths)))
    assert [float(one or 0) for one in (found.first, found.median, found.third)] == quantiles(
        lengths, n=4, method="inclusive"
    )
