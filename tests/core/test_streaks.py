"""Runs of purchases and of sales."""

from __future__ import annotations

from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.streaks import Streak, streaks

SIGNS = {"+": 1, "-": -1, ".": 0}


def signs(text: str) -> dict[int, int]:
    return {at: SIGNS[one] for at, one in enumerate(text) if one != " "}


def found(text: str, gaps: list[int] | None = None) -> list[Streak]:
    return streaks(signs(text), gaps or [1] * len(text))


def test_a_run_ends_with_the_direction_or_a_file_without_a_trade() -> None:
    assert found("++-+++ ++") == [Streak(0, 1, True), Streak(2, 2, False), Streak(3, 5, True), Streak(7, 8, True)]
    assert [one.files for one in found("---")] == [3]
    assert found("+.+") == [Streak(0, 0, True), Streak(2, 2, True)]
    assert found("") == []


def test_a_trade_across_a_long_gap_belongs_to_no_run() -> None:
    assert found("+++", [1, 5, 1]) == [Streak(0, 2, True)]
    assert found("+++", [1, 6, 1]) == [Streak(0, 0, True), Streak(2, 2, True)]


@given(st.text("+-. ", max_size=40))
def test_the_runs_are_the_blocks_of_equal_signs(text: str) -> None:
    blocks, at = [], 0
    for sign, some in groupby(text):
        size = len(list(some))
        if sign in "+-":
            blocks.append(Streak(at, at + size - 1, sign == "+"))
        at += size
    assert found(text) == blocks


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.integers(1, 9)), max_size=40))
def test_runs_do_not_meet_and_mirror_when_all_is_turned_round(days: list[tuple[int, int]]) -> None:
    gaps = [gap for _, gap in days]
    runs = streaks({at: sign for at, (sign, _) in enumerate(days)}, gaps)
    turned = streaks({at: -sign for at, (sign, _) in enumerate(days)}, gaps)
    assert [(one.first, one.last, not one.is_buy) for one in runs] == [
        (one.first, one.last, one.is_buy) for one in turned
    ]
    for one, following in pairwise(runs):
        assert one.last < following.first
    counted = sum(1 for sign, gap in days if sign and gap <= 5)
    assert sum(one.files for one in runs) == counted
