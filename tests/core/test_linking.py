"""Which vanished and which appeared line are one position."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import linking
from monitor.core.flows import Flow
from monitor.core.linking import Candidate, Link, Roots, candidates, decide, is_break
from monitor.core.model import AssetClass, Kind, Position
from tests.core.samples import MONDAY, D, by_key, position

EVEN = Flow(1.0, 0, 1.0, True)
OLD, NEW = "cusip:55501A105", "cusip:55591A106"
SHELL: dict[str, Any] = {"name": "HARBOUR ACQUISITION CORP II", "ticker": "HRBR"}
BORN: dict[str, Any] = {"name": "ZANTHIC BATTERY INC", "ticker": "ZNTH"}


def rule(old: Position, new: Position, flow: Flow = EVEN) -> tuple[str, Kind] | None:
    found = candidates("LANA", by_key(old), by_key(new), flow)
    return (found[0].rule, found[0].kind) if found else None


def test_a_shared_identifier_links_whatever_else_changed() -> None:
    old = position(OLD, ids=(OLD, "sedol:2046251"))
    new = position(NEW, 7, ids=(NEW, "sedol:2046251"), **BORN)
    assert rule(old, new) == ("shared identifier", Kind.IDENTIFIER_CHANGE)
    assert decide(candidates("LANA", by_key(old), by_key(new), EVEN))[0].confidence == "verified"


def test_ticker_root_and_name_link() -> None:
    new = position(NEW, ticker="QLN UW", name="QUILLON ROBOTICS HLDGS")
    assert rule(position(OLD), new) == ("ticker and name", Kind.IDENTIFIER_CHANGE)


def test_a_name_alone_links() -> None:
    assert rule(position(OLD), position(NEW, ticker="QRB")) == ("name", Kind.IDENTIFIER_CHANGE)
    assert rule(position(OLD, ticker=""), position(NEW, ticker="")) == ("name", Kind.IDENTIFIER_CHANGE)


def test_a_ticker_alone_does_not_link() -> None:
    assert rule(position(OLD), position(NEW, 999, name="DISCOVERIA LTD")) is None


def test_two_share_classes_are_two_securities_unless_the_ticker_goes_on() -> None:
    first, other = "MARROWAY MEDIA INC-CL A", "MARROWAY MEDIA INC-CL C"
    assert rule(position(OLD, name=first, ticker="MWMA"), position(NEW, 999, name=other, ticker="MWMC")) is None
    assert rule(position(OLD, name=first, ticker="MWM"), position(NEW, 999, name=other, ticker="MWM")) is not None


def test_a_right_and_a_share_of_one_name_are_two_securities() -> None:
    right = position(NEW, asset_class=AssetClass.RIGHT, ticker="")
    assert rule(position(OLD), right) is None
    assert rule(position(OLD, ids=("x",)), position(NEW, asset_class=AssetClass.RIGHT, ids=("x",))) is not None


@pytest.mark.parametrize(
    "kind", [AssetClass.CASH, AssetClass.FUTURE, AssetClass.OPTION, AssetClass.SWAP, AssetClass.BOND]
)
def test_cash_and_derivatives_are_never_linked(kind: AssetClass) -> None:
    assert rule(position(OLD, asset_class=kind), position(NEW, asset_class=kind)) is None


def bond(key: str, name: str, par: object = 500_000, **changed: Any) -> Position:
    return position(key, par, name=name, ticker="", asset_class=AssetClass.BOND, **changed)


def test_the_first_number_of_a_bond_is_replaced() -> None:
    old, new = bond(OLD, "QUILLON 5.25 06/15/2040"), bond(NEW, "QUILLON 5.375 06/15/2040")
    assert rule(old, new) == ("debtor and maturity", Kind.IDENTIFIER_CHANGE)
    shared = {"ids": ("sedol:2046251",)}
    assert rule(bond(OLD, "QUILLON 5 06/15/2040", **shared), bond(NEW, "QUILLON 5 06/15/2040", **shared)) == (
        "shared identifier",
        Kind.IDENTIFIER_CHANGE,
    )


def test_bonds_are_not_linked_by_name() -> None:
    assert rule(bond(OLD, "QUILLON 5 06/15/2040"), bond(NEW, "QUILLON 5 06/15/2040", 9, value=D(9))) is None
    assert rule(bond(OLD, "QUILLON NOTES"), bond(NEW, "QUILLON NOTES")) is None
    assert rule(bond(OLD, "QUILLON 5 06/15/2040"), position(NEW, name="QUILLON")) is None


def test_pools_that_share_name_and_terms_are_not_linked() -> None:
    pool = "FEDERAL MORTGAGE POOLS 3 03/01/2052"
    before = by_key(bond(OLD, pool))
    after = by_key(bond(NEW, pool), bond("cusip:55502B201", pool))
    assert candidates("LANA", before, after, EVEN) == []


def test_lines_held_on_both_days_are_no_candidates() -> None:
    both = by_key(position(OLD), position(NEW))
    assert candidates("LANA", both, both, EVEN) == []


def successor(before: int, after: int, flow: Flow = EVEN, *, worth: float = 1.0) -> bool:
    old = position(OLD, before, value=D(before * 10), **SHELL)
    new = position(NEW, after, value=D(str(before * 10 * worth)), **BORN)
    return rule(old, new, flow) == ("share count", Kind.SUCCESSOR)


@pytest.mark.parametrize(
    ("before", "after", "linked"),
    [
        (50_000, 50_000, True),
        (50_000, 50_025, True),
        (50_000, 50_026, False),
        (1_000, 1_002, True),
        (1_000, 1_003, False),
        (999, 999, False),
    ],
)
def test_an_equal_share_count_continues_a_position(before: int, after: int, linked: bool) -> None:
    assert successor(before, after) is linked


@pytest.mark.parametrize(("worth", "linked"), [(0.5, True), (2.0, True), (0.49, False), (2.01, False)])
def test_the_value_must_be_of_the_same_order(worth: float, linked: bool) -> None:
    assert successor(50_000, 50_000, worth=worth) is linked


def test_a_count_goes_on_through_the_flow() -> None:
    assert successor(50_000, 51_000, Flow(1.02, 1, 1.0, True))
    assert not successor(50_000, 50_000, Flow(1.02, 1, 1.0, True))


def test_on_a_rebalance_only_large_counts_agree_by_more_than_chance() -> None:
    rebalance = Flow(1.0, 0, 0.3, True)
    assert not successor(99_999, 99_999, rebalance)
    assert successor(100_000, 100_000, rebalance)


def test_an_unregistered_line_that_is_registered_goes_on() -> None:
    issued = {"name": "QUILLON HEALTH TECHNOLOGY-W/I", "ticker": "QHLV W/I", "asset_class": AssetClass.RIGHT}
    old = position(OLD, 9_483, value=D(550_000), **issued)
    new = position(NEW, 9_483, value=D(560_000), name="QUILLON HEALTH TECHNOLOGY", ticker="QHL")
    assert rule(old, new) == ("name and count", Kind.IDENTIFIER_CHANGE)
    assert rule(old, replace(new, shares=D(9_600))) is None
    assert rule(old, replace(new, name="ROWANBERRY FOODS CORP")) is None


def test_files_of_weights_never_link_by_count() -> None:
    assert rule(position(OLD, None, **SHELL), position(NEW, 50_000, **BORN)) is None
    assert rule(position(OLD, 50_000, **SHELL), position(NEW, None, **BORN)) is None
    (found,) = candidates("LANA", by_key(position(OLD, None)), by_key(position(NEW, None)), EVEN)
    assert found.evidence == "LANA: QUILLON ROBOTICS INC QLN - -> QUILLON ROBOTICS INC QLN -"


def test_a_count_without_a_value_does_not_link() -> None:
    assert rule(position(OLD, value=None, **SHELL), position(NEW, **BORN)) is None
    assert rule(position(OLD, **SHELL), position(NEW, value=None, **BORN)) is None


def made(fund: str, earlier: str, later: str, kind: Kind = Kind.SUCCESSOR, strength: float = 0.0) -> Candidate:
    return Candidate(fund, earlier, later, "share count" if kind is Kind.SUCCESSOR else "name", kind, strength, "")


def pairs(links: list[Link]) -> set[tuple[str, str, str]]:
    return {(link.fund, link.earlier, link.later) for link in links}


def test_a_unique_pair_of_equal_counts_links_as_inferred() -> None:
    (link,) = decide([made("LANA", "a", "x")])
    assert (link.kind, link.confidence) == (Kind.SUCCESSOR, "inferred")


def test_an_ambiguous_pair_needs_a_second_fund_or_an_earlier_link() -> None:
    both = [made("LANA", "a", "x"), made("LANA", "a", "y"), made("LANA", "b", "x"), made("LANA", "b", "y")]
    assert decide(both) == []
    assert pairs(decide([*both, made("LANB", "a", "x")])) == {("LANA", "a", "x"), ("LANB", "a", "x")}
    assert pairs(decide(both, {("b", "y")})) == {("LANA", "b", "y")}


def test_names_settle_before_counts() -> None:
    found = [
        made("LANA", "a", "x", Kind.IDENTIFIER_CHANGE, 0.9),
        made("LANA", "a", "y"),
        made("LANA", "b", "x"),
        made("LANA", "c", "z"),
    ]
    assert pairs(decide(found)) == {("LANA", "a", "x"), ("LANA", "c", "z")}


def test_the_strongest_evidence_wins_and_each_key_is_used_once() -> None:
    found = [
        made("LANA", "a", "x", Kind.IDENTIFIER_CHANGE, 0.9),
        made("LANA", "a", "y", Kind.IDENTIFIER_CHANGE, 1.9),
        made("LANA", "b", "x", Kind.IDENTIFIER_CHANGE, 0.86),
    ]
    assert pairs(decide(found)) == {("LANA", "a", "y"), ("LANA", "b", "x")}


def test_a_link_to_an_unverified_line_is_a_repair() -> None:
    found = [
        made("LANA", OLD, "local:LANA:5E", Kind.IDENTIFIER_CHANGE, 1.9),
        made("LANB", OLD, NEW, Kind.IDENTIFIER_CHANGE, 1.9),
    ]
    assert [link.confidence for link in decide(found)] == ["repaired", "high"]


@given(
    st.permutations(
        [
            made("LANA", e, x, k, s)
            for e, x, k, s in [
                ("a", "x", Kind.SUCCESSOR, 0.0),
                ("a", "y", Kind.IDENTIFIER_CHANGE, 0.9),
                ("b", "y", Kind.IDENTIFIER_CHANGE, 0.9),
                ("b", "x", Kind.SUCCESSOR, 0.0),
                ("c", "z", Kind.SUCCESSOR, 0.0),
            ]
        ]
    )
)
def test_the_order_of_candidates_is_irrelevant(found: list[Candidate]) -> None:
    assert decide(found) == decide(sorted(found, key=repr))


def test_the_root_of_a_chain_is_its_earliest_key() -> None:
    roots = Roots()
    assert roots.of("a") == "a"
    assert roots.members("a") == ["a"]
    assert roots.join("b", "c")
    assert roots.join("a", "b")
    assert [roots.of(key) for key in "abc"] == ["a"] * 3
    assert sorted(roots.members("a")) == ["a", "b", "c"]
    assert not roots.join("a", "c")
    assert not roots.join("c", "a")


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=12))
def test_every_key_has_one_root_and_roots_know_their_members(joins: list[tuple[str, str]]) -> None:
    roots = Roots()
    for earlier, later in joins:
        before = roots.of(earlier) == roots.of(later)
        assert roots.join(earlier, later) is not before
        assert roots.of(earlier) == roots.of(later)
    for key in "abcdef":
        root = roots.of(key)
        assert roots.of(root) == root
        assert key in roots.members(root)
        assert {roots.of(member) for member in roots.members(root)} == {root}


@pytest.mark.parametrize(
    ("changed", "lines", "broken"), [(2, 10, False), (3, 59, True), (3, 60, False), (26, 314, True)]
)
def test_many_new_identifiers_on_one_day_are_a_change_of_the_files_form(changed: int, lines: int, broken: bool) -> None:
    links = [Link("LANA", f"a{n}", f"b{n}", Kind.IDENTIFIER_CHANGE, "name", "high", "") for n in range(changed)]
    assert is_break(links, lines) is broken
    assert not is_break([replace(link, kind=Kind.SUCCESSOR) for link in links], lines)
    assert not is_break([replace(link, rule="shared identifier") for link in links], lines)


# --- an operator's word -----------------------------------------------------------------------------


def word(earlier: str, later: str, verb: linking.Verb, fund: str | None = None) -> linking.Word:
    return linking.Word(fund, earlier, later, verb, MONDAY)


def test_the_last_word_on_a_pair_counts_in_its_funds() -> None:
    linked, cut = word("a", "b", linking.Verb.LINK), word("a", "b", linking.Verb.CUT, "LANA")
    other = word("a", "c", linking.Verb.LINK)
    assert linking.in_force([linked, other, cut], "LANA") == [cut, other]
    assert linking.in_force([linked, other, cut], "LANB") == [linked, other]
    assert linking.in_force([cut, linked], "LANA") == [linked]


def test_what_an_operator_links_comes_before_the_rules_and_what_one_cuts_is_never_linked() -> None:
    def candidate(earlier: str, later: str) -> linking.Candidate:
        return linking.Candidate("LANA", earlier, later, "name", Kind.IDENTIFIER_CHANGE, 1.0, "words")

    said = linking.Link("LANA", "a", "c", Kind.SUCCESSOR, "operator", "operator", "a merger")
    found = [candidate("a", "b"), candidate("x", "y")]
    assert linking.decide(found, confirmed=[said])[0] == said
    assert [(link.earlier, link.later) for link in linking.decide(found, confirmed=[said])] == [("a", "c"), ("x", "y")]
    cut = {("LANA", "a", "b"), ("LANB", "x", "y")}
    assert [(link.earlier, link.later) for link in linking.decide(found, cut=cut)] == [("x", "y")]
