"""The sums behind `why` take out the splits as a fund's own files showed them, and as they were known then."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from monitor.core.linking import Link
from monitor.core.model import Kind
from monitor.core.splits import Split
from monitor.why import sums
from tests.core.samples import MONDAY, D

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
