"""Where a ticker is listed decides which security it is."""

from __future__ import annotations

import pytest

from monitor.sources.places import place_of_country, place_of_exchange
from monitor.sources.tickers import local_code


@pytest.mark.parametrize(
    ("printed", "place"),
    [
        ("NASDAQ", "US"),
        ("New York Stock Exchange Inc.", "US"),
        ("Nasdaq Omx Nordic", "SS"),
        ("Nasdaq Omx Helsinki Ltd.", "FH"),
        ("Omx Nordic Exchange Copenhagen A/S", "DC"),
        ("Nyse Euronext - Euronext Paris", "FP"),
        ("Gretai Securities Market", "XTAI"),
        ("Korea Exchange (Kosdaq)", "XKRX"),
        ("XBSP", "BZ"),
        ("ROCO", "XTAI"),
        ("GY", "GR"),
        ("-", ""),
        ("NO MARKET (E.G. UNLISTED)", ""),
        ("Exchange of Atlantis", "EXCHANGE OF ATLANTIS"),
    ],
)
def test_an_exchange_is_brought_to_its_code_or_keeps_its_name(printed: str, place: str) -> None:
    assert place_of_exchange(printed) == place


@pytest.mark.parametrize(
    ("printed", "place"), [("Korea (South)", "XKRX"), ("Schweiz", "SW"), ("ch", "SW"), ("Mars", "")]
)
def test_a_country_is_brought_to_its_code(printed: str, place: str) -> None:
    assert place_of_country(printed) == place


@pytest.mark.parametrize(
    ("root", "venue", "code"),
    [
        ("270", "XKRX", "000270"),
        ("270", "HK", "270"),
        ("00700", "HK", "700"),
        ("50", "XTAI", "0050"),
        ("00980A", "XTAI", "00980A"),
        ("INVE B", "SS", "INVEB"),
        ("7203", "JP", "7203"),
        ("MSFT", "US", "MSFT"),
    ],
)
def test_a_code_is_written_as_its_exchange_does(root: str, venue: str, code: str) -> None:
    assert local_code(root, venue) == code
