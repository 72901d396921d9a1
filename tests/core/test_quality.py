"""The gates: each just inside, at and just outside its limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.core import quality, sides
from monitor.core.model import AssetClass, Line, Position, Standing, UnreadRow
from monitor.core.quality import Comparison, Finding
from tests.core.samples import MONDAY, D, day, holdings, line, position

Said = list[tuple[str, bool]]


def lines(count: int = 20, without: int = 0) -> list[Line]:
    return [line(identifier=f"{n:03}", shares=None if n < without else D(100)) for n in range(count)]


def positions(count: int = 20, **changed: Any) -> list[Position]:
    return [position(f"cusip:{n:03}", 100, weight=D(100) / count, **changed) for n in range(count)]


def form(
    *,
    of: list[Line] | None = None,
    held: list[Position] | None = None,
    latest: int | None = None,
    fund: str = "LANA",
    **changed: Any,
) -> Said:
    """What the gates say of a file dated Monday and known that day: gate, and whether it holds the file."""
    file = holdings(*(lines() if of is None else of), **changed)
    known = positions() if held is None else held
    seen = None if latest is None else MONDAY + timedelta(days=latest)
    found = quality.form(file, known, expected_fund=fund, known_on=MONDAY, latest=seen)
    return [(f.gate, f.holds) for f in found]


@pytest.mark.parametrize(("days", "holds"), [(3, False), (4, False), (5, True)])
def test_a_list_may_bear_the_date_of_the_next_session_however_long_the_weekend(days: int, holds: bool) -> None:
    known = MONDAY - timedelta(days=days)
    found = quality.form(
        holdings(*lines()),
        positions(),
        expected_fund="LANA",
        known_on=known,
        latest=None,
        following=known + timedelta(days=4),
    )
    assert [one.gate for one in found if one.holds] == (["as_of"] if holds else [])


def test_a_good_file_passes_every_gate() -> None:
    assert form() == []


@pytest.mark.parametrize(("wrong", "words"), [(1, "under no identifier"), (3, ", and 2 more")])
def test_an_identifier_of_two_securities_is_a_warning(wrong: int, words: str) -> None:
    doubled = [position(f"local:LANA:55501A105/Q{n}", 100, identifier="55501A105", weight=D(0)) for n in range(wrong)]
    file = holdings(*lines())
    found = quality.form(file, [*positions(), *doubled], expected_fund="LANA", known_on=MONDAY, latest=None)
    assert [(f.gate, f.holds) for f in found] == [("conflict", False)]
    assert found[0].text.endswith(words)


def test_an_unknown_column_order_holds_the_file_and_an_extra_column_does_not() -> None:
    assert form(warnings=("unknown column order: a, b",)) == [("header", True)]
    assert form(warnings=("extra columns: duration",)) == [("header", False)]
    assert form(warnings=("the closing text is missing: the file may have been cut short",)) == [("rows", False)]


@pytest.mark.parametrize(("days", "said"), [(0, []), (3, []), (4, [("as_of", True)])])
def test_a_file_from_the_future_is_held(days: int, said: Said) -> None:
    assert form(as_of=MONDAY + timedelta(days=days)) == said


@pytest.mark.parametrize(("days", "said"), [(None, []), (0, []), (14, []), (15, [("as_of", True)])])
def test_a_file_much_older_than_the_latest_is_held(days: int | None, said: Said) -> None:
    assert form(latest=days) == said


def test_two_dates_in_one_file_hold_it() -> None:
    assert form(dates=(MONDAY, MONDAY + timedelta(days=1))) == [("as_of", True)]


def test_the_fund_named_in_the_file_must_be_the_one_expected() -> None:
    assert form(fund="LANB") == [("fund", True)]
    assert form(fund="") == []
    assert (
        quality.form(holdings(*lines(), fund=""), positions(), expected_fund="LANA", known_on=MONDAY, latest=None) == []
    )


@pytest.mark.parametrize(("without", "said"), [(0, []), (1, [("numbers", False)]), (2, [("numbers", True)])])
def test_lines_without_a_share_count(without: int, said: Said) -> None:
    assert form(of=lines(20, without)) == said


@pytest.mark.parametrize(("unread", "said"), [(1, [("rows", False)]), (2, [("rows", True)])])
def test_rows_that_could_not_be_read(unread: int, said: Said) -> None:
    rows = tuple(UnreadRow(n, "???", "no number") for n in range(unread))
    assert form(unread=rows) == said


def test_a_negative_count_is_noted_for_shares_only() -> None:
    odd = positions()
    odd[3] = replace(odd[3], shares=D(-5), value=None)
    assert form(held=odd) == [("numbers", False)]
    odd[3] = replace(odd[3], asset_class=AssetClass.SWAP)
    assert form(held=odd) == []


@pytest.mark.parametrize(
    ("twice", "said"),
    [(0, []), (1, [("duplicates", False)]), (3, [("duplicates", False)]), (4, [("duplicates", True)])],
)
def test_a_security_listed_twice_is_summed_and_a_block_listed_twice_held(twice: int, said: Said) -> None:
    assert form(held=[replace(p, lines=2 if at < twice else 1) for at, p in enumerate(positions())]) == said


def test_lots_of_one_security_are_no_block_where_an_issuer_lists_them_so() -> None:
    assert form(held=positions(lines=2), lots=True) == []


def test_a_list_without_holdings_is_held_until_somebody_accepts_it() -> None:
    assert form(of=[], held=[]) == [("rows", True)]


@pytest.mark.parametrize(("stated", "said"), [(None, []), (20, []), (21, [("rows", True)]), (19, [("rows", False)])])
def test_fewer_lines_than_the_issuer_states_hold_a_file(stated: int | None, said: Said) -> None:
    assert form(stated_lines=stated) == said


def test_a_line_that_was_not_understood_is_no_missing_line() -> None:
    assert form(of=lines(19), stated_lines=20, unread=(UnreadRow(3, "?", "why"),)) == [("rows", False)]


def test_the_value_of_options_may_be_notional() -> None:
    held = [*positions(19, value=D(100)), position("option:x", -5, weight=D(-10), value=D(900))]
    held[-1] = replace(held[-1], asset_class=AssetClass.OPTION)
    assert ("weight-value", True) not in form(held=held)


def test_cash_may_be_listed_as_often_as_the_issuer_likes() -> None:
    assert form(held=positions(lines=2, asset_class=AssetClass.CASH)) == []


@pytest.mark.parametrize(
    ("total", "said"),
    [
        ("89.99", [("weights", True)]),
        ("90", [("weights", False)]),
        ("96.99", [("weights", False)]),
        ("97", []),
        ("103", []),
        ("103.01", [("weights", False)]),
        ("110", [("weights", False)]),
        ("110.01", [("weights", True)]),
    ],
)
def test_weights_sum_to_about_a_hundred(total: str, said: Said) -> None:
    assert form(held=[replace(p, weight=D(total) / 20, value=None) for p in positions()]) == said


def test_a_file_without_weights_or_values_is_not_weighed() -> None:
    assert form(held=positions(value=None)) == []
    assert form(held=[replace(p, weight=None) for p in positions()]) == []


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("1", []),
        ("1.01", [("weight-value", False)]),
        ("5", [("weight-value", False)]),
        ("5.01", [("weight-value", True)]),
    ],
)
def test_a_weight_far_from_the_lines_share_of_the_value(points: str, said: Said) -> None:
    off = positions()
    off[0] = replace(off[0], weight=D(5) + D(points))
    off[1] = replace(off[1], weight=D(5) - D(points))
    assert form(held=off) == said


# --- beside the previous file ---------------------------------------------------------------------


def pair(
    before: list[Position], after: list[Position], *, gap: int = 1, factor: float = 1.0, known: bool = True
) -> Said:
    compared = Comparison(sides.of({p.key: p for p in before}, {p.key: p for p in after}), gap, factor, known)
    return [(f.gate, f.holds) for f in quality.against(compared)]


def moved(held: list[Position], worth: str = "1.001") -> list[Position]:
    """The same lines at other prices."""
    return [replace(p, value=None if p.value is None else p.value * D(worth)) for p in held]


def test_a_usual_next_file_passes() -> None:
    assert pair(positions(), moved(positions())) == []


def rows_only(before: int, after: int, gap: int = 1) -> Said:
    old = [replace(p, value=None, weight=None) for p in positions(100)[:before]]
    return pair(old, [replace(p, shares=D(101), value=None, weight=None) for p in positions(100)[:after]], gap=gap)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (20, 16, []),
        (20, 24, []),
        (20, 15, [("rows", False)]),
        (20, 25, [("rows", False)]),
        (20, 10, [("rows", False)]),
        (20, 40, [("rows", False)]),
        (20, 9, [("rows", True)]),
        (20, 41, [("rows", True)]),
        (4, 1, [("rows", False)]),
        (0, 30, []),
    ],
)
def test_the_number_of_securities_changes_slowly(before: int, after: int, said: Said) -> None:
    assert rows_only(before, after) == said


def test_after_a_long_gap_the_number_of_securities_proves_nothing() -> None:
    assert rows_only(20, 9, quality.STALE_GAP) == [("rows", True)]
    assert rows_only(20, 9, quality.STALE_GAP + 1) == [("rows", False)]


@pytest.mark.parametrize(
    ("worth", "said"),
    [
        ("0.8", []),
        ("1.2", []),
        ("0.79", [("value", False)]),
        ("1.21", [("value", False)]),
        ("0.5", [("value", False)]),
        ("2", [("value", False)]),
        ("0.49", [("value", True)]),
        ("2.01", [("value", True)]),
    ],
)
def test_the_total_value_changes_slowly(worth: str, said: Said) -> None:
    assert value_only(worth) == said


def test_a_flow_or_a_gap_explains_a_jump_of_the_value() -> None:
    assert value_only("15", factor=15.0) == [("value", False)]
    assert value_only("15", factor=15.0, known=False) == [("value", True)]
    assert value_only("15", gap=5) == [("value", True)]
    assert value_only("15", gap=6) == [("value", False)]


def value_only(worth: str, **more: Any) -> Said:
    return [said for said in pair(positions(), moved(positions(), worth), **more) if said[0] == "value"]


@pytest.mark.parametrize(
    ("count", "slipped", "worth", "said"),
    [
        (20, 2, "1.5", []),
        (20, 3, "1.5", [("prices", True)]),
        (20, 3, "0.7", [("prices", True)]),
        (20, 3, "1.39", []),
        (40, 4, "1.5", []),
        (40, 5, "1.5", [("prices", True)]),
    ],
)
def test_prices_do_not_move_together(count: int, slipped: int, worth: str, said: Said) -> None:
    after = [*moved(positions(count)[:slipped], worth), *moved(positions(count)[slipped:])]
    assert [one for one in pair(positions(count), after) if one[0] == "prices"] == said
    assert not [one for one in pair(positions(count), after, gap=6) if one[0] == "prices"]


def test_many_new_tickers_or_names_under_old_identifiers_hold_the_file() -> None:
    def relabelled(count: int, **changed: str) -> list[Position]:
        after = moved(positions())
        return [replace(p, **changed) if at < count else p for at, p in enumerate(after)]  # type: ignore[arg-type]

    assert pair(positions(), relabelled(4, ticker="NEW")) == []
    assert pair(positions(), relabelled(5, ticker="NEW")) == [("labels", True)]
    assert pair(positions(), relabelled(5, name="475102682.60")) == [("labels", True)]
    assert pair(positions(3), [replace(p, ticker="NEW") for p in moved(positions(3))][:2]) != [("labels", True)]


def test_a_file_is_dated_on_a_session_of_a_living_fund() -> None:
    def said(**changed: Any) -> Said:
        usual: dict[str, Any] = {"is_session": True, "any_day": False, "inception": None}
        return [(f.gate, f.holds) for f in quality.dating(day(10), **{**usual, **changed})]

    assert said() == []
    assert said(is_session=False) == [("as_of", True)]
    assert said(is_session=False, any_day=True) == []
    assert said(inception=day(10) + timedelta(days=7)) == []
    assert said(inception=day(10) + timedelta(days=8)) == [("as_of", True)]


@pytest.mark.parametrize(
    ("count", "broken", "said"),
    [
        (20, 1, [("ids", False)]),
        (20, 2, [("ids", False)]),
        (20, 3, [("ids", True)]),
        (60, 3, [("ids", False)]),
        (60, 4, [("ids", True)]),
    ],
)
def test_identifiers_lost_in_number_hold_the_file(count: int, broken: int, said: Said) -> None:
    spoiled = [replace(p, key=f"local:LANA:{at}") if at < broken else p for at, p in enumerate(moved(positions(count)))]
    assert pair(positions(count), spoiled) == said


def test_new_lines_without_identifiers_spoil_nothing_when_none_vanished() -> None:
    assert pair(positions(), [*moved(positions()), position("local:LANA:x", 5, value=D(1))]) == []


def test_a_file_without_any_known_line_is_held() -> None:
    strangers = [replace(p, key=f"cusip:x{at}") for at, p in enumerate(moved(positions()))]
    assert ("ids", True) in pair(positions(), strangers)
    assert ("ids", True) not in pair(positions(), strangers, gap=quality.STALE_GAP + 1)
    assert ("ids", True) not in pair(positions(2), strangers[:2])
    assert ("ids", True) not in pair(positions(), [*strangers[:-1], positions()[0]])


def test_an_old_list_under_a_new_date_is_noted() -> None:
    assert pair(positions(), positions()) == [("stale", False)]
    assert pair(positions(), moved(positions())) == []


# --- verdicts -------------------------------------------------------------------------------------


def test_one_gate_that_holds_is_enough_and_the_rest_are_warnings() -> None:
    found = [Finding("rows", "few", True), Finding("stale", "same", False)]
    verdict = quality.verdict(found)
    assert verdict.standing is Standing.QUARANTINED
    assert [r.gate for r in verdict.reasons] == ["rows"]
    assert [r.gate for r in verdict.warnings] == ["stale"]
    assert quality.verdict(found[1:]).standing is Standing.ACCEPTED


def test_only_what_is_in_the_file_itself_lasts() -> None:
    assert quality.is_lasting([Finding("fund", "", True, True)])
    assert not quality.is_lasting([Finding("rows", "", True), Finding("numbers", "", False, True)])


@pytest.mark.parametrize(
    ("total", "said"),
    [(49, [("weights", True)]), (50, []), (84, []), (102, []), (104, [("weights", False)]), (111, [("weights", True)])],
)
def test_weights_may_sum_to_less_where_cash_is_not_listed(total: int, said: Said) -> None:
    held = [position(f"cusip:{n:03}", 100, weight=D(total) / 20) for n in range(20)]
    assert form(held=held, lists_cash=False) == said


def test_computed_weights_say_nothing_about_the_file() -> None:
    held = [position(f"cusip:{n:03}", 100, weight=D(15)) for n in range(20)]
    assert form(of=[line(identifier=f"{n:03}", weight=None) for n in range(20)], held=held) == []


def test_a_note_of_no_weight_and_large_value_moves_no_share_of_the_value() -> None:
    note = position("cash:NOTE", 1, value=D(200_000), weight=D(0), asset_class=AssetClass.CASH)
    assert form(held=[*positions(), note]) == []
    assert form(held=[*positions(), replace(note, weight=D("0.1"))]) == [("weight-value", True)]


def test_two_versions_that_differ_hold_the_file() -> None:
    assert form(warnings=("merge conflict: both list the same holdings",)) == [("header", False)]
    assert form(warnings=("unsettled merge conflict: they differ and the later one was read",)) == [("header", True)]


def held(*weights: float) -> list[Position]:
    return [position(f"cusip:{n:03}", 100 + n, weight=D(str(weight))) for n, weight in enumerate(weights)]


def cut(before: list[Position], after: list[Position], gap: int = 1) -> list[bool]:
    """Whether the gate over missing lines speaks, and whether it holds the file."""
    return [holds for gate, holds in pair(before, after, gap=gap) if gate == "cut"]


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ([5] * 20, []),
        ([5] * 18, []),  # two lines
        ([5] * 17, [True]),
        ([5.17] * 17, [True]),
        ([5.23] * 17, []),  # the others grew
        ([100 / 17] * 17, []),
        ([5] * 10, [True]),
    ],
)
def test_lines_that_take_their_weight_with_them_are_missing_and_not_sold(after: list[float], said: list[bool]) -> None:
    assert cut(held(*[5] * 20), held(*after)) == said


def test_missing_lines_must_weigh_something_and_be_many_of_the_list() -> None:
    assert cut(held(*[11] * 9, 0.3, 0.3, 0.3), held(*[11] * 9)) == []
    assert cut(held(*[11] * 9, 0.4, 0.4, 0.4), held(*[11] * 9)) == [True]
    assert cut(held(*[1] * 100), held(*[1] * 96)) == []
    assert cut(held(*[1] * 100), held(*[1] * 95)) == [True]
    assert cut(held(*[5] * 20), held(*[5] * 16), quality.STALE_GAP + 1) == [False]


def test_new_lines_speak_for_a_true_change_and_futures_for_nothing() -> None:
    before = held(*[5] * 20)
    new = [position(f"cusip:N{n}", 7, weight=D(1)) for n in range(2)]
    assert cut(before, [*held(*[5] * 17), *new]) == []
    assert cut(before, [*held(*[5] * 13), *new]) == [True]
    rolled = [replace(p, asset_class=AssetClass.FUTURE) for p in before]
    assert cut(rolled, rolled[:10]) == []


@pytest.mark.parametrize(
    ("unchanged", "counted", "idle", "files", "said"),
    [
        (20, 20, 0, 20, [("stale", False)]),
        (20, 20, 4, 100, [("stale", False)]),
        (20, 20, 5, 100, []),
        (20, 20, 0, 19, []),
        (19, 20, 0, 100, []),
        (7, 7, 0, 100, []),
    ],
)
def test_a_day_without_any_changed_count_is_doubted_where_that_is_rare(
    unchanged: int, counted: int, idle: int, files: int, said: Said
) -> None:
    listed = {p.key: p for p in positions()}
    found = quality.idling(Comparison(sides.of(listed, listed), 1, 1.0, True), unchanged, counted, idle, files)
    assert [(f.gate, f.holds) for f in found] == said


def test_a_day_on_which_a_line_came_is_no_repeated_day() -> None:
    listed = {p.key: p for p in positions()}
    more = listed | {"cusip:new": position("cusip:new")}
    renamed = {("cusip:new" if key == "cusip:003" else key): p for key, p in listed.items()}
    assert quality.idling(Comparison(sides.of(listed, more), 1, 1.0, True), 20, 20, 0, 100) == []
    assert quality.idling(Comparison(sides.of(listed, renamed), 1, 1.0, True), 19, 19, 0, 100) != []


@pytest.mark.parametrize(
    ("shares", "value", "weight", "said"),
    [
        (0, 50_000, "1", [("numbers", True)]),
        (-5, 50_000, "1", [("numbers", True), ("numbers", False)]),
        (0, 999, "1", []),
        (0, 50_000, "0.01", []),
        (-5, -50_000, "-1", [("numbers", False)]),
    ],
)
def test_a_line_that_contradicts_itself_holds_the_file(shares: int, value: int, weight: str, said: Said) -> None:
    wrong = position("cusip:x", shares, value=D(value), weight=D(weight))
    found = quality.form(holdings(*lines()), [wrong], expected_fund="LANA", known_on=MONDAY, latest=None)
    assert [(f.gate, f.holds) for f in found if f.gate == "numbers"] == said


def test_two_lines_that_exchanged_their_identifiers_hold_the_file() -> None:
    listed = [replace(p, ticker=f"T{at}", name=f"NAME {at} INC") for at, p in enumerate(positions())]
    swapped = [replace(p, ticker=listed[1 - at].ticker, name=listed[1 - at].name) for at, p in enumerate(listed[:2])]
    assert ("labels", True) in pair(listed, [*moved(swapped), *moved(listed[2:])])
    gone = moved([replace(listed[1], ticker="T0", name="NAME 0 INC")]) + moved(listed[2:])
    assert ("labels", True) not in pair(listed, gone)
    assert ("labels", True) not in pair(listed, moved(listed))


@pytest.mark.parametrize(("left", "holds"), [(1, True), (3, False)])
def test_half_a_list_of_a_fund_of_options_is_held_although_few_positions_are_gone(left: int, holds: bool) -> None:
    def calls(count: int) -> Position:
        written = "; ".join(f"QLN 26{month:02}18C00350000 -5" for month in range(1, count + 1))
        return position("option:QLN:CALL", -5 * count, asset_class=AssetClass.OPTION, identifier=written)

    cash = [position(f"cash:{n}", 1, asset_class=AssetClass.CASH) for n in range(2)]
    said = pair([calls(4), *cash], [calls(left)])
    assert [held for gate, held in said if gate == "rows"] == ([True] if holds else [])
