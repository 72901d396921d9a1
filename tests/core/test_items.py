"""The item people are told: headline, caveat, table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor.core import items, ranking
from monitor.core.items import Backdrop, Other
from monitor.core.model import Arrival, Coverage, Event, Evidence, Interval, Item, Kind, Severity
from monitor.core.ranking import Group, Standings
from tests.core.samples import NOW, D, absence, day, event, plain, position

RECORDS = Coverage(day(0), day(9), 10, 9, 1, Interval(day(3), day(3)), 1)


def make(
    *events: Event,
    direction: str = ranking.IN,
    others: dict[str, Other] | None = None,
    holder: str = "",
    telling: int = 1,
    unit: str = "shares",
    security: str = "cusip:55501A105",
    kin: tuple[str, ...] = (),
    per_unit: bool = False,
    **changed: Any,
) -> Item:
    values = {"held_by_others": False, "held_before": True, "absence": None, "index_only": False, "gap": False}
    told = Standings(**(values | changed))
    name = "QUILLON ROBOTICS INC (QLN)"
    backdrop = Backdrop(
        "lantern",
        "Lantern",
        name,
        others or {},
        told,
        RECORDS,
        day(telling),
        holder,
        unit=unit,
        kin=kin,
        per_unit=per_unit,
    )
    return items.make(Group(security, direction, events), backdrop)


def test_the_first_position_of_an_issuer() -> None:
    item = make(event(), held_before=False)
    assert item.kind is Kind.INITIATED_AT_ISSUER
    assert item.headline == (
        "LANA opens QUILLON ROBOTICS INC (QLN), first Lantern position in our records: 20,000 shares, $2.0M"
    )
    assert item.caveat.startswith("Our records of the one fund of Lantern we have files of begin 2026-01-05; 90 %")
    assert item.claim == f"{item.headline}. {item.caveat}"


def test_the_first_position_of_a_fund_owns_up_to_the_other_funds() -> None:
    one = make(event())
    assert "the first time in our records of this fund" in one.headline
    assert one.caveat == "Other Lantern funds hold or held it."
    assert "the first time in our records of these funds" in make(event(), event(fund="LANB")).headline


def test_several_funds_are_counted_and_named() -> None:
    assert make(event(), event(fund="LANB")).headline.startswith("Two Lantern funds (LANA, LANB) open QUILLON")
    many = make(*(event(fund=f"LA{n}") for n in range(9)))
    assert many.headline.startswith("9 Lantern funds (LA0, LA1,")
    assert plain(many.active_shares, many.value) == (180_000, 18_000_000)


def test_a_size_change_says_whether_flows_were_taken_out() -> None:
    changed = (("flow_factor", "1.02000000"),)
    assert " beyond the flows" in make(event(Kind.INCREASED, factors=changed), direction=ranking.UP).headline
    whole = event(Kind.INCREASED, factors=(*changed, ("line_factor", "1.00000000")))
    assert "flows" not in make(whole, direction=ranking.UP).headline


def test_a_list_of_one_creation_unit_says_so() -> None:
    assert make(event(), per_unit=True).caveat.startswith("The file lists one creation unit, not the whole fund.")
    assert "creation unit" not in make(event()).caveat


def test_another_line_of_the_company_is_named() -> None:
    printed = make(event(), kin=("LANB QUILLON ROBOTICS (9988)", "LANC QUILLON ROBOTICS (9988)"))
    assert printed.caveat.startswith(
        "Another line of the company is held: LANB QUILLON ROBOTICS (9988), LANC QUILLON ROBOTICS (9988)."
    )


def test_files_of_weights_are_told_in_weights() -> None:
    unknown: dict[str, Any] = {"active_shares": None, "shares_after": None, "value": None, "weight_after": D("0.430")}
    assert make(event(**unknown)).headline.endswith(": 0.43 % of the fund")
    assert make(event(**unknown), event(fund="LANB", **unknown)).headline.endswith(": 0.43 % of a fund at most")
    left = event(Kind.EXITED, **(unknown | {"weight_before": D("1.20"), "weight_after": None}))
    assert make(left, direction=ranking.OUT).headline.endswith(": 1.2 % of the fund before")
    assert make(event(**(unknown | {"weight_after": None}))).headline.endswith(": unknown shares, value unknown")


def test_a_return_after_an_absence_of_the_whole_issuer() -> None:
    whole = absence(300, longest_gap_sessions=9, uncovered_sessions=9, longest_gap=Interval(day(1), day(9)))
    item = make(event(Kind.RE_ENTERED, absence=absence(500)), absence=whole, holder="LANQ")
    assert ", first seen since 2026: 20,000 shares" in item.headline
    assert item.absence == whole
    assert item.caveat.startswith(
        "The one fund of Lantern we have files of: last material holding after the close of 2026-01-05 (LANQ, 15,000"
    )
    assert "without files" in item.caveat


def test_a_return_of_some_funds_quotes_the_shortest_absence_and_the_funds() -> None:
    item = make(
        event(Kind.RE_ENTERED, absence=absence(50)),
        event(Kind.RE_ENTERED, "LANB", absence=absence(40)),
        event(Kind.RE_ENTERED, "LANC", absence=absence(None)),
        holder="LANQ",
    )
    assert item.absence == absence(40)
    assert ", LANB first since 2026-01-05: " in item.headline
    assert item.caveat.startswith("LANB: last material")
    assert "LANQ" not in item.caveat


def test_a_fund_that_never_held_it_does_not_reopen_it() -> None:
    back, new = event(Kind.RE_ENTERED, absence=absence(50)), event(fund="LANB")
    mixed = make(back, new)
    assert "Two Lantern funds (LANA, LANB) open or reopen QUILLON" in mixed.headline
    assert ", LANA first since" in mixed.headline
    whole = make(back, new, absence=absence(50))
    assert "funds (LANA, LANB) reopen QUILLON ROBOTICS INC (QLN), first since" in whole.headline


def test_the_first_time_of_funds_says_how_far_their_records_reach() -> None:
    other = Coverage(day(2), day(9), 8, 8, 0, None, 0, D("0.005"))
    item = make(event(records=RECORDS), event(fund="LANB", records=RECORDS), event(fund="LANC", records=other))
    assert item.caveat == (
        "Our records of LANA and LANB begin 2026-01-05; 90 % of the sessions since have a file of every fund then"
        " publishing, the longest gap is 1 session. Our records of LANC begin 2026-01-07; 100 % of the sessions since"
        " have a file. Lines under 0.01 % were not published. Other Lantern funds hold or held it."
    )


def test_schedules_are_named_beside_the_sessions_they_narrowed() -> None:
    inside = event(witnessed="Held on 2026-01-06.", pos_session=Interval(day(1), day(2)), shown=day(9))
    assert "in sessions 2026-01-06 … 2026-01-07: no files between. Held on 2026-01-06." in make(inside).caveat
    assert inside.told_for == day(9)


def test_verbs_of_other_changes() -> None:
    gone = event(Kind.EXITED, shares_before=D(20_000), shares_after=D(0), active_shares=D(-20_000), value=D(-2_000_000))
    left = make(gone, direction=ranking.OUT)
    assert left.headline == "LANA no longer holds QUILLON ROBOTICS INC (QLN): 20,000 shares, $2.0M"
    assert left.caveat == "The files do not say why it left."
    assert "LANA adds to QUILLON" in make(event(Kind.INCREASED), direction=ranking.UP).headline
    assert (
        "funds (LANA, LANB) reduce QUILLON"
        in make(event(Kind.DECREASED), event(Kind.DECREASED, "LANB"), direction=ranking.DOWN).headline
    )
    assert "LANA resumes QUILLON" in make(event(Kind.RESUMED, absence=absence(3))).headline


def test_a_change_that_is_no_trade_keeps_the_words_of_its_event() -> None:
    item = make(event(Kind.SPLIT, claim="three for one", active_shares=None, value=None), direction="SPLIT")
    assert (item.headline, item.claim, item.caveat, item.score, item.severity) == (
        "three for one",
        "three for one",
        "",
        0,
        Severity.LOW,
    )


def test_an_interval_is_owned_up_to() -> None:
    item = make(event(pos_session=Interval(day(1), day(4))), gap=True)
    assert "It happened in sessions 2026-01-06 … 2026-01-09: no files between." in item.caveat
    assert "no files" not in make(event(pos_session=Interval(None, day(4)))).caveat


def test_unknown_parts_make_sums_unknown() -> None:
    item = make(event(), event(fund="LANB", value=None, active_shares=None))
    assert plain(item.value, item.active_shares, item.shares_after) == (None, None, 40_000)
    assert item.headline.endswith(": 40,000 shares, value unknown")


def test_an_opening_is_told_with_the_whole_position() -> None:
    grown = event(shares_before=D(18_000), active_shares=D(2_000))
    assert ": 20,000 shares, $2.0M" in make(grown).headline
    short = event(shares_after=D(-3), active_shares=D(-3), value=D(-300_000))
    assert make(short, unit="contracts").headline.startswith("LANA opens a short position in QUILLON")
    assert ": 3 contracts, $300,000" in make(short, unit="contracts").headline


def test_what_other_funds_hold_stands_beside_it() -> None:
    others = {
        "LANC": Other(None),
        "LANB": Other(position(shares=7)),
        "LAND": Other(position(shares=0), day(0)),
        "LANE": Other(position(shares=9), day(0)),
    }
    item = make(event(), others=others)
    assert [(p.fund, p.kind, p.holds, p.shares_after, p.note) for p in item.others] == [
        ("LANB", None, True, 7, ""),
        ("LANC", None, False, None, ""),
        ("LAND", None, False, None, "its last file is dated 2026-01-05"),
        ("LANE", None, True, 9, "its last file is dated 2026-01-05"),
    ]
    assert [(p.fund, p.kind, p.holds) for p in item.funds] == [("LANA", Kind.INITIATED, True)]


def test_dates_and_evidence_span_all_events() -> None:
    lines = tuple(Evidence(fund, day(1), "0" * 64, "not listed") for fund in ("LANA", "LANB"))
    early = event(published_from=NOW, published_to=NOW + timedelta(hours=2), evidence=lines[:1], weight_after=D(2))
    late = event(
        fund="LANB",
        as_of=day(2),
        day=day(2),
        known_at=NOW + timedelta(days=1),
        published_from=NOW - timedelta(hours=1),
        published_to=NOW + timedelta(hours=1),
        pos_session=Interval(day(2), day(2)),
        evidence=lines[1:],
        arrival=Arrival.HISTORY,
        confidence="low",
    )
    item = make(early, late)
    assert (item.as_of, item.day, item.known_at, item.pos_session) == (
        day(2),
        day(2),
        NOW + timedelta(days=1),
        Interval(day(1), day(2)),
    )
    assert (item.published_from, item.published_to) == (NOW - timedelta(hours=1), NOW + timedelta(hours=2))
    assert item.evidence == lines
    assert plain(item.weight_after, item.weight_before) == (2, None)
    assert (item.arrival, item.confidence) == (Arrival.LIVE, "low")
    assert make(late).arrival is Arrival.HISTORY
    assert make(event()).published_to is None


def test_the_key_names_issuer_security_direction_and_session() -> None:
    item = make(event())
    assert item.key == make(event(fund="LANB", weight_after=D(3))).key
    others = [make(event(Kind.EXITED), direction=ranking.OUT), make(event(pos_session=Interval(day(2), day(2))))]
    assert len({item.key, *(i.key for i in others)}) == 3


def test_the_same_change_settled_by_another_day_is_another_item() -> None:
    assert make(event()).key != make(event(), telling=2).key
    assert make(event(pos_session=Interval(None, None))).pos_session == Interval(None, None)


@pytest.mark.parametrize(("loud", "immediate"), [({"held_before": False}, True), ({"gap": True}, False)])
def test_high_and_normal_are_told_at_once(loud: dict[str, Any], immediate: bool) -> None:
    assert (make(event(), **loud).severity is not Severity.LOW) is immediate


# --- contracts and notes --------------------------------------------------------------------------

COPPER: dict[str, Any] = {"security": "future:HG COMDTY", "unit": "contracts"}


def test_a_size_of_contracts_is_told_as_a_signed_delta() -> None:
    grown = event(Kind.DECREASED, shares_before=D(-48), shares_after=D(-60), active_shares=D(-12))
    assert make(grown, direction=ranking.DOWN, **COPPER).headline == (
        "LANA changes QUILLON ROBOTICS INC (QLN) by -12 contracts; -48 before, -60 now"
    )
    both = [event(Kind.INCREASED, fund, active_shares=D(1)) for fund in ("LANA", "LANB")]
    assert "(LANA, LANB) change QUILLON ROBOTICS INC (QLN) by +2 contracts" in (
        make(*both, direction=ranking.UP, **COPPER).headline
    )


def test_an_unknown_size_of_contracts_is_told_like_any_other() -> None:
    unknown = event(Kind.INCREASED, active_shares=None)
    assert "adds to" in make(unknown, direction=ranking.UP, **COPPER).headline


def test_a_turned_position_says_which_way() -> None:
    turned = event(Kind.FLIPPED, shares_before=D(50), shares_after=D(-30), active_shares=D(-80), value=D(-8_000))
    one = make(turned, direction=ranking.SHORT, **COPPER)
    assert one.headline == ("LANA turns short in QUILLON ROBOTICS INC (QLN): 80 contracts, $8,000; 50 before, -30 now")
    late = event(Kind.FLIPPED, fund="LANB", pos_session=Interval(day(1), day(4)))
    assert "turn long in" in make(turned, late, direction=ranking.LONG, **COPPER).headline
    assert "no files between" in make(late, direction=ranking.LONG, **COPPER).caveat


def test_rolls_of_a_day_are_one_note_that_names_each() -> None:
    rolls = [event(Kind.ROLLED, fund, claim=f"{fund}: A into B") for fund in ("LANA", "LANB")]
    rolls += [event(Kind.ROLLED, "LANC", claim=f"LANC: roll {n}") for n in range(13)]
    item = make(*rolls, direction="ROLLED", **COPPER)
    assert item.headline.startswith("LANA, LANB: A into B; LANC: roll 0; LANC: roll 1; ")
    assert item.headline.endswith("; LANC: roll 10; and 2 more")
    assert (item.severity, item.score) == (Severity.LOW, 0)
