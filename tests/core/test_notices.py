"""What is no trade: rolls, flips, sizes without a flow, rights, cash vehicles, maturities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.core import identity, notices, spells
from monitor.core.events import Scene
from monitor.core.flows import Flow
from monitor.core.model import AssetClass, Event, Interval, Kind, Line, Position
from monitor.core.spells import FileFacts, Point
from tests.core.samples import CALENDAR, D, by_key, day, event, line, position, scene


def future(month: str, shares: int, root: str = "HG", name: str = "COPPER FUTURE") -> Line:
    code = f"{root}{month}"
    return line(f"{name} {month}", ticker=f"{code} Comdty", identifier=code, shares=D(shares), value=D(1000 * shares))


def positions(*lines: Line) -> dict[str, Position]:
    return by_key(*identity.positions_of("LANA", lines))


def between(before: Sequence[Line], after: Sequence[Line], **changed: Any) -> Scene:
    return scene(positions(*before), positions(*after), **changed)


def words(found: Sequence[notices.Notice]) -> list[str]:
    return [f"{one.event.kind}: {one.event.claim}" for one in found]


def everything(at: Scene) -> list[notices.Notice]:
    held = [root for root in at.positions_after if root in at.positions_before]
    return [
        *notices.rolls(at),
        *notices.flips(at, held),
        *notices.sizes(at, held),
        *notices.rights(at, ()),
        *notices.vehicles(at),
    ]


# --- contracts ------------------------------------------------------------------------------------


def test_a_roll_is_one_note_and_no_size_change() -> None:
    at = between([future("N6", 37)], [future("Q6", 37)])
    assert words(everything(at)) == [
        "ROLLED: LANA: HGN6 COMDTY rolled into HGQ6 COMDTY in session 2026-01-06, 37 contracts"
    ]


def test_a_rounded_roll_says_both_counts_and_a_resized_one_is_a_size_change() -> None:
    (rounded,) = everything(between([future("N6", 100)], [future("Q6", 99)]))
    assert rounded.event.claim.endswith("99 contracts after 100")
    (resized,) = everything(between([future("N6", 100)], [future("Q6", 90)]))
    assert resized.event.kind is Kind.DECREASED


def test_a_roll_of_exposure_alone_names_no_count() -> None:
    (one,) = everything(between([exposure("N6")], [exposure("Q6")]))
    assert one.event.claim == "LANA: HGN6 COMDTY rolled into HGQ6 COMDTY in session 2026-01-06"


def exposure(month: str) -> Line:
    return line(f"COPPER FUTURE {month}", ticker=f"HG{month} Comdty", shares=D(0), value=D(9000))


def test_a_roll_in_steps_is_told_when_the_old_month_has_gone() -> None:
    steps = [[future("N6", 37)], [future("N6", 20), future("Q6", 17)], [future("Q6", 37)]]
    assert words(everything(between(steps[0], steps[1]))) == []
    (done,) = everything(between(steps[1], steps[2]))
    assert done.event.claim.startswith("LANA: HGN6 COMDTY rolled into HGQ6 COMDTY")


def test_options_are_replaced_as_a_group() -> None:
    old = line("QUILLON", ticker="QLN 260320C100", identifier="", shares=D(-340), value=D(-1))
    new = line("QUILLON", ticker="QLN 260327C105", identifier="", shares=D(-300), value=D(-1))
    (one,) = everything(between([old], [new]))
    assert one.event.kind is Kind.ROLLED
    assert "QLN 260320C100 replaced by QLN 260327C105" in one.event.claim


def test_long_to_short_is_a_signed_change_without_percentage() -> None:
    (one,) = everything(between([future("V6", 50)], [future("V6", -30)]))
    assert (one.event.kind, one.event.active_shares) == (Kind.FLIPPED, D(-80))
    assert "from long to short" in one.event.claim
    assert "50 before, -30 contracts now (-80)" in one.event.claim
    assert "%" not in one.event.claim
    (back,) = everything(between([future("V6", -30)], [future("V6", 1)]))
    assert "from short to long" in back.event.claim
    assert "1 contract now (+31)" in back.event.claim


def test_only_what_was_held_before_can_turn() -> None:
    at = between([future("V6", 50)], [future("V6", -30)])
    assert list(notices.flips(at, ())) == []
    assert notices.sizes(at, ()) == []


def test_the_net_of_a_spread_is_no_direction() -> None:
    spread = [future("N6", 50), future("Q6", -30)]
    assert words(everything(between(spread, [future("N6", 30), future("Q6", -50)]))) == []


def test_currency_forwards_neither_turn_nor_change_size() -> None:
    one = line("EUR/USD 03/09/2026", ticker="", identifier="A1", shares=D(500), value=D(5))
    other = line("EUR/USD 03/09/2026", ticker="", identifier="A1", shares=D(-90), value=D(5))
    assert words(everything(between([one], [other]))) == []
    assert words(everything(between([one], [line(one.name, ticker="", identifier="A1", shares=D(90))]))) == []


def test_a_size_of_contracts_is_a_signed_delta() -> None:
    (one,) = everything(between([future("N6", -48)], [future("N6", -44)]))
    assert (one.event.kind, one.event.active_shares, one.event.value) == (Kind.INCREASED, D(4), D(4000))
    assert "by +4 in session 2026-01-06: -48 before, -44 contracts now" in one.event.claim


def test_a_size_the_flow_explains_is_not_told() -> None:
    grown = Flow(1.03, 1, 1.0, True)
    assert everything(between([future("N6", 55)], [future("N6", 57)], flow=grown)) == []
    assert len(everything(between([future("N6", 55)], [future("N6", 60)], flow=grown))) == 1
    assert len(everything(between([future("N6", 55)], [future("N6", 57)], flow=Flow()))) == 1
    assert everything(between([future("N6", 55)], [future("N6", 57)], flow=Flow(), published=1.03)) == []


def test_quantities_that_are_not_printed_change_nothing() -> None:
    blank = line("COPPER FUTURE N6", ticker="HGN6 Comdty", shares=None, value=D(5))
    assert everything(between([blank], [blank])) == []


def test_a_resizing_of_most_contracts_is_one_note() -> None:
    roots = ("HG", "CL", "GC", "LC", "SB", "ES", "NX", "CD")
    before = [future("N6", 10, root) for root in roots]
    after = [future("N6", 10 if at < 3 else 20, root) for at, root in enumerate(roots)]
    (one,) = everything(between(before, after))
    assert one.event.kind is Kind.REBALANCE
    assert "LANA re-sized 5 of 8 contracts" in one.event.claim
    assert len(everything(between(before, [*after[:5], *before[5:]]))) == 2


def test_a_short_position_in_shares_is_sized_too() -> None:
    at = between([line(shares=D(-500))], [line(shares=D(-400))])
    (one,) = everything(at)
    assert "by +100" in one.event.claim
    assert "-400 shares now" in one.event.claim
    assert everything(between([line(shares=D(500))], [line(shares=D(400))])) == []  # the flow's business
    (turned,) = everything(between([line(shares=D(500))], [line(shares=D(-400))]))
    assert turned.event.kind is Kind.FLIPPED


# --- bonds ----------------------------------------------------------------------------------------


def bond(par: int, tag: str = "") -> Line:
    return line(f"TREASURY NOTE {tag}3.875 06/30/2030", ticker="", shares=D(par), value=D(par))


def test_a_bond_that_ages_or_pays_back_changes_nothing() -> None:
    assert everything(between([bond(1000, "(OTR) ")], [bond(1000, "(OLD) ")])) == []
    assert everything(between([bond(1000)], [bond(985)])) == []


def test_a_larger_change_of_par_is_told_with_its_share() -> None:
    (one,) = everything(between([bond(1000)], [bond(1500)]))
    assert one.event.kind is Kind.INCREASED
    assert "by +500 (+50.0 %)" in one.event.claim
    assert "1,500 par now" in one.event.claim


def departed(known: Position, left: Event) -> Event:
    at = scene(by_key(known), {})
    return notices.ending(left, known, at, CALENDAR)


def test_a_bond_gone_at_its_maturity_has_matured() -> None:
    left = event(Kind.EXITED, active_shares=D(-1000))
    due = position(name=f"TREASURY BILL {day(3):%m/%d/%Y}", ticker="", asset_class=AssetClass.BOND)
    found = departed(due, left)
    assert (found.kind, found.active_shares, found.value) == (Kind.MATURED, None, None)
    assert found.key != left.key
    assert "matured" in found.claim
    later = position(name=f"TREASURY BILL {day(90):%m/%d/%Y}", ticker="", asset_class=AssetClass.BOND)
    assert departed(later, left) is left


def test_options_gone_at_their_expiry_have_expired() -> None:
    left = event(Kind.EXITED)
    code = f"QLN {day(1):%y%m%d}C100"
    due = position("option:QLN:CALL", -5, name="QUILLON", ticker=code, asset_class=AssetClass.OPTION)
    assert departed(due, left).kind is Kind.MATURED
    later = position(
        "option:QLN:CALL", -5, name="QUILLON", ticker="QLN 270115C100", asset_class=AssetClass.OPTION, identifier=""
    )
    assert departed(later, left) is left
    assert departed(position(), left) is left


# --- rights and cash ------------------------------------------------------------------------------


def test_a_right_that_comes_or_goes_is_a_corporate_action() -> None:
    right = line("QUILLON - place holdershares", ticker="", identifier="DNB7", shares=D(143))
    came, went = between([], [right]), between([right], [])
    assert words(everything(came)) == [
        "CORPORATE_ACTION: LANA lists QUILLON - place holdershares in session 2026-01-06, 143 shares:"
        " a right, a placeholder or an unregistered line, not told as a trade"
    ]
    assert "no longer lists" in everything(went)[0].event.claim
    assert list(notices.rights(came, list(came.positions_after))) == []


def test_a_line_whose_class_changes_with_its_name_neither_came_nor_went() -> None:
    one = line("QUILLON ROBOTICS INC WT", ticker="QLNW")
    other = line("QUILLON ROBOTICS INC", ticker="QLNW")
    assert words(everything(between([one], [other]))) == []


def cash(code: str, name: str, amount: int = 900) -> Line:
    return line(name, ticker="", identifier=code, shares=D(amount), value=D(amount))


def test_a_replaced_sweep_vehicle_is_one_note() -> None:
    old, new = cash("X9USDOLD", "MILLPOND GOVT INSTL"), cash("X9USDNEW", "GOLDWATER GOVT CASH FUND")
    assert words(everything(between([old], [new]))) == [
        "CASH_VEHICLE: LANA: cash is kept in GOLDWATER GOVT CASH FUND instead of MILLPOND GOVT INSTL"
    ]
    assert everything(between([old], [old, new])) == []
    assert everything(between([old, new], [new])) == []


def test_currencies_come_and_go_unnoticed() -> None:
    assert everything(between([cash("GBP", "GREAT BRITISH POUND")], [cash("EUR", "EURO")])) == []
    assert everything(between([cash("GBP", "GREAT BRITISH POUND", 0)], [])) == []


# --- properties -----------------------------------------------------------------------------------

FUND = st.dictionaries(
    st.sampled_from(["HG", "CL", "GC", "LC", "SB"]), st.integers(-300, 300).filter(bool), min_size=1, max_size=5
)


@given(FUND)
def test_a_whole_fund_that_rolls_changes_nothing_else(fund: dict[str, int]) -> None:
    before = [future("N6", n, root) for root, n in fund.items()]
    after = [future("Q6", n, root) for root, n in fund.items()]
    found = everything(between(before, after))
    assert {one.event.kind for one in found} == {Kind.ROLLED}
    assert len(found) == len(fund)


@given(FUND)
def test_a_roll_of_equal_quantity_never_enters_or_leaves(fund: dict[str, int]) -> None:
    before = positions(*(future("N6", n, root) for root, n in fund.items()))
    after = positions(*(future("Q6", n, root) for root, n in fund.items()))
    at = FileFacts(day(1), day(1), Interval(day(1), day(1)), 1, False, D(0))
    opened = {o.root: o.spell for o in spells.baseline(before, at).opened}
    tracks = {root: [Point(day(0), day(0), p.shares, p.value, p.weight)] for root, p in before.items()}
    assert opened.keys() == before.keys()
    assert spells.advance(opened, before, after, tracks, {}, [], at) == spells.Step()


@given(FUND)
def test_a_file_beside_itself_says_nothing(fund: dict[str, int]) -> None:
    lines = [future("N6", n, root) for root, n in fund.items()]
    assert everything(between(lines, lines)) == []


def test_an_unknown_interval_is_said_so() -> None:
    (one,) = everything(between([future("N6", 37)], [future("Q6", 37)], interval=Interval(None, None)))
    assert "37 contracts" in one.event.claim
