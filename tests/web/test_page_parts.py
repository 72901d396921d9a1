"""What pages compute before they show it: nets of trades, exact hits, first lines of a file, places on a line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from monitor.core.model import Interval, SecurityRef
from monitor.store.queries import TradeRow
from monitor.web.pages.coverage import LINES, WIDTH, first_lines
from monitor.web.pages.deciding import outcome_of
from monitor.web.pages.issuer import net
from monitor.web.pages.lines import drawn
from monitor.web.pages.search import is_exact

DAY = date(2026, 1, 5)


def trade(security: str, value: str | None, fund: str = "LANA") -> TradeRow:
    ref = SecurityRef(security, f"NAME OF {security}", security)
    size = None if value is None else Decimal(value)
    day = Interval(DAY, DAY)
    return TradeRow("lantern", fund, DAY, day, ref, None, None, None, None, None, size, "USD", None, "ACTIVE")


def test_purchases_and_sales_are_added_by_security_and_unknown_sizes_counted() -> None:
    found = net([trade("A", "10"), trade("B", "-70"), trade("A", "-4", "LANB"), trade("A", None), trade("C", None)])
    assert [(one.security.id, one.bought, one.sold, one.value, one.unknown) for one in found] == [
        ("B", Decimal(0), Decimal(70), Decimal(-70), 0),
        ("A", Decimal(10), Decimal(4), Decimal(6), 1),
        ("C", Decimal(0), Decimal(0), Decimal(0), 1),
    ]
    assert found[1].funds == ("LANA", "LANB")


def hit(what: str, why: str, **more: object) -> dict[str, object]:
    return {
        "what": what,
        "why": why,
        "issuer": None,
        "fund": None,
        "security": None,
        "ticker": None,
        "name": "X",
    } | more


@pytest.mark.parametrize(
    ("row", "text", "exact"),
    [
        (hit("fund", "fund LANA", issuer="lantern", fund="LANA", ticker="LANA"), "lana", True),
        (hit("fund", "fund LANA", issuer="lantern", fund="LANA", ticker="LANA"), "lantern/lana", True),
        (hit("fund", "fund LANA", issuer="lantern", fund="LANA", ticker="LANA"), "lan", False),
        (hit("issuer", "issuer lantern", issuer="lantern", name="Lantern"), "Lantern", True),
        (hit("security", "ticker DKNG UW", ticker="DKNG UW"), "dkng", True),
        (hit("security", "CUSIP 037833100", ticker="AAPL"), "37833100", True),
        (hit("security", "CUSIP 88160R101", ticker="TSLA"), "US88160R1014", True),
        (hit("security", "CUSIP 88160R101", ticker="TSLA"), "US88160R1", False),
        (hit("security", "name META PLATFORMS", name="META PLATFORMS"), "meta", False),
        (hit("security", "name META PLATFORMS", name="META PLATFORMS"), "meta  platforms", True),
        (hit("security", "id S0123456789", security="S0123456789"), "s0123456789", True),
    ],
)
def test_what_is_called_exactly_so_is_told_from_what_is_like_it(row: dict[str, object], text: str, exact: bool) -> None:
    assert is_exact(row, text) is exact


def test_the_beginning_of_a_file_is_harmless_text() -> None:
    found = first_lines("\ufeffa,b\n\u202eevil\x1b[31m\n".encode() + b"x" * 1000)
    assert found.lines[0] == "a,b"
    assert found.lines[1] == "\ufffdevil\ufffd[31m"
    assert len(found.lines[2]) == WIDTH + 1
    assert not found.cut
    assert not found.binary
    assert first_lines(b"PK\x03\x04\x00").binary
    assert first_lines(b"line\n" * (LINES + 1)).cut
    assert first_lines(b"").lines == ()


def test_a_line_is_broken_where_nothing_is_known() -> None:
    days = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 5)]
    found = drawn(list(zip(days, [Decimal(10), None, Decimal(40), Decimal(20)], strict=True)))
    assert found is not None
    assert found.path == "M0.0,80.0M500.0,20.0L1000.0,60.0"
    assert (found.top, found.least, found.most) == (Decimal(50), Decimal(10), Decimal(40))
    assert drawn([(days[0], Decimal(1))]) is None
    assert drawn([(one, None) for one in days]) is None
    assert drawn([(one, Decimal(0)) for one in days]) is not None


def test_what_came_of_a_verdict_is_said_in_our_words_only() -> None:
    said = {"done": "accept", "events": "2", "items": "1", "messages": "1"}
    assert outcome_of(said) == "The file was accepted: 2 events, 1 item. 1 message promised; the daemon sends them."
    assert outcome_of({"done": "<script>"}) == ""
    assert (
        outcome_of({"done": "reject", "events": "-1", "items": "9" * 40}) == "The file was rejected: 0 events, 0 items."
    )
