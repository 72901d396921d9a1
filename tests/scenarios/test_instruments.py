"""Days of a futures fund, a bond fund and a fund with rights: what is told of them, and what is not."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from monitor.rebuilding import rebuild
from monitor.sources.loading import parse_source
from monitor.store import schema as t
from monitor.store.engine import Engine
from tests.scenarios.stories import (
    FUND,
    LANTERN,
    QUILL,
    TOML,
    Change,
    File,
    Row,
    cusip,
    derived,
    events,
    file,
    items,
    load,
    portfolio,
    rows_of,
    session,
    standings,
    told,
)

VEHICLE = Row("Goldwater Government Obligations Fund 12/01/2031", "GWGXX", cusip("31846V33"), 20_000_000, 1.0)
ROOTS = ("HG", "CL", "GC", "LC", "SB", "NX", "CD", "JY", "US")


def future(root: str, month: str, contracts: int) -> Row:
    return Row(f"{root} FUTURE {month}", f"{root}{month} Comdty", f"{root}{month} COMDTY", contracts, 25_000.0)


def futures(month: str, **contracts: int) -> list[Row]:
    """Nine futures of one month, 20 contracts each, half of them short, and the vehicle the cash is in."""
    sizes = {root: 20 if at % 2 else -20 for at, root in enumerate(ROOTS)} | contracts
    return [VEHICLE, *(future(root, month, size) for root, size in sizes.items() if size)]


def days(*portfolios: Sequence[Row], fund: str = "LANA") -> list[File]:
    return [file(fund, n, rows) for n, rows in enumerate(portfolios)]


def short(found: Sequence[Change]) -> list[tuple[str, str, str]]:
    return [(c.kind, c.funds, str(c.body["security"]["ticker"] or c.body["security"]["name"])) for c in found]


# --- a futures fund -------------------------------------------------------------------------------


def test_a_fund_that_rolls_all_its_futures_says_so_once(stage: Engine) -> None:
    load(stage, days(futures("M6"), futures("M6"), futures("U6"), futures("U6")), alert=True)
    assert {standing for *_, standing in standings(stage)} == {"accepted"}
    assert [kind for kind, *_ in told(stage)] == ["ROLLED"] * 9
    assert {e.body["security"]["ticker"] for e in events(stage)} == {f"{root}U6 Comdty" for root in ROOTS}
    (item,) = items(stage)
    assert (item.kind, item.body["severity"]) == ("ROLLED", "low")
    assert item.body["headline"].count("rolled into") == 9


def test_two_months_held_together_are_one_position(lite: Engine) -> None:
    under_way = [*futures("M6", HG=-12), future("HG", "U6", -8)]
    load(lite, days(futures("M6"), under_way, [*futures("M6", HG=0), future("HG", "U6", -20)]))
    assert short(events(lite)) == [("ROLLED", "LANA", "HGU6 Comdty")]
    kept = {row["identifier"] for row in rows_of(lite, t.listing)}
    assert "HGM6 COMDTY -12; HGU6 COMDTY -8" in kept


def test_a_future_is_told_when_it_comes_goes_and_turns(lite: Engine) -> None:
    load(lite, days(futures("M6", SB=50, CL=0), futures("M6", SB=-30, CL=7), futures("U6", SB=-30, CL=0)))
    assert [(e.kind, e.body["security"]["ticker"]) for e in events(lite) if e.kind != "ROLLED"] == [
        ("FLIPPED", "SBM6 Comdty"),
        ("INITIATED", "CLM6 Comdty"),
        ("EXITED", "CLM6 Comdty"),
    ]
    flip = next(i for i in items(lite) if i.kind == "FLIPPED")
    assert (flip.body["shares_before"], flip.body["shares_after"], flip.body["active_shares"]) == (50, -30, -80)
    assert "turns short in SB FUTURE M6 (SBM6 Comdty): 80 contracts" in flip.body["headline"]
    assert "%" not in flip.body["headline"]


def test_sizes_of_futures_are_signed_and_quiet(lite: Engine) -> None:
    load(lite, days(futures("M6"), futures("M6", HG=-48)))
    (item,) = items(lite)
    assert (item.kind, item.body["severity"]) == ("DECREASED", "low")
    assert "changes HG FUTURE M6 (HGM6 Comdty) by -28 contracts; -20 before, -48 now" in item.body["headline"]


def test_a_resizing_of_most_futures_is_one_note(lite: Engine) -> None:
    other = futures("M6", **{root: 35 if at % 2 else -35 for at, root in enumerate(ROOTS)})
    load(lite, days(futures("M6"), other))
    assert [kind for kind, *_ in told(lite)] == ["REBALANCE"]


def test_a_roll_in_two_funds_is_one_item(lite: Engine) -> None:
    months = ("M6", "M6", "U6")
    load(lite, [file(fund, n, futures(m)) for n, m in enumerate(months) for fund in ("LANA", "LANB")])
    assert len(events(lite)) == 18
    (item,) = items(lite)
    assert item.funds == "LANA+LANB"


def test_options_that_expire_and_are_replaced_are_no_trade(lite: Engine) -> None:
    def call(number: int, strike: int) -> Row:
        return Row("QUILLON CALL", f"QLN {session(number):%y%m%d}C{strike}", "", -340, 50.0)

    weeks = [call(2, 100), call(2, 100), call(7, 105)]
    load(lite, days(*(portfolio(one) for one in weeks), portfolio(call(7, 105)), portfolio(), portfolio()))
    assert [(kind, at) for kind, _, _, at in told(lite)] == [("ROLLED", 2), ("MATURED", 4)]
    assert {i.body["severity"] for i in items(lite)} == {"low"}


# --- a bond fund ----------------------------------------------------------------------------------


def bonds(tag: str = "", **par: int) -> list[Row]:
    """Twelve bonds of one par, and a Treasury note whose name ages."""
    made = [
        Row(f"ISSUER {letter} {at + 2}.5 06/15/20{at + 30}", "", cusip(f"4{at:02}11B2A"), 1_000_000, 0.9)
        for at, letter in enumerate("ABCDEFGHIJKL")
    ]
    made.append(Row(f"TREASURY NOTE {tag}3.875 06/30/2030", "", cusip("91282CNK"), 2_000_000, 1.01))
    return [replace(row, shares=par.get(row.name[7], row.shares)) for row in made if par.get(row.name[7], 1)]


def test_a_bond_that_ages_or_pays_back_says_nothing(stage: Engine) -> None:
    load(stage, days(bonds("(OTR) "), bonds("(OLD) "), bonds("(2OLD) "), bonds(A=985_000), bonds(A=971_000)))
    assert told(stage) == []
    assert {standing for *_, standing in standings(stage)} == {"accepted"}


def test_a_bond_comes_and_goes_like_a_position_and_matures_like_none(lite: Engine) -> None:
    bill = Row(f"TREASURY BILL 0 {session(4):%m/%d/%Y}", "", cusip("912797QX"), 3_000_000, 1.0)
    rows = [bonds(A=0), [*bonds(), bill], [*bonds(), bill], bonds(), bonds(B=0)]
    load(lite, days(*rows))
    assert [(c.kind, c.body["security"]["name"]) for c in events(lite)] == [
        ("INITIATED", "ISSUER A 2.5 06/15/2030"),
        ("INITIATED", bill.name),
        ("MATURED", bill.name),
        ("EXITED", "ISSUER B 3.5 06/15/2031"),
    ]
    first, gone = events(lite)[0], events(lite)[-1]
    assert "1,000,000 par" in first.body["claim"]
    assert "left the portfolio" in gone.body["claim"]
    assert next(i for i in items(lite) if i.kind == "MATURED").body["severity"] == "low"


def test_the_first_number_of_an_issue_is_replaced(lite: Engine) -> None:
    first = Row("NEWLY ISSUED 5.25 01/15/2036", "", cusip("BGE6QXQ5"), 190_000, 1.0)
    real = replace(first, name="NEWLY ISSUED 5.375 01/15/2036", identifier=cusip("78017TAB"))
    load(lite, days([*bonds(), first], [*bonds(), first], [*bonds(), real]))
    assert [kind for kind, *_ in told(lite)] == ["IDENTIFIER_CHANGE"]


def test_a_larger_change_of_par_is_told_and_most_at_once_as_one_note(lite: Engine) -> None:
    load(lite, days(bonds(), bonds(C=1_500_000)))
    (item,) = items(lite)
    assert (item.kind, item.body["active_shares"]) == ("INCREASED", 500_000)
    assert "500,000 par" in item.body["headline"]
    grown = dict.fromkeys("ABCDEFGHIJKL", 1_100_000)
    load(lite, [file("LANB", 0, bonds()), file("LANB", 1, bonds("", **grown))])
    assert [e.kind for e in events(lite) if e.funds == "LANB"] == ["REBALANCE"]


def test_the_month_of_a_pool_to_be_announced_is_ignored(lite: Engine) -> None:
    august = Row("UMBS TBA 30YR 5.5 8/13/2026", "", cusip("01F05268"), 4_000_000, 0.98)
    september = replace(august, name="UMBS TBA 30YR 5.5 9/14/2026", identifier=cusip("01F05269"))
    load(lite, days([*bonds(), august], [*bonds(), september], [*bonds(), august, september]))
    assert [(e.kind, e.body["security"]["name"]) for e in events(lite)] == [("INCREASED", august.name)]
    assert {row["key"] for row in rows_of(lite, t.security) if row["key"].startswith("tba")} == {"tba:UMBS 30YR 5.5"}


# --- rights ---------------------------------------------------------------------------------------


def test_a_placeholder_is_a_corporate_action_and_no_position(lite: Engine) -> None:
    line = Row("Quillon Bio - place holdershares", "", "DNBQ7", 14_000)
    load(lite, days(portfolio(), portfolio(line), portfolio(line), portfolio()))
    assert [(kind, at) for kind, _, _, at in told(lite)] == [("CORPORATE_ACTION", 1), ("CORPORATE_ACTION", 3)]
    assert {i.body["severity"] for i in items(lite)} == {"low"}
    assert "not told as a trade" in items(lite)[0].body["headline"]


def test_a_short_position_opens_turns_and_closes(lite: Engine) -> None:
    sizes = [0, -20_000, -20_000, 15_000, 0]
    load(lite, days(*(portfolio(*([replace(QUILL, shares=s)] if s else [])) for s in sizes)))
    assert [(kind, at) for kind, _, _, at in told(lite)] == [("INITIATED", 1), ("FLIPPED", 3), ("EXITED", 4)]


# --- the fund's own shares ------------------------------------------------------------------------

COUNTING = TOML.replace('sedol = ["sedol"]', 'sedol = ["sedol"]\noutstanding = ["outstanding"]').replace(
    '"sedol"]\n[[conv', '"sedol", "outstanding"]\n[[conv'
)


def counted(number: int, outstanding: int, rows: Sequence[Row]) -> File:
    name, body = file("LANA", number, rows)
    head, *lines = body.decode().splitlines()
    return name, "\n".join([f"{head},outstanding", *(f"{line},{outstanding}" for line in lines), ""]).encode()


@pytest.mark.parametrize(("outstanding", "confidence"), [(1_010_000, "high"), (1_000_000, "low")])
def test_a_flow_the_funds_own_shares_deny_is_told_with_low_confidence(
    lite: Engine, outstanding: int, confidence: str
) -> None:
    of, faults = parse_source(COUNTING + FUND.format(ticker="LANA", kind="active"), "lantern.toml")
    assert of is not None, faults
    grown = [replace(row, shares=round(row.shares * 1.01)) for row in portfolio()]
    files = [
        counted(0, 1_000_000, [*portfolio(), QUILL]),
        counted(1, outstanding, [*grown, replace(QUILL, shares=QUILL.shares * 2)]),
    ]
    load(lite, files, of=of)
    (event,) = events(lite)
    assert (event.kind, event.body["confidence"]) == ("INCREASED", confidence)


# --- order ----------------------------------------------------------------------------------------

STORY = [
    *days(futures("M6", SB=50), futures("M6", SB=-30, CL=0), futures("U6", SB=-30), futures("U6", SB=5, HG=-90)),
    *days(bonds("(OTR) "), bonds("(OLD) ", A=0), bonds(A=500_000), bonds(A=980_000, B=0), fund="LANB"),
    *days(portfolio(), portfolio(Row("QUILLON INC WT", "QLNW", cusip("55577A10"), 900)), portfolio(), fund="LANC"),
]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_loading_never_shows(fresh: Callable[[], Engine], seed: int) -> None:
    at_once, one_by_one = fresh(), fresh()
    load(at_once, STORY)
    mixed = list(STORY)
    random.Random(seed).shuffle(mixed)
    for one in mixed:
        load(one_by_one, [one])
    assert derived(one_by_one) == derived(at_once)
    rebuild(at_once, {"lantern": LANTERN}, progress=lambda text, count: None)
    assert derived(one_by_one) == derived(at_once)
