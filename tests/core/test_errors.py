"""Errors carry what somebody needs to act on them."""

from __future__ import annotations

from monitor.core.errors import DeliveryError, FetchError, MonitorError, ParseError


def test_every_error_we_raise_is_one_family_and_keeps_its_context() -> None:
    fetch = FetchError("slow", url="https://lantern.example/a.csv", status=503, retry_after=9.0)
    assert (str(fetch), fetch.url, fetch.status, fetch.retry, fetch.retry_after) == (
        "slow",
        "https://lantern.example/a.csv",
        503,
        True,
        9.0,
    )
    parse = ParseError("no date", code="as_of", row=3, column="date")
    assert (parse.code, parse.row, parse.column) == ("as_of", 3, "date")
    delivery = DeliveryError("gone", permanent=True)
    assert (delivery.permanent, delivery.retry_after, delivery.ambiguous) == (True, None, False)
    assert all(isinstance(error, MonitorError) for error in (fetch, parse, delivery))
