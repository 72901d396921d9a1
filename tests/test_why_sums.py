"""The sums behind `why` take out the splits as a fund's own files showed them, and as they were known then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from monitor.core.flows import Flow
from monitor.core.linking import Link, Roots
from monitor.core.model import Kind
from monitor.core.splits import Split
from monitor.why import sums
from monitor.why.exchanges import exchange_sums
from monitor.why.sums import Chains, Pair
from tests.core.samples import MONDAY, D, by_key, position

NEXT = MONDAY + timedelta(days=1)
OLD, NEW = "cusip:55501A105", "cusip:55591A106"
RENAMED = Link("LANA", OLD, NEW, Kind.IDENTIFIER_CHANGE, "name", "high", "")


def split(key: str = OLD, fund: str = "", late: bool = False) -> Split:
    return Split(key, NEXT if fund else MONDAY, Fraction(2), "whole ratio", "words", fund, NEXT if late else None)


def test_links_count_from_their_day_and_in_their_fund() -> None:
    links = [(NEXT, RENAMED)]
    assert sums.chains(links, "LANA", MONDAY).own.of(NEW) == NEW
    assert sums.chains(links, "LANA", NEXT).own.of(NEW) == OLD
    other = sums.chains(links, "LANB", NEXT)
    assert (other.own.of(NEW), other.whole.of(NEW)) == (NEW, OLD)


def test_a_funds_own_day_of_a_split_replaces_the_issuers() -> None:
    known = sums.chains([(NEXT, RENAMED)], "LANA", NEXT)
    general, own = split(), split(NEW, "LANA")
    assert sums.known_splits([general, own], known, "LANA", NEXT) == [own]
    assert sums.known_splits([general, own], known, "LANB", NEXT) == [general]


def test_a_split_settled_later_was_not_known() -> None:
    known = sums.chains([], "LANA", NEXT)
    assert sums.known_splits([split(late=True)], known, "LANA", MONDAY) == []
    assert sums.known_splits([split(late=True)], known, "LANA", NEXT) == [split(late=True)]


def test_numbers_are_shown_without_digits_that_say_nothing() -> None:
    assert [sums.shown(value) for value in (D("1234567.500"), D("1"), None, D("0.000000000001"))] == [
        "1,234,567.5", "1", "–", "0.000000000001",
    ]  # fmt: skip
    assert sums.shown(D("2.345"), 2) == "2.34"


def test_a_conversion_is_added_up_over_both_lines() -> None:
    old = position("cusip:old", 1_000, name="AMBERLY MILLS INC", ticker="AMB", value=D(10_000))
    new = position("cusip:new", 2_000, value=D(20_000))
    pair = Pair(by_key(old), by_key(new), {}, (), Flow(), {}, 1)
    known = Chains(Roots(), Roots())
    steps = exchange_sums(pair, known, "cusip:old", {"arriving": "cusip:new"}, D("1.5"))
    assert steps == [
        "leaving: AMBERLY MILLS INC (AMB): after − f × before = 0 − 1.5 × 1,000 = -1,500",
        "worth 1,500 × 10,000 / 1,000 = 15,000",
        "arriving: QUILLON ROBOTICS INC (QLN): after − f × before = 2,000 − 1.5 × 0 = 2,000",
        "worth 2,000 × 20,000 / 2,000 = 20,000",
        "ratio = arriving / leaving = 2,000 / 1,500 = 1.333333",
    ]
    assert exchange_sums(pair, known, "cusip:old", {"arriving": "cusip:unknown"}, D(1)) == []
    unpriced = Pair(by_key(replace(old, value=None)), by_key(new), {}, (), Flow(), {}, 1)
    assert exchange_sums(unpriced, known, "cusip:old", {"arriving": "cusip:new"}, D(1)) == []
