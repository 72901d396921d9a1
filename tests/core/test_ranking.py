"""How events become items and how loudly each is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.core import ranking
from monitor.core.model import AssetClass, Event, Interval, Kind, Severity
from monitor.core.ranking import Group, Standings, groups, kind_of, score, severity
from tests.core.samples import D, absence, day, event

SOMEONE = Standings(held_by_others=False, held_before=True, absence=None, index_only=False, gap=False)


def standings(**changed: Any) -> Standings:
    values = {"held_by_others": False, "held_before": True, "absence": None, "index_only": False, "gap": False}
    return Standings(**(values | changed))


def points(*events: Event, direction: str = ranking.IN, **changed: Any) -> int:
    group = Group("s", direction, events)
    told = standings(**changed)
    return score(group, kind_of(group, told), told)


def quiet(kind: Kind, fund: str = "LANA", **changed: Any) -> Event:
    """An event worth nothing but its kind."""
    return event(kind, fund, **({"weight_after": D(0), "value": D(0), "weight_before": D(0)} | changed))


def test_with_files_of_one_fund_nothing_is_first_or_last_at_the_issuer() -> None:
    assert points(quiet(Kind.INITIATED), held_before=False) == 45
    assert points(quiet(Kind.INITIATED), held_before=False, alone=True) == 25
    left = quiet(Kind.EXITED, maximum_weight=D(1))
    assert points(left, direction=ranking.OUT) == 35
    assert points(left, direction=ranking.OUT, alone=True) == 20


def test_a_line_that_only_grew_to_matter_is_told_quietly() -> None:
    grown = quiet(Kind.INITIATED, shares_before=D(10_000), shares_after=D(20_000))
    fresh = quiet(Kind.INITIATED, shares_before=D(9_999), shares_after=D(20_000))
    assert (points(grown, held_before=False), points(fresh, held_before=False)) == (15, 45)


def test_entries_and_exits_in_a_crowd_wait_for_the_digest() -> None:
    assert points(quiet(Kind.INITIATED), held_before=False, crowd=9) == 45
    assert points(quiet(Kind.INITIATED), held_before=False, crowd=10) == 15
    grown = quiet(Kind.INCREASED, value=D(10_000_000))
    assert points(grown, direction=ranking.UP, crowd=10) == points(grown, direction=ranking.UP)


@pytest.mark.parametrize(
    ("currency", "value", "expected"), [("USD", 10**9, 15), ("KRW", 10**10, 4), ("XYZ", 10**12, 0)]
)
def test_sums_weigh_by_their_rough_worth_in_dollars(currency: str, value: int, expected: int) -> None:
    assert points(quiet(Kind.RESUMED, currency=currency, value=D(value))) == expected


def test_a_possible_conversion_scores_like_a_doubtful_exit() -> None:
    left = quiet(Kind.POSSIBLE_CONVERSION, weight_before=D("0.6"), value=D(-50_000_000), confidence="low")
    assert points(left, direction=ranking.EXCHANGE) == round(20 + 12 + 5 * 1.69897 - 15)


# --- groups ---------------------------------------------------------------------------------------


def test_entries_of_all_kinds_make_one_group_and_other_directions_their_own() -> None:
    events = [
        event(Kind.INITIATED),
        event(Kind.RESUMED, "LANB"),
        event(Kind.RE_ENTERED, "LANC"),
        event(Kind.EXITED, "LAND"),
        event(Kind.SPLIT),
        event(Kind.INCREASED),
        event(Kind.DECREASED),
    ]
    found = {g.direction: [e.fund for e in g.events] for g in groups(events, {})}
    assert found == {
        "in": ["LANA", "LANB", "LANC"],
        "out": ["LAND"],
        "SPLIT": ["LANA"],
        "up": ["LANA"],
        "down": ["LANA"],
    }


def test_sessions_and_securities_are_told_apart_and_linked_ones_together() -> None:
    events = [
        event(),
        event(fund="LANB", pos_session=Interval(day(2), day(2))),
        event(fund="LANC", security="old"),
        event(fund="LAND", security="x"),
    ]
    assert [[e.fund for e in g.events] for g in groups(events, {"old": "cusip:55501A105"})] == [
        ["LANA", "LANC"],
        ["LANB"],
        ["LAND"],
    ]


def test_without_sessions_the_files_date_groups() -> None:
    unknown = Interval(None, None)
    events = [
        event(pos_session=unknown),
        event(fund="LANB", pos_session=unknown),
        event(fund="LANC", pos_session=unknown, as_of=day(9)),
    ]
    assert [len(g.events) for g in groups(events, {})] == [2, 1]


@pytest.mark.parametrize(
    ("kinds", "before", "kind"),
    [
        ([Kind.INITIATED], False, Kind.INITIATED_AT_ISSUER),
        ([Kind.RESUMED, Kind.INITIATED], True, Kind.INITIATED),
        ([Kind.RESUMED, Kind.RE_ENTERED, Kind.INITIATED], True, Kind.RE_ENTERED),
        ([Kind.RESUMED], True, Kind.RESUMED),
    ],
)
def test_the_kind_of_an_entry(kinds: list[Kind], before: bool, kind: Kind) -> None:
    assert kind_of(Group("s", ranking.IN, tuple(map(event, kinds))), standings(held_before=before)) is kind


def test_other_directions_keep_their_kind() -> None:
    assert kind_of(Group("s", ranking.OUT, (event(Kind.EXITED),)), SOMEONE) is Kind.EXITED


# --- terms ----------------------------------------------------------------------------------------


def test_bases_of_entries() -> None:
    assert points(quiet(Kind.INITIATED), held_before=False) == 45
    assert points(quiet(Kind.INITIATED)) == 25
    assert points(quiet(Kind.RESUMED, absence=absence(5))) == 0


@pytest.mark.parametrize(("sessions", "expected"), [(0, 20), (21, 32), (63, 44), (536, 65), (5_000, 65), (None, 20)])
def test_a_reentry_counts_by_the_length_of_the_absence(sessions: int | None, expected: int) -> None:
    assert points(quiet(Kind.RE_ENTERED, absence=absence(sessions))) == pytest.approx(
        expected, abs=11 if sessions == 536 else 0.5
    )


def test_the_best_base_of_the_funds_counts() -> None:
    assert points(quiet(Kind.RE_ENTERED, absence=absence(21)), quiet(Kind.INITIATED, "LANA")) == 32
    assert points(quiet(Kind.RE_ENTERED, absence=None), quiet(Kind.INITIATED)) == 25


@pytest.mark.parametrize(
    ("others", "maximum", "expected"),
    [(False, "0.5", 35), (True, "0.5", 20), (False, "0.49", 10), (True, "0.49", 0), (False, None, 10)],
)
def test_bases_of_exits(others: bool, maximum: str | None, expected: int) -> None:
    gone = quiet(Kind.EXITED, maximum_weight=None if maximum is None else D(maximum))
    assert points(gone, direction=ranking.OUT, held_by_others=others) == expected


@pytest.mark.parametrize(("weight", "more"), [("0.25", 5), ("1", 20), ("7", 20)])
def test_the_weight_counts_up_to_one_percent(weight: str, more: int) -> None:
    assert points(quiet(Kind.INITIATED, weight_after=D(weight))) == 25 + more
    gone = quiet(Kind.EXITED, weight_before=D(weight), maximum_weight=D(1))
    assert points(gone, direction=ranking.OUT) == 35 + more


@pytest.mark.parametrize(
    ("value", "more"), [(None, 0), (1, 0), (10**6, 0), (10**7, 5), (-(10**8), 10), (10**9, 15), (10**12, 15)]
)
def test_the_value_counts_by_its_size(value: int | None, more: int) -> None:
    assert points(quiet(Kind.INITIATED, value=None if value is None else D(value))) == 25 + more


@pytest.mark.parametrize(("funds", "more"), [(1, 0), (2, 6), (4, 18), (6, 18)])
def test_every_further_fund_counts_up_to_the_fourth(funds: int, more: int) -> None:
    assert points(*(quiet(Kind.INITIATED, f"LAN{n}") for n in range(funds))) == 25 + more


def test_what_makes_an_item_doubtful_is_subtracted() -> None:
    first = quiet(Kind.INITIATED)
    assert points(first, held_before=False, index_only=True) == 15
    assert points(first, gap=True) == 10
    assert points(quiet(Kind.INITIATED, confidence="low")) == 10
    assert points(quiet(Kind.INITIATED, confidence="low"), gap=True) == 10
    assert points(first, gap=True, index_only=True) == 0


def test_the_terms_say_what_the_score_is_made_of() -> None:
    back = event(Kind.RE_ENTERED, absence=absence(304), weight_after=D("0.5"), value=D(10_000_000))
    first = event(Kind.INITIATED, "LANB", weight_after=D("0.2"), value=D(0))
    group, told = Group("s", ranking.IN, (back, first)), standings(gap=True)
    found = ranking.terms(group, kind_of(group, told), told)
    assert [(term.name, round(term.points, 2)) for term in found] == [
        ("re-entry", 65.0),
        ("weight", 10.0),
        ("value", 5.0),
        ("funds", 6.0),
        ("doubt", -15.0),
    ]
    assert found[0].how == "20 + min(45, 12 × log₂(1 + 304/21))"
    assert score(group, kind_of(group, told), told) == round(sum(term.points for term in found))


def test_terms_that_come_below_nothing_are_a_score_of_nothing() -> None:
    assert ranking.total([ranking.Term("doubt", -15.0, "")]) == 0
    assert ranking.total([]) == 0


def resized(active: int | None, after: int | None, weight: str | None, kind: Kind = Kind.INCREASED) -> int:
    one = event(
        kind,
        shares_before=None if after is None or active is None else D(after - active),
        shares_after=None if after is None else D(after),
        active_shares=None if active is None else D(active),
        weight_after=None if weight is None else D(weight),
        value=D(0),
    )
    return points(one, direction=ranking.UP if kind is Kind.INCREASED else ranking.DOWN)


@pytest.mark.parametrize(
    ("active", "after", "weight", "expected"),
    [
        (10_000, 20_000, "2", 30 + 25),  # 100 bp, half of the position
        (5_000, 20_000, "2", 15 + 12),  # 50 bp, a quarter
        (100, 20_000, "2", 0),  # 1 bp, half a percent
        (500, 1_000, "0.1", 2 + 12),  # 5 bp weigh half of the position half
        (-20_000, 20_000, "2", 30 + 25),
        (None, 20_000, "2", 0),
        (100, None, "2", 0),
        (100, 100, None, 0),
    ],
)
def test_a_size_change_counts_by_its_share_of_fund_and_position(
    active: int | None, after: int | None, weight: str | None, expected: int
) -> None:
    kind = Kind.DECREASED if active is not None and active < 0 else Kind.INCREASED
    assert resized(active, after, weight, kind) == pytest.approx(expected, abs=1)


def test_what_is_no_position_scores_by_its_value_only() -> None:
    assert points(quiet(Kind.SPLIT), direction="SPLIT") == 0


@pytest.mark.parametrize(
    ("points_", "loud"),
    [(60, Severity.HIGH), (59, Severity.NORMAL), (40, Severity.NORMAL), (39, Severity.LOW), (0, Severity.LOW)],
)
def test_severities(points_: int, loud: Severity) -> None:
    assert severity(points_) is loud


# --- contracts, bonds, notes ----------------------------------------------------------------------

COPPER = "future:HG COMDTY"


def contract_points(*events: Event, direction: str, security: str = COPPER, **changed: Any) -> int:
    told = standings(**changed)
    group = Group(security, direction, events)
    return score(group, kind_of(group, told), told)


def test_notes_of_a_day_are_one_group_over_all_securities() -> None:
    events = [
        event(Kind.ROLLED, security="future:B"),
        event(Kind.ROLLED, "LANB", security="future:A"),
        event(Kind.CASH_VEHICLE, security="cash:A"),
        event(Kind.MATURED, security="a"),
        event(Kind.MATURED, security="b"),
    ]
    found = [(g.direction, g.security, len(g.events)) for g in groups(events, {"future:B": "future:C"})]
    assert found == [("CASH_VEHICLE", "cash:A", 1), ("ROLLED", "future:C", 2), ("MATURED", "a", 1), ("MATURED", "b", 1)]


def test_turning_long_and_turning_short_are_told_apart() -> None:
    events = [event(Kind.FLIPPED, active_shares=D(5)), event(Kind.FLIPPED, "LANB", active_shares=D(-5))]
    assert [g.direction for g in groups(events, {})] == ["long", "short"]


def test_the_exposure_of_a_contract_counts_a_tenth() -> None:
    gone = quiet(Kind.EXITED, weight_before=D("-5"), maximum_weight=D(5))
    assert contract_points(gone, direction=ranking.OUT) == 35 + 10
    turned = quiet(Kind.FLIPPED, weight_before=D(5), weight_after=D(-2))
    assert contract_points(turned, direction=ranking.SHORT) == 30 + 10


def test_sizes_of_contracts_and_currency_forwards_wait_for_the_digest() -> None:
    sized = quiet(Kind.DECREASED, weight_after=D(-40), shares_before=D(-48), shares_after=D(-90), active_shares=D(-42))
    assert contract_points(sized, direction=ranking.DOWN) == 39
    hedge = quiet(Kind.INITIATED, weight_after=D(99))
    assert contract_points(hedge, direction=ranking.IN, security="forward:EUR/USD", held_before=False) == 39
    assert contract_points(quiet(Kind.RESUMED), direction=ranking.IN, security="forward:EUR/USD") == 0


def test_the_first_of_an_issue_is_worth_the_first_in_a_fund() -> None:
    first, gone = quiet(Kind.INITIATED), quiet(Kind.EXITED, maximum_weight=D(1))
    assert points(first, held_before=False, asset_class=AssetClass.BOND) == 25
    assert points(first, held_before=False) == 45
    assert points(gone, direction=ranking.OUT, asset_class=AssetClass.BOND) == 20


def test_events_of_one_fund_are_told_in_the_order_of_their_places() -> None:
    rolls = [replace(event(Kind.ROLLED, security=f"future:{n}"), key=f"E{9 - n}", place=f"E{n}") for n in (2, 1)]
    (group,) = groups(rolls, {})
    assert [one.security for one in group.events] == ["future:1", "future:2"]
    assert group.security == "future:1"
