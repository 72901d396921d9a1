"""When a position begins, ends and waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import spells
from monitor.core.model import AssetClass, Interval, Position
from monitor.core.spells import FileFacts, Point, Spell, Step, advance, baseline, is_held_afresh, is_material
from monitor.core.splits import Split
from tests.core.samples import D, day, position

ROOT = "cusip:55501A105"


def held(shares: object, weight: str | None, value: int | None = 500_000, **changed: Any) -> Position:
    return position(
        ROOT, shares, weight=None if weight is None else D(weight), value=None if value is None else D(value), **changed
    )


def facts(at: int, *, warned: bool = False, gap: int = 1, resolution: str = "0") -> FileFacts:
    return FileFacts(day(at), day(at), Interval(day(at), day(at)), gap, warned, D(resolution))


def point(at: int, shares: object, weight: str | None = "1", value: int | None = 500_000) -> Point:
    return Point(
        day(at), day(at), D(str(shares)), None if value is None else D(value), None if weight is None else D(weight)
    )


@pytest.mark.parametrize(
    ("one", "material"),
    [
        (held(1, "0.05"), True),
        (held(1, "0.0499"), False),
        (held(1, "0.02", 1_000_000), True),
        (held(1, "0.0199", 1_000_000), False),
        (held(1, "0.02", 999_999), False),
        (held(1, "0.03", None), False),
        (held(0, "5"), False),
        (held(-3, "5"), True),
        (held(-3, "-5"), True),
        (held(-3, "0", asset_class=AssetClass.FUTURE), True),
        (held(0, "0", 0, asset_class=AssetClass.FUTURE), False),
        (held(1, None), False),
        (held(1, "5", asset_class=AssetClass.COIN), True),
        (held(1, "5", asset_class=AssetClass.CASH), False),
        (held(1, "5", asset_class=AssetClass.RIGHT), False),
    ],
)
def test_what_is_material(one: Position, material: bool) -> None:
    assert is_material(one) is material


@pytest.mark.parametrize(
    ("one", "counts"),
    [
        (held(1, "0.02"), True),
        (held(1, "0.0199"), False),
        (held(0, "1"), False),
        (held(1, None), False),
        (held(1, "1", asset_class=AssetClass.CASH), False),
        (held(-1, "0", asset_class=AssetClass.SWAP), True),
    ],
)
def test_what_counts_as_held_when_nothing_is_known_of_before(one: Position, counts: bool) -> None:
    assert is_held_afresh(one) is counts


def test_the_first_file_opens_censored_spells() -> None:
    after = {"a": held(1, "0.02"), "b": held(1, "0.01"), "c": held(1, "3", asset_class=AssetClass.CASH)}
    (opening,) = baseline(after, facts(0)).opened
    assert opening.root == "a"
    assert opening.spell == Spell(ROOT, day(0), Interval(None, day(0)), day(0), D(1), True)


def step(track: Sequence[Point], after: Position | None, *, splits: Sequence[Split] = (), **changed: Any) -> Step:
    """One more file for a spell with this track."""
    last = track[-1]
    before = {ROOT: held(last.shares, None if last.weight is None else str(last.weight))} if last.shares else {}
    spell = Spell(ROOT, day(0), Interval(day(0), day(0)), day(0), track[0].shares, False)
    return advance(
        {ROOT: spell},
        before,
        {} if after is None else {ROOT: after},
        {ROOT: track},
        {ROOT: splits},
        [],
        facts(len(track), **changed),
    )


BIG = [point(0, 20_000), point(1, 20_000)]


def test_a_held_position_goes_on() -> None:
    assert step(BIG, held(19_000, "0.9")) == Step()


def test_one_file_ends_a_position_that_was_large_in_the_file_before() -> None:
    (closing,) = step(BIG, None).closed
    end = closing.ending
    assert (end.day, end.exit_file, end.exit_session) == (day(2), day(2), day(2))
    assert (end.last, end.material, end.peak, end.left, end.files) == (BIG[1], BIG[1], BIG[1], D(0), 2)
    assert end.maximum_weight == 1
    assert closing.position is None


@pytest.mark.parametrize(
    ("shares", "weight", "ended"),
    [
        (1_000, "0.0199", True),
        (1_001, "0.0199", False),
        (1_000, "0.02", False),
        (1_000, None, False),
        (0, "0", True),
        (-5, "0", True),
    ],
)
def test_a_crumb_is_small_in_the_fund_and_beside_its_peak(shares: int, weight: str | None, ended: bool) -> None:
    assert bool(step(BIG, held(shares, weight)).closed) is ended


def test_the_size_of_the_crumb_is_kept() -> None:
    (closing,) = step(BIG, held(300, "0.01")).closed
    assert (closing.ending.left, closing.position) == (D(300), held(300, "0.01"))


@pytest.mark.parametrize("weight", ["0.02", "0.019", None])
def test_a_small_line_needs_two_files_to_end(weight: str | None) -> None:
    track = [point(0, 2_000), point(1, 400, weight)]
    assert step(track, None).closed == ()
    (closing,) = step([*track, point(2, 0, None, None)], None).closed
    assert (closing.ending.day, closing.ending.exit_file, closing.ending.last) == (day(3), day(2), track[1])


def test_a_line_of_more_than_a_fiftieth_percent_needs_one() -> None:
    assert step([point(0, 2_000), point(1, 400, "0.0201")], None).closed


def test_a_file_with_warnings_needs_a_second_one() -> None:
    assert step(BIG, None, warned=True).closed == ()
    gone = [*BIG, point(2, 0, None, None)]
    (closing,) = step(gone, None, warned=True).closed
    assert closing.ending.exit_file == day(2)


def test_a_position_that_returns_before_the_second_file_never_ended() -> None:
    gone = [*BIG, point(2, 0, None, None)]
    assert step(gone, held(20_000, "1")) == Step()


def test_what_waited_as_a_crumb_is_quoted_as_left() -> None:
    waiting = [*BIG, point(2, 500, "0.01")]
    (closing,) = step(waiting, held(100, "0.001")).closed
    assert (closing.ending.exit_file, closing.ending.left) == (day(2), D(500))


def test_not_listed_below_the_resolution_is_not_gone() -> None:
    small = [point(0, 2_000), point(1, 400, "0.015"), point(2, 0, None, None)]
    assert step(small, None, resolution="0.005").closed == ()
    assert step(small, held(50, "0.001"), resolution="0.005").closed != ()
    assert step(small, None).closed != ()
    assert step(BIG, None, resolution="0.005").closed != ()


def test_only_the_last_sixty_files_make_the_peak_a_crumb_is_measured_by() -> None:
    old = [point(0, 100_000), *(point(n, 4_000, "0.1") for n in range(1, 61))]
    assert step(old, held(1_000, "0.01")).closed == ()
    assert step(old[:60], held(1_000, "0.01")).closed != ()


def test_splits_count_in_peaks_and_sizes() -> None:
    three = [Split(ROOT, day(1), Fraction(3), "whole ratio", "")]
    track = [point(0, 20_000), point(1, 59_000)]
    (closing,) = step(track, held(2_900, "0.01"), splits=three).closed
    assert (closing.ending.peak.shares, closing.ending.peak.as_of) == (D(60_000), day(0))
    assert closing.ending.last.shares == D(59_000)


def test_the_last_material_file_is_told_from_the_last_file() -> None:
    track = [point(0, 20_000), point(1, 900, "0.03"), point(2, 800, "0.021", 1_000_000), point(3, 700, "0.0205")]
    (closing,) = step(track, None).closed
    assert (closing.ending.material, closing.ending.last) == (track[2], track[3])
    (other,) = step([point(0, 900, "0.03"), point(1, 900, "0.03", None)], None).closed
    assert other.ending.material == other.ending.last


def test_a_spell_that_was_never_more_than_a_crumb_waits() -> None:
    assert step([point(0, 0, None, None)], None).closed == ()


# --- contracts ------------------------------------------------------------------------------------

GROUP = "future:HG COMDTY"


def contract_step(track: Sequence[Point], after: Position | None, *, warned: bool = False) -> Step:
    spell = Spell(GROUP, day(0), Interval(None, day(0)), day(0), D(-5), True)
    now = {GROUP: after} if after is not None else {}
    at = facts(len(track), warned=warned)
    return advance({GROUP: spell}, {}, now, {GROUP: track}, {}, [], at)


def test_a_group_of_contracts_lasts_while_anything_of_it_is_listed() -> None:
    short = [point(0, -5, "-2"), point(1, -40, "-9")]
    assert contract_step(short, held(-1, "-0.001", asset_class=AssetClass.FUTURE)) == Step()
    (closing,) = contract_step(short, None).closed
    assert (closing.ending.peak.shares, closing.ending.last.shares) == (D(-40), D(-40))
    assert closing.ending.maximum_weight == 9
    (zero,) = contract_step(short, held(0, "0", 0, asset_class=AssetClass.FUTURE)).closed
    assert zero.ending.left == 0


def test_a_doubtful_file_does_not_end_a_group_of_contracts() -> None:
    short = [point(0, -5, "0", 0), point(1, -5, "0", 0)]
    assert contract_step(short, None, warned=True) == Step()
    (closing,) = contract_step([*short, point(2, 0, None, None)], None, warned=True).closed
    assert closing.ending.exit_file == day(2)
    assert contract_step([point(0, 0, None, None)], None) == Step()


# --- openings and crumbs --------------------------------------------------------------------------


def opens(after: Position, gap: int = 1) -> bool:
    return bool(advance({}, {}, {ROOT: after}, {}, {}, [], facts(1, gap=gap)).opened)


def test_a_material_line_opens_a_spell() -> None:
    (opening,) = advance({}, {}, {ROOT: held(20_000, "0.05")}, {}, {}, [], facts(1)).opened
    assert opening.spell == Spell(ROOT, day(1), Interval(day(1), day(1)), day(1), D(20_000), False)


@pytest.mark.parametrize(
    ("weight", "gap", "opened"),
    [("0.05", 1, True), ("0.03", 1, False), ("0.03", 5, False), ("0.03", 6, True), ("0.019", 6, False)],
)
def test_after_a_blind_gap_less_is_enough(weight: str, gap: int, opened: bool) -> None:
    assert opens(held(20_000, weight), gap) is opened


def test_crumbs_that_go_are_named() -> None:
    after = {"kept": held(10, "0.001"), "new": held(20_000, "1")}
    found = advance({}, {}, after, {}, {}, ["kept", "new", "gone"], facts(1))
    assert found.vanished == ("gone",)


def test_only_lines_small_or_missing_before_or_now_need_their_past() -> None:
    big, small = held(20_000, "1"), held(5, "0.01")
    before = {"steady": big, "fell": big, "rose": small, "gone": big}
    after = {"steady": big, "fell": small, "rose": big, "back": big}
    assert spells.suspects(["steady", "fell", "rose", "gone", "back"], before, after) == [
        "back",
        "fell",
        "gone",
        "rose",
    ]


# --- a whole life ---------------------------------------------------------------------------------


def live(sizes: Sequence[int]) -> list[tuple[str, int, int]]:
    """Takes one security through files: ("in" or "out", file, file that settled it). 100 shares weigh 0.1 %."""

    def seen(shares: int) -> Position | None:
        return held(shares, str(D(shares) / 1000)) if shares else None

    said: list[tuple[str, int, int]] = []
    first = {ROOT: p} if (p := seen(sizes[0])) else {}
    open_ = {o.root: o.spell for o in baseline(first, facts(0)).opened}
    if open_:
        said.append(("in", 0, 0))
    track: list[Point] = [point(0, sizes[0], str(D(sizes[0]) / 1000))]
    for at in range(1, len(sizes)):
        before, after = seen(sizes[at - 1]), seen(sizes[at])
        found = advance(
            open_, {ROOT: before} if before else {}, {ROOT: after} if after else {}, {ROOT: track}, {}, [], facts(at)
        )
        days = {day(n): n for n in range(at + 1)}
        for opening in found.opened:
            said.append(("in", days[opening.spell.first_file], at))
            open_[opening.root], track = opening.spell, []
        for closing in found.closed:
            said.append(("out", days[closing.ending.exit_file], at))
            del open_[closing.root]
        track.append(point(at, sizes[at], str(D(sizes[at]) / 1000) if after else None))
    return said


SIZES = st.lists(st.sampled_from([0, 0, 1, 5, 15, 19, 30, 60, 400, 3_000]), min_size=2, max_size=30)


@given(SIZES)
def test_entries_and_exits_alternate(sizes: list[int]) -> None:
    kinds = [kind for kind, _, _ in live(sizes)]
    assert kinds == ["in" if at % 2 == 0 else "out" for at in range(len(kinds))]


@given(SIZES)
def test_spells_cover_exactly_the_files_held(sizes: list[int]) -> None:
    """Every material file lies in a spell; a file outside is a crumb, gone, or not yet material again; and a file
    inside that is crumb or gone stands alone or waits at the very end (the two-file rule)."""
    changes = live(sizes)
    inside = [False] * len(sizes)
    for n, (kind, start, _) in enumerate(changes):
        if kind == "in":
            stop = changes[n + 1][1] if n + 1 < len(changes) else len(sizes)
            inside[start:stop] = [True] * (stop - start)
    for at, shares in enumerate(sizes):
        if shares >= 50:
            assert inside[at]
        if shares == 0 and inside[at] and at + 1 < len(sizes):
            assert inside[at + 1]
            assert sizes[at + 1] > 0


@given(SIZES)
def test_an_exit_is_settled_by_its_own_file_or_the_next_one(sizes: list[int]) -> None:
    assert all(settled - at in (0, 1) for kind, at, settled in live(sizes) if kind == "out")


@given(st.integers(0, 3_000), st.integers(2, 9))
def test_the_same_file_again_changes_nothing(shares: int, files: int) -> None:
    assert live([shares] * files) in ([], [("in", 0, 0)]) or 0 < shares < 50
    assert replace(held(5, "1")) == held(5, "1")


def weighed(at: int, weight: str) -> Point:
    """A line of a file that prints weights only."""
    return Point(day(at), day(at), None, None, D(weight))


def test_weights_alone_open_a_position() -> None:
    assert is_material(held(None, "0.05"))
    assert not is_material(held(None, "0.04", None))
    assert not is_material(held(None, "0"))


@pytest.mark.parametrize(("left", "ends"), [("0.01", True), ("0.019", False), ("0.5", False), (None, True)])
def test_weights_alone_end_a_position(left: str | None, ends: bool) -> None:
    track = [weighed(0, "0.2"), weighed(1, "0.3")]
    found = step(track, None if left is None else held(None, left, None))
    assert bool(found.closed) is ends
    if ends:
        (closing,) = found.closed
        assert (closing.ending.last.shares, closing.ending.peak.weight) == (None, D("0.3"))


def test_a_crumb_of_weight_waits_for_its_removal() -> None:
    track = [weighed(0, "0.4"), weighed(1, "0.01")]
    (closing,) = step(track, None, warned=True).closed
    assert (closing.ending.exit_file, closing.ending.left) == (day(1), None)


RUNS = st.tuples(
    st.sampled_from([1, 2, 30, 59, 60, 61, 90]),
    st.sampled_from([D(0), D(40), D(900), D(20_000), None]),
    st.sampled_from(["0.001", "0.01", "0.02", "1", None]),
)
AFTER = st.none() | st.builds(
    held, st.sampled_from([0, 40, 900, 20_000]), st.sampled_from(["0.001", "0.01", "1", None])
)


@given(
    st.lists(RUNS, min_size=1, max_size=5),
    AFTER,
    st.booleans(),
    st.sampled_from(["0", "0.005"]),
    st.sampled_from([ROOT, GROUP]),
    st.booleans(),
)
def test_the_last_files_of_a_spell_say_whether_it_goes_on(
    runs: list[tuple[int, Any, str | None]], after: Position | None, warned: bool, below: str, root: str, split: bool
) -> None:
    track = [point(0, 1, weight) for length, _, weight in runs for _ in range(length)]
    counts = [shares for length, shares, _ in runs for _ in range(length)]
    first = day(0)
    track = [replace(p, shares=counts[n], as_of=first + timedelta(days=n)) for n, p in enumerate(track)]
    now = replace(facts(0, warned=warned, resolution=below), as_of=first + timedelta(days=len(track)))
    known = [Split(root, first + timedelta(days=50), Fraction(10), "whole ratio", "")] if split else []
    recent = track[-spells.RECENT :]
    if len(track) > len(recent) and not spells.asks_for_more(root, after, recent, known, now):
        assert spells._ending_of(root, after, recent, known, now) is None
        assert spells._ending_of(root, after, track, known, now) is None
